"""Cash on delivery, as far as an order knows it: promised at placement, paid to the courier, given back.

Only for tests. It keeps its books in Oscar's transactions alone: one promise for each allocation, from which
refunds go before it is paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import F, Sum
from oscar.apps.payment.models import Source, SourceType, Transaction

from forked_apps.payment.errors import PaymentError
from forked_apps.payment.sources import NOTHING, PaidWords, WayToPay

if TYPE_CHECKING:
    from forked_apps.order.models import Order
    from marketplace.users.models import User
    from points_payment.services.escrow import AllocationSpec

MOST_CASH = 500_000


class TooMuchCash(PaymentError):
    code = "too_much_cash"

    @property
    def message(self) -> str:
        return "A courier carries no more than 500,000 dinars."


class CashOnDelivery:
    code: str = "cash"

    def quote(self, *, customer: User, total_points: int) -> WayToPay:
        return WayToPay(
            code=self.code,
            label="Cash on delivery",
            can_pay=total_points <= MOST_CASH,
            note="Pay the courier.",
        )

    def pay(self, *, order: Order, allocations: Sequence[AllocationSpec]) -> None:
        total = sum(spec.customer_points for spec in allocations)
        if total > MOST_CASH:
            raise TooMuchCash
        source_type, _ = SourceType.objects.get_or_create(code=self.code, defaults={"name": "Cash"})
        source = Source.objects.create(order=order, source_type=source_type, amount_allocated=Decimal(total))
        for spec in allocations:
            write(source, "Promise", spec.customer_points, spec.reference)

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
        source = order.sources.get()
        if source.transactions.filter(txn_type="Refund", status=key).exists():
            return
        for reference, given in points.items():
            if given:
                write(source, "Refund", given, reference, status=key)
                Source.objects.filter(pk=source.pk).update(amount_refunded=F("amount_refunded") + given)

    def release(self, *, order: Order, references: Sequence[str], actor_id: int | None) -> None:
        source = order.sources.get()
        for reference in references:
            if held := held_of(source, reference):
                write(source, "Debit", held, reference)
                Source.objects.filter(pk=source.pk).update(amount_debited=F("amount_debited") + held)

    def explain(self, error: Exception) -> str | None:
        return None

    def words(self) -> PaidWords:
        return PaidWords(
            heading="Paid in cash", given_back="Back in your hand", cancelled="%(number)s is cancelled."
        )


def write(source: Source, kind: str, points: int, reference: str, *, status: str = "") -> None:
    Transaction.objects.create(
        source=source, txn_type=kind, amount=Decimal(points), reference=reference, status=status
    )


def sum_of(source: Source, kind: str, reference: str) -> int:
    rows = source.transactions.filter(txn_type=kind, reference=reference)
    return int(rows.aggregate(points=Sum("amount", default=0))["points"])


def held_of(source: Source, reference: str) -> int:
    """Promised, and neither paid nor given back before it was."""
    paid = sum_of(source, "Debit", reference)
    promised, back = sum_of(source, "Promise", reference), sum_of(source, "Refund", reference)
    return 0 if paid else promised - back
