from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace import assets


class Command(BaseCommand):
    help = "Fetches the front-end packages from npm and lays out what the pages use."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(
            "Front-end packages fetched." if assets.fetch() else "Front-end packages are there."
        )
