"""A vendor's money as its people see it; the ledger itself answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Sum
from django.utils.translation import gettext_lazy as _

from forked_apps.order.dispute_models import OPEN_DISPUTES, Dispute
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.status import ENDED_WITHOUT_SALE
from forked_apps.partner.models import Partner
from points_payment.commissions import commissions_of
from points_payment.kinds import AccountKind
from points_payment.selectors import account_points

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Balances:
    """In whole points."""

    #: Paid by customers, kept until the orders are complete.
    escrow_points: int
    #: The vendor's, to be paid out.
    payable_points: int


@dataclass(frozen=True, slots=True)
class Sale:
    order: VendorOrder
    #: What the buyer has back of it.
    given_back_points: int
    commission_points: int
    #: Something is said to be wrong with it, and not settled.
    is_disputed: bool = False

    @property
    def net_points(self) -> int:
        return self.order.total_points - self.given_back_points - self.commission_points

    @property
    def why_held(self) -> str:
        """Why its points are not the vendor's yet; nothing once they are."""
        if self.is_disputed:
            return str(_("Waits until a problem is settled"))
        return str(_HELD.get(VendorOrderStatus(self.order.status), ""))


_HELD = {
    VendorOrderStatus.PLACED: _("Waits to be shipped"),
    VendorOrderStatus.ACCEPTED: _("Waits to be shipped"),
    VendorOrderStatus.PACKED: _("Waits to be shipped"),
    VendorOrderStatus.SHIPPED: _("Waits for its delivery"),
    VendorOrderStatus.DELIVERED: _("In the reserve for returns"),
}


def balances_of(*, vendor: Partner) -> Balances:
    return Balances(
        escrow_points=account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=vendor.pk),
        payable_points=account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=vendor.pk),
    )


def sales_page(*, vendor: Partner, page: str | None) -> Page[Sale]:
    """Orders that were not cancelled, newest first, with the commission that they carry."""
    orders = (
        VendorOrder.objects.filter(vendor=vendor)
        .select_related("order")
        .exclude(status__in=ENDED_WITHOUT_SALE)
        .annotate(
            given_back=Sum("lines__reductions__refunded_points", default=0),
            is_disputed=Exists(
                Dispute.objects.filter(vendor_order=OuterRef("pk"), state__in=OPEN_DISPUTES, is_late=False)
            ),
        )
        .order_by("-placed_at", "-pk")
    )
    found: Page[Any] = Paginator(orders, PER_PAGE).get_page(page)
    commissions = _commissions(vendor, found.object_list)
    found.object_list = [
        Sale(order, order.given_back, commissions.get(order.order.number, 0), order.is_disputed)
        for order in found.object_list
    ]
    return found


def _commissions(vendor: Partner, orders: Iterable[VendorOrder]) -> dict[str, int]:
    """What these orders bear on what the buyers keep, by the terms that were frozen: one query."""
    numbers = [order.order.number for order in orders]
    found: dict[str, int] = {}
    for one in commissions_of(vendor_id=vendor.pk, order_references=numbers):
        found[one.order_reference] = found.get(one.order_reference, 0) + one.commission_points
    return found
