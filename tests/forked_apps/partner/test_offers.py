"""The buy box: who wins it, and who is out of it at once."""

from __future__ import annotations

import pytest

from forked_apps.catalogue.models import Product
from forked_apps.partner.models import StockRecord, VendorStatus
from forked_apps.partner.offers import buy_box, buy_boxes, offers_for
from tests.factories.catalogue import OfferFactory, ProductFactory, VendorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    return ProductFactory()


def winner(product: Product) -> StockRecord:
    choice = buy_box(product)
    assert choice is not None
    return choice.stockrecord


def test_cheapest_offer_in_stock_wins(product: Product) -> None:
    OfferFactory(product=product, price=30_000)
    cheapest = OfferFactory(product=product, price=20_000)
    OfferFactory(product=product, price=25_000)
    assert winner(product) == cheapest


def test_a_sold_out_offer_loses_to_a_dearer_one_in_stock(product: Product) -> None:
    sold_out = OfferFactory(product=product, price=20_000, num_in_stock=3, num_allocated=3)
    in_stock = OfferFactory(product=product, price=90_000, num_in_stock=3, num_allocated=2)
    assert [choice.stockrecord for choice in offers_for(product)] == [in_stock, sold_out]
    assert [choice.available for choice in offers_for(product)] == [1, 0]


def test_at_the_same_price_the_sooner_handed_over_wins(product: Product) -> None:
    OfferFactory(product=product, handling_days=4)
    sooner = OfferFactory(product=product, handling_days=1)
    assert winner(product) == sooner


def test_a_full_tie_goes_to_the_older_vendor(product: Product) -> None:
    older, newer = VendorFactory(), VendorFactory()
    OfferFactory(product=product, partner=newer)
    offer = OfferFactory(product=product, partner=older)
    assert winner(product) == offer


@pytest.mark.parametrize("status", [status for status in VendorStatus if status != VendorStatus.APPROVED])
def test_a_vendor_that_does_not_sell_is_out_at_once(product: Product, status: VendorStatus) -> None:
    cheapest = OfferFactory(product=product, price=10_000)
    other = OfferFactory(product=product, price=20_000)
    assert winner(product) == cheapest
    type(cheapest.partner).objects.filter(pk=cheapest.partner_id).update(status=status)
    assert [choice.stockrecord for choice in offers_for(product)] == [other]
    assert buy_boxes([product.pk]) == {product.pk: other}


def test_an_offer_taken_off_sale_is_out(product: Product) -> None:
    OfferFactory(product=product, is_active=False)
    assert buy_box(product) is None
    assert buy_boxes([product.pk]) == {}


def test_the_set_agrees_with_the_single_rule_in_two_queries(django_assert_num_queries: object) -> None:
    products = ProductFactory.create_batch(3)
    for number, product in enumerate(products[:2]):
        for price in (30_000, 20_000 + number, 40_000):
            OfferFactory(product=product, price=price)
    expected = {product.pk: winner(product) for product in products[:2]}
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = buy_boxes([product.pk for product in products])
        assert {offer.partner.name for offer in found.values()}
    assert found == expected


@pytest.mark.parametrize(("offers", "queries"), [(1, 0), (2, 1)])
def test_prefetched_offers_cost_the_charges_alone_and_one_offer_none(
    product: Product, offers: int, queries: int, django_assert_num_queries: object
) -> None:
    OfferFactory.create_batch(offers, product=product)
    fetched = Product.objects.prefetch_related("stockrecords__partner").get(pk=product.pk)
    with django_assert_num_queries(queries):  # type: ignore[operator]
        assert len(offers_for(fetched)) == offers


@pytest.mark.parametrize(
    ("price", "list_price", "shown", "percent"),
    [
        (75_000, 100_000, 100_000, 25),
        (99_999, 100_000, 100_000, None),
        (100_000, 100_000, None, None),
        (100_000, 90_000, None, None),
        (100_000, None, None, None),
    ],
)
def test_only_a_higher_list_price_is_shown(
    product: Product, price: int, list_price: int | None, shown: int | None, percent: int | None
) -> None:
    OfferFactory(product=product, price=price, list_price=list_price)
    choice = buy_box(product)
    assert choice is not None
    assert (choice.price_points, choice.list_price_points, choice.percent_off) == (price, shown, percent)
