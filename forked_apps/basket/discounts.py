"""Oscar's offers and vouchers, in whole points: never a fraction, and the parts equal the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from oscar.core.loading import get_class

from forked_apps.basket.models import Basket
from forked_apps.offer.memberships import asked_together
from forked_apps.offer.models import Bearer, ConditionalOffer
from points_payment.services.statements import prepared_cursor
from points_payment.services.wallets import split_by_largest_remainder

if TYPE_CHECKING:
    from marketplace.users.models import User

Applicator = get_class("offer.applicator", "Applicator")
Selector = get_class("partner.strategy", "Selector")


def split_whole(amounts: Sequence[Decimal]) -> list[int]:
    """Whole numbers near ``amounts`` that add up to their sum, rounded half up: by largest remainder,
    ties to the earlier one. None is more than one below or above its amount."""
    total = int(sum(amounts, Decimal(0)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    floors = [int(amount.quantize(Decimal(1), rounding=ROUND_FLOOR)) for amount in amounts]
    by_remainder = sorted(range(len(amounts)), key=lambda i: (floors[i] - amounts[i], i))
    for i in by_remainder[: total - sum(floors)]:
        floors[i] += 1
    return floors


@dataclass(frozen=True, slots=True)
class LineDiscount:
    """In whole points."""

    points: int
    #: Of these, what the platform adds to what the seller earns.
    subsidy_points: int


def apply_offers(*, basket: Basket, user: User | None) -> dict[int, LineDiscount]:
    """Let Oscar's offers and vouchers discount the lines; by line id, lines without any have no key.

    One query where there is nothing to apply, as nearly always; else as many as the offers need, and no more
    for more lines: only offers that combine ask once a line whether they may.
    """
    if basket.pk is None or not _anything_to_apply(basket):
        return {}
    basket.strategy = Selector().strategy(user=user)
    basket.reset_offer_applications()
    lines = list(basket.all_lines())
    with asked_together(line.product_id for line in lines):
        # A visitor's code counts as well; of nobody, Oscar does not ask for any.
        Applicator().apply(basket, user or AnonymousUser())
    # Offers that combine each discount the whole price, and together may come to more.
    shares = split_whole([min(Decimal(line.discount_value), Decimal(line.line_points)) for line in lines])
    return {
        line.pk: LineDiscount(share, _subsidy(line, share))
        for line, share in zip(lines, shares, strict=True)
        if share
    }


def _subsidy(line: Any, points: int) -> int:
    """Of a line's discount in whole points, the platform's part: as of what its offers take off."""
    amounts = {bearer: Decimal(0) for bearer in Bearer}
    for one in line.discounts.all():
        amounts[Bearer(one.offer.borne_by)] += one.amount
    # In ten-thousandths, so that the weights are whole.
    weights = [int(amounts[bearer] * 10_000) for bearer in (Bearer.MARKETPLACE, Bearer.VENDOR)]
    return split_by_largest_remainder(total_points=points, weights=weights)[0]


#: As a statement of its own: it runs for every order, and nearly always finds nothing.
ANYTHING_TO_APPLY = """
    SELECT EXISTS (SELECT 1 FROM offer_conditionaloffer WHERE offer_type = %s AND status = %s)
        OR EXISTS (SELECT 1 FROM basket_basket_vouchers WHERE basket_id = %s)
"""


def _anything_to_apply(basket: Basket) -> bool:
    with prepared_cursor() as cursor:
        cursor.execute(ANYTHING_TO_APPLY, [ConditionalOffer.SITE, ConditionalOffer.OPEN, basket.pk])
        return bool(cursor.fetchone()[0])
