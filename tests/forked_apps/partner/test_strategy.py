"""Prices and availability as Oscar's basket asks for them."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from oscar.core.loading import get_class

from forked_apps.partner.models import VendorStatus
from forked_apps.partner.strategy import MarketplaceStrategy, Selector
from tests.factories.catalogue import OfferFactory, ProductFactory

pytestmark = pytest.mark.django_db


def test_oscar_finds_our_strategy() -> None:
    assert get_class("partner.strategy", "Selector") is Selector
    assert isinstance(Selector().strategy(), MarketplaceStrategy)


def test_prices_are_whole_points_without_tax() -> None:
    offer = OfferFactory(price=27_250)
    info = Selector().strategy().fetch_for_product(offer.product)
    assert info.stockrecord == offer
    assert (info.price.currency, info.price.incl_tax, info.price.tax) == ("IQD", Decimal(27_250), Decimal(0))
    assert info.price.incl_tax == info.price.incl_tax.to_integral_value()


def test_a_line_keeps_its_own_offer() -> None:
    dear = OfferFactory(price=90_000)
    OfferFactory(product=dear.product, price=10_000)
    line = SimpleNamespace(product=dear.product, stockrecord=dear)
    assert Selector().strategy().fetch_for_line(line).stockrecord == dear


def test_a_line_of_a_suspended_vendor_says_so_and_cannot_be_bought() -> None:
    offer = OfferFactory(partner__status=VendorStatus.SUSPENDED)
    OfferFactory(product=offer.product)
    info = Selector().strategy().fetch_for_line(SimpleNamespace(product=offer.product, stockrecord=offer))
    assert info.availability.code == "withdrawn"
    assert info.availability.is_purchase_permitted(1)[0] is False
    # The basket still shows what it cost.
    assert info.price.incl_tax == offer.price


def test_without_an_offer_there_is_no_price_and_no_purchase() -> None:
    info = Selector().strategy().fetch_for_product(ProductFactory())
    assert info.stockrecord is None
    assert not info.price.exists
    assert not info.availability.is_available_to_buy


@pytest.mark.parametrize(
    ("in_stock", "allocated", "quantity", "permitted"),
    [
        (5, 2, 3, True),
        (5, 2, 4, False),
        (5, 5, 1, False),
        (5, None, 5, True),
        (5, 0, 0, False),
        (5, 0, -1, False),
    ],
)
def test_what_is_allocated_cannot_be_bought_again(
    in_stock: int, allocated: int | None, quantity: int, permitted: bool
) -> None:
    offer = OfferFactory(num_in_stock=in_stock, num_allocated=allocated)
    availability = Selector().strategy().fetch_for_product(offer.product).availability
    assert availability.is_purchase_permitted(quantity)[0] is permitted
