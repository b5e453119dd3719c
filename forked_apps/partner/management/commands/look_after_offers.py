"""``manage.py look_after_offers``: what the task does every few minutes, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from forked_apps.order.vendor_health import grade_vendors
from forked_apps.partner.services.holds import sweep_holds
from forked_apps.partner.services.holidays import tell_search_of_holidays


class Command(BaseCommand):
    help = "Sweep holds that ran out, begin and end holidays in the lists, and grade vendors."

    def handle(self, *args: Any, **options: Any) -> None:
        swept = 0
        while done := sweep_holds():
            swept += done
        self.stdout.write(
            f"{swept} holds swept, {tell_search_of_holidays()} holidays began or ended,"
            f" {grade_vendors()} grades changed."
        )
