"""Which lots a purchase takes, and which a refund fills. Pure rules, and the lock they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.db.models.functions import Coalesce

from points_payment.errors import InsufficientPoints
from points_payment.kinds import AccountKind
from points_payment.models import Lot, LotUse, Wallet
from points_payment.services.ledger import LotChange, NewLot
from points_payment.services.statements import prepared_cursor


@dataclass(frozen=True, slots=True)
class SpendableLot:
    id: int
    is_promotional: bool
    remaining_points: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Points by bucket, with the lots that they come from or go to."""

    paid_points: int
    promotional_points: int
    lot_changes: tuple[LotChange, ...]


@dataclass(frozen=True, slots=True)
class OpenUse:
    """A use of a lot by a purchase, and how much of it has not been returned yet."""

    id: int
    lot_id: int
    is_promotional: bool
    open_points: int


def lock_wallet(*, customer_id: int) -> Wallet | None:
    """Lock what this customer has; None for someone who never had a point."""
    return Wallet.objects.select_for_update(no_key=True).filter(user_id=customer_id).first()


def lock_spendable_lots(*, customer_id: int) -> list[SpendableLot]:
    """Lock the wallet, then read its lots in the order in which they are spent.

    Promotional ones by expiry, then paid ones by age: see points_lock_spendable_lots (migration 0003).
    """
    with prepared_cursor() as cursor:
        cursor.execute("SELECT * FROM points_lock_spendable_lots(%s)", [customer_id])
        return [SpendableLot(*row) for row in cursor.fetchall()]


def plan_spending(*, lots: Sequence[SpendableLot], needed_points: int) -> Movement:
    """Take what is needed from the first lots.

    Raises:
        InsufficientPoints: all of them hold too little.
    """
    left = needed_points
    paid = promotional = 0
    changes = []
    for lot in lots:
        if not left:
            break
        taken = min(left, lot.remaining_points)
        left -= taken
        if lot.is_promotional:
            promotional += taken
        else:
            paid += taken
        changes.append(LotChange(lot.id, -taken))
    if left:
        raise InsufficientPoints(needed_points=needed_points, available_points=needed_points - left)
    return Movement(paid, promotional, tuple(changes))


def open_uses(*, transfer_id: int) -> list[OpenUse]:
    """What a purchase took and has not given back, the last taken first."""
    rows = (
        LotUse.objects.filter(transfer_id=transfer_id, points__lt=0)
        .annotate(returned=Coalesce(Sum("returned_by__points"), 0))
        .order_by("-id")
        .values_list("id", "lot_id", "lot__account_kind", "points", "returned")
    )
    return [
        OpenUse(pk, lot_id, kind == AccountKind.CUSTOMER_PROMOTIONAL, -points - returned)
        for pk, lot_id, kind, points, returned in rows
    ]


def plan_return(
    *, uses: Sequence[OpenUse], paid_points: int, promotional_points: int
) -> tuple[LotChange, ...]:
    """Give points back to the lots that they came from, the other way round than they were taken."""
    left = {False: paid_points, True: promotional_points}
    changes = []
    for use in uses:
        given = min(left[use.is_promotional], use.open_points)
        if given:
            left[use.is_promotional] -= given
            changes.append(LotChange(use.lot_id, given, returns_id=use.id))
    if any(left.values()):
        raise AssertionError("A refund asks for more than its purchase took; the allocation forbids it.")
    return tuple(changes)


def with_grace(
    *, changes: Sequence[LotChange], usable_until: datetime
) -> tuple[tuple[LotChange, ...], NewLot | None]:
    """Let what returns to promotional lots be usable until ``usable_until`` at least.

    Points whose lot expires later, or never, stay in it. The others pass through theirs into a new lot, so
    that each lot remains what its uses left of it.
    """
    returned = {change.lot_id for change in changes}
    ending = set(
        Lot.objects.filter(
            id__in=returned, account_kind=AccountKind.CUSTOMER_PROMOTIONAL, expires_at__lt=usable_until
        ).values_list("id", flat=True)
    )
    moved = tuple(LotChange(change.lot_id, -change.points) for change in changes if change.lot_id in ending)
    if not moved:
        return tuple(changes), None
    new_lot = NewLot(
        expires_at=usable_until,
        kind=AccountKind.CUSTOMER_PROMOTIONAL,
        points=-sum(change.points for change in moved),
    )
    return (*changes, *moved), new_lot


def split_by_largest_remainder(*, total_points: int, weights: Sequence[int]) -> list[int]:
    """Split whole points in proportion; what rounding leaves goes to the largest remainders, ties by place.

    No part is greater than its weight as long as the total is not greater than their sum.
    """
    weight = sum(weights)
    if not weight:
        return [0] * len(weights)
    parts = [total_points * each // weight for each in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (-(total_points * weights[place] % weight), place)
    )
    for place in by_remainder[: total_points - sum(parts)]:
        parts[place] += 1
    return parts
