"""Which of the vendors' offers of a product wins the buy box, and which others stand below it.

There is one rule, ``_rank``; the shop, the search index and the basket all use it. Vendors that
don't sell now (waiting, suspended, closed, on holiday, owing too much) and offers taken off sale are out at
once: nothing of what is decided here is stored.

The rule wants to know where the goods would go. The product's page and the basket know it of their
customer; lists and the search index, which are the same for everyone, take the default governorate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models.functions import Coalesce

from forked_apps.partner.governorates import Governorate, default_governorate
from forked_apps.partner.holds import held_for_others
from forked_apps.partner.models import StockRecord, sells_now
from forked_apps.prepared import PreparedQuery
from forked_apps.shipping.offer_charges import quote_offers, quotes_by_offer, rates_by_vendor
from forked_apps.shipping.weights import grams_of
from points_payment.services.statements import array_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from forked_apps.catalogue.models import Product
    from forked_apps.shipping.models import ShippingRate
    from forked_apps.shipping.services import ShippingQuote

#: By offer: what delivery of one piece costs there, and how long it takes. No key: not delivered there.
Quotes = Mapping[int, "ShippingQuote"]


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
    """Pieces that nobody has ordered yet; an offer without a number has none.

    Those that are kept for other customers are left out where the offer was read ``with_held_pieces``.
    """
    return max(0, (offer.num_in_stock or 0) - (offer.num_allocated or 0) - offer.held_pieces)


def is_on_sale(offer: StockRecord) -> bool:
    """Whether customers may be shown this offer at all, in stock or not."""
    return (
        offer.is_active
        and offer.price is not None
        and offer.partner.is_selling
        and offer.partner.sales_stopped_at is None
        and not offer.partner.is_on_holiday
    )


def offers_on_sale() -> QuerySet[StockRecord]:
    """Every offer that customers may be shown, with its vendor, in stock or not."""
    offers = StockRecord.objects.filter(
        sells_now(vendor="partner__"), is_active=True, price__isnull=False
    ).select_related("partner")
    packed = Coalesce("weight_grams", "product__shipping_weight_grams", 0)
    # The attribute is there without a query as well.
    return offers.annotate(packed_grams=packed)  # type: ignore[no-redef]


def with_held_pieces(offers: QuerySet[StockRecord], *, customer_id: int | None) -> QuerySet[StockRecord]:
    """Offers that know how many of their pieces are kept for others than this customer."""
    held = held_for_others("pk", customer_id=customer_id)
    # The attribute is there without a query as well.
    return offers.annotate(held_pieces=held)  # type: ignore[no-redef]


def lock_offers(offer_ids: Iterable[int]) -> list[StockRecord]:
    """Lock stock records until the transaction ends, always by id; they come with their vendors."""
    return LOCK_OFFERS.fetch(array_of(offer_ids))


def _offers_to_lock(offer_ids: object) -> QuerySet[StockRecord]:
    return (
        StockRecord.objects.select_for_update(no_key=True, of=("self",))
        .select_related("partner")
        .extra(where=["partner_stockrecord.id = ANY(%s::bigint[])"], params=[offer_ids])
        .order_by("pk")
    )


LOCK_OFFERS = PreparedQuery(_offers_to_lock, parameters=1)


#: One whole, in basis points.
WHOLE = 10_000


def _rank(offer: StockRecord, quote: ShippingQuote | None) -> tuple[bool, bool, int, int, int]:
    # In stock first, then what is delivered there, then the cheaper with its delivery, where the price of a
    # vendor that serves its customers badly counts for more; then the one that arrives sooner. The older
    # vendor breaks the tie, so that the winner is the same in the index, on the page and in the basket.
    price = offer.price_points * (WHOLE + offer.partner.handicap_basis_points)
    charge, days = (quote.charge_points, quote.days_max) if quote else (0, 0)
    return (
        available_pieces(offer) == 0,
        quote is None,
        price + charge * WHOLE,
        offer.handling_days + days,
        offer.partner_id,
    )


def rank_offers(offers: Iterable[StockRecord], quotes: Quotes) -> list[StockRecord]:
    """The offers that are on sale, the winner of the buy box first; each must know its vendor."""
    return sorted(
        (offer for offer in offers if is_on_sale(offer)),
        key=lambda offer: _rank(offer, quotes.get(offer.pk)),
    )


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
        for offer in prefetched:
            offer.packed_grams = grams_of(offer, product)
        return list(prefetched)
    return list(offers_on_sale().filter(product_id=product.pk))


def offers_for(product: Product, *, governorate: str | None = None) -> list[OfferChoice]:
    """The offers of a product that customers may see: the winner of the buy box first, sold out ones last.

    ``governorate`` is where it would go; the default one without it. At most two queries.
    """
    offers = _offers_of(product)
    # Who is alone needs no comparison.
    quotes = quote_offers(offers, governorate=governorate or default_governorate()) if len(offers) > 1 else {}
    return [to_choice(offer) for offer in rank_offers(offers, quotes)]


def buy_box(product: Product, *, governorate: str | None = None) -> OfferChoice | None:
    """The offer that wins the buy box; sold out only if all are. None: nobody offers the product."""
    return next(iter(offers_for(product, governorate=governorate)), None)


def ranked_offers(
    product_ids: Iterable[int], *, governorate: str | None = None
) -> dict[int, list[StockRecord]]:
    """The offers of many products in two queries, each list with the winner first.

    A product that nobody offers has no key.
    """
    offers = list(offers_on_sale().filter(product_id__in=set(product_ids)))
    quotes = quote_offers(offers, governorate=governorate or default_governorate()) if offers else {}
    return _ranked(offers, quotes)


def ranked_rivals(
    product_ids: Iterable[int], *, governorate: str, customer_id: int | None
) -> tuple[dict[int, list[StockRecord]], dict[int, ShippingRate]]:
    """As ``ranked_offers``, knowing what is kept for others than this customer; and the vendors' rates."""
    found = with_held_pieces(offers_on_sale(), customer_id=customer_id).filter(
        product_id__in=set(product_ids)
    )
    offers = list(found)
    rates = rates_by_vendor(vendor_ids=[offer.partner_id for offer in offers], governorate=governorate)
    return _ranked(offers, quotes_by_offer(offers, rates)), rates


def _ranked(offers: Iterable[StockRecord], quotes: Quotes) -> dict[int, list[StockRecord]]:
    by_product: dict[int, list[StockRecord]] = {}
    for offer in offers:
        by_product.setdefault(offer.product_id, []).append(offer)
    return {product_id: rank_offers(found, quotes) for product_id, found in by_product.items()}


def buy_boxes(product_ids: Iterable[int], *, governorate: str | None = None) -> dict[int, StockRecord]:
    """The winners of many products in two queries; a product that nobody offers has no key."""
    ranked = ranked_offers(product_ids, governorate=governorate)
    return {product_id: offers[0] for product_id, offers in ranked.items()}
