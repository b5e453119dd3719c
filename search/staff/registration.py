from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.users.navigation import StaffLink, register_staff_link
from marketplace.users.permissions import PlatformPermission


def register() -> None:
    register_staff_link(
        StaffLink(
            _("Search"), "search_staff:overview", PlatformPermission.CATALOGUE_MODERATE, _("Products"),
            "search", 30,
        )
    )  # fmt: skip
