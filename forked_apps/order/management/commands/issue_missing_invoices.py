"""``manage.py issue_missing_invoices``: once, for what was sent before the shop wrote invoices."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from forked_apps.order.services.missing_invoices import issue_missing_invoices


class Command(BaseCommand):
    help = "Write the invoice, and the credit notes, of every vendor order that left without one."

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        while done := issue_missing_invoices():
            total += done
            self.stdout.write(f"{total} vendor orders so far.")
        self.stdout.write(f"{total} vendor orders have their invoice now.")
