"""Prices and availability as Oscar asks for them: whole points, no tax, by the rule of ``offers``."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from oscar.apps.partner import strategy
from oscar.apps.partner.prices import FixedPrice, Unavailable as UnavailablePrice

from forked_apps.partner.availability import NotOffered, OfferWithdrawn, StockRequired
from forked_apps.partner.offers import available_pieces, buy_box, is_on_sale

if TYPE_CHECKING:
    from django.http import HttpRequest

    from forked_apps.basket.models import Line
    from forked_apps.catalogue.models import Product
    from forked_apps.partner.models import StockRecord


class Selector(strategy.Selector):
    def strategy(
        self, request: HttpRequest | None = None, user: Any = None, **kwargs: Any
    ) -> MarketplaceStrategy:
        return MarketplaceStrategy(request)


class MarketplaceStrategy(strategy.Structured):
    """One vendor's offer at a time: the product's buy box, or the offer that a basket line names."""

    def fetch_for_line(self, line: Line, stockrecord: StockRecord | None = None) -> strategy.PurchaseInfo:
        # A line keeps the offer that the customer chose, whoever wins the buy box meanwhile.
        return self.fetch_for_product(line.product, stockrecord or line.stockrecord)

    def select_stockrecord(self, product: Product) -> StockRecord | None:
        choice = buy_box(product)
        return choice.stockrecord if choice else None

    def pricing_policy(
        self, product: Product, stockrecord: StockRecord | None
    ) -> FixedPrice | UnavailablePrice:
        if stockrecord is None or stockrecord.price is None:
            return UnavailablePrice()
        return FixedPrice(
            currency=stockrecord.price_currency, excl_tax=Decimal(stockrecord.price_points), tax=Decimal(0)
        )

    def availability_policy(
        self, product: Product, stockrecord: StockRecord | None
    ) -> NotOffered | OfferWithdrawn | StockRequired:
        if stockrecord is None:
            return NotOffered()
        if not is_on_sale(stockrecord):
            return OfferWithdrawn()
        return StockRequired(available_pieces(stockrecord))

    def parent_pricing_policy(
        self, product: Product, children_stock: list[tuple[Product, StockRecord | None]]
    ) -> FixedPrice | UnavailablePrice:
        offers = [offer for _, offer in children_stock if offer is not None]
        return self.pricing_policy(product, min(offers, key=lambda offer: offer.price_points, default=None))

    def parent_availability_policy(
        self, product: Product, children_stock: list[tuple[Product, StockRecord | None]]
    ) -> NotOffered | StockRequired:
        pieces = sum(available_pieces(offer) for _, offer in children_stock if offer is not None)
        return StockRequired(pieces) if children_stock else NotOffered()
