"""``make mutants``: change the services of points one node at a time, and see that a test notices.

What was killed is remembered in ``var/mutants.json``, so that a run that was broken off goes on, and one
after a change tries what survived and what is new.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import pytest

from marketplace.env import BASE_DIR
from tests.mutants.equivalent import EQUIVALENT
from tests.mutants.runner import Memory, MutantRun, Outcome, Result

SERVICES = (
    "ledger", "wallets", "escrow", "redemption", "topups", "promotions", "idempotency", "expiry", "payouts",
    "adjustments", "vendor_funds",
)  # fmt: skip
#: The quickest first: most mutants never see the others.
TESTS = (
    "test_ledger.py", "test_escrow.py", "test_subsidies.py", "test_commission_terms.py", "test_expiry.py",
    "test_adjustments.py", "test_payouts.py", "test_goodwill.py", "test_payout_orders.py",
    "test_debts.py", "test_vouchers.py", "test_desk.py", "test_cards.py",
    "test_guards.py", "test_locks.py", "test_machine.py",
)  # fmt: skip
#: Races commit, and each commit costs a new database: too slow for hundreds of mutants.
BUT_FOR = ("-m", "not soak and not race", "-k", "not wrong_is_found")
LEAST_SCORE = 0.9


def score_of(results: Sequence[Result]) -> float:
    """The part of the mutants that was noticed, of those that can be."""
    counted = [result for result in results if not is_equivalent(result)]
    return sum(result.outcome is not Outcome.SURVIVED for result in counted) / max(len(counted), 1)


def is_equivalent(result: Result) -> bool:
    return (result.service, result.mutant.name) in EQUIVALENT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", help=f"of {', '.join(SERVICES)}; all of them if none is named")
    parser.add_argument("--seconds", type=float, default=3_600.0, help="then it stops; run again, it goes on")
    options = parser.parse_args()
    # pytest takes the terminal's own descriptors for itself.
    terminal = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    memory = Memory(BASE_DIR / "var" / "mutants.json")
    run = MutantRun(
        options.services or SERVICES, memory=memory, seconds=options.seconds,
        tell=lambda line: print(line, file=terminal),
    )  # fmt: skip
    directory = BASE_DIR / "tests" / "points_payment"
    files = [str(directory / name) for name in TESTS if (directory / name).exists()]
    status = pytest.main(
        [*files, *BUT_FOR, "--ds=tests.settings", "--reuse-db", "-q", "-p", "no:cacheprovider"], plugins=[run]
    )
    return report(run) if run.results else int(status)


def report(run: MutantRun) -> int:
    survivors = [
        result for result in run.results if result.outcome is Outcome.SURVIVED and not is_equivalent(result)
    ]
    for result in survivors:
        mark = "GUARD " if result.mutant.is_guard else ""
        print(f"survived: {mark}{result.service}.py:{result.mutant.line} {result.mutant.name}")
    score, guards = score_of(run.results), sum(result.mutant.is_guard for result in survivors)
    print(
        f"{len(run.results)} mutants, {len(survivors)} survived, {guards} of guards,"
        f" {sum(map(is_equivalent, run.results))} equivalent: score {score:.1%}."
    )
    if run.left:
        print(f"{run.left} mutants are left: run it again.")
    return 1 if guards or score < LEAST_SCORE or run.left else 0


if __name__ == "__main__":
    sys.exit(main())
