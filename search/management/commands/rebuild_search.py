from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from search import services
from search.engines.storage import IndexIsBusy


class Command(BaseCommand):
    help = "Build the search index anew beside the one in use, then swap."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--processes", type=int, default=1, help="that read the database and analyse text (1)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        shows = options["verbosity"] > 0
        started = time.monotonic()

        def show(done: int, total: int) -> None:
            if shows:
                self.stdout.write(f"\rIndexing products: {done}/{total}", ending="")
                self.stdout.flush()

        try:
            count = services.rebuild(progress=show, processes=options["processes"])
        except IndexIsBusy as error:
            raise CommandError(f"The index is being rebuilt already: {error}.") from error
        if shows:
            seconds = time.monotonic() - started
            self.stdout.write(f"\rIndexed {count} products in {seconds:.1f} s.          ")
