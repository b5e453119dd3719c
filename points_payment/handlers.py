"""What the outbox carries out for the ledger."""

from __future__ import annotations

from typing import Any

from marketplace.outbox.registry import handles
from points_payment.services import proving


@handles(proving.TOPIC)
def prove_books(payload: dict[str, Any]) -> None:
    proving.carry_out_apart(run_id=payload["run_id"])
