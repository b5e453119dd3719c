"""``manage.py close_settlement``: what the hourly tasks do about vendors' money, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from points_payment.services.debts import review_all_debts
from points_payment.services.settlement import accept_silent_statements, close_periods


class Command(BaseCommand):
    help = "Close the months that are over, take silence for a yes, and look at what vendors owe."

    def handle(self, *args: Any, **options: Any) -> None:
        closed, accepted, looked_at = close_periods(), accept_silent_statements(), review_all_debts()
        self.stdout.write(
            f"{closed} months were closed, {accepted} statements accepted by silence, "
            f"{looked_at} vendors who owe or did were looked at."
        )
