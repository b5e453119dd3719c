from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace import translations


class Command(BaseCommand):
    """In the place of Django's, which needs gettext's programs."""

    help = "Compiles the catalogues of messages that changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Catalogues compiled: {translations.compile_all()}")
