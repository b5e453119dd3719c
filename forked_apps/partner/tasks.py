"""What time alone brings about for offers: holds that ran out, holidays that begin and end."""

from __future__ import annotations

from celery import shared_task

from forked_apps.partner.services.holds import sweep_holds
from forked_apps.partner.services.holidays import tell_search_of_holidays


@shared_task
def look_after_offers() -> int:
    """Sweep holds, and let the lists know whose holiday began or ended; how many changed."""
    return sweep_holds() + tell_search_of_holidays()
