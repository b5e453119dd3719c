"""What a vendor asks for heavy goods, beside its rates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from forked_apps.partner.models import Partner
from forked_apps.shipping.models import ShippingBand, ShippingRate
from vendor_portal.errors import NotDelivered


@dataclass(frozen=True, slots=True)
class WeightRules:
    """The base charge is for so many grams, each band for what is heavier than the one before."""

    #: None: the base charge is for any weight, and there are no bands.
    base_up_to_grams: int | None
    #: (up to grams, points), the lightest first.
    bands: Sequence[tuple[int, int]]
    #: None: what is heavier than the last band is not delivered.
    per_further_kg_points: int | None


@transaction.atomic
def set_weight_rules(*, vendor: Partner, governorates: Collection[str], rules: WeightRules) -> None:
    """Ask exactly this by weight in these governorates, in the place of what was asked there before.

    Raises:
        NotDelivered: the vendor does not deliver to one of them.
    """
    Partner.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    rates = list(ShippingRate.objects.filter(vendor=vendor, governorate__in=governorates).order_by("pk"))
    if len(rates) != len(set(governorates)):
        raise NotDelivered
    ShippingBand.objects.filter(rate__in=rates).delete()
    for rate in rates:
        rate.base_up_to_grams = rules.base_up_to_grams
        rate.per_further_kg_points = rules.per_further_kg_points
    ShippingRate.objects.bulk_update(rates, ["base_up_to_grams", "per_further_kg_points"])
    ShippingBand.objects.bulk_create(
        ShippingBand(rate=rate, up_to_grams=grams, charge_points=points)
        for rate in rates
        for grams, points in rules.bands
    )
