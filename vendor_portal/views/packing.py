"""Parcels that are prepared before their courier comes: packed and labelled now, sent later."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from forked_apps.order.errors import OrderError
from forked_apps.order.models import VendorOrder
from forked_apps.order.packing_models import PreparedParcel
from forked_apps.order.services.fulfilment import can_ship, ship_prepared
from forked_apps.order.services.packing import free_position, pieces_loose, prepare_parcel, unpack_parcel
from forked_apps.partner.permissions import VendorPermission
from marketplace.users.phones import ascii_digits
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.parcel_forms import PrepareForm, TrackingForm, carrier_names

#: No order has more boxes than that.
POSITION = re.compile(r"[1-9][0-9]{0,3}")
_PREPARED = gettext_lazy("The parcel is prepared: print its label and its packing slip.")


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def prepare(request: VendorRequest, number: str) -> HttpResponse:
    """Choose pieces; their parcel then has a number, a label and a packing slip."""
    own = get_object_or_404(VendorOrder, vendor=request.vendor, number=number)
    loose = pieces_loose(own) if can_ship(own) else {}
    if _is_pressed_again(request, own):
        messages.success(request, _PREPARED)
        return _back(request, own)
    if not loose:
        messages.error(request, _("Nothing of this order waits to be packed."))
        return _back(request, own)
    form = PrepareForm(request.POST if request.method == "POST" else None, vendor_order=own, there=loose)
    if form.is_valid():
        facts = form.cleaned_data
        try:
            prepare_parcel(
                vendor=request.vendor,
                actor=request.user,
                vendor_order=own,
                quantities=form.quantities,
                carrier=facts["carrier"],
                tracking_code=facts["tracking_code"],
                weight_grams=facts["weight"],
                position=_position_shown(request),
            )
        except OrderError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _PREPARED)
        return _back(request, own)
    context = {
        "order": own,
        "form": form,
        "carriers": carrier_names(),
        "position": _position_shown(request) or free_position(own),
    }
    return portal_page(
        request, "vendor_portal/parcel_prepare.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def send(request: VendorRequest, number: str, position: int) -> HttpResponse:
    """The courier takes a prepared parcel; the buyer is told its tracking code."""
    own = get_object_or_404(VendorOrder, vendor=request.vendor, number=number)
    parcel = get_object_or_404(PreparedParcel, vendor_order=own, position=position)
    form = TrackingForm(
        request.POST if request.method == "POST" else None,
        initial={"carrier": parcel.carrier, "tracking_code": parcel.tracking_code},
    )
    if form.is_valid():
        try:
            ship_prepared(
                vendor=request.vendor,
                actor=request.user,
                vendor_order=own,
                position=position,
                **form.cleaned_data,
            )
        except OrderError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The parcel is on its way, and the buyer knows."))
        return _back(request, own)
    context = {"order": own, "parcel": parcel, "form": form, "carriers": carrier_names()}
    return portal_page(
        request, "vendor_portal/parcel_send.html", context, status=422 if form.is_bound else 200
    )


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def unpack(request: VendorRequest, number: str, position: int) -> HttpResponse:
    own = get_object_or_404(VendorOrder, vendor=request.vendor, number=number)
    try:
        unpack_parcel(vendor=request.vendor, vendor_order=own, position=position)
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The parcel is unpacked. Throw its label away."))
    return _back(request, own)


def _position_shown(request: VendorRequest) -> int | None:
    """The number that the box was to have when the person opened the page."""
    shown = request.POST.get("position", "")
    return int(shown) if POSITION.fullmatch(shown) else None


def _is_pressed_again(request: VendorRequest, own: VendorOrder) -> bool:
    """Whether this very box was made by this person a moment ago."""
    position = _position_shown(request)
    if position is None:
        return False
    parcel = PreparedParcel.objects.filter(
        vendor_order=own, position=position, prepared_by=request.user
    ).first()
    return parcel is not None and all(
        ascii_digits(request.POST.get(f"line_{row.line_id}", "")).strip() == str(row.quantity)
        for row in parcel.parcel_lines.all()
    )


def _back(request: VendorRequest, own: VendorOrder) -> HttpResponse:
    return redirect("portal:orders-detail", request.vendor.code, own.number)
