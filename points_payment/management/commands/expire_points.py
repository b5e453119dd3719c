"""``manage.py expire_points``: what the hourly task does, for who runs no Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from points_payment.services.expiry import announce_expiry, expire_points


class Command(BaseCommand):
    help = "Take promotional points whose day has come off their wallets."

    def handle(self, *args: Any, **options: Any) -> None:
        told = taken = 0
        while customers := announce_expiry():
            told += customers
        while points := expire_points():
            taken += points
        self.stdout.write(f"{taken} points expired, {told} customers told of points that expire soon.")
