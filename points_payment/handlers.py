"""What of points is carried out after a commit, in the background."""

from __future__ import annotations

from typing import Any

from marketplace.outbox.registry import handles
from points_payment.services import proving
from points_payment.services.production import TOPIC, carry_out_production


@handles(TOPIC)
def produce_cards(payload: dict[str, Any]) -> None:
    carry_out_production(production_id=payload["production"])


@handles(proving.TOPIC)
def prove_books(payload: dict[str, Any]) -> None:
    proving.carry_out_apart(run_id=payload["run_id"])
