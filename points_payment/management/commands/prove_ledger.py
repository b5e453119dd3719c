from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from points_payment.kinds import ProofScope, ProofSource
from points_payment.proof import Finding, checks, prove, prove_since, since_checks
from points_payment.services.checkpoints import last_checkpoint
from points_payment.services.proving import run_proof


class Command(BaseCommand):
    help = "Prove the books: exit status 0, or 1 with every culprit named. Then seal what is new."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--since-checkpoint",
            action="store_true",
            help="prove what came after the last checkpoint, and that it adds up to today's books",
        )
        parser.add_argument(
            "--no-seal",
            action="store_true",
            help="only read: neither seal, nor make a checkpoint, nor raise an alert",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint = last_checkpoint() if options["since_checkpoint"] else None
        if options["no_seal"]:
            findings = prove_since(checkpoint) if checkpoint else prove()
            sealed, made = 0, ""
        else:
            scope = ProofScope.SINCE if checkpoint else ProofScope.WHOLE
            run = run_proof(scope=scope, source=ProofSource.COMMAND)
            findings = [
                Finding(found.check_slug, found.culprit, found.expected, found.found)
                for found in run.findings.all()
            ]
            sealed, made = run.sealed_count, f", checkpoint of {run.checkpoint}" if run.checkpoint else ""
        for finding in findings:
            self.stderr.write(str(finding))
        if findings:
            self.stderr.write(f"The ledger is NOT proved: {len(findings)} findings.")
            sys.exit(1)
        made_checks = len(since_checks() if checkpoint else checks())
        since = f" since the checkpoint of {checkpoint}" if checkpoint else ""
        self.stdout.write(
            f"The ledger is proved{since}: {made_checks} checks hold, {sealed} transfers sealed{made}."
        )
