"""What the first page of the portal says, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from forked_apps.order.dispute_selectors import vendor_disputes_to_answer
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.money import Balances, balances_of

#: Where an offer names no threshold of its own.
LOW_STOCK_PIECES = 3
SALES_DAYS = 30
OPEN_STATUSES = (VendorOrderStatus.PLACED, VendorOrderStatus.ACCEPTED, VendorOrderStatus.PACKED)


@dataclass(frozen=True, slots=True)
class Overview:
    """None: not for this person to see."""

    to_accept: int | None = None
    to_ship: int | None = None
    #: Disputes in which this vendor has to say something.
    to_answer: int | None = None
    newest: tuple[VendorOrder, ...] = ()
    low_stock: int | None = None
    offers: int | None = None
    sales_points: int | None = None
    sales_orders: int | None = None
    balances: Balances | None = None


def low_stock(offers: QuerySet[StockRecord]) -> QuerySet[StockRecord]:
    """Offers of which so few pieces are left to sell that someone should look."""
    return offers.annotate(left=F("num_in_stock") - Coalesce(F("num_allocated"), 0)).filter(
        left__lte=Coalesce(F("low_stock_threshold"), LOW_STOCK_PIECES), is_active=True
    )


def overview_of(*, vendor: Partner, rights: Collection[VendorPermission]) -> Overview:
    facts: dict[str, object] = {}
    orders = VendorOrder.objects.filter(vendor=vendor)
    if VendorPermission.ORDERS_VIEW in rights:
        facts |= orders.aggregate(
            to_accept=Count("pk", filter=Q(status=VendorOrderStatus.PLACED)),
            to_ship=Count("pk", filter=Q(status__in=[VendorOrderStatus.ACCEPTED, VendorOrderStatus.PACKED])),
        )
        facts["to_answer"] = vendor_disputes_to_answer(vendor=vendor)
        newest = orders.filter(status__in=OPEN_STATUSES).annotate(lines_count=Count("lines"))
        facts["newest"] = tuple(newest.order_by("placed_at", "pk")[:5])
    if VendorPermission.PRODUCTS_VIEW in rights:
        offers = StockRecord.objects.filter(partner=vendor)
        facts |= {"low_stock": low_stock(offers).count(), "offers": offers.count()}
    if VendorPermission.MONEY_VIEW in rights:
        since = timezone.now() - timedelta(days=SALES_DAYS)
        facts |= (
            orders.filter(placed_at__gte=since)
            .exclude(status=VendorOrderStatus.CANCELLED)
            .aggregate(
                sales_points=Coalesce(Sum(F("goods_points") + F("subsidy_points")), 0),
                sales_orders=Count("pk"),
            )
        )
        facts["balances"] = balances_of(vendor=vendor)
    return Overview(**facts)  # type: ignore[arg-type]
