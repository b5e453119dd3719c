"""Points of orders: held when an order is placed, then released to the vendor or given back.

Locks, in this order: the customer's wallet, allocations by id, vendor balances by id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from points_payment.errors import InsufficientPoints, InvalidAmount, NotRefundable, UnknownAllocation
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Allocation, AllocationMove, Entry, Transfer, VendorBalance
from points_payment.services.debts import review_debt
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import NewAllocation, Posting, find_posted, post_transfer
from points_payment.services.vendor_funds import funds_of
from points_payment.services.wallets import (
    lock_spendable_lots,
    lock_wallet,
    open_uses,
    plan_return,
    plan_spending,
    split_by_largest_remainder,
    with_grace,
)

BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class AllocationSpec:
    """One order line, or one vendor order's shipping charge, by its reference alone."""

    reference: str
    vendor_id: int
    #: What the vendor earns by it, before commission; the customer pays it, less the subsidy.
    gross_points: int
    commission_basis_points: int
    #: With the percentage; of the whole line, like the least and the most that the two come to.
    commission_fixed_points: int = 0
    commission_floor_points: int = 0
    commission_cap_points: int | None = None
    #: Of the gross, what the platform adds since it bears a discount.
    subsidy_points: int = 0

    @property
    def customer_points(self) -> int:
        return self.gross_points - self.subsidy_points


@dataclass(frozen=True, slots=True)
class HeldOrder:
    #: None for an order of nothing, which moves nothing.
    transfer_id: int | None
    paid_points: int
    promotional_points: int

    @property
    def total_points(self) -> int:
        return self.paid_points + self.promotional_points


@dataclass(frozen=True, slots=True)
class Released:
    transfer_id: int | None
    released_points: int
    commission_points: int


@dataclass(frozen=True, slots=True)
class Refunded:
    transfer_id: int | None
    paid_points: int
    promotional_points: int

    @property
    def total_points(self) -> int:
        return self.paid_points + self.promotional_points


