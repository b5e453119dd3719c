"""Charges by weight: the base, the bands, each further kilogram, and what is too heavy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from forked_apps.catalogue.weights import shipping_weight_of
from forked_apps.shipping.models import ShippingBand, ShippingRate, check_tracking_link
from forked_apps.shipping.services import ShippingQuote, Tariff, TooHeavy, answers_for, quote
from forked_apps.shipping.weights import WeightField, weight_text
from tests.factories.orders import ShippingRateFactory

BANDS = ((20_000, 8_000), (50_000, 15_000))


def a_rate(bands: Sequence[tuple[int, int]] = BANDS, **fields: object) -> ShippingRate:
    rate = ShippingRateFactory(charge_points=5_000, **{"base_up_to_grams": 10_000, **fields})
    ShippingBand.objects.bulk_create(
        ShippingBand(rate=rate, up_to_grams=grams, charge_points=points) for grams, points in bands
    )
    return rate


@pytest.mark.parametrize(
    ("grams", "charge", "with_further"),
    [
        (0, 5_000, 5_000),
        (1, 5_000, 5_000),
        (10_000, 5_000, 5_000),
        (10_001, 8_000, 8_000),
        (20_000, 8_000, 8_000),
        (20_001, 15_000, 15_000),
        (50_000, 15_000, 15_000),
        (50_001, None, 15_250),
        (51_000, None, 15_250),
        (51_001, None, 15_500),
        (60_000, None, 17_500),
    ],
)
def test_the_table_of_weights(grams: int, charge: int | None, with_further: int) -> None:
    assert Tariff(5_000, 10_000, BANDS).charge_points(grams=grams) == charge
    assert Tariff(5_000, 10_000, BANDS, 250).charge_points(grams=grams) == with_further


def test_without_a_limit_any_weight_costs_the_base() -> None:
    assert Tariff(5_000).charge_points(grams=9_999_999) == 5_000
    assert Tariff(5_000).most_grams is None


def test_further_kilograms_may_follow_the_base_alone() -> None:
    assert Tariff(5_000, 2_000, (), 500).charge_points(grams=4_500) == 5_000 + 3 * 500
    assert Tariff(5_000, 2_000).most_grams == 2_000


@pytest.mark.django_db
def test_a_quote_follows_the_goods_weight() -> None:
    vendor = a_rate().vendor_id
    goods = {vendor: 100}
    assert quote(vendor_ids_with_goods=goods, governorate="BG", grams_by_vendor={vendor: 30_000}) == {
        vendor: ShippingQuote(15_000, 1, 3, 50_000)
    }
    assert quote(vendor_ids_with_goods=goods, governorate="BG") == {
        vendor: ShippingQuote(5_000, 1, 3, 50_000)
    }


@pytest.mark.django_db
def test_what_is_too_heavy_is_not_delivered_even_where_delivery_is_free() -> None:
    vendor = a_rate(free_from_points=1).vendor_id
    facts = {"vendor_ids_with_goods": {vendor: 100}, "governorate": "BG"}
    assert quote(**facts, grams_by_vendor={vendor: 50_001}) == {}
    assert answers_for(**facts, grams_by_vendor={vendor: 50_001}) == {vendor: TooHeavy(50_001, 50_000)}
    assert quote(**facts, grams_by_vendor={vendor: 50_000})[vendor].charge_points == 0


@pytest.mark.django_db
def test_bands_of_ten_vendors_cost_one_query(django_assert_num_queries: Callable) -> None:
    goods = {a_rate().vendor_id: 1 for _ in range(10)}
    with django_assert_num_queries(1):
        quotes = quote(
            vendor_ids_with_goods=goods, governorate="BG", grams_by_vendor=dict.fromkeys(goods, 20_000)
        )
    assert [found.charge_points for found in quotes.values()] == [8_000] * 10


@pytest.mark.django_db
def test_the_database_refuses_two_bands_of_one_weight_and_further_kilograms_of_nothing() -> None:
    rate = a_rate()
    with pytest.raises(IntegrityError), transaction.atomic():
        ShippingBand.objects.create(rate=rate, up_to_grams=20_000, charge_points=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        ShippingRate.objects.filter(pk=rate.pk).update(base_up_to_grams=None, per_further_kg_points=5)


@pytest.mark.parametrize(
    ("typed", "grams"),
    [("2.5", 2_500), ("٢٫٥", 2_500), ("2,5", 2_500), ("۰.۴", 400), ("12", 12_000), ("0.001", 1)],
    ids=["dot", "arabic", "comma", "kurdish", "whole", "gram"],
)
def test_weights_are_typed_in_kilograms(typed: str, grams: int) -> None:
    assert WeightField().clean(typed) == grams


@pytest.mark.parametrize("typed", ["0", "-1", "2.5.5", "two", "1.2345", "99999"])
def test_no_weight_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        WeightField().clean(typed)


def test_weights_are_written_as_people_say_them() -> None:
    with translation.override("en"):
        assert (weight_text(400), weight_text(2_500), weight_text(1_000)) == ("400 g", "2.5 kg", "1 kg")


@pytest.mark.parametrize(
    ("raw", "grams"),
    [
        ({"weight_kg": "1.37"}, 1_370),
        ({"weight_g": "150"}, 150),
        ({"weight": "٢٫٥"}, 2_500),
        ({"weight_kg": "-", "width_cm": "80", "height_cm": "202", "depth_cm": "28"}, 23_000),
        ({"width_cm": "80", "height_cm": "202", "depth_cm": ""}, None),
        ({"weight_kg": "0"}, None),
        ({"weight_kg": "nan"}, None),
        ({"weight_kg": "999999"}, None),
        ({}, None),
    ],
    ids=["kg", "g", "arabic", "measures", "two-measures", "zero", "nan", "absurd", "nothing"],
)
def test_a_list_s_weight_or_measures_give_the_shipping_weight(raw: dict[str, str], grams: int | None) -> None:
    assert shipping_weight_of(raw) == grams


@pytest.mark.parametrize(
    "link",
    ["http://track.example/{code}", "https://{code}", "https://track.example/", "javascript:alert({code})"],
)
def test_a_carrier_s_address_leads_to_the_parcel_and_nowhere_else(link: str) -> None:
    with pytest.raises(ValidationError):
        check_tracking_link(link)


def test_a_carrier_s_address_may_hold_the_code_anywhere_after_the_site() -> None:
    check_tracking_link("https://track.example/{code}")
    check_tracking_link("https://track.example/find?q={code}")
