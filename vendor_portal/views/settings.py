"""The vendor's details, what it asks for delivery, and its money."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from forked_apps.order.reserve import STEPS, USUAL_DAYS, reserve_of
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.commission import commission_of_vendor
from vendor_portal.details_forms import DetailsForm, details_initial
from vendor_portal.errors import VendorError
from vendor_portal.forms import rate_forms
from vendor_portal.money import balances_of, debt_facts, free_days, sales_page
from vendor_portal.services.settings import edit_vendor, set_shipping_rates


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.SETTINGS_EDIT)
def details(request: VendorRequest) -> HttpResponse:
    form = DetailsForm(
        request.POST if request.method == "POST" else None, initial=details_initial(request.vendor)
    )
    if form.is_valid():
        try:
            edit_vendor(vendor=request.vendor, **form.cleaned_data)
        except VendorError as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, _("The shop's details are saved."))
            return redirect("portal:details", request.vendor.code)
    return portal_page(
        request, "vendor_portal/details.html", {"form": form}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.SETTINGS_EDIT)
def shipping(request: VendorRequest) -> HttpResponse:
    """One row a governorate; saved together or not at all."""
    is_post = request.method == "POST"
    rows = rate_forms(vendor=request.vendor, data=request.POST if is_post else None)
    if is_post and all([form.is_valid() for _governorate, form in rows]):  # noqa: C419 - every row shows its errors
        rates = {governorate.value: form.rate for governorate, form in rows if form.rate is not None}
        set_shipping_rates(vendor=request.vendor, rates=rates)
        messages.success(request, _("The rates are saved."))
        return redirect("portal:shipping", request.vendor.code)
    return portal_page(request, "vendor_portal/shipping.html", {"rows": rows}, status=422 if is_post else 200)


@require_GET
@vendor_permission_required(VendorPermission.MONEY_VIEW)
def money(request: VendorRequest) -> HttpResponse:
    """What the vendor has earned, what waits in escrow, and order by order why."""
    return portal_page(
        request,
        "vendor_portal/money.html",
        {
            "balances": balances_of(vendor=request.vendor),
            "commission": commission_of_vendor(vendor=request.vendor),
            "debt": debt_facts(vendor=request.vendor),
            "free_days": free_days(vendor=request.vendor),
            "reserve": reserve_of(vendor=request.vendor),
            "usual_days": USUAL_DAYS,
            "steps": STEPS,
            "page_obj": sales_page(vendor=request.vendor, page=request.GET.get("page")),
        },
    )
