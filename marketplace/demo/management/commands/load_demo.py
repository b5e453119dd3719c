"""`manage.py load_demo`: the real catalogue with vendors, people, orders and reviews; safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.demo.loader import load_demo


class Command(BaseCommand):
    help = "Load the demo shop: catalogue, pictures, vendors, offers, wallets, orders, reviews."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = 0
        for progress in load_demo():
            loaded += progress.result is not None
            if options["verbosity"] > 0:
                said = f"{progress.result} ({progress.seconds:.1f} s)" if progress.result else "there"
                self.stdout.write(f"{progress.title}: {said}")
                self.stdout.flush()
        if options["verbosity"] > 0:
            # The last line is what `make demo` shows.
            self.stdout.write("loaded" if loaded else "there")
