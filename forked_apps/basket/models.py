from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from oscar.apps.basket.abstract_models import AbstractBasket, AbstractLine

from forked_apps.basket.changes import LineChange, change_of
from forked_apps.partner.holds import held_for_others
from forked_apps.partner.offers import available_pieces
from forked_apps.prepared import PreparedQuery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forked_apps.catalogue.models import Product

DESCRIPTIONS = ("description", "description_ar", "description_ckb", "description_en")


class Basket(AbstractBasket):
    """What a customer, signed in or not, means to order; each line names one vendor's offer."""

    class Meta(AbstractBasket.Meta):
        constraints = [
            # Two tabs that add their first product at once would otherwise open two baskets.
            models.UniqueConstraint(
                fields=["owner"], condition=Q(status="Open"), name="basket_one_open_per_owner"
            ),
        ]

    def all_lines(self) -> Sequence[Line]:
        """The lines with product, offer and vendor: however many there are, one query."""
        if self.pk is None:
            return []
        if self._lines is None:
            # A visitor is nobody's number.
            self._lines = LINES.fetch(self.pk, self.owner_id or 0)
            for line in self._lines:
                line.basket = self
        return self._lines

    def lines_with_offers(self) -> models.QuerySet[Line]:
        """Read anew: lines that know their offer and what of it is kept for others."""
        held = held_for_others("stockrecord", customer_id=self.owner_id)
        # By way of the basket, so that each line knows it with its strategy.
        lines: models.QuerySet[Line] = self.lines.select_related("product", "stockrecord__partner")
        # The attribute is there without a query as well.
        return lines.annotate(held_for_others=held)  # type: ignore[no-redef]

    @property
    def num_lines(self) -> int:
        return len(self.all_lines())

    def add_product(
        self,
        product: Product,
        quantity: int = 1,
        options: Iterable[Any] | None = None,
        offer_id: int | None = None,
    ) -> tuple[Line, bool]:
        """Add pieces of one offer; without an offer, of the one that wins the buy box.

        Raises:
            BasketError: the offer is not on sale, or has not so many pieces.
        """
        from forked_apps.basket.services import add_offer

        return add_offer(basket=self, product=product, offer_id=offer_id, quantity=quantity)

    add_product.alters_data = True  # type: ignore[attr-defined]
    add = add_product


class Line(AbstractLine):
    """Pieces of one offer. ``price_incl_tax`` is the price that the customer has seen and agreed to;
    what is asked for is always the offer's price of now."""

    #: Pieces of the offer that are kept for other customers, where a query has asked.
    held_for_others: int = 0

    class Meta(AbstractLine.Meta):
        pass

    @property
    def available_pieces(self) -> int:
        """What this customer can have of the offer now."""
        return max(0, available_pieces(self.stockrecord) - self.held_for_others)

    @property
    def unit_points(self) -> int:
        return self.stockrecord.price_points

    @property
    def line_points(self) -> int:
        """Before discounts."""
        return self.unit_points * self.quantity

    @property
    def seen_price_points(self) -> int | None:
        return None if self.price_incl_tax is None else int(self.price_incl_tax)

    @property
    def change(self) -> LineChange | None:
        """What happened to the offer since the customer last agreed to this line."""
        return change_of(self)


def _lines_of(basket_id: int, customer_id: int) -> models.QuerySet[Line]:
    held = held_for_others("stockrecord", customer_id=customer_id)
    # The attribute is there without a query as well.
    lines: models.QuerySet[Line] = Line.objects.annotate(held_for_others=held)  # type: ignore[no-redef]
    return (
        lines.filter(basket_id=basket_id)
        .select_related("product__brand", "stockrecord__partner")
        # Long texts in three languages, which no basket shows.
        .defer(*(f"product__{name}" for name in DESCRIPTIONS))
        .order_by("pk")
    )


LINES = PreparedQuery(_lines_of, parameters=2)


from oscar.apps.basket.models import *  # type: ignore[assignment]  # noqa: E402, F403
