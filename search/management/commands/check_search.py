from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from search.checking import compare_index, repair_index
from search.engines.storage import NotBuilt

MOST_SHOWN = 10


class Command(BaseCommand):
    help = "Compare the search index with the database; with --repair, put right what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="write again what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        shows = options["verbosity"] > 0

        def show(done: int, total: int) -> None:
            if shows:
                self.stdout.write(f"\rComparing products: {done}/{total}", ending="")
                self.stdout.flush()

        try:
            difference = compare_index(progress=show)
        except NotBuilt:
            raise CommandError("There is no search index: run rebuild_search.") from None
        if shows:
            self.stdout.write(f"\rCompared {difference.compared} products.          ")
        for name in ("missing", "extra", "stale"):
            if ids := getattr(difference, name):
                some = ", ".join(map(str, ids[:MOST_SHOWN])) + (" …" if len(ids) > MOST_SHOWN else "")
                self.stdout.write(f"  {name}: {len(ids)} ({some})")
        if not difference.ids:
            if shows:
                self.stdout.write("The index is what the database says.")
        elif options["repair"]:
            self.stdout.write(f"Repaired {repair_index(difference)} products.")
        else:
            raise CommandError(f"{len(difference.ids)} products differ: run check_search --repair.")
