from __future__ import annotations

from typing import TYPE_CHECKING

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
from points_payment.kinds import AdjustmentState
from points_payment.selectors import adjustments_for_others, adjustments_in, batches_to_approve
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
    register_staff_counter(
        StaffCounter(
            _("Batches to approve"), batches_to_approve, "points_staff:batches",
            PlatformPermission.CARDS_APPROVE, "credit-card-2-front", order=20,
        )
    )  # fmt: skip
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


def _balance(person: User) -> str:
    return points_text(person.point_balance)
