"""What a vendor does with its part of an order until it is on its way.

Every service locks the vendor order first, then decides. Stock is consumed when goods leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from forked_apps.order.errors import LinesNotShippable, PiecesNotThere
from forked_apps.order.models import Parcel, ParcelLine, VendorOrder, VendorOrderStatus
from forked_apps.order.services.packing import free_position, prepared_parcel, unpack_what_lacks
from forked_apps.order.services.parcels import known_grams, tracking_link
from forked_apps.order.services.parts import check_pieces, consume_stock, lock_part, move, pieces_left
from forked_apps.order.status import NEXT, check_step
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

_S = VendorOrderStatus


@transaction.atomic
def accept_vendor_order(*, vendor: Partner, actor: User, vendor_order: VendorOrder) -> VendorOrder:
    """The vendor will deliver it. Until it is packed, the customer may still cancel.

    Raises:
        IllegalStep: it was accepted or cancelled before.
    """
    locked = lock_part(vendor_order, vendor=vendor)
    return move(locked, to=_S.ACCEPTED, actor=actor)


@transaction.atomic
def mark_packed(*, vendor: Partner, actor: User, vendor_order: VendorOrder) -> VendorOrder:
    """Everything is in its box; from now on the customer cannot cancel by themselves.

    Raises:
        IllegalStep: it was packed, shipped or cancelled before.
    """
    locked = lock_part(vendor_order, vendor=vendor)
    return move(locked, to=_S.PACKED, actor=actor)


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
    weight_grams: int | None = None,
) -> Parcel:
    """Hand pieces to a courier: a parcel, stock consumed, and the buyer told once.

    ``quantities`` is pieces by line id; None means all that is left. The vendor order is shipped when
    nothing is left, packed until then. ``weight_grams``: as weighed; else what the pieces are known to weigh.
    Prepared parcels that would lack a piece are unpacked.

    Raises:
        IllegalStep: it is cancelled, or shipped already.
        LinesNotShippable: a line is another order's, or fewer pieces are left.
    """
    locked = lock_part(vendor_order, vendor=vendor)
    check_step(locked.status, _S.SHIPPED)
    left = {pk: pieces for pk, pieces in pieces_left(locked).items() if pieces}
    wanted = dict(left if quantities is None else quantities)
    try:
        check_pieces(wanted, left)
    except PiecesNotThere as error:
        raise LinesNotShippable(line_ids=error.line_ids) from error
    unpack_what_lacks(locked, left={pk: pieces - wanted.get(pk, 0) for pk, pieces in left.items()})
    parcel = Parcel(
        vendor_order=locked,
        position=free_position(locked),
        carrier=carrier,
        tracking_code=tracking_code,
        weight_grams=weight_grams or known_grams(locked, wanted),
        shipped_by=actor,
    )
    _send(locked, parcel, wanted, is_last=wanted == left)
    vendor_order.status = locked.status
    return parcel


@retry_on_conflict
@transaction.atomic
def ship_prepared(
    *,
    vendor: Partner,
    actor: User,
    vendor_order: VendorOrder,
    position: int,
    carrier: str,
    tracking_code: str,
) -> Parcel:
    """Hand a prepared parcel to its courier: the same as ``ship_lines``, under the number on its label.

    Raises:
        ParcelNotPrepared: it was sent or unpacked meanwhile.
    """
    locked = lock_part(vendor_order, vendor=vendor)
    prepared = prepared_parcel(locked, position=position)
    check_step(locked.status, _S.SHIPPED)
    wanted = {row.line_id: row.quantity for row in prepared.parcel_lines.all()}
    parcel = Parcel(
        vendor_order=locked,
        position=prepared.position,
        carrier=carrier,
        tracking_code=tracking_code,
        weight_grams=prepared.weight_grams,
        shipped_by=actor,
    )
    prepared.delete()
    left = {pk: pieces for pk, pieces in pieces_left(locked).items() if pieces}
    _send(locked, parcel, wanted, is_last=wanted == left)
    vendor_order.status = locked.status
    return parcel


def _send(locked: VendorOrder, parcel: Parcel, wanted: Mapping[int, int], *, is_last: bool) -> None:
    parcel.tracking_link = tracking_link(carrier=parcel.carrier, tracking_code=parcel.tracking_code)
    parcel.save()
    ParcelLine.objects.bulk_create(
        ParcelLine(parcel=parcel, line_id=line_id, quantity=pieces)
        for line_id, pieces in sorted(wanted.items())
    )
    consume_stock(wanted)
    if is_last:
        move(locked, to=_S.SHIPPED, actor=parcel.shipped_by, note=parcel.tracking_code)
    elif locked.status != _S.PACKED:
        move(locked, to=_S.PACKED, actor=parcel.shipped_by, note=parcel.tracking_code)
    enqueue(topic="vendor_order.shipped", payload={"vendor_order_id": locked.pk, "parcel_id": parcel.pk})


def can_ship(vendor_order: VendorOrder) -> bool:
    return _S.SHIPPED in NEXT[_S(vendor_order.status)]
