from django.utils.translation import gettext_lazy as _

from marketplace.users.navigation import StaffLink, register_staff_link
from marketplace.users.permissions import PlatformPermission


def register() -> None:
    """What the staff pages show of this package."""
    register_staff_link(
        StaffLink(
            _("People"),
            "staff:people",
            PlatformPermission.CUSTOMERS_VIEW,
            _("People"),
            "person-lines-fill",
            60,
        )
    )
    register_staff_link(
        StaffLink(_("Roles"), "staff:roles", PlatformPermission.ROLES_MANAGE, _("People"), "person-badge", 61)
    )
    register_staff_link(
        StaffLink(
            _("Back office"),
            "dashboard:index",
            PlatformPermission.DASHBOARD_USE,
            _("Tools"),
            "columns-gap",
            90,
        )
    )
    register_staff_link(
        StaffLink(
            _("All records"), "admin:index", PlatformPermission.RECORDS_VIEW, _("Tools"), "database", 91
        )
    )
