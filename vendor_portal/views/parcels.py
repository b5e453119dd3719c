"""What is printed for parcels, and putting a mistyped tracking code right."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from forked_apps.order.errors import ParcelArrived
from forked_apps.order.models import Parcel, VendorOrder
from forked_apps.order.parcel_documents import (
    MOST_ORDERS,
    AnyParcel,
    labels_pdf,
    parcels_to_print,
    slips_pdf,
)
from forked_apps.order.services.parcels import UNDER_WAY, correct_tracking
from forked_apps.partner.permissions import VendorPermission
from marketplace.documents import pdf_response
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.parcel_forms import TrackingForm, carrier_names


@require_GET
@never_cache
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def label(request: VendorRequest, number: str, position: int) -> HttpResponse:
    return pdf_response(labels_pdf([_own_parcel(request, number, position)]), f"label-{number}-P{position}")


@require_GET
@never_cache
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def slip(request: VendorRequest, number: str, position: int) -> HttpResponse:
    return pdf_response(slips_pdf([_own_parcel(request, number, position)]), f"slip-{number}-P{position}")


@require_GET
@never_cache
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def labels(request: VendorRequest) -> HttpResponse:
    """The labels of all parcels of the orders chosen in the list, in one document."""
    numbers = list(dict.fromkeys(request.GET.getlist("order")))
    if len(numbers) > MOST_ORDERS:
        messages.error(request, _("Choose at most %(number)s orders at once.") % {"number": MOST_ORDERS})
        return redirect("portal:orders", request.vendor.code)
    parcels = list(parcels_to_print(vendor=request.vendor, vendor_order_numbers=numbers))
    if not parcels:
        messages.info(
            request, _("Choose orders of which a parcel was prepared or sent; the others have no labels yet.")
        )
        return redirect("portal:orders", request.vendor.code)
    return pdf_response(labels_pdf(parcels), "labels")


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def correct(request: VendorRequest, number: str, position: int) -> HttpResponse:
    """Another carrier or code for a parcel that is under way; the buyer is told."""
    order = get_object_or_404(VendorOrder, vendor=request.vendor, number=number)
    parcel = get_object_or_404(Parcel, vendor_order=order, position=position)
    if order.status not in UNDER_WAY:
        messages.error(request, ParcelArrived().message)
        return redirect("portal:orders-detail", request.vendor.code, number)
    form = TrackingForm(
        request.POST if request.method == "POST" else None,
        initial={"carrier": parcel.carrier, "tracking_code": parcel.tracking_code},
    )
    if form.is_valid():
        try:
            correct_tracking(vendor=request.vendor, actor=request.user, parcel=parcel, **form.cleaned_data)
        except ParcelArrived as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The parcel has its right tracking code, and the buyer knows."))
        return redirect("portal:orders-detail", request.vendor.code, number)
    context = {
        "order": order,
        "parcel": parcel,
        "form": form,
        "carriers": carrier_names(),
        "corrections": parcel.corrections.select_related("actor"),
    }
    return portal_page(
        request, "vendor_portal/parcel_correct.html", context, status=422 if form.is_bound else 200
    )


def _own_parcel(request: VendorRequest, number: str, position: int) -> AnyParcel:
    """This vendor's alone, sent or prepared; another's does not exist here."""
    mine = parcels_to_print(vendor=request.vendor, vendor_order_numbers=[number])
    parcel = next((parcel for parcel in mine if parcel.position == position), None)
    if parcel is None:
        raise Http404
    return parcel
