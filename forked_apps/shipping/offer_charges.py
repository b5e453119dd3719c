"""What delivery adds to the price of an offer, so that offers of several vendors can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from forked_apps.shipping.models import ShippingRate
from forked_apps.shipping.services import ShippingQuote

if TYPE_CHECKING:
    from forked_apps.partner.models import StockRecord


def rates_by_vendor(*, vendor_ids: Iterable[int], governorate: str) -> dict[int, ShippingRate]:
    """In one query; a vendor that does not deliver there has no key."""
    rates = ShippingRate.objects.filter(vendor_id__in=set(vendor_ids), governorate=governorate)
    return {rate.vendor_id: rate for rate in rates}


def charge_points(rate: ShippingRate, *, goods_points: int) -> int:
    """What the vendor asks for bringing goods of so many points: only here is known how rates work."""
    is_free = rate.free_from_points is not None and goods_points >= rate.free_from_points
    return 0 if is_free else rate.charge_points


def quote_piece(rate: ShippingRate | None, *, price_points: int) -> ShippingQuote | None:
    """Delivery of one piece ordered alone; None: the vendor does not deliver there."""
    if rate is None:
        return None
    return ShippingQuote(
        charge_points=charge_points(rate, goods_points=price_points),
        days_min=rate.days_min,
        days_max=rate.days_max,
    )


def quotes_by_offer(
    offers: Iterable[StockRecord], rates: Mapping[int, ShippingRate]
) -> dict[int, ShippingQuote]:
    """Delivery of one piece of each, by offer; one that cannot be delivered has no key."""
    quotes = {
        offer.pk: quote_piece(rates.get(offer.partner_id), price_points=offer.price_points)
        for offer in offers
    }
    return {offer_id: found for offer_id, found in quotes.items() if found is not None}


def quote_offers(offers: Iterable[StockRecord], *, governorate: str) -> dict[int, ShippingQuote]:
    """As ``quotes_by_offer``, in one query."""
    known = list(offers)
    rates = rates_by_vendor(vendor_ids=[offer.partner_id for offer in known], governorate=governorate)
    return quotes_by_offer(known, rates)
