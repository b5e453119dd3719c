"""A vendor's money as its people see it; the ledger itself answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forked_apps.order.dispute_models import OPEN_DISPUTES, Dispute
from forked_apps.order.models import LineReduction, VendorOrder, VendorOrderStatus
from forked_apps.order.services.delivery import IN_RESERVE
from forked_apps.order.services.delivery_charge import with_charges_back
from forked_apps.order.status import ENDED_WITHOUT_SALE
from forked_apps.partner.models import Partner
from points_payment.commissions import commissions_of
from points_payment.kinds import PayoutState, StatementState
from points_payment.services.debts import DebtLimits, debt_limits
from points_payment.services.vendor_funds import funds_of
from points_payment.settlement_selectors import DebtCause, debt_causes, debt_of, open_statement

if TYPE_CHECKING:
    from points_payment.settlement_selectors import Payout, SettlementStatement

PER_PAGE = 25
#: On which points are free next.
DAYS_SHOWN = 6
#: Of a reduction: to the buyer, and to the platform where it bore a discount.
GONE_BACK = F("refunded_points") + F("returned_subsidy_points")


@dataclass(frozen=True, slots=True)
class Balances:
    """In whole points."""

    #: Paid by customers, kept until the orders are complete.
    escrow_points: int
    #: The vendor's, to be paid out.
    payable_points: int
    #: After refunds of what had been released.
    owed_points: int = 0
    #: What it may ask for now.
    requestable_points: int = 0


@dataclass(frozen=True, slots=True)
class Sale:
    order: VendorOrder
    #: What the buyer has back of it, goods and way, and the platform of what it added.
    given_back_points: int
    commission_points: int
    #: Something is said to be wrong with it, and not settled.
    is_disputed: bool = False

    @property
    def goods_points(self) -> int:
        """What the goods earn, also where the platform bears a discount of them."""
        return self.order.goods_points + self.order.subsidy_points

    @property
    def net_points(self) -> int:
        return self.order.value_points - self.given_back_points - self.commission_points

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
    """Four queries; of escrow only what came since the last closed month is summed."""
    funds = funds_of(vendor_id=vendor.pk)
    return Balances(
        escrow_points=open_statement(vendor_id=vendor.pk).in_transit_points,
        payable_points=funds.payable_points,
        owed_points=funds.owed_points,
        requestable_points=funds.requestable_points,
    )


@dataclass(frozen=True, slots=True)
class Debt:
    """What the vendor's people read of what it owes."""

    owed_points: int
    level: str
    level_label: str
    grace_until: datetime | None
    causes: Sequence[DebtCause]
    limits: DebtLimits


def debt_facts(*, vendor: Partner) -> Debt | None:
    """None where nothing is owed; else with the refunds that led to it."""
    debt = debt_of(vendor_id=vendor.pk)
    if debt is None or not debt.owed_points:
        return None
    return Debt(
        owed_points=debt.owed_points,
        level=debt.level,
        level_label=debt.get_level_display(),
        grace_until=debt.grace_until if debt.has_grace else None,
        causes=debt_causes(vendor_id=vendor.pk),
        limits=debt_limits(),
    )


@dataclass(frozen=True, slots=True)
class FreeDay:
    """Orders whose reserve ends on one day."""

    day: date
    orders: int
    points: int


def free_days(*, vendor: Partner) -> list[FreeDay]:
    """The next days on which points are free, with what the orders cost less what was given back."""
    waiting = VendorOrder.objects.filter(vendor=vendor, status__in=IN_RESERVE, release_on__isnull=False)
    given_back = LineReduction.objects.filter(line__vendor_order__in=waiting)
    by_day = {
        row["line__vendor_order__release_on"]: row["points"]
        for row in given_back.values("line__vendor_order__release_on").annotate(points=Sum(GONE_BACK))
    }
    value = F("goods_points") + F("shipping_points") + F("subsidy_points")
    days = (
        with_charges_back(waiting)
        .values("release_on")
        .annotate(orders=Count("pk"), points=Sum(value - F("charge_back_points")))
        .order_by("release_on")[:DAYS_SHOWN]
    )
    return [
        FreeDay(row["release_on"], row["orders"], row["points"] - by_day.get(row["release_on"], 0))
        for row in days
        if row["release_on"] is not None
    ]


def is_receipt(payout: Payout) -> bool:
    return payout.state in {PayoutState.PAID, PayoutState.RETURNED}


def may_answer(statement: SettlementStatement) -> bool:
    return statement.state in {StatementState.ISSUED, StatementState.QUESTIONED}


def may_question(statement: SettlementStatement) -> bool:
    """While its time runs; who has questioned it may go on writing."""
    if statement.state == StatementState.ISSUED:
        return statement.accept_by > timezone.now()
    return statement.state == StatementState.QUESTIONED


def sales_page(*, vendor: Partner, page: str | None) -> Page[Sale]:
    """Orders that were not cancelled, newest first, with the commission that they carry."""
    orders = (
        VendorOrder.objects.filter(vendor=vendor)
        .select_related("order")
        .exclude(status__in=ENDED_WITHOUT_SALE)
        .annotate(
            given_back=Sum(
                F("lines__reductions__refunded_points") + F("lines__reductions__returned_subsidy_points"),
                default=0,
            ),
            is_disputed=Exists(
                Dispute.objects.filter(vendor_order=OuterRef("pk"), state__in=OPEN_DISPUTES, is_late=False)
            ),
        )
        .order_by("-placed_at", "-pk")
    )
    found: Page[Any] = Paginator(orders, PER_PAGE).get_page(page)
    shown = list(found.object_list)
    commissions = _commissions(vendor, shown)
    charges = dict(
        with_charges_back(VendorOrder.objects.filter(pk__in=[order.pk for order in shown])).values_list(
            "pk", "charge_back_points"
        )
    )
    found.object_list = [
        Sale(
            order,
            order.given_back + charges[order.pk],
            commissions.get(order.order.number, 0),
            order.is_disputed,
        )
        for order in shown
    ]
    return found


def _commissions(vendor: Partner, orders: Iterable[VendorOrder]) -> dict[str, int]:
    """What these orders bear on what the buyers keep, by the terms that were frozen: one query."""
    numbers = [order.order.number for order in orders]
    found: dict[str, int] = {}
    for one in commissions_of(vendor_id=vendor.pk, order_references=numbers):
        found[one.order_reference] = found.get(one.order_reference, 0) + one.commission_points
    return found
