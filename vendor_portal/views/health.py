"""How well the vendor serves its customers, by which numbers, and what follows from them."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from forked_apps.order.vendor_health import LEAST_CASES, LEAST_ORDERS, WITHIN, health_of
from forked_apps.partner.grades import HANDICAP_BASIS_POINTS, VendorGrade
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required


@require_GET
@vendor_permission_required(VendorPermission.PORTAL_ACCESS)
def health(request: VendorRequest) -> HttpResponse:
    """The numbers of now; the grade in force is some minutes old at most, and is shown as it is."""
    vendor = request.vendor
    return portal_page(
        request,
        "vendor_portal/health.html",
        {
            "health": health_of([vendor.pk])[vendor.pk],
            "days": WITHIN.days,
            "least_orders": LEAST_ORDERS,
            "least_cases": LEAST_CASES,
            "handicap_percent": vendor.handicap_basis_points // 100,
            "handicaps": [
                (VendorGrade(grade).label, points // 100)
                for grade, points in HANDICAP_BASIS_POINTS.items()
                if points
            ],
        },
    )
