"""``manage.py list_guards``: what guards the books in this database; after a migration, the list anew."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from points_payment.proof.guards import EXPECTED, guards_now, write_guards


class Command(BaseCommand):
    help = (
        "List the triggers, constraints and functions that guard the books, or write down what is expected."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--write", action="store_true", help=f"write {EXPECTED.name} from a freshly migrated database"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            self.stdout.write(f"{write_guards()} guards are written down.")
            return
        for name, definition in sorted(guards_now().items()):
            self.stdout.write(f"{name}: {definition}")
