from __future__ import annotations

from typing import TYPE_CHECKING

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
from points_payment.desk_selectors import cash_to_confirm, requests_waiting, top_ups_to_approve
from points_payment.kinds import AdjustmentState
from points_payment.selectors import adjustments_for_others, adjustments_in, batches_to_approve
from points_payment.services.alerts import alerts_waiting
from points_payment.services.ledger_alerts import open_alert
from points_payment.settlement_selectors import (
    destinations_to_look_at,
    payouts_waiting,
    statements_questioned,
    vendor_payments_waiting,
    vendors_in_debt,
)
from points_payment.supply_selectors import replacements_waiting
from points_payment.text import points_text

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

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
        StaffLink(
            _("Vouchers of points"), "points_staff:vouchers", PlatformPermission.VOUCHERS_MANAGE, GROUP,
            "ticket-perforated", 43,
        )
    )  # fmt: skip
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
    _register_desk()
    _register_supply()
    _register_settlement()
    register_person_fact(
        PersonFact(
            _("Balance"), _balance, PlatformPermission.CUSTOMERS_VIEW, 10, url_name="points_staff:wallet"
        )
    )
    # Goodwill and adjustments
    register_staff_link(
        StaffLink(_("Goodwill"), "points_staff:goodwill", PlatformPermission.GOODWILL_GIVE, GROUP, "gift", 44)
    )
    register_staff_link(
        StaffLink(
            _("Adjustments"),
            "points_staff:adjustments",
            PlatformPermission.LEDGER_ADJUST,
            GROUP,
            "sliders",
            45,
        )
    )
    register_staff_counter(
        StaffCounter(
            _("Adjustments to decide"), _all_adjustments, "points_staff:adjustments",
            PlatformPermission.LEDGER_ADJUST, "sliders", query="?state=proposed", order=25,
            count_for=_adjustments_for,
        )
    )  # fmt: skip


def _all_adjustments() -> int:
    return adjustments_in(state=AdjustmentState.PROPOSED).count()


def _adjustments_for(user: AbstractBaseUser) -> int:
    return adjustments_for_others(actor_id=user.pk)


def _register_desk() -> None:
    """Links and counters of the top-up desk."""
    operator, supervisor = PlatformPermission.POINTS_TOP_UP, PlatformPermission.TOP_UPS_SUPERVISE
    for link in (
        StaffLink(_("Requests for points"), "points_staff:requests", operator, GROUP, "inbox", 41),
        StaffLink(_("Your cash and shift"), "points_staff:drawer", operator, GROUP, "cash-stack", 41),
        StaffLink(
            _("Cash from shops"), "points_staff:collections", PlatformPermission.CARDS_DISTRIBUTE, GROUP,
            "shop-window", 41,
        ),
        StaffLink(_("Top-ups to approve"), "points_staff:approvals", supervisor, GROUP, "check2-circle", 41),
        StaffLink(_("Cash handed in"), "points_staff:hand-ins", supervisor, GROUP, "safe", 41),
        StaffLink(_("Top-up operators"), "points_staff:operators", supervisor, GROUP, "person-badge", 41),
    ):  # fmt: skip
        register_staff_link(link)
    for counter in (
        StaffCounter(
            _("Requests for points"), requests_waiting, "points_staff:requests", operator, "inbox", order=30
        ),
        StaffCounter(
            _("Top-ups to approve"), top_ups_to_approve, "points_staff:approvals", supervisor,
            "check2-circle", order=31,
        ),
        StaffCounter(
            _("Cash to confirm"), cash_to_confirm, "points_staff:hand-ins", supervisor, "safe", order=32
        ),
    ):  # fmt: skip
        register_staff_counter(counter)


def _register_supply() -> None:
    """Links and counters of where cards go, and of who helps with one."""
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


def _register_settlement() -> None:
    """Links and counters of what is settled with vendors."""
    see, pay = PlatformPermission.LEDGER_VIEW, PlatformPermission.LEDGER_ADJUST
    for link in (
        StaffLink(_("Payouts"), "points_staff:payouts", see, GROUP, "cash-coin", 48),
        StaffLink(_("Destinations of payouts"), "points_staff:destinations", see, GROUP, "bank", 49),
        StaffLink(
            _("Statements of vendors"), "points_staff:settlements", see, GROUP, "file-earmark-text", 50
        ),
        StaffLink(_("Vendors who owe"), "points_staff:vendor-debts", see, GROUP, "exclamation-diamond", 51),
    ):
        register_staff_link(link)
    for counter in (
        StaffCounter(
            _("Payouts to look after"), payouts_waiting, "points_staff:payouts", pay, "cash-coin", order=26
        ),
        StaffCounter(
            _("Destinations to look at"),
            destinations_to_look_at,
            "points_staff:destinations",
            pay,
            "bank",
            order=27,
        ),
        StaffCounter(
            _("Statements questioned"),
            statements_questioned,
            "points_staff:settlements",
            pay,
            "file-earmark-text",
            query="?state=questioned",
            order=28,
        ),
        StaffCounter(
            _("Money of vendors to count"),
            vendor_payments_waiting,
            "points_staff:vendor-debts",
            pay,
            "safe",
            order=29,
        ),
        StaffCounter(
            _("Vendors who owe much"),
            vendors_in_debt,
            "points_staff:vendor-debts",
            pay,
            "exclamation-diamond",
            order=29,
        ),
    ):
        register_staff_counter(counter)


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
