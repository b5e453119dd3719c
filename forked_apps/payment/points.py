"""Paying with points: from the wallet into escrow, and from there to the vendor or back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _, ngettext

from forked_apps.payment.sources import NOTHING, PaidWords, WayToPay
from points_payment.errors import InsufficientPoints
from points_payment.oscar_adapter import SOURCE_TYPE_CODE, record_points_refund, record_points_source
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)

if TYPE_CHECKING:
    from forked_apps.order.models import Order
    from marketplace.users.models import User


class PointsSource:
    code: str = SOURCE_TYPE_CODE

    def quote(self, *, customer: User, total_points: int) -> WayToPay:
        balance = customer.point_balance
        return WayToPay(
            code=self.code,
            label=_("Points"),
            can_pay=balance >= total_points,
            note=_("The points leave your wallet now and reach each vendor after delivery."),
            summary_template="oscar/checkout/payment/points_summary.html",
            missing_template="oscar/checkout/payment/points_missing.html",
            facts={
                "balance_points": balance,
                "balance_after_points": balance - total_points,
                "short_by_points": max(0, total_points - balance),
            },
        )

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
        self,
        *,
        order: Order,
        points: Mapping[str, int],
        actor_id: int | None,
        reason: str,
        key: str,
        subsidies: Mapping[str, int] = NOTHING,
    ) -> None:
        if not points and not subsidies:
            return
        refunded = refund_allocations(
            references_and_points=points,
            references_and_subsidies=subsidies,
            actor_id=actor_id,
            reason=reason,
            idempotency_key=key,
        )
        record_points_refund(order, refunded)

    def release(self, *, order: Order, references: Sequence[str], actor_id: int | None) -> None:
        if not references:
            return
        # All that one vendor order holds is released together and once; its first reference names it.
        release_allocations(
            references=references, actor_id=actor_id, idempotency_key=f"release:{min(references)}"
        )

    def explain(self, error: Exception) -> str | None:
        if not isinstance(error, InsufficientPoints):
            return None
        return ngettext(
            "You are %(short_by)s point short. Nothing was ordered, and your basket is kept.",
            "You are %(short_by)s points short. Nothing was ordered, and your basket is kept.",
            error.short_by,
        ) % {"short_by": f"{error.short_by:,}"}

    def words(self) -> PaidWords:
        return PaidWords(
            heading=_("Paid with points"),
            given_back=_("Back in your wallet"),
            cancelled=_("Order %(number)s is cancelled, and its points are back in your wallet."),
            thanks_template="oscar/checkout/payment/points_thanks.html",
        )
