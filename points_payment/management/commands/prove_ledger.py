from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from points_payment.proof import checks, prove
from points_payment.services.sealing import seal_transfers


class Command(BaseCommand):
    help = "Prove the books: exit status 0, or 1 with every culprit named. Then seal what is new."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--no-seal", action="store_true", help="only read; leave the hash chain as it is")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = prove()
        for finding in findings:
            self.stderr.write(str(finding))
        if findings:
            # Sealing over a broken row would vouch for it.
            self.stderr.write(f"The ledger is NOT proved: {len(findings)} findings.")
            sys.exit(1)
        sealed = 0 if options["no_seal"] else seal_transfers()
        self.stdout.write(f"The ledger is proved: {len(checks())} checks hold, {sealed} transfers sealed.")
