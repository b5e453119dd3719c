"""Parcels that are packed before their courier comes: their label is printed now, they are sent later.

A prepared parcel sets pieces of its vendor order aside and does nothing else: stock stays allocated, no piece
counts as sent, the buyer is told nothing. All under the vendor order's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Sum

from forked_apps.order.errors import ParcelNotPrepared
from forked_apps.order.models import Parcel, VendorOrder, VendorOrderStatus
from forked_apps.order.packing_models import PreparedLine, PreparedParcel
from forked_apps.order.services.parcels import known_grams
from forked_apps.order.services.parts import check_pieces, lock_part, move, pieces_left
from forked_apps.order.status import check_step
from forked_apps.partner.models import Partner

if TYPE_CHECKING:
    from marketplace.users.models import User

_S = VendorOrderStatus


@transaction.atomic
def prepare_parcel(
    *,
    vendor: Partner,
    actor: User,
    vendor_order: VendorOrder,
    quantities: Mapping[int, int] | None = None,
    carrier: str = "",
    tracking_code: str = "",
    weight_grams: int | None = None,
    position: int | None = None,
) -> PreparedParcel:
    """Put pieces in a box with a number, for which a label and a slip can be printed.

    ``position`` is the number that the person was shown: who asks for the same pieces under it once more has
    pressed twice, and gets the box that is there.

    ``quantities`` is pieces by line id; None means all that is in no other box. Something is packed then, so
    the customer cannot cancel by themselves any more. ``weight_grams``: as weighed, else as known.

    Raises:
        IllegalStep: the vendor order is cancelled, or shipped already.
        PiecesNotThere: a line is another order's, has fewer pieces that are in no box, or nothing is chosen.
    """
    locked = lock_part(vendor_order, vendor=vendor)
    check_step(locked.status, _S.SHIPPED)
    if (made := _made_before(locked, position=position, actor=actor, quantities=quantities)) is not None:
        return made
    loose = pieces_loose(locked)
    wanted = dict(loose if quantities is None else quantities)
    check_pieces(wanted, loose)
    if locked.status != _S.PACKED:
        move(locked, to=_S.PACKED, actor=actor)
    parcel = PreparedParcel.objects.create(
        vendor_order=locked,
        position=free_position(locked),
        carrier=carrier,
        tracking_code=tracking_code,
        weight_grams=weight_grams or known_grams(locked, wanted),
        prepared_by=actor,
    )
    PreparedLine.objects.bulk_create(
        PreparedLine(parcel=parcel, line_id=line_id, quantity=pieces)
        for line_id, pieces in sorted(wanted.items())
    )
    vendor_order.status = locked.status
    return parcel


def _made_before(
    locked: VendorOrder, *, position: int | None, actor: User, quantities: Mapping[int, int] | None
) -> PreparedParcel | None:
    if position is None or quantities is None:
        return None
    parcel = PreparedParcel.objects.filter(vendor_order=locked, position=position, prepared_by=actor).first()
    if parcel is None or dict(parcel.parcel_lines.values_list("line_id", "quantity")) != dict(quantities):
        return None
    return parcel


@transaction.atomic
def unpack_parcel(*, vendor: Partner, vendor_order: VendorOrder, position: int) -> None:
    """Take a prepared parcel apart: its pieces can be packed in another way.

    Raises:
        ParcelNotPrepared: it was sent or unpacked meanwhile.
    """
    prepared_parcel(lock_part(vendor_order, vendor=vendor), position=position).delete()


def prepared_parcel(locked: VendorOrder, *, position: int) -> PreparedParcel:
    """Raises:
    ParcelNotPrepared: it was sent or unpacked meanwhile.
    """
    parcel = PreparedParcel.objects.filter(vendor_order=locked, position=position).first()
    if parcel is None:
        raise ParcelNotPrepared
    return parcel


def pieces_loose(vendor_order: VendorOrder) -> dict[int, int]:
    """Pieces that wait to be shipped and are in no prepared parcel, by line id; no key for none."""
    packed = dict(
        PreparedLine.objects.filter(parcel__vendor_order=vendor_order)
        .order_by()
        .values_list("line_id")
        .annotate(pieces=Sum("quantity"))
    )
    left = {pk: pieces - packed.get(pk, 0) for pk, pieces in pieces_left(vendor_order).items()}
    return {pk: pieces for pk, pieces in left.items() if pieces}


def free_position(locked: VendorOrder) -> int:
    """The lowest number that no parcel of the vendor order has, sent or prepared."""
    taken = set(
        Parcel.objects.filter(vendor_order=locked)
        .order_by()
        .values_list("position", flat=True)
        .union(
            PreparedParcel.objects.filter(vendor_order=locked).order_by().values_list("position", flat=True)
        )
    )
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def unpack_what_lacks(locked: VendorOrder, *, left: Mapping[int, int]) -> None:
    """Take every prepared parcel apart for which too few pieces are left, by line id; the oldest keep theirs.

    Such a parcel's slip is wrong, and what else was in it has to be packed anew.
    """
    still = dict(left)
    for parcel in locked.prepared_parcels.order_by("pk").prefetch_related("parcel_lines"):
        rows = list(parcel.parcel_lines.all())
        if any(row.quantity > still.get(row.line_id, 0) for row in rows):
            parcel.delete()
            continue
        for row in rows:
            still[row.line_id] -= row.quantity
