"""The proof of the books. Each module here registers its checks when it is imported."""

from points_payment.proof import (  # noqa: F401 - they register
    cards,
    checkpoints,
    corrections,
    desk,
    escrow,
    guards,
    holders,
    ledger,
    production,
    settlement,
    statements,
    supply,
    topups,
    vouchers,
)
from points_payment.proof.base import (
    MAX_FINDINGS,
    Check,
    Finding,
    checks,
    prove,
    register_check,
)
from points_payment.proof.since import prove_since, register_since_check, since_checks

__all__ = [
    "MAX_FINDINGS",
    "Check",
    "Finding",
    "checks",
    "prove",
    "prove_since",
    "register_check",
    "register_since_check",
    "since_checks",
]
