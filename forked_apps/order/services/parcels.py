"""What is known of a parcel besides its pieces: its weight, and where the buyer can follow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.db import transaction

from forked_apps.order.document_models import ParcelCorrection
from forked_apps.order.errors import ParcelArrived
from forked_apps.order.models import Parcel, VendorOrder, VendorOrderStatus
from forked_apps.order.services.parts import lock_part
from forked_apps.partner.models import Partner
from forked_apps.shipping.models import CODE_MARK, Carrier
from marketplace.outbox.services import enqueue

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Of the vendor order: a parcel of it is under way.
UNDER_WAY = frozenset({VendorOrderStatus.PACKED, VendorOrderStatus.SHIPPED})


def tracking_link(*, carrier: str, tracking_code: str) -> str:
    """Where a parcel of this carrier can be followed; empty where we know no such page."""
    known = Carrier.objects.filter(name__iexact=carrier).first() if carrier and tracking_code else None
    return known.tracking_link.replace(CODE_MARK, quote(tracking_code, safe="")) if known else ""


def known_grams(vendor_order: VendorOrder, pieces: Mapping[int, int]) -> int | None:
    """What these pieces, by line id, weigh; None where that of any is unknown."""
    unit_grams = {line.pk: line.unit_grams for line in vendor_order.lines.all()}
    if not all(unit_grams[pk] for pk in pieces):
        return None
    return sum(unit_grams[pk] * number for pk, number in pieces.items())


@transaction.atomic
def correct_tracking(
    *, vendor: Partner, actor: User, parcel: Parcel, carrier: str, tracking_code: str
) -> Parcel:
    """Put a mistyped carrier or code right while the parcel is under way; what stood there is kept.

    The buyer is told the right one. Nothing is written where nothing differs.

    Raises:
        Parcel.DoesNotExist: it is another vendor's.
        ParcelArrived: nobody follows it any more.
    """
    mine = Parcel.objects.select_related("vendor_order").get(pk=parcel.pk, vendor_order__vendor=vendor)
    locked = lock_part(mine.vendor_order, vendor=vendor)
    if locked.status not in UNDER_WAY:
        raise ParcelArrived
    current = Parcel.objects.get(pk=mine.pk)
    if (current.carrier, current.tracking_code) == (carrier, tracking_code):
        return current
    correction = ParcelCorrection.objects.create(
        parcel=current,
        old_carrier=current.carrier,
        old_tracking_code=current.tracking_code,
        actor=actor,
    )
    current.carrier, current.tracking_code = carrier, tracking_code
    current.tracking_link = tracking_link(carrier=carrier, tracking_code=tracking_code)
    current.save(update_fields=["carrier", "tracking_code", "tracking_link"])
    enqueue(topic="parcel.corrected", payload={"parcel_id": current.pk, "correction_id": correction.pk})
    return current
