"""Paying with points: from the wallet into escrow, and from there to the vendor or back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from points_payment.oscar_adapter import SOURCE_TYPE_CODE, record_points_refund, record_points_source
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)

if TYPE_CHECKING:
    from forked_apps.order.models import Order


class PointsSource:
    code: str = SOURCE_TYPE_CODE

    def pay(self, *, order: Order, allocations: Sequence[AllocationSpec]) -> None:
        if not allocations or order.user_id is None:
            # An order for nothing moves nothing.
            return
        held = hold_for_order(
            customer_id=order.user_id,
            order_reference=order.number,
            allocations=allocations,
            idempotency_key=f"order:{order.number}",
            actor_id=order.user_id,
        )
        record_points_source(order, held)

    def refund(self, *, order: Order, references: Sequence[str], actor_id: int | None, reason: str) -> None:
        if not references:
            return
        refunded = refund_allocations(
            references=references,
            actor_id=actor_id,
            reason=reason,
            idempotency_key=_key("cancel", references),
        )
        record_points_refund(order, refunded)

    def release(self, *, order: Order, references: Sequence[str], actor_id: int | None) -> None:
        if not references:
            return
        release_allocations(
            references=references, actor_id=actor_id, idempotency_key=_key("release", references)
        )


def _key(what: str, references: Sequence[str]) -> str:
    """All that one vendor order holds moves once each way; its first reference names it."""
    return f"{what}:{min(references)}"
