"""What a vendor does with its part of an order, and how either side takes it back before it is sent.

Every service locks the vendor order first, then decides. Stock is consumed when goods leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F, Sum

from forked_apps.order.errors import IllegalStep, LinesNotShippable
from forked_apps.order.models import (
    Line,
    Parcel,
    ParcelLine,
    VendorOrder,
    VendorOrderEvent,
    VendorOrderStatus,
)
from forked_apps.order.numbers import shipping_reference
from forked_apps.order.status import CUSTOMER_MAY_CANCEL, NEXT, check_step
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.payment.sources import source_of
from marketplace.outbox.services import enqueue, enqueue_many
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

_S = VendorOrderStatus


# The vendor's steps -----------------------------------------------------------------------
@transaction.atomic
def accept_vendor_order(*, vendor: Partner, actor: User, vendor_order: VendorOrder) -> VendorOrder:
    """The vendor will deliver it; from now on the customer cannot cancel by themselves.

    Raises:
        IllegalStep: it was accepted or cancelled before.
    """
    locked = _lock(vendor_order, vendor=vendor)
    return _move(locked, to=_S.ACCEPTED, actor=actor)


@transaction.atomic
def mark_packed(*, vendor: Partner, actor: User, vendor_order: VendorOrder) -> VendorOrder:
    """Raises:
    IllegalStep
    """
    locked = _lock(vendor_order, vendor=vendor)
    return _move(locked, to=_S.PACKED, actor=actor)


@retry_on_conflict
@transaction.atomic
def ship_lines(
    *,
    vendor: Partner,
    actor: User,
    vendor_order: VendorOrder,
    quantities: Mapping[int, int] | None = None,
    carrier: str = "",
    tracking_code: str,
) -> Parcel:
    """Hand pieces to a courier: a parcel, stock consumed, and the buyer told once.

    ``quantities`` is pieces by line id; None means all that is left. The vendor order is shipped when
    nothing is left, packed until then.

    Raises:
        IllegalStep: it is cancelled, or shipped already.
        LinesNotShippable: a line is another order's, or fewer pieces are left.
    """
    locked = _lock(vendor_order, vendor=vendor)
    check_step(locked.status, _S.SHIPPED)
    left = pieces_left(locked)
    wanted = {pk: pieces for pk, pieces in left.items() if pieces} if quantities is None else dict(quantities)
    _check_pieces(wanted, left)
    parcel = Parcel.objects.create(
        vendor_order=locked, carrier=carrier, tracking_code=tracking_code, shipped_by=actor
    )
    ParcelLine.objects.bulk_create(
        ParcelLine(parcel=parcel, line_id=line_id, quantity=pieces)
        for line_id, pieces in sorted(wanted.items())
    )
    _consume_stock(wanted)
    if wanted == {pk: pieces for pk, pieces in left.items() if pieces}:
        _move(locked, to=_S.SHIPPED, actor=actor, note=tracking_code)
    elif locked.status != _S.PACKED:
        _move(locked, to=_S.PACKED, actor=actor, note=tracking_code)
    enqueue(topic="vendor_order.shipped", payload={"vendor_order_id": locked.pk, "parcel_id": parcel.pk})
    vendor_order.status = locked.status
    return parcel


@transaction.atomic
def mark_delivered(*, vendor: Partner, actor: User | None, vendor_order: VendorOrder) -> VendorOrder:
    """Raises:
    IllegalStep: not everything was shipped.
    """
    locked = _lock(vendor_order, vendor=vendor)
    return _move(locked, to=_S.DELIVERED, actor=actor)


@retry_on_conflict
@transaction.atomic
def complete_vendor_order(*, vendor_order: VendorOrder, actor: User | None) -> VendorOrder:
    """The customer keeps what was delivered: what escrow holds for it goes to the vendor, less commission.

    Raises:
        IllegalStep: it was not delivered, or is complete already.
    """
    locked = _lock(vendor_order)
    _move(locked, to=_S.COMPLETED, actor=actor)
    source_of(locked.order).release(
        order=locked.order, references=allocation_references(locked), actor_id=actor.pk if actor else None
    )
    return locked


# Taking it back ---------------------------------------------------------------------------
@retry_on_conflict
@transaction.atomic
def cancel_by_customer(*, customer: User, vendor_order: VendorOrder) -> VendorOrder:
    """The customer changed their mind before the vendor began: points back, pieces on sale again.

    Raises:
        IllegalStep: the vendor has accepted it, or it is cancelled already.
        VendorOrder.DoesNotExist: it is someone else's.
    """
    locked = _lock(vendor_order, customer=customer)
    if locked.status not in CUSTOMER_MAY_CANCEL:
        raise IllegalStep(old=_S(locked.status), new=_S.CANCELLED)
    return _cancel(locked, actor=customer, reason="")


@retry_on_conflict
@transaction.atomic
def cancel_by_vendor(*, vendor: Partner, actor: User, vendor_order: VendorOrder, reason: str) -> VendorOrder:
    """The vendor cannot deliver it: the customer has the points back at once.

    Raises:
        IllegalStep: something was packed or shipped.
    """
    return _cancel(_lock(vendor_order, vendor=vendor), actor=actor, reason=reason)


def _cancel(locked: VendorOrder, *, actor: User, reason: str) -> VendorOrder:
    _move(locked, to=_S.CANCELLED, actor=actor, note=reason)
    # Wallet before stock: the project's order of locks.
    source_of(locked.order).refund(
        order=locked.order,
        references=allocation_references(locked),
        actor_id=actor.pk,
        reason=reason or "cancelled before acceptance",
    )
    product_ids = _free_stock(locked)
    enqueue_many([("search.products", {"ids": product_ids})])
    return locked


# Parts ------------------------------------------------------------------------------------
def allocation_references(vendor_order: VendorOrder) -> list[str]:
    """What the ledger calls the amounts of this vendor order, goods and shipping."""
    references = [line.partner_line_reference for line in vendor_order.lines.all() if line.line_points]
    if vendor_order.shipping_points:
        references.append(shipping_reference(vendor_order.number))
    return references


def pieces_left(vendor_order: VendorOrder) -> dict[int, int]:
    """Pieces that wait to be shipped, by line id."""
    shipped = dict(
        ParcelLine.objects.filter(parcel__vendor_order=vendor_order)
        .values_list("line_id")
        .annotate(pieces=Sum("quantity"))
    )
    return {line.pk: line.quantity - shipped.get(line.pk, 0) for line in vendor_order.lines.all()}


def can_ship(vendor_order: VendorOrder) -> bool:
    return _S.SHIPPED in NEXT[_S(vendor_order.status)]


def _lock(
    vendor_order: VendorOrder, *, vendor: Partner | None = None, customer: User | None = None
) -> VendorOrder:
    """This vendor's or this customer's, as it is now, and nobody else changes it meanwhile."""
    queryset = VendorOrder.objects.select_for_update(no_key=True, of=("self",)).select_related("order")
    if vendor is not None:
        queryset = queryset.filter(vendor=vendor)
    if customer is not None:
        queryset = queryset.filter(order__user=customer)
    return queryset.get(pk=vendor_order.pk)


def _move(locked: VendorOrder, *, to: VendorOrderStatus, actor: User | None, note: str = "") -> VendorOrder:
    check_step(locked.status, to)
    VendorOrderEvent.objects.create(
        vendor_order=locked, old_status=locked.status, new_status=to, actor=actor, note=note[:500]
    )
    locked.status = to
    locked.save(update_fields=["status"])
    return locked


def _check_pieces(wanted: Mapping[int, int], left: Mapping[int, int]) -> None:
    wrong = [pk for pk, pieces in wanted.items() if pieces < 1 or pieces > left.get(pk, 0)]
    if wrong or not wanted:
        raise LinesNotShippable(line_ids=wrong)


#: The constraint of the table refuses what would leave less in stock than is allocated.
CONSUME_STOCK = """
    UPDATE partner_stockrecord AS stock
       SET num_in_stock = stock.num_in_stock - gone.quantity,
           num_allocated = stock.num_allocated - gone.quantity, date_updated = now()
      FROM unnest(%s::bigint[], %s::int[]) AS gone (id, quantity)
     WHERE stock.id = gone.id
