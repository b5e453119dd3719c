"""What placing a basket would come to, vendor by vendor; the review page shows it, placement writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone

from forked_apps.basket.changes import LineChange
from forked_apps.basket.models import Basket
from forked_apps.basket.selectors import BasketPart, BasketRow, BasketSummary, summarise
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner
from forked_apps.shipping.days import ExpectedDays, expected_days
from forked_apps.shipping.services import ShippingQuote, TooHeavy, answers_for

if TYPE_CHECKING:
    from marketplace.users.models import User


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One vendor's part of an order to be."""

    vendor: Partner
    rows: tuple[BasketRow, ...]
    #: None: the vendor does not deliver there, or not so much.
    shipping: ShippingQuote | None
    today: date
    #: Why there is no quote, where the vendor does deliver there.
    too_heavy: TooHeavy | None = None

    @property
    def goods_points(self) -> int:
        return sum(row.line_points for row in self.rows)

    @property
    def subsidy_points(self) -> int:
        """What the platform adds for discounts that it bears."""
        return sum(row.subsidy_points for row in self.rows)

    @property
    def shipping_points(self) -> int:
        """Nothing where there is nothing to deliver: all of it is sold out, or on holiday."""
        if self.shipping is None or not any(row.can_be_bought for row in self.rows):
            return 0
        return self.shipping.charge_points

    @property
    def total_points(self) -> int:
        return self.goods_points + self.shipping_points

    @property
    def deliver_from(self) -> date:
        return self._expected.first

    @property
    def deliver_until(self) -> date:
        return self._expected.last

    @property
    def _expected(self) -> ExpectedDays:
        return expected_days(
            ordered_on=self.today,
            handling_days=max(row.line.stockrecord.handling_days for row in self.rows),
            days_min=self.shipping.days_min if self.shipping else 0,
            days_max=self.shipping.days_max if self.shipping else 0,
        )

    @property
    def rows_too_heavy(self) -> list[BasketRow]:
        """The rows to take something out of: those that weigh something, the heaviest first."""
        if self.too_heavy is None:
            return []
        return sorted((row for row in self.rows if row.grams), key=lambda row: -row.grams)


@dataclass(frozen=True, slots=True)
class OrderPlan:
    summary: BasketSummary
    parts: tuple[PlannedPart, ...]
    governorate: str

    @property
    def is_empty(self) -> bool:
        return not self.parts

    @property
    def changes(self) -> list[LineChange]:
        return self.summary.changes

    @property
    def undeliverable(self) -> list[Partner]:
        return [part.vendor for part in self.parts if part.shipping is None]

    @property
    def too_heavy(self) -> list[PlannedPart]:
        """Those of ``undeliverable`` that would be delivered if they weighed less."""
        return [part for part in self.parts if part.too_heavy is not None]

    @property
    def governorate_name(self) -> str:
        return str(Governorate(self.governorate).label)

    @property
    def goods_points(self) -> int:
        return sum(part.goods_points for part in self.parts)

    @property
    def subsidy_points(self) -> int:
        return sum(part.subsidy_points for part in self.parts)

    @property
    def shipping_points(self) -> int:
        return sum(part.shipping_points for part in self.parts)

    @property
    def total_points(self) -> int:
        return self.goods_points + self.shipping_points

    @property
    def can_be_placed(self) -> bool:
        return not (self.is_empty or self.changes or self.undeliverable)


def draw_up(
    *,
    basket: Basket,
    customer: User,
    governorate: str,
    with_images: bool = False,
    with_other_offers: bool = False,
) -> OrderPlan:
    """Prices, discounts, shipping and days as they are now; writes nothing, locks nothing.

    ``with_other_offers``: rows name the offer that the customer may rather want, in two queries more.
    """
    summary = summarise(
        basket=basket,
        user=customer,
        with_images=with_images,
        other_offers_in=governorate if with_other_offers else None,
    )
    return plan_of(summary, governorate=governorate)


def plan_of(summary: BasketSummary, *, governorate: str) -> OrderPlan:
    """What delivering this basket to a governorate would come to; one query."""
    answers = answers_for(
        vendor_ids_with_goods={part.vendor.pk: part.value_points for part in summary.parts},
        grams_by_vendor={part.vendor.pk: part.grams for part in summary.parts},
        governorate=governorate,
    )
    today = timezone.localdate()
    return OrderPlan(
        summary=summary,
        parts=tuple(_part(part, answers.get(part.vendor.pk), today=today) for part in summary.parts),
        governorate=governorate,
    )


def _part(part: BasketPart, answer: ShippingQuote | TooHeavy | None, *, today: date) -> PlannedPart:
    return PlannedPart(
        vendor=part.vendor,
        rows=part.rows,
        shipping=answer if isinstance(answer, ShippingQuote) else None,
        today=today,
        too_heavy=answer if isinstance(answer, TooHeavy) else None,
    )
