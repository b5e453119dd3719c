"""Oscar's offers and vouchers, in whole points: never a fraction, and the parts equal the whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from oscar.apps.offer.models import ConditionalOffer
from oscar.core.loading import get_class

from forked_apps.basket.models import Basket
from points_payment.services.statements import prepared_cursor

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


def apply_offers(*, basket: Basket, user: User | None) -> dict[int, int]:
    """Let Oscar's offers and vouchers discount the lines; whole points of discount by line id.

    One query where there is nothing to apply, as nearly always.
    """
    if basket.pk is None or not _anything_to_apply(basket):
        return {}
    basket.strategy = Selector().strategy(user=user)
    basket.reset_offer_applications()
    Applicator().apply(basket, user)
    lines = list(basket.all_lines())
    shares = split_whole([Decimal(line.discount_value) for line in lines])
    return {line.pk: share for line, share in zip(lines, shares, strict=True) if share}


#: As a statement of its own: it runs for every order, and nearly always finds nothing.
ANYTHING_TO_APPLY = """
    SELECT EXISTS (SELECT 1 FROM offer_conditionaloffer WHERE offer_type = %s AND status = %s)
        OR EXISTS (SELECT 1 FROM basket_basket_vouchers WHERE basket_id = %s)
"""


def _anything_to_apply(basket: Basket) -> bool:
    with prepared_cursor() as cursor:
        cursor.execute(ANYTHING_TO_APPLY, [ConditionalOffer.SITE, ConditionalOffer.OPEN, basket.pk])
        return bool(cursor.fetchone()[0])
