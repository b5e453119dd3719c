"""What goes on a parcel and into it: labels (A6, one page each) and packing slips, as PDF.

Of parcels that were sent, and of those that are only prepared. Both are in the language of whoever prints
them, as the portal is. The buyer's handover code and prices are on neither: who carries a parcel reads it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import segno
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from forked_apps.order.models import Line, Parcel, ParcelLine, VendorOrder
from forked_apps.order.numbers import parcel_number
from forked_apps.order.packing_models import PreparedLine, PreparedParcel
from forked_apps.partner.governorates import Governorate
from forked_apps.shipping.weights import weight_text
from marketplace.documents import render_pdf
from marketplace.formats import format_date, format_number
from marketplace.users.phones import to_national

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from forked_apps.partner.models import Partner

#: Printed at once: of so many vendor orders, all parcels up to so many.
MOST_ORDERS, MOST_PARCELS = 50, 200


AnyParcel = Parcel | PreparedParcel
P = TypeVar("P", Parcel, PreparedParcel)


def parcels_to_print(*, vendor: Partner, vendor_order_numbers: Sequence[str]) -> list[AnyParcel]:
    """The parcels of these of the vendor's own orders, with all that their documents say.

    However many they are, eleven queries, and nine more where some are only prepared.
    """
    whose = {
        "vendor_order__vendor": vendor,
        "vendor_order__number__in": list(vendor_order_numbers)[:MOST_ORDERS],
    }
    found: list[AnyParcel] = [
        *_with_contents(Parcel.objects.filter(**whose), ParcelLine.objects.all()),
        *_with_contents(PreparedParcel.objects.filter(**whose), PreparedLine.objects.all()),
    ]
    return sorted(found, key=lambda parcel: (parcel.vendor_order.number, parcel.position))[:MOST_PARCELS]


def _with_contents(parcels: QuerySet[P], contents: QuerySet[Any]) -> QuerySet[P]:
    orders = VendorOrder.objects.select_related("vendor", "order__shipping_address").prefetch_related(
        "parcels",
        "prepared_parcels",
        "lines__reductions",
        "lines__parcel_lines",
        "lines__prepared_lines",
    )
    return parcels.prefetch_related(
        Prefetch("vendor_order", orders),
        Prefetch("parcel_lines", contents.select_related("line").order_by("line_id")),
        "parcel_lines__line__attributes",
    ).order_by("vendor_order__number", "position")[:MOST_PARCELS]


def labels_pdf(parcels: Iterable[AnyParcel]) -> bytes:
    """One A6 page a parcel."""
    facts = {"title": _("Labels"), "texts": _label_texts(), "parcels": [_label(parcel) for parcel in parcels]}
    return render_pdf("parcel_labels", facts)


def slips_pdf(parcels: Iterable[AnyParcel]) -> bytes:
    """One page or more a parcel: what is in it, and what is still to come."""
    facts = {
        "title": _("Packing slip"),
        "columns": [_("Product"), _("SKU"), _("Pieces")],
        "texts": {"from": _("From"), "to": _("To"), "rest": _("Still to come in another parcel")},
        "parcels": [_slip(parcel) for parcel in parcels],
    }
    return render_pdf("packing_slips", facts)


# What they say ----------------------------------------------------------------------------
def _label_texts() -> Mapping[str, str]:
    return {"from": _("From"), "to": _("To"), "weight": _("Weight"), "order": _("Order")}


def _label(parcel: AnyParcel) -> dict[str, Any]:
    part = parcel.vendor_order
    return {
        **_heading(parcel),
        "from": _sender(part),
        "to": _receiver(part),
        "order": part.number,
        "weight": weight_text(parcel.weight_grams) if parcel.weight_grams else "",
        "carrier": parcel.carrier,
        "tracking_code": parcel.tracking_code,
        "qr": _qr_svg(parcel_number(part.number, parcel.position)),
    }


def _slip(parcel: AnyParcel) -> dict[str, Any]:
    part = parcel.vendor_order
    return {
        **_heading(parcel),
        "from": _sender(part),
        "to": _receiver(part),
        "about": _about(parcel),
        "lines": [
            [row.line.title, _options(row.line), row.line.partner_sku, format_number(row.quantity)]
            for row in parcel.parcel_lines.all()
        ],
        "rest": [
            [line.title, format_number(pieces)]
            for line in part.lines.all()
            if (pieces := _still_to_come(line))
        ],
    }


def _about(parcel: AnyParcel) -> list[list[Any]]:
    """Label, value, and whether it is a code that runs left to right."""
    part = parcel.vendor_order
    rows: list[list[Any]] = [
        [_("Order"), part.number, True],
        [_("Ordered"), format_date(part.placed_at), False],
    ]
    if isinstance(parcel, Parcel):
        rows.append([_("Sent"), format_date(parcel.shipped_at), False])
    if parcel.tracking_code:
        rows.append([_("Tracking code"), parcel.tracking_code, True])
    return rows


def _heading(parcel: AnyParcel) -> dict[str, str]:
    part = parcel.vendor_order
    numbers = sorted(
        [
            *(sent.position for sent in part.parcels.all()),
            *(waiting.position for waiting in part.prepared_parcels.all()),
        ]
    )
    facts = {"number": format_number(parcel.position), "all": format_number(len(numbers))}
    place = _("Parcel %(number)s of %(all)s") % facts
    if numbers[-1] != len(numbers):
        # One between was unpacked, and the labels of those after it are printed.
        place = _("Parcel %(number)s") % facts
    if any(_still_to_come(line) for line in part.lines.all()):
        # How many there will be is not known yet.
        place = _("Parcel %(number)s, more follow") % facts
    return {"number": parcel_number(part.number, parcel.position), "place": place}


def _still_to_come(line: Line) -> int:
    cancelled = sum(row.quantity for row in line.reductions.all() if row.kind == "cancelled")
    sent = sum(row.quantity for row in line.parcel_lines.all())
    return line.quantity - cancelled - sent - sum(row.quantity for row in line.prepared_lines.all())


def _sender(part: VendorOrder) -> dict[str, str]:
    vendor = part.vendor
    return {
        "name": vendor.name,
        "phone": _phone(vendor.phone),
        "governorate": str(Governorate(vendor.governorate).label),
    }


def _receiver(part: VendorOrder) -> dict[str, Any]:
    address = part.order.shipping_address
    if address is None:
        return {"name": "", "phone": "", "governorate": "", "lines": []}
    state = address.state
    return {
        "name": " ".join(filter(None, (address.first_name, address.last_name))),
        "phone": _phone(str(address.phone_number or "")),
        "governorate": str(Governorate(state).label) if state in Governorate.values else state,
        "lines": [line for line in (address.line4, address.line1, address.line2) if line],
    }


def _phone(number: str) -> str:
    return to_national(number) if number.startswith("+964") else number


def _options(line: Line) -> str:
    return ", ".join(f"{chosen.type}: {chosen.value}" for chosen in line.attributes.all())


def _qr_svg(text: str) -> str:
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=1, xmldecl=False, svgns=True)
    return picture.getvalue().decode("ascii")
