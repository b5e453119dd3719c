"""``manage.py expire_cards``: what the hourly task does, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from points_payment.services.ranges import expire_cards


class Command(BaseCommand):
    help = "End the batches of cards whose last day is over."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{expire_cards()} cards expired.")
