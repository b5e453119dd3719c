"""``manage.py close_deliveries``: what the hourly task does, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from forked_apps.order.services.delivery import assume_deliveries, complete_due
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.order.services.returns import settle_silent_returns


class Command(BaseCommand):
    help = (
        "Take late parcels as delivered, settle returns and disputes whose time is over, "
        "and let vendors have what waited out its reserve."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        assumed, settled, disputed, complete = (
            _all(work) for work in (assume_deliveries, settle_silent_returns, advance_disputes, complete_due)
        )
        self.stdout.write(
            f"{assumed} count as delivered, {settled} returns and {disputed} disputes moved on, "
            f"{complete} orders are complete."
        )


def _all(work: Any) -> int:
    total = 0
    while done := work():
        total += done
    return total
