"""The vendor's holiday: planned, changed, ended early."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from forked_apps.partner.permissions import VendorPermission
from forked_apps.partner.services.holidays import set_holiday
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.holiday_forms import HolidayForm, holiday_initial


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.SETTINGS_EDIT)
def holiday(request: VendorRequest) -> HttpResponse:
    vendor = request.vendor
    form = HolidayForm(request.POST if request.method == "POST" else None, initial=holiday_initial(vendor))
    if form.is_valid():
        set_holiday(vendor=vendor, **form.cleaned_data)
        messages.success(request, _("Your holiday is planned. Your offers come back by themselves."))
        return redirect("portal:holiday", vendor.code)
    is_ahead = vendor.holiday_until is not None and vendor.holiday_until >= timezone.localdate()
    return portal_page(
        request,
        "vendor_portal/holiday.html",
        {"form": form, "is_planned": is_ahead},
        status=422 if form.is_bound else 200,
    )


@require_POST
@vendor_permission_required(VendorPermission.SETTINGS_EDIT)
def end(request: VendorRequest) -> HttpResponse:
    """No holiday, or none any more: what was off sale for it is on sale at once. It can be planned again."""
    set_holiday(vendor=request.vendor, starts_on=None, ends_on=None)
    messages.success(request, _("You have no holiday now; your offers are on sale."))
    return redirect("portal:holiday", request.vendor.code)
