"""Reading the books for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone

from points_payment.codes import number_of
from points_payment.kinds import AccountKind, AdjustmentState, BatchState, CardState, TransferKind
from points_payment.models import (
    Account,
    Adjustment,
    Allocation,
    AllocationMove,
    Batch,
    Card,
    Entry,
    Lot,
    Transfer,
)


def account_points(*, kind: AccountKind, owner_id: int = 0) -> int:
    """An account's balance: the sum of its entries. 0 if it was never opened."""
    total = Entry.objects.filter(account__kind=kind, account__owner_id=owner_id).aggregate(
        total=Sum("amount_points")
    )["total"]
    return total or 0


@dataclass(frozen=True, slots=True)
class KindTotal:
    kind: str
    label: str
    accounts: int
    points: int


def totals_by_kind() -> list[KindTotal]:
    """What stands on all accounts of each kind; the sum of it is 0."""
    rows = (
        Entry.objects.values("account__kind")
        .annotate(points=Sum("amount_points"), accounts=Count("account", distinct=True))
        .order_by("account__kind")
    )
    return [
        KindTotal(
            row["account__kind"], str(AccountKind(row["account__kind"]).label), row["accounts"], row["points"]
        )
        for row in rows
    ]


def accounts_with_points(*, kind: str = "") -> QuerySet[Account]:
    """Accounts with their sums as ``points``."""
    accounts = Account.objects.annotate(points=Sum("entries__amount_points")).order_by("kind", "owner_id")
    return accounts.filter(kind=kind) if kind else accounts


@dataclass(frozen=True, slots=True)
class PaidParts:
    """Of an amount: what was, or went back as, paid and promotional points."""

    paid_points: int
    promotional_points: int


def allocation_parts(*, references: Sequence[str]) -> PaidParts | None:
    """With which points these allocations were paid; None where one of them is unknown."""
    found = Allocation.objects.filter(reference__in=references).aggregate(
        count=Count("pk"), paid=Sum("paid_points"), promotional=Sum("promotional_points")
    )
    if found["count"] != len(set(references)):
        return None
    return PaidParts(found["paid"] or 0, found["promotional"] or 0)


def refund_parts(*, idempotency_keys: Sequence[str]) -> PaidParts:
    """As which points the refunds with these keys went back; keys without one count as nothing."""
    moved = AllocationMove.objects.filter(transfer__idempotency_key__in=idempotency_keys).aggregate(
        points=Sum(F("refunded_points") - F("refunded_subsidy_points")),
        promotional=Sum("refunded_promotional_points"),
    )
    promotional = moved["promotional"] or 0
    return PaidParts((moved["points"] or 0) - promotional, promotional)


def latest_transfers(*, count: int = 25) -> QuerySet[Transfer]:
    return (
        Transfer.objects.select_related("actor").prefetch_related("entries__account").order_by("-id")[:count]
    )


def redeemable_serials(serials: Sequence[str]) -> set[str]:
    """Those of the serials whose card can be redeemed now."""
    numbers = {number_of(serial): serial for serial in serials}
    found = Card.objects.filter(
        number__in=numbers,
        state=CardState.ACTIVE,
        batch__state=BatchState.ACTIVE,
        batch__expires_on__gte=timezone.localdate(),
    )
    return {numbers[number] for number in found.values_list("number", flat=True)}


def adjustments_in(*, state: str = "") -> QuerySet[Adjustment]:
    """Adjustments in a state, or all of them, the newest first."""
    found = Adjustment.objects.select_related("proposed_by", "decided_by").order_by("-id")
    return found.filter(state=state) if state else found


def adjustments_for_others(*, actor_id: int) -> int:
    """How many proposals wait for somebody like this person: not for who proposed them."""
    return Adjustment.objects.filter(state=AdjustmentState.PROPOSED).exclude(proposed_by_id=actor_id).count()


def latest_goodwill(*, actor_id: int, count: int = 10) -> QuerySet[Lot]:
    """What this person gave lately, with its customer and its reason."""
    gifts = Lot.objects.filter(transfer__kind=TransferKind.GOODWILL, transfer__actor_id=actor_id)
    return gifts.select_related("customer", "transfer").order_by("-transfer_id")[:count]


def batches_to_approve() -> int:
    return Batch.objects.filter(state=BatchState.DRAFT).count()
