"""Which of the vendors' offers of a product wins the buy box, and which others stand below it.

There is one rule, ``_rank``; the shop, the search index and the basket all use it. Vendors that
don't sell now (waiting, suspended, closed, owing too much) and offers taken off sale are out at
once: nothing of what is decided here is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import StockRecord, VendorStatus

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from forked_apps.catalogue.models import Product


@dataclass(frozen=True, slots=True)
class OfferChoice:
    """One vendor's offer of a product, ready to be shown. Prices are whole points."""

    stockrecord: StockRecord
    price_points: int
    #: The price before the discount, where it is higher than the price.
    list_price_points: int | None
    #: Pieces that can be bought now.
    available: int

    @property
    def offer_id(self) -> int:
        return self.stockrecord.pk

    @property
    def vendor_id(self) -> int:
        return self.stockrecord.partner_id

    @property
    def vendor_name(self) -> str:
        return self.stockrecord.partner.name

    @property
    def governorate(self) -> str:
        """Where the vendor is, in the reader's language."""
        return str(Governorate(self.stockrecord.partner.governorate).label)

    @property
    def handling_days(self) -> int:
        return self.stockrecord.handling_days

    @property
    def is_available(self) -> bool:
        return self.available > 0

    @property
    def percent_off(self) -> int | None:
        """By how many percent the price is below the list price, rounded down; None if by less than 1."""
        if self.list_price_points is None:
            return None
        return (self.list_price_points - self.price_points) * 100 // self.list_price_points or None


def available_pieces(offer: StockRecord) -> int:
    """Pieces that nobody has ordered yet; an offer without a number has none."""
    return max(0, (offer.num_in_stock or 0) - (offer.num_allocated or 0))


def is_on_sale(offer: StockRecord) -> bool:
    """Whether customers may be shown this offer at all, in stock or not."""
    vendor = offer.partner
    may_sell = vendor.status == VendorStatus.APPROVED and vendor.sales_stopped_at is None
    return offer.is_active and offer.price is not None and may_sell


def offers_on_sale() -> QuerySet[StockRecord]:
    """Every offer that customers may be shown, with its vendor, in stock or not."""
    return StockRecord.objects.filter(
        is_active=True,
        price__isnull=False,
        partner__status=VendorStatus.APPROVED,
        partner__sales_stopped_at=None,
    ).select_related("partner")


def _rank(offer: StockRecord) -> tuple[bool, int, int, int]:
    # In stock first, then the cheaper, then the one handed over sooner; the older vendor breaks the tie,
    # so that the winner is the same in the index, on the page and in the basket.
    return (available_pieces(offer) == 0, offer.price_points, offer.handling_days, offer.partner_id)


def rank_offers(offers: Iterable[StockRecord]) -> list[StockRecord]:
    """The offers that are on sale, the winner of the buy box first; each must know its vendor."""
    return sorted((offer for offer in offers if is_on_sale(offer)), key=_rank)


def to_choice(offer: StockRecord) -> OfferChoice:
    return OfferChoice(
        stockrecord=offer,
        price_points=offer.price_points,
        list_price_points=offer.list_price_points,
        available=available_pieces(offer),
    )


def _offers_of(product: Product) -> Sequence[StockRecord]:
    """The product's offers, without a query where the caller has fetched them with their vendors."""
    prefetched = getattr(product, "_prefetched_objects_cache", {}).get("stockrecords")
    if prefetched is not None and all(StockRecord.partner.is_cached(offer) for offer in prefetched):
        return list(prefetched)
    return list(offers_on_sale().filter(product_id=product.pk))


def offers_for(product: Product) -> list[OfferChoice]:
    """The offers of a product that customers may see: the winner of the buy box first, sold out ones last."""
    return [to_choice(offer) for offer in rank_offers(_offers_of(product))]


def buy_box(product: Product) -> OfferChoice | None:
    """The offer that wins the buy box; sold out only if all are. None: nobody offers the product."""
    return next(iter(offers_for(product)), None)


def ranked_offers(product_ids: Iterable[int]) -> dict[int, list[StockRecord]]:
    """The offers of many products in one query, each list with the winner first.

    A product that nobody offers has no key.
    """
    by_product: dict[int, list[StockRecord]] = {}
    for offer in offers_on_sale().filter(product_id__in=set(product_ids)):
        by_product.setdefault(offer.product_id, []).append(offer)
    return {product_id: sorted(offers, key=_rank) for product_id, offers in by_product.items()}


def buy_boxes(product_ids: Iterable[int]) -> dict[int, StockRecord]:
    """The winners of many products in one query; a product that nobody offers has no key."""
    return {product_id: offers[0] for product_id, offers in ranked_offers(product_ids).items()}