"""
FREE_STOCK = """
    UPDATE partner_stockrecord AS stock
       SET num_allocated = stock.num_allocated - freed.quantity, date_updated = now()
      FROM unnest(%s::bigint[], %s::int[]) AS freed (id, quantity)
     WHERE stock.id = freed.id
"""


def _consume_stock(pieces_by_line: Mapping[int, int]) -> None:
    lines = {line.pk: line for line in Line.objects.filter(pk__in=pieces_by_line)}
    _change_stock(CONSUME_STOCK, ((lines[pk], pieces) for pk, pieces in pieces_by_line.items()))
    for line_id, pieces in pieces_by_line.items():
        Line.objects.filter(pk=line_id).update(num_allocated=F("num_allocated") - pieces)


def _free_stock(vendor_order: VendorOrder) -> list[int]:
    """Put allocated pieces on sale again; ids of the products."""
    lines = list(vendor_order.lines.all())
    _change_stock(FREE_STOCK, ((line, line.num_allocated) for line in lines))
    vendor_order.lines.update(num_allocated=0, allocation_cancelled=True)
    return sorted({line.product_id for line in lines if line.product_id})


def _change_stock(statement: str, pieces_of_lines: Iterable[tuple[Line, int]]) -> None:
    # Several lines of one offer are one change of it; an offer that was deleted has no stock to change.
    pieces: dict[int, int] = {}
    for line, number in pieces_of_lines:
        if line.stockrecord_id is not None and number:
            pieces[line.stockrecord_id] = pieces.get(line.stockrecord_id, 0) + number
    list(StockRecord.objects.select_for_update(no_key=True).filter(pk__in=pieces).order_by("pk"))
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(pieces), list(pieces.values())])
