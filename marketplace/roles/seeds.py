"""The roles that come with the shop. They are a start: people edit them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from marketplace.users.permissions import PlatformPermission as P

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CUSTOMER = "customer"
ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class RoleSeed:
    name: _StrPromise
    description: _StrPromise
    permissions: frozenset[P]


SEEDS: Mapping[str, RoleSeed] = {
    CUSTOMER: RoleSeed(
        _("Customer"),
        _("Everyone who signed up: buys in the shop, and has no right in the staff pages."),
        frozenset(),
    ),
    "dashboard-manager": RoleSeed(
        _("Dashboard manager"),
        _("Runs the back office of the shop: catalogue, offers, vouchers and pages."),
        frozenset({P.STAFF_ACCESS, P.DASHBOARD_USE, P.CATALOGUE_MODERATE}),
    ),
    "point-distributor": RoleSeed(
        _("Point distributor"),
        _("Adds points to the wallets of customers who pay another way."),
        frozenset({P.STAFF_ACCESS, P.POINTS_TOP_UP}),
    ),
    "card-manager": RoleSeed(
        _("Card manager"),
        _("Drafts, approves and activates batches of cards; two people for each batch."),
        frozenset({P.STAFF_ACCESS, P.CARDS_ISSUE, P.CARDS_APPROVE, P.CARDS_VIEW, P.CARDS_DISTRIBUTE}),
    ),
    "support": RoleSeed(
        _("Support"),
        _("Helps customers: finds them, their orders and their cards."),
        frozenset({P.STAFF_ACCESS, P.CUSTOMERS_VIEW, P.CARDS_VIEW, P.CARDS_SUPPORT}),
    ),
    "catalogue-moderator": RoleSeed(
        _("Catalogue moderator"),
        _("Approves what vendors propose for the catalogue."),
        frozenset({P.STAFF_ACCESS, P.CATALOGUE_MODERATE}),
    ),
    ADMIN: RoleSeed(
        _("Admin"),
        _("Holds every right, also those that later versions add. Somebody always has it."),
        frozenset(P),
    ),
}
