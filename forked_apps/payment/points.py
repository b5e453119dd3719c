"""Paying with points: from the wallet into escrow, and from there to the vendor or back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def refund(
        self, *, order: Order, points: Mapping[str, int], actor_id: int | None, reason: str, key: str
    ) -> None:
        if not points:
            return
        refunded = refund_allocations(
            references_and_points=points, actor_id=actor_id, reason=reason, idempotency_key=key
        )
        record_points_refund(order, refunded)

    def release(self, *, order: Order, references: Sequence[str], actor_id: int | None) -> None:
        if not references:
            return
        # All that one vendor order holds is released together and once; its first reference names it.
        release_allocations(
            references=references, actor_id=actor_id, idempotency_key=f"release:{min(references)}"
        )
