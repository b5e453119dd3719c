from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace import translations


class Command(BaseCommand):
    """In the place of Django's, which needs gettext's programs."""

    help = "Brings the catalogues up to date with sources and templates."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for language in translations.LANGUAGES:
            number, missing = translations.update(language)
            self.stdout.write(f"{language}: {number} messages, {missing} without translation")
