"""What delivery adds to the price of an offer, so that offers of several vendors can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from forked_apps.shipping.models import ShippingRate
from forked_apps.shipping.services import ShippingQuote, answer_of, rates_to

if TYPE_CHECKING:
    from forked_apps.partner.models import StockRecord


def rates_by_vendor(*, vendor_ids: Iterable[int], governorate: str) -> dict[int, ShippingRate]:
    """With their bands, in one query; a vendor that does not deliver there has no key."""
    return {rate.vendor_id: rate for rate in rates_to(governorate, vendor_ids=set(vendor_ids))}


def quote_goods(rate: ShippingRate | None, *, goods_points: int, grams: int) -> ShippingQuote | None:
    """Delivery of goods of so many points and grams; None: the vendor does not bring them there."""
    answer = answer_of(rate, goods_points=goods_points, grams=grams) if rate is not None else None
    return answer if isinstance(answer, ShippingQuote) else None


def quotes_by_offer(
    offers: Iterable[StockRecord], rates: Mapping[int, ShippingRate]
) -> dict[int, ShippingQuote]:
    """Delivery of one piece of each ordered alone, by offer; one that cannot be delivered has no key."""
    quotes = {
        offer.pk: quote_goods(
            rates.get(offer.partner_id), goods_points=offer.price_points, grams=offer.packed_grams
        )
        for offer in offers
    }
    return {offer_id: found for offer_id, found in quotes.items() if found is not None}


def quote_offers(offers: Iterable[StockRecord], *, governorate: str) -> dict[int, ShippingQuote]:
    """As ``quotes_by_offer``, in one query; the offers must know what a piece weighs (``packed_grams``)."""
    known = list(offers)
    rates = rates_by_vendor(vendor_ids=[offer.partner_id for offer in known], governorate=governorate)
    return quotes_by_offer(known, rates)
