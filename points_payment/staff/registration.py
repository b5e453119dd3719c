from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from marketplace.formats import format_datetime, format_number
from marketplace.users.models import User
from marketplace.users.navigation import (
    PersonFact,
    StaffCounter,
    StaffLink,
    StaffNotice,
    register_person_fact,
    register_staff_banner,
    register_staff_counter,
    register_staff_link,
)
from marketplace.users.permissions import PlatformPermission
from points_payment.selectors import batches_to_approve
from points_payment.services.alerts import open_alert
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
    register_staff_link(
        StaffLink(_("Proof"), "points_staff:proof", PlatformPermission.LEDGER_VIEW, GROUP, "shield-check", 43)
    )
    register_staff_banner(_books_not_proved)
    register_staff_counter(
        StaffCounter(
            _("Batches to approve"), batches_to_approve, "points_staff:batches",
            PlatformPermission.CARDS_APPROVE, "credit-card-2-front", order=20,
        )
    )  # fmt: skip
    register_person_fact(PersonFact(_("Balance"), _balance, PlatformPermission.CUSTOMERS_VIEW, 10))


def _books_not_proved(reader: User) -> StaffNotice | None:
    """Until the alert is resolved; whoever may look at the ledger is led to it."""
    alert = open_alert()
    if alert is None:
        return None
    facts = {
        "number": format_number(alert.last_run.findings_count),
        "when": format_datetime(alert.opened_at),
        "name": alert.acknowledged_by.display_name if alert.acknowledged_by else "",
    }
    may_look = reader.has_perm(PlatformPermission.LEDGER_VIEW.full_name)
    return StaffNotice(
        text=(
            gettext("The books are not proved since %(when)s. %(name)s looks into it.")
            if alert.acknowledged_by
            else ngettext(
                "The books are not proved since %(when)s: %(number)s finding.",
                "The books are not proved since %(when)s: %(number)s findings.",
                alert.last_run.findings_count,
            )
        )
        % facts,
        tone="warning" if alert.acknowledged_by else "danger",
        url=reverse("points_staff:proof") if may_look else "",
        action=_("See the proof"),
    )


def _balance(person: User) -> str:
    return points_text(person.point_balance)
