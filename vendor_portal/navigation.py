"""The links of the portal, by what a person may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from forked_apps.order.dispute_selectors import vendor_disputes_open
from forked_apps.partner.models import VendorStatus
from forked_apps.partner.permissions import VendorPermission as P
from vendor_portal.selectors import vendors_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from vendor_portal.access import VendorRequest


@dataclass(frozen=True, slots=True)
class Section:
    label: _StrPromise
    name: str
    permission: P
    icon: str


SECTIONS = (
    Section(_("Overview"), "dashboard", P.PORTAL_ACCESS, "speedometer2"),
    Section(_("Orders"), "orders", P.ORDERS_VIEW, "box-seam"),
    Section(_("Returns"), "returns", P.ORDERS_VIEW, "arrow-return-left"),
    Section(_("Invoices"), "invoices", P.ORDERS_VIEW, "receipt"),
    Section(_("Problems"), "disputes", P.ORDERS_VIEW, "exclamation-octagon"),
    Section(_("Products and offers"), "offers", P.PRODUCTS_VIEW, "tags"),
    Section(_("Money"), "money", P.MONEY_VIEW, "cash-stack"),
    Section(_("Delivery"), "shipping", P.SETTINGS_EDIT, "truck"),
    Section(_("Service"), "health", P.PORTAL_ACCESS, "heart-pulse"),
    Section(_("Holiday"), "holiday", P.SETTINGS_EDIT, "calendar-range"),
    Section(_("Team"), "team", P.MEMBERS_MANAGE, "people"),
    Section(_("Shop details"), "details", P.SETTINGS_EDIT, "shop"),
)


def portal_context(request: VendorRequest) -> dict[str, Any]:
    """What ``vendor_portal/base.html`` prints around every page."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    is_waiting = request.vendor.status not in {VendorStatus.APPROVED, VendorStatus.SUSPENDED}
    return {
        "vendor": request.vendor,
        "read_only": request.read_only,
        "can": {right.value: True for right in request.rights},
        "may_change": {} if request.read_only else {right.value: True for right in request.rights},
        "sections": [
            {
                "label": section.label,
                "icon": section.icon,
                "url": reverse(f"portal:{section.name}", args=[request.vendor.code]),
                "is_here": (here or "").partition("-")[0] == section.name,
                "waiting": vendor_disputes_open(vendor=request.vendor) if section.name == "disputes" else 0,
            }
            for section in SECTIONS
            if section.permission in request.rights and not (is_waiting and section.name != "dashboard")
        ],
        "own_vendors": list(vendors_of(user=request.user)),
    }
