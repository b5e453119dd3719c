"""Posting a transfer: one SQL statement, ``points_post_transfer`` (migration 0002)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError

from points_payment.errors import IdempotencyConflict, LedgerConflict
from points_payment.kinds import WALLET_KINDS, AccountKind, TransferKind
from points_payment.models import Transfer
from points_payment.services.idempotency import MAX_KEY_LENGTH, hash_request
from points_payment.services.statements import array_of, prepared_cursor


@dataclass(frozen=True, slots=True)
class Posting:
    """Signed whole points on one account, never 0."""

    kind: AccountKind
    owner_id: int
    amount_points: int


@dataclass(frozen=True, slots=True)
class LotChange:
    """Points taken from a lot (negative), or given back to it (positive, naming the use returned)."""

    lot_id: int
    points: int
    returns_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewLot:
    """The transfer's credit to a wallet becomes a lot; promotional points may expire."""

    expires_at: datetime | None = None
    #: Which credit, where a transfer makes two.
    kind: AccountKind | None = None
    #: A part of the credit; the rest of it goes to lots that are there already. None: all of it.
    points: int | None = None


@dataclass(frozen=True, slots=True)
class NewAllocation:
    """A row of the sub-ledger of escrow that the transfer opens."""

    reference: str
    vendor_id: int
    paid_points: int
    promotional_points: int
    commission_basis_points: int
    commission_fixed_points: int = 0
    commission_floor_points: int = 0
    commission_cap_points: int | None = None
    subsidy_points: int = 0


@dataclass(frozen=True, slots=True)
class Posted:
    transfer_id: int
    #: False: the key was used before, for the same request, and nothing was written now.
    is_new: bool


POST = (
    "SELECT transfer_id, is_new, stored_hash FROM points_post_transfer("
    "%s, %s, %s, %s, %s, %s, %s, %s::text[], %s::bigint[], %s::bigint[],"
    " %s::bigint[], %s::bigint[], %s::bigint[], %s, %s::timestamptz, %s::bigint)"
)

#: Posting and opening allocations are still one statement, and one round trip.
POST_AND_ALLOCATE = (
    # Both parts are constants.
    "WITH posted AS MATERIALIZED (" + POST + "), allocated AS ("  # noqa: S608
    "INSERT INTO points_payment_allocation (reference, order_reference, customer_id, vendor_id, transfer_id,"
    " gross_points, paid_points, promotional_points, subsidy_points, commission_basis_points,"
    " commission_fixed_points, commission_floor_points, commission_cap_points, created_at, digest,"
    " refunded_points, refunded_promotional_points, refunded_subsidy_points, released_points,"
    " commission_points)"
    " SELECT a.reference, %s, %s, a.vendor, p.transfer_id, a.paid + a.promotional + a.subsidy, a.paid,"
    " a.promotional, a.subsidy, a.basis_points, a.fixed, a.floor, a.cap, now(), '', 0, 0, 0, 0, 0"
    " FROM posted p, unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[],"
    " %s::bigint[], %s::bigint[], %s::bigint[]) WITH ORDINALITY"
    " AS a (reference, vendor, paid, promotional, subsidy, basis_points, fixed, floor, cap, place)"
    " WHERE p.is_new ORDER BY a.place) SELECT * FROM posted"
)


def merge(postings: Sequence[Posting]) -> list[Posting]:
    """One posting per account, none of 0, in the order in which accounts are locked."""
    sums: dict[tuple[str, int], int] = {}
    for posting in postings:
        key = (posting.kind.value, posting.owner_id)
        sums[key] = sums.get(key, 0) + posting.amount_points
    return [
        Posting(AccountKind(kind), owner, sums[kind, owner])
        for kind, owner in sorted(sums)
        if sums[kind, owner]
    ]


def stored_key(idempotency_key: str) -> str:
    """The key as it is stored: one that names many things is longer than the column."""
    return (
        idempotency_key
        if len(idempotency_key) <= MAX_KEY_LENGTH
        else f"sha256:{hash_request(idempotency_key)}"
    )


def find_posted(*, idempotency_key: str, request_hash: str) -> Transfer | None:
    """The transfer that this request already led to.

    Raises:
        IdempotencyConflict: the key was used for another request.
    """
    transfer = Transfer.objects.filter(idempotency_key=stored_key(idempotency_key)).first()
    if transfer is not None and transfer.request_hash != request_hash:
        raise IdempotencyConflict(idempotency_key)
    return transfer


def post_transfer(
    *,
    kind: TransferKind,
    idempotency_key: str,
    postings: Sequence[Posting],
    reference: str = "",
    actor_id: int | None = None,
    reason: str = "",
    reverses_id: int | None = None,
    lot_changes: Sequence[LotChange] = (),
    new_lot: NewLot | None = None,
    new_allocations: Sequence[NewAllocation] = (),
    customer_id: int | None = None,
    request_hash: str | None = None,
) -> Posted:
    """Write a transfer with its entries, balances and lots, or find the one with this key.

    ``new_allocations`` belong to ``customer_id`` and to the order that ``reference`` names.
    ``request_hash`` is made of the other arguments unless the caller's request is another than they.

    Raises:
        IdempotencyConflict: the key was used for another transfer.
        LedgerConflict: a guarded balance or a lot would go below 0; the transaction is lost.
    """
    merged = merge(postings)
    new_lot_index = 0
    if new_lot is not None:
        new_lot_index = next(
            index
            for index, posting in enumerate(merged, 1)
            if posting.kind in WALLET_KINDS
            and posting.amount_points > 0
            and new_lot.kind in {None, posting.kind}
        )
    if request_hash is None:
        request_hash = hash_request(
            kind,
            reference,
            actor_id,
            reason,
            reverses_id,
            [(p.kind, p.owner_id, p.amount_points) for p in merged],
        )
    parameters: list[str | int | datetime | list[str] | None] = [
        kind.value, stored_key(idempotency_key), request_hash, reference, actor_id, reason, reverses_id,
        array_of(posting.kind.value for posting in merged),
        array_of(posting.owner_id for posting in merged),
        array_of(posting.amount_points for posting in merged),
        array_of(change.lot_id for change in lot_changes),
        array_of(change.points for change in lot_changes),
        array_of(change.returns_id for change in lot_changes),
        new_lot_index,
        new_lot.expires_at if new_lot else None,
        new_lot.points if new_lot else None,
    ]  # fmt: skip
    statement = POST
    if new_allocations:
        statement = POST_AND_ALLOCATE
        parameters += [
            reference,
            customer_id,
            [allocation.reference for allocation in new_allocations],
            array_of(allocation.vendor_id for allocation in new_allocations),
            array_of(allocation.paid_points for allocation in new_allocations),
            array_of(allocation.promotional_points for allocation in new_allocations),
            array_of(allocation.subsidy_points for allocation in new_allocations),
            array_of(allocation.commission_basis_points for allocation in new_allocations),
            array_of(allocation.commission_fixed_points for allocation in new_allocations),
            array_of(allocation.commission_floor_points for allocation in new_allocations),
            array_of(allocation.commission_cap_points for allocation in new_allocations),
        ]
    try:
        with prepared_cursor() as cursor:
            cursor.execute(statement, parameters)
            transfer_id, is_new, stored_hash = cursor.fetchone()
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) in {"NQ001", "NQ002"}:
            raise LedgerConflict(str(error).splitlines()[0]) from error
        raise
    if stored_hash != request_hash:
        raise IdempotencyConflict(idempotency_key)
    return Posted(transfer_id=transfer_id, is_new=is_new)
