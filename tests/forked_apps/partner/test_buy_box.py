"""What decides between vendors: price with delivery to where it goes, service, time; nothing of it stored."""

from __future__ import annotations

import pytest

from forked_apps.catalogue.models import Product
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import buy_box, offers_for, ranked_offers
from forked_apps.shipping.models import ShippingRate
from tests.factories.catalogue import OfferFactory, ProductFactory
from tests.factories.orders import ShippingRateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    return ProductFactory()


def an_offer(product: Product, price: int, *, grade: str = "good", **rates: object) -> StockRecord:
    """``BG=3_000`` is what delivery to Baghdad costs; a pair adds from where on it is free."""
    offer = OfferFactory(product=product, price=price, partner__health_grade=grade)
    for governorate, rate in rates.items():
        charge, free_from = rate if isinstance(rate, tuple) else (rate, None)
        ShippingRateFactory(
            vendor=offer.partner, governorate=governorate, charge_points=charge, free_from_points=free_from
        )
    return offer


def ranking(product: Product, governorate: str | None = None) -> list[StockRecord]:
    return [choice.stockrecord for choice in offers_for(product, governorate=governorate)]


def test_the_cheaper_with_its_delivery_wins_and_elsewhere_it_may_be_another(product: Product) -> None:
    near = an_offer(product, 21_000, BG=1_000, BA=9_000)
    far = an_offer(product, 20_000, BG=5_000, BA=3_000)
    assert ranking(product, "BG") == [near, far]
    assert ranking(product, "BA") == [far, near]
    # Lists know nobody's governorate: they take Baghdad.
    assert ranking(product) == ranked_offers([product.pk])[product.pk] == [near, far]


def test_free_delivery_of_one_piece_counts(product: Product) -> None:
    free = an_offer(product, 21_000, BG=(5_000, 21_000))
    charged = an_offer(product, 20_000, BG=(5_000, 20_001))
    assert ranking(product, "BG") == [free, charged]


def test_what_is_not_delivered_there_loses_to_whatever_is(product: Product) -> None:
    cheap = an_offer(product, 1_000, BA=0)
    dear = an_offer(product, 90_000, BG=20_000)
    assert ranking(product, "BG") == [dear, cheap]
    StockRecord.objects.filter(pk=dear.pk).update(num_in_stock=0)
    assert ranking(product, "BG") == [cheap, dear]


@pytest.mark.parametrize(
    ("grade", "rival_price", "wins"),
    [
        ("good", 10_001, True), ("watch", 10_301, True), ("watch", 10_299, False),
        ("poor", 11_001, True), ("poor", 10_999, False),
    ],
)  # fmt: skip
def test_bad_service_counts_as_a_higher_price(
    product: Product, grade: str, rival_price: int, wins: bool
) -> None:
    graded = an_offer(product, 10_000, grade=grade, BG=0)
    an_offer(product, rival_price, BG=0)
    choice = buy_box(product)
    assert choice
    assert (choice.stockrecord == graded) == wins
    # Nobody pays it.
    assert graded.price_points == 10_000


def test_the_handicap_is_on_the_price_and_not_on_delivery(product: Product) -> None:
    graded = an_offer(product, 1_000, grade="poor", BG=10_000)
    other = an_offer(product, 1_101, BG=10_000)
    assert ranking(product, "BG") == [graded, other]


def test_at_the_same_cost_the_sooner_to_arrive_wins(product: Product) -> None:
    slow, quick = an_offer(product, 1_000), an_offer(product, 1_000)
    ShippingRateFactory(vendor=slow.partner, days_min=1, days_max=6)
    ShippingRateFactory(vendor=quick.partner, days_min=1, days_max=2)
    StockRecord.objects.filter(pk=quick.pk).update(handling_days=3)
    assert ranking(product, "BG") == [quick, slow]


def test_delivery_of_a_heavier_piece_costs_what_its_weight_costs(product: Product) -> None:
    light, heavy = an_offer(product, 20_000, BG=4_000), an_offer(product, 19_000, BG=4_000)
    ShippingRate.objects.update(base_up_to_grams=2_000)
    ShippingRate.objects.filter(vendor=heavy.partner).update(per_further_kg_points=2_000)
    assert ranking(product) == [heavy, light]
    StockRecord.objects.filter(pk=heavy.pk).update(weight_grams=4_000)
    assert ranking(product) == [light, heavy]
    # The light one's vendor brings no more than 2 kg.
    Product.objects.filter(pk=product.pk).update(shipping_weight_grams=3_000)
    product.refresh_from_db()
    assert ranking(product) == [heavy, light]
