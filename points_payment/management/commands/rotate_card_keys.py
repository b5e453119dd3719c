"""``manage.py rotate_card_keys``, after a new key was deployed in ``CARD_KEYS``: see docs/cards.md."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from points_payment.errors import CardKeyMissing
from points_payment.services.key_rotation import KeyStatus, key_status, require_all_keys, rotate_card_keys


class Command(BaseCommand):
    help = "Bring all unredeemed cards under the newest key. May be stopped and run again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--status", action="store_true", help="only say what is left, and which keys may go"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_all_keys()
            before = key_status()
            done = 0
            if not options["status"]:
                for cards in rotate_card_keys():
                    done += cards
                    self.stdout.write(f"{done} of {before.cards_to_rotate} cards", ending="\r")
        except CardKeyMissing as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self._say(key_status(), done)

    def _say(self, status: KeyStatus, done: int) -> None:
        self.stdout.write(
            f"{done} cards rotated to key {status.current_version}; {status.cards_to_rotate} are left."
        )
        if retirable := status.retirable_versions:
            self.stdout.write(f"No card of use needs key {', '.join(map(str, retirable))} any more.")
        else:
            self.stdout.write("Every key in CARD_KEYS is still needed.")
