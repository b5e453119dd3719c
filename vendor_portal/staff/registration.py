from __future__ import annotations

from collections.abc import Collection, Mapping

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from forked_apps.order.dispute_selectors import disputes_to_decide
from forked_apps.order.models import Order
from forked_apps.partner.models import Partner
from marketplace.users.models import User
from marketplace.users.navigation import (
    PersonFact,
    StaffCounter,
    StaffLink,
    register_person_fact,
    register_staff_counter,
    register_staff_link,
)
from marketplace.users.permissions import PlatformPermission
from points_payment.vendors import (
    Directory,
    People,
    Vendor,
    register_vendor_directory,
    register_vendor_people,
)
from vendor_portal.models import VendorMember
from vendor_portal.selectors import orders_of_last_days, owner_of, vendors_waiting


def register() -> None:
    """What the staff pages show of vendors and orders."""
    register_staff_link(
        StaffLink(
            _("Vendors"), "vendor_staff:vendors", PlatformPermission.VENDORS_REVIEW, _("Shop"), "shop", 20
        )
    )
    register_staff_link(
        StaffLink(
            _("Commission rules"),
            "commission_staff:rules",
            PlatformPermission.VENDORS_REVIEW,
            _("Shop"),
            "percent",
            21,
        )
    )
    register_staff_counter(
        StaffCounter(
            _("Vendors to approve"),
            vendors_waiting,
            "vendor_staff:vendors",
            PlatformPermission.VENDORS_REVIEW,
            "shop",
            query="?status=applied",
            order=10,
        )
    )
    register_staff_link(
        StaffLink(
            _("Problems with orders"), "dispute_staff:disputes", PlatformPermission.CUSTOMERS_VIEW, _("Shop"),
            "exclamation-octagon", 25,
        )
    )  # fmt: skip
    register_staff_counter(
        StaffCounter(
            _("Problems to decide"),
            disputes_to_decide,
            "dispute_staff:disputes",
            PlatformPermission.CUSTOMERS_VIEW,
            "exclamation-octagon",
            order=15,
        )
    )
    register_staff_counter(
        StaffCounter(
            _("Orders in 7 days"),
            orders_of_last_days,
            "dashboard:order-list",
            PlatformPermission.DASHBOARD_USE,
            "box-seam",
            is_waiting=False,
            order=90,
        )
    )
    register_person_fact(PersonFact(_("Orders"), _orders_count, PlatformPermission.CUSTOMERS_VIEW, 20))
    register_vendor_directory(Directory(find=_find_vendor, names=_names_of_vendors))
    register_vendor_people(People(works_for=_works_for, language_of=_language_of))
    register_person_fact(PersonFact(_("Works for"), _vendors, PlatformPermission.CUSTOMERS_VIEW, 30))


def _find_vendor(words: str) -> Vendor | None:
    found = Partner.objects.filter(Q(code=words.lower()) | Q(name__iexact=words)).order_by("pk").first()
    return Vendor(found.pk, found.name) if found else None


def _names_of_vendors(vendor_ids: Collection[int]) -> Mapping[int, str]:
    return dict(Partner.objects.filter(pk__in=vendor_ids).values_list("pk", "name"))


def _works_for(user_id: int, vendor_id: int) -> bool:
    return VendorMember.objects.filter(user_id=user_id, vendor_id=vendor_id, is_active=True).exists()


def _language_of(vendor_id: int) -> str:
    owner = owner_of(vendor_id=vendor_id)
    return owner.language if owner else settings.LANGUAGE_CODE


def _orders_count(person: User) -> int:
    return Order.objects.filter(user=person).count()


def _vendors(person: User) -> str:
    names = person.vendor_memberships.filter(is_active=True).values_list("vendor__name", flat=True)
    return " · ".join(names) or "–"
