"""``manage.py create_app_role``: the role that the application works as. See docs/operations.md."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from points_payment.database_role import UnfitRole, create_role, grants


class Command(BaseCommand):
    help = (
        "Make the database role that the application works as, or bring its rights up to date after a "
        "migration. DATABASE_URL is the owner's, who migrates."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="nuqta_app", help="of the role (nuqta_app)")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read its password from the first line of the input"
        )
        parser.add_argument("--print", action="store_true", help="print its rights as SQL; change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print"]:
            for statement in grants(name=options["name"]):
                self.stdout.write(f"{statement};")
            return
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else None
        try:
            tables = create_role(name=options["name"], password=password)
        except UnfitRole:
            raise CommandError(
                f"{options['name']} owns tables or may do more than the application should. "
                "Name another role."
            ) from None
        self.stdout.write(f"{options['name']} may use {tables} tables, and change no books.")
