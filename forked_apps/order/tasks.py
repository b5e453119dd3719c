"""What time alone brings about: deliveries that nobody speaks of, and reserves that end."""

from __future__ import annotations

from celery import shared_task

from forked_apps.order.services.delivery import assume_deliveries, complete_due
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.order.services.returns import settle_silent_returns
from forked_apps.order.vendor_health import grade_vendors as write_grades


@shared_task
def close_deliveries() -> int:
    """Take late parcels as delivered, settle returns and disputes whose time is over, release what waited.

    Returns how many of them changed.
    """
    return assume_deliveries() + settle_silent_returns() + advance_disputes() + complete_due()


@shared_task
def grade_vendors() -> int:
    """Compute how well each vendor serves its customers; how many grades changed."""
    return write_grades()
