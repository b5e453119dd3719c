from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marketplace.outbox import services


class Command(BaseCommand):
    help = "Carries out now the effects that wait in the outbox (messages, index, analytics)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", action="store_true", help="try again also what was given up")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["retry"]:
            self.stdout.write(f"Given up before, tried again: {services.retry_failed()}")
        self.stdout.write(f"Carried out: {services.drain()}")
