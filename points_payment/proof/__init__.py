"""The proof of the books. Each module here registers its checks when it is imported."""

from points_payment.proof import (  # noqa: F401 - they register
    cards,
    corrections,
    desk,
    escrow,
    holders,
    ledger,
    production,
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

__all__ = ["MAX_FINDINGS", "Check", "Finding", "checks", "prove", "register_check"]
