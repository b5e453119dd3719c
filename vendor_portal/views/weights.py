"""What the vendor asks for heavy goods, governorate by governorate."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from forked_apps.partner.governorates import Governorate
from forked_apps.partner.permissions import VendorPermission
from forked_apps.shipping.models import ShippingRate
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.errors import NotDelivered
from vendor_portal.services.weights import set_weight_rules
from vendor_portal.weight_forms import WeightForm


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.SETTINGS_EDIT)
def bands(request: VendorRequest, governorate: str) -> HttpResponse:
    """The bands of one governorate; on wish the same ones for others."""
    if governorate not in Governorate.values:
        raise Http404
    rates = {
        rate.governorate: rate
        for rate in ShippingRate.objects.filter(vendor=request.vendor).prefetch_related("bands")
    }
    if governorate not in rates:
        messages.info(request, _("Say first that you deliver there, and what it costs."))
        return redirect("portal:shipping", request.vendor.code)
    form = WeightForm(
        request.POST if request.method == "POST" else None,
        rate=rates[governorate],
        others=[code for code in Governorate.values if code in rates and code != governorate],
    )
    if form.is_valid():
        chosen = [governorate, *form.cleaned_data.get("also", [])]
        try:
            set_weight_rules(vendor=request.vendor, governorates=chosen, rules=form.rules)
        except NotDelivered as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The weight bands are saved."))
        return redirect("portal:shipping", request.vendor.code)
    return portal_page(
        request,
        "vendor_portal/weights.html",
        {"form": form, "rate": rates[governorate], "governorate": Governorate(governorate).label},
        status=422 if form.is_bound else 200,
    )
