"""A vendor's money as its people see it; the ledger itself answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator

from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.partner.models import Partner
from points_payment.kinds import AccountKind
from points_payment.selectors import account_points
from points_payment.services.escrow import commission_on

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
    commission_points: int

    @property
    def net_points(self) -> int:
        return self.order.total_points - self.commission_points


def balances_of(*, vendor: Partner) -> Balances:
    return Balances(
        escrow_points=account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=vendor.pk),
        payable_points=account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=vendor.pk),
    )


def sales_page(*, vendor: Partner, page: str | None) -> Page[Sale]:
    """Orders that were not cancelled, newest first, with the commission that they carry."""
    orders = (
        VendorOrder.objects.filter(vendor=vendor)
        .exclude(status=VendorOrderStatus.CANCELLED)
        .order_by("-placed_at", "-pk")
    )
    found: Page[Any] = Paginator(orders, PER_PAGE).get_page(page)
    found.object_list = [
        Sale(order, commission_on(points=order.goods_points, basis_points=order.commission_basis_points))
        for order in found.object_list
    ]
    return found