def commission_on(
    *,
    points: int,
    basis_points: int,
    fixed_points: int = 0,
    floor_points: int = 0,
    cap_points: int | None = None,
    gross_points: int | None = None,
) -> int:
    """The marketplace's share of what is kept of a line, rounded half up to whole points.

    The whole line (``gross_points``; all that is kept, unless it is said) bears the percentage and the
    fixed sum, at least the floor, at most the cap, and never more than itself. What is kept bears its part
    of that: with a third of the line a third of its commission goes back, whichever term made it. So
    neither the commission nor what stays with the vendor ever rises when points are given back.
    """
    gross = points if gross_points is None else gross_points
    if not points:
        return 0
    # In ten-thousandths of a point: it is rounded once.
    whole = max(gross * basis_points + fixed_points * BASIS_POINTS, floor_points * BASIS_POINTS)
    if cap_points is not None:
        whole = min(whole, cap_points * BASIS_POINTS)
    whole = min(whole, gross * BASIS_POINTS)
    return (points * whole + gross * BASIS_POINTS // 2) // (gross * BASIS_POINTS)


def commission_of(allocation: Allocation, *, points: int) -> int:
    """What so many points of an allocation bear by the terms that were frozen with it."""
    return commission_on(
        points=points,
        gross_points=allocation.gross_points,
        basis_points=allocation.commission_basis_points,
        fixed_points=allocation.commission_fixed_points,
        floor_points=allocation.commission_floor_points,
        cap_points=allocation.commission_cap_points,
    )


def hold_for_order(
    *,
    customer_id: int,
    order_reference: str,
    allocations: Sequence[AllocationSpec],
    idempotency_key: str,
    actor_id: int | None,
) -> HeldOrder:
    """Move an order's points from the wallet into escrow, inside the caller's transaction.

    What the platform adds for discounts that it bears comes from its promotions. Two statements: lock the
    wallet and read its lots; post and open the allocations. The same key again gives the same answer.

    Raises:
        InsufficientPoints: the wallet holds too little; nothing was written.
        IdempotencyConflict: the key was used for another order.
        InvalidAmount: more is added to a line than it is worth, or less than nothing.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("hold_for_order works inside its caller's transaction.")
    specs = [spec for spec in allocations if spec.gross_points]
    if not specs:
        return HeldOrder(None, 0, 0)
    if wrong := next((s for s in specs if not 0 <= s.subsidy_points <= s.gross_points), None):
        raise InvalidAmount(wrong.subsidy_points)
    needed = sum(spec.customer_points for spec in specs)
    request_hash = hash_request(
        "hold", customer_id, order_reference,
        [astuple(spec) for spec in specs],
    )  # fmt: skip
    try:
        spent = plan_spending(lots=lock_spendable_lots(customer_id=customer_id), needed_points=needed)
    except InsufficientPoints:
        # A repeated request finds its own points gone.
        if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
            return _held(earlier.pk)
        raise
    promotional = split_by_largest_remainder(
        total_points=spent.promotional_points, weights=[spec.customer_points for spec in specs]
    )
    posted = post_transfer(
        kind=TransferKind.PURCHASE,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=order_reference,
        actor_id=actor_id,
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, customer_id, -spent.paid_points),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer_id, -spent.promotional_points),
            Posting(AccountKind.PROMOTIONS, 0, -sum(spec.subsidy_points for spec in specs)),
            *(Posting(AccountKind.VENDOR_ESCROW, spec.vendor_id, spec.gross_points) for spec in specs),
        ],
        lot_changes=spent.lot_changes,
        new_allocations=[
            NewAllocation(
                spec.reference,
                spec.vendor_id,
                spec.customer_points - part,
                part,
                spec.commission_basis_points,
                spec.commission_fixed_points,
                spec.commission_floor_points,
                spec.commission_cap_points,
                spec.subsidy_points,
            )
            for spec, part in zip(specs, promotional, strict=True)
        ],
        customer_id=customer_id,
    )
    if not posted.is_new:
        return _held(posted.transfer_id)
    return HeldOrder(posted.transfer_id, spent.paid_points, spent.promotional_points)


def _held(transfer_id: int) -> HeldOrder:
    parts = Allocation.objects.filter(transfer_id=transfer_id).aggregate(
        paid=Sum("paid_points"), promotional=Sum("promotional_points")
    )
    return HeldOrder(transfer_id, parts["paid"], parts["promotional"])


@transaction.atomic
def release_allocations(*, references: Sequence[str], actor_id: int | None, idempotency_key: str) -> Released:
    """Let the vendors have what is still held for these allocations, less the commission.

    What a vendor owes (after late refunds) is filled first. Nothing held: nothing happens.

    Raises:
        UnknownAllocation: a reference is unknown.
        IdempotencyConflict: the key was used for another release.
    """
    request_hash = hash_request("release", sorted(references))
    allocations = _lock_allocations(references)
    if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
        moved = earlier.allocation_moves.aggregate(
            released=Sum("released_points"), commission=Sum("commission_points")
        )
        return Released(earlier.pk, moved["released"], moved["commission"])
    moves, postings = [], []
    net_by_vendor: dict[int, int] = {}
    for allocation in allocations:
        held = allocation.held_points
        if not held:
            continue
        commission = commission_of(allocation, points=allocation.released_points + held)
        fee = commission - allocation.commission_points
        moves.append(AllocationMove(allocation=allocation, released_points=held, commission_points=fee))
        postings.append(Posting(AccountKind.VENDOR_ESCROW, allocation.vendor_id, -held))
        postings.append(Posting(AccountKind.COMMISSION, 0, fee))
        net_by_vendor[allocation.vendor_id] = net_by_vendor.get(allocation.vendor_id, 0) + held - fee
    if not moves:
        return Released(None, 0, 0)
    _lock_vendor_balances(net_by_vendor)
    owed = _owed_by(net_by_vendor)
    for vendor_id, net in net_by_vendor.items():
        filled = min(net, owed.get(vendor_id, 0))
        postings.append(Posting(AccountKind.VENDOR_RECEIVABLE, vendor_id, filled))
        postings.append(Posting(AccountKind.VENDOR_PAYABLE, vendor_id, net - filled))
    posted = post_transfer(
        kind=TransferKind.RELEASE,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=allocations[0].order_reference,
        actor_id=actor_id,
        postings=postings,
    )
    _write_moves(moves, transfer_id=posted.transfer_id)
    for vendor_id in sorted(vendor_id for vendor_id, points in owed.items() if points):
        review_debt(vendor_id=vendor_id)
    return Released(
        posted.transfer_id, sum(m.released_points for m in moves), sum(m.commission_points for m in moves)
    )


@transaction.atomic
def refund_allocations(
    *,
    references: Sequence[str] | None = None,
    references_and_points: Mapping[str, int] | None = None,
    references_and_subsidies: Mapping[str, int] | None = None,
    actor_id: int | None,
    reason: str,
    idempotency_key: str,
) -> Refunded:
    """Give points of one order back to its customer: all that is left of ``references``, or so many of each.

    With all that is left the platform has back what it added; else ``references_and_subsidies`` says how
    much of it, of these or of other allocations of the order.

    Taken from escrow first; what was released already comes from the vendor's payable and the commission,
    and what payable lacks from the vendor's receivable. Points return to the lots that they came from, the
    other way round than they were spent: paid ones first. Promotional points whose day has come, or comes
    within PROMOTIONAL_REFUND_GRACE_DAYS, get a new lot with that many days.

    Raises:
        UnknownAllocation: a reference is unknown, or of another order than the first.
        NotRefundable: more is asked for than is left of an allocation, for the customer or the platform.
        IdempotencyConflict: the key was used for another refund.
    """
    wanted = dict(references_and_points or {}) if references is None else None
    subsidies = {name: points for name, points in (references_and_subsidies or {}).items() if points}
    names = list(references or {**(references_and_points or {}), **(references_and_subsidies or {})})
    request_hash = hash_request(
        "refund",
        sorted(names) if wanted is None else sorted(wanted.items()),
        *([sorted(subsidies.items())] if subsidies else []),
    )
    purchase = _purchase_of(names)
    lock_wallet(customer_id=purchase.customer_id)
    allocations = _lock_allocations(names)
    if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
        return _refunded(earlier)
    if wanted is None:
        refunds = [_Refund.of_all(allocation) for allocation in allocations]
    else:
        refunds = [
            _Refund.of(
                allocation, wanted.get(allocation.reference, 0), subsidies.get(allocation.reference, 0)
            )
            for allocation in allocations
        ]
    refunds = [refund for refund in refunds if refund.points]
    if not refunds:
        return Refunded(None, 0, 0)
    paid, promotional = sum(r.paid_points for r in refunds), sum(r.promotional_points for r in refunds)
    # Asked before the moves are written, which change what the allocations hold.
    taken_from = sorted({r.allocation.vendor_id for r in refunds if r.from_released})
    changes, new_lot = with_grace(
        changes=plan_return(
            uses=open_uses(transfer_id=purchase.transfer_id), paid_points=paid, promotional_points=promotional
        ),
        usable_until=timezone.now() + timedelta(days=settings.PROMOTIONAL_REFUND_GRACE_DAYS),
    )
    posted = post_transfer(
        kind=TransferKind.RETURN if taken_from else TransferKind.CANCELLATION,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=purchase.order_reference,
        actor_id=actor_id,
        reason=reason,
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, purchase.customer_id, paid),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, purchase.customer_id, promotional),
            Posting(AccountKind.PROMOTIONS, 0, sum(r.subsidy_points for r in refunds)),
            *(Posting(AccountKind.VENDOR_ESCROW, r.allocation.vendor_id, -r.from_held) for r in refunds),
            *_late_postings(refunds),
        ],
        lot_changes=changes,
        new_lot=new_lot,
    )
    _write_moves([refund.move() for refund in refunds], transfer_id=posted.transfer_id)
    for vendor_id in taken_from:
        review_debt(vendor_id=vendor_id)
    return Refunded(posted.transfer_id, paid, promotional)


@dataclass(frozen=True, slots=True)
class _Refund:
    allocation: Allocation
    #: For the customer.
    customer_points: int
    #: For the platform.
    subsidy_points: int

    @classmethod
    def of_all(cls, allocation: Allocation) -> _Refund:
        return cls(allocation, allocation.refundable_points, allocation.subsidy_left_points)

    @classmethod
    def of(cls, allocation: Allocation, asked_points: int, asked_subsidy_points: int) -> _Refund:
        for asked, left in (
            (asked_points, allocation.refundable_points),
            (asked_subsidy_points, allocation.subsidy_left_points),
        ):
            if not 0 <= asked <= left:
                raise NotRefundable(reference=allocation.reference, asked_points=asked, left_points=left)
        return cls(allocation, asked_points, asked_subsidy_points)

    @property
    def points(self) -> int:
        """What the vendor loses, before commission."""
        return self.customer_points + self.subsidy_points

    @property
    def from_held(self) -> int:
        return min(self.points, self.allocation.held_points)

    @property
    def from_released(self) -> int:
        return self.points - self.from_held

    @property
    def paid_points(self) -> int:
        one = self.allocation
        already = one.refunded_points - one.refunded_promotional_points - one.refunded_subsidy_points
        return min(self.customer_points, one.paid_points - already)

    @property
    def promotional_points(self) -> int:
        return self.customer_points - self.paid_points

    @property
    def commission_returned(self) -> int:
        if not self.from_released:
            return 0
        rest = self.allocation.released_points - self.from_released
        return self.allocation.commission_points - commission_of(self.allocation, points=rest)

    def move(self) -> AllocationMove:
        return AllocationMove(
            allocation=self.allocation,
            refunded_points=self.points,
            refunded_promotional_points=self.promotional_points,
            refunded_subsidy_points=self.subsidy_points,
            released_points=-self.from_released,
            commission_points=-self.commission_returned,
        )


def _late_postings(refunds: Sequence[_Refund]) -> list[Posting]:
    """What released points come back from: commission, then the vendor's payable, then its receivable.

    What was ordered to be paid out is left alone: that money may be in somebody's hand already.
    """
    taken: dict[int, int] = {}
    for refund in refunds:
        if refund.from_released:
            vendor_id = refund.allocation.vendor_id
            taken[vendor_id] = taken.get(vendor_id, 0) + refund.from_released - refund.commission_returned
    if not taken:
        return []
    _lock_vendor_balances(taken)
    postings = [Posting(AccountKind.COMMISSION, 0, -sum(refund.commission_returned for refund in refunds))]
    for vendor_id, points in taken.items():
        from_payable = min(points, max(0, funds_of(vendor_id=vendor_id).unordered_points))
        postings.append(Posting(AccountKind.VENDOR_PAYABLE, vendor_id, -from_payable))
        postings.append(Posting(AccountKind.VENDOR_RECEIVABLE, vendor_id, from_payable - points))
    return postings


def _purchase_of(references: Sequence[str]) -> Allocation:
    found = {a.reference: a for a in Allocation.objects.filter(reference__in=references)}
    if missing := [reference for reference in references if reference not in found]:
        raise UnknownAllocation(missing)
    if not found:
        raise UnknownAllocation([])
    first = found[references[0]]
    if others := [a.reference for a in found.values() if a.transfer_id != first.transfer_id]:
        raise UnknownAllocation(others)
    return first


def _lock_allocations(references: Sequence[str]) -> list[Allocation]:
    locked = list(
        Allocation.objects.select_for_update(no_key=True).filter(reference__in=references).order_by("id")
    )
    if missing := set(references) - {allocation.reference for allocation in locked}:
        raise UnknownAllocation(sorted(missing))
    return locked


def _lock_vendor_balances(vendor_ids: Mapping[int, int]) -> None:
    """Lock what can be paid to these vendors."""
    VendorBalance.objects.bulk_create(
        (VendorBalance(vendor_id=vendor_id) for vendor_id in sorted(vendor_ids)), ignore_conflicts=True
    )
    rows = (
        VendorBalance.objects.select_for_update(no_key=True)
        .filter(vendor_id__in=vendor_ids)
        .order_by("vendor_id")
    )
    list(rows)


def _owed_by(vendor_ids: Mapping[int, int]) -> dict[int, int]:
    """What vendors owe after late refunds; read under the lock of their balances."""
    rows = (
        Entry.objects.filter(account__kind=AccountKind.VENDOR_RECEIVABLE, account__owner_id__in=vendor_ids)
        .values("account__owner_id")
        .annotate(total=Sum("amount_points"))
    )
    return {row["account__owner_id"]: -row["total"] for row in rows}


def _write_moves(moves: Sequence[AllocationMove], *, transfer_id: int) -> None:
    changed = []
    for move in moves:
        move.transfer_id = transfer_id
        allocation = move.allocation
        allocation.refunded_points += move.refunded_points
        allocation.refunded_promotional_points += move.refunded_promotional_points
        allocation.refunded_subsidy_points += move.refunded_subsidy_points
        allocation.released_points += move.released_points
        allocation.commission_points += move.commission_points
        changed.append(allocation)
    AllocationMove.objects.bulk_create(moves)
    Allocation.objects.bulk_update(
        changed,
        [
            "refunded_points",
            "refunded_promotional_points",
            "refunded_subsidy_points",
            "released_points",
            "commission_points",
        ],
    )


def _refunded(transfer: Transfer) -> Refunded:
    moved = transfer.allocation_moves.aggregate(
        points=Sum(F("refunded_points") - F("refunded_subsidy_points")),
        promotional=Sum("refunded_promotional_points"),
    )
    return Refunded(transfer.pk, moved["points"] - moved["promotional"], moved["promotional"])
