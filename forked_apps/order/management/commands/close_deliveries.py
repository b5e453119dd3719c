"""``manage.py close_deliveries``: what the hourly task does, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from forked_apps.order.services.delivery import assume_deliveries, complete_due


class Command(BaseCommand):
    help = "Take late parcels as delivered, and let vendors have what waited out its reserve."

    def handle(self, *args: Any, **options: Any) -> None:
        assumed, complete = _all(assume_deliveries), _all(complete_due)
        self.stdout.write(f"{assumed} vendor orders count as delivered, {complete} are complete.")


def _all(work: Any) -> int:
    total = 0
    while done := work():
        total += done
    return total
