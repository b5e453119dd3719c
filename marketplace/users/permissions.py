"""What a person of the marketplace's own staff may do, whatever role gives it.

Platform permissions hang on the user model, so that Django's own backends check them:
``user.has_perm(PlatformPermission.CARDS_ISSUE.full_name)``. What a vendor's people may do is
``forked_apps.partner.permissions.VendorPermission``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class PlatformPermission(models.TextChoices):
    """Each value is a codename on ``users``; each label a sentence that a person understands."""

    STAFF_ACCESS = "staff_access", _("Open the staff pages")
    VENDORS_REVIEW = "vendors_review", _("Approve, refuse and suspend vendors")
    CARDS_ISSUE = "cards_issue", _("Draft batches of cards and make their sealed file for the printer")
    CARDS_APPROVE = "cards_approve", _("Approve and activate batches of cards that someone else drafted")
    CARDS_VIEW = "cards_view", _("See batches of cards and look a card up by its serial")
    CARDS_DISTRIBUTE = (
        "cards_distribute",
        _("Send cards to distributors and shops, and activate or freeze what they hold"),
    )
    CARDS_SUPPORT = "cards_support", _("Freeze a single card and ask for the replacement of a damaged one")
    POINTS_TOP_UP = "points_top_up", _("Add points to a customer's wallet")
    TOP_UPS_SUPERVISE = (
        "top_ups_supervise",
        _("Set the limits of top-up operators and approve top-ups above them"),
    )
    VOUCHERS_MANAGE = "vouchers_manage", _("Make campaigns and vouchers of points")
    GOODWILL_GIVE = "goodwill_give", _("Give a customer promotional points as a sign of goodwill")
    LEDGER_VIEW = "ledger_view", _("See the ledger and its proof")
    LEDGER_ADJUST = "ledger_adjust", _("Propose adjustments of the ledger, and carry out those of others")
    CUSTOMERS_VIEW = "customers_view", _("Find customers and see their orders")
    CATALOGUE_MODERATE = "catalogue_moderate", _("Approve products and edit the catalogue")
    ROLES_MANAGE = "roles_manage", _("Create roles and give them to people")
    DASHBOARD_USE = "dashboard_use", _("Use the back office of the shop: catalogue, offers, vouchers, pages")
    RECORDS_VIEW = "records_view", _("Look at all records in the administration")

    @property
    def full_name(self) -> str:
        """As ``has_perm`` wants it."""
        return f"users.{self.value}"


def platform_permission_required(permission: PlatformPermission) -> Callable[[View[P]], View[P]]:
    """Let a view be opened by people who hold this right.

    Someone who is not signed in goes to the sign-in page; who is, and lacks it, gets a 403.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.has_perm(permission.full_name):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.platform_permission = permission  # type: ignore[attr-defined]
        return cast("View[P]", login_required(checked))

    return decorate
