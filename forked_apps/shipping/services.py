"""What vendors ask for delivery, by governorate and weight, and when they expect to be there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject

from forked_apps.prepared import PreparedQuery
from forked_apps.shipping.models import ShippingBand, ShippingRate
from points_payment.services.statements import array_of

GRAMS_PER_KG = 1_000


@dataclass(frozen=True, slots=True)
class ShippingQuote:
    """One vendor's delivery to one governorate. Days are those on the way; handling comes before."""

    charge_points: int
    days_min: int
    days_max: int
    #: The most that the vendor brings there at once; None: no limit.
    most_grams: int | None = None


@dataclass(frozen=True, slots=True)
class TooHeavy:
    """The vendor delivers there, but not so much at once."""

    grams: int
    most_grams: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """How a rate's charge follows from the weight; bands are (up to grams, points), the lightest first."""

    base_points: int
    #: None: the base is for any weight.
    base_up_to_grams: int | None = None
    bands: Sequence[tuple[int, int]] = ()
    per_further_kg_points: int | None = None

    @property
    def heaviest(self) -> tuple[int, int] | None:
        """The last band, or the base where there are none; None without any limit."""
        if self.base_up_to_grams is None:
            return None
        return self.bands[-1] if self.bands else (self.base_up_to_grams, self.base_points)

    @property
    def most_grams(self) -> int | None:
        """The most that is delivered at all; None: no limit."""
        heaviest = self.heaviest
        return heaviest[0] if heaviest and self.per_further_kg_points is None else None

    def charge_points(self, *, grams: int) -> int | None:
        """What goods of this weight cost; None: they are heavier than what is delivered."""
        heaviest = self.heaviest
        if heaviest is None or self.base_up_to_grams is None or grams <= self.base_up_to_grams:
            return self.base_points
        for up_to_grams, points in self.bands:
            if grams <= up_to_grams:
                return points
        if self.per_further_kg_points is None:
            return None
        further_kg = -(-(grams - heaviest[0]) // GRAMS_PER_KG)
        return heaviest[1] + further_kg * self.per_further_kg_points


def quote(
    *,
    vendor_ids_with_goods: Mapping[int, int],
    governorate: str,
    grams_by_vendor: Mapping[int, int] | None = None,
) -> dict[int, ShippingQuote]:
    """What each vendor asks for bringing goods of so many points there, by vendor id, in one query.

    A vendor that does not deliver to the governorate, or not so much weight, has no key.
    """
    answers = answers_for(
        vendor_ids_with_goods=vendor_ids_with_goods, governorate=governorate, grams_by_vendor=grams_by_vendor
    )
    return {pk: answer for pk, answer in answers.items() if isinstance(answer, ShippingQuote)}


def answers_for(
    *,
    vendor_ids_with_goods: Mapping[int, int],
    governorate: str,
    grams_by_vendor: Mapping[int, int] | None = None,
) -> dict[int, ShippingQuote | TooHeavy]:
    """As ``quote``, and of a vendor that delivers there, but not so much weight, how much it would."""
    weights = grams_by_vendor or {}
    return {
        rate.vendor_id: answer_of(
            rate,
            goods_points=vendor_ids_with_goods[rate.vendor_id],
            grams=weights.get(rate.vendor_id, 0),
        )
        for rate in rates_to(governorate, vendor_ids=vendor_ids_with_goods)
    }


def rates_to(governorate: str, *, vendor_ids: Collection[int]) -> list[Any]:
    """Rates with their bands, in one query; a vendor that does not deliver there has none."""
    return RATES.fetch(array_of(vendor_ids), governorate)


def _rates(vendor_ids: object, governorate: object) -> QuerySet[ShippingRate]:
    bands = (
        ShippingBand.objects.filter(rate=OuterRef("pk"))
        .order_by("up_to_grams")
        .values(pair=JSONObject(up_to="up_to_grams", points="charge_points"))
    )
    return ShippingRate.objects.annotate(band_pairs=ArraySubquery(bands)).extra(
        where=["vendor_id = ANY(%s::bigint[])", "governorate = %s"], params=[vendor_ids, governorate]
    )


RATES = PreparedQuery(_rates, parameters=2)


def tariff_of(rate: ShippingRate, bands: Sequence[tuple[int, int]]) -> Tariff:
    return Tariff(rate.charge_points, rate.base_up_to_grams, tuple(bands), rate.per_further_kg_points)


def answer_of(rate: Any, *, goods_points: int, grams: int) -> ShippingQuote | TooHeavy:
    """What a rate that knows its bands (``rates_to``) asks for goods of so many points and grams."""
    tariff = tariff_of(rate, [(pair["up_to"], pair["points"]) for pair in rate.band_pairs])
    charge = tariff.charge_points(grams=grams)
    if charge is None:
        return TooHeavy(grams=grams, most_grams=tariff.most_grams or 0)
    # Free is free in every band; what is too heavy stays too heavy.
    is_free = rate.free_from_points is not None and goods_points >= rate.free_from_points
    return ShippingQuote(
        charge_points=0 if is_free else charge,
        days_min=rate.days_min,
        days_max=rate.days_max,
        most_grams=tariff.most_grams,
    )
