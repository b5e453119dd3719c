"""What vendors ask for delivery, and when they expect to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from forked_apps.prepared import PreparedQuery
from forked_apps.shipping.models import ShippingRate
from points_payment.services.statements import array_of


@dataclass(frozen=True, slots=True)
class ShippingQuote:
    """One vendor's delivery to one governorate. Days are those on the way; handling comes before."""

    charge_points: int
    days_min: int
    days_max: int


def quote(*, vendor_ids_with_goods: Mapping[int, int], governorate: str) -> dict[int, ShippingQuote]:
    """What each vendor asks for bringing goods of so many points there, by vendor id, in one query.

    A vendor that does not deliver to the governorate has no key.
    """
    rates = RATES.fetch(array_of(vendor_ids_with_goods), governorate)
    return {
        rate.vendor_id: ShippingQuote(
            charge_points=_charge(rate, goods_points=vendor_ids_with_goods[rate.vendor_id]),
            days_min=rate.days_min,
            days_max=rate.days_max,
        )
        for rate in rates
    }


def _charge(rate: ShippingRate, *, goods_points: int) -> int:
    is_free = rate.free_from_points is not None and goods_points >= rate.free_from_points
    return 0 if is_free else rate.charge_points


def _rates(vendor_ids: object, governorate: object) -> QuerySet[ShippingRate]:
    return ShippingRate.objects.extra(
        where=["vendor_id = ANY(%s::bigint[])", "governorate = %s"], params=[vendor_ids, governorate]
    )


RATES = PreparedQuery(_rates, parameters=2)
