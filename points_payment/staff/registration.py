from __future__ import annotations

from django.utils.translation import gettext_lazy as _

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
from points_payment.selectors import batches_to_approve
from points_payment.services.alerts import alerts_waiting
from points_payment.supply_selectors import replacements_waiting
from points_payment.text import points_text

GROUP = _("Points")


def register() -> None:
    """What the staff pages show of points."""
    register_staff_link(
        StaffLink(
            _("Cards"),
            "points_staff:batches",
            PlatformPermission.CARDS_VIEW,
            GROUP,
            "credit-card-2-front",
            40,
        )
    )
    register_staff_link(
        StaffLink(
            _("Top-up desk"),
            "points_staff:top-up",
            PlatformPermission.POINTS_TOP_UP,
            GROUP,
            "plus-circle",
            41,
        )
    )
    register_staff_link(
        StaffLink(
            _("Ledger"), "points_staff:ledger", PlatformPermission.LEDGER_VIEW, GROUP, "journal-check", 42
        )
    )
    register_staff_counter(
        StaffCounter(
            _("Batches to approve"), batches_to_approve, "points_staff:batches",
            PlatformPermission.CARDS_APPROVE, "credit-card-2-front", order=20,
        )
    )  # fmt: skip
    for label, url_name, icon, order in (
        (_("Consignments"), "points_staff:consignments", "truck", 43),
        (_("Shops"), "points_staff:shops", "shop", 44),
        (_("Card reports"), "points_staff:card-reports", "bar-chart", 45),
        (_("Replacements"), "points_staff:replacements", "arrow-repeat", 46),
        (_("Alerts of guessing"), "points_staff:alerts", "shield-exclamation", 47),
    ):
        register_staff_link(StaffLink(label, url_name, PlatformPermission.CARDS_VIEW, GROUP, icon, order))
    register_staff_counter(
        StaffCounter(
            _("Replacements to decide"), replacements_waiting, "points_staff:replacements",
            PlatformPermission.CARDS_APPROVE, "arrow-repeat", order=21,
        )
    )  # fmt: skip
    register_staff_counter(
        StaffCounter(
            _("Alerts of guessing"), alerts_waiting, "points_staff:alerts", PlatformPermission.CARDS_VIEW,
            "shield-exclamation", order=22,
        )
    )  # fmt: skip
    register_person_fact(PersonFact(_("Balance"), _balance, PlatformPermission.CUSTOMERS_VIEW, 10))


def _balance(person: User) -> str:
    return points_text(person.point_balance)
