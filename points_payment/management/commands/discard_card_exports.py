"""``manage.py discard_card_exports``: what the hourly task does, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from points_payment.services.production import discard_exports


class Command(BaseCommand):
    help = "Delete files with card codes that nobody released in time, and void their batches."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{discard_exports()} files discarded.")
