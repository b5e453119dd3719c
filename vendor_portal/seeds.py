"""The roles that every vendor starts with. Its owner edits them, and makes others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from forked_apps.partner.permissions import VendorPermission as P

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OWNER = "owner"


@dataclass(frozen=True, slots=True)
class VendorRoleSeed:
    name: _StrPromise
    permissions: frozenset[P]


SEEDS: Mapping[str, VendorRoleSeed] = {
    OWNER: VendorRoleSeed(_("Owner"), frozenset(P)),
    # Where the money goes is the owner's to say, and of whom the owner gives that right.
    "manager": VendorRoleSeed(_("Manager"), frozenset(P) - {P.MEMBERS_MANAGE, P.MONEY_MANAGE}),
    "stock-clerk": VendorRoleSeed(
        _("Stock clerk"), frozenset({P.PORTAL_ACCESS, P.PRODUCTS_VIEW, P.STOCK_EDIT})
    ),
    "order-packer": VendorRoleSeed(
        _("Order packer"), frozenset({P.PORTAL_ACCESS, P.ORDERS_VIEW, P.ORDERS_SHIP})
    ),
    "accountant": VendorRoleSeed(_("Accountant"), frozenset({P.PORTAL_ACCESS, P.ORDERS_VIEW, P.MONEY_VIEW})),
}
