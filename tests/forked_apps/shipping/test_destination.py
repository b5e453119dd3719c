"""Where goods would go: chosen once, kept in a cookie, and what a product's page makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from forked_apps.catalogue import pages
from forked_apps.catalogue.models import Product
from forked_apps.partner.models import Partner
from forked_apps.shipping.destination import COOKIE
from tests.factories.catalogue import OfferFactory, ProductFactory
from tests.factories.orders import ShippingRateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    pages.forget_pages()


@pytest.fixture
def product() -> Product:
    """Near is cheaper in Baghdad, far in Basra."""
    product = ProductFactory()
    for name, price, charges in (("Near", 21_000, (1_000, 9_000)), ("Far", 20_000, (4_000, 3_000))):
        offer = OfferFactory(product=product, price=price, partner__name=f"{name} Shop", handling_days=1)
        for governorate, charge in zip(("BG", "BA"), charges, strict=True):
            ShippingRateFactory(vendor=offer.partner, governorate=governorate, charge_points=charge)
    return product


def winner(client: Client, product: Product) -> str:
    pages.forget_pages()
    return str(client.get(product.get_absolute_url()).context["page"].buy_box.choice.vendor_name)


def choose(client: Client, governorate: str, **data: str) -> Any:
    return client.post(reverse("set_governorate"), {"governorate": governorate, **data})


def test_the_winner_is_the_one_of_the_customer_s_governorate(client: Client, product: Product) -> None:
    assert winner(client, product) == "Near Shop"
    address = product.get_absolute_url()
    assert choose(client, "BA", next=address)["Location"] == address
    assert client.cookies[COOKIE]["httponly"]
    assert winner(client, product) == "Far Shop"
    html = strip_tags(client.get(address).content.decode())
    for words in (
        "Deliver to Basra",
        "Delivery to Basra: 3,000",
        "Expected between",
        "30,000 points with",
    ):
        assert words in html
    choose(client, "BG")
    assert winner(client, product) == "Near Shop"


@pytest.mark.parametrize("chosen", ["", "XX", "bg", "<b>"])
def test_what_is_no_governorate_changes_nothing(client: Client, product: Product, chosen: str) -> None:
    assert COOKIE not in choose(client, chosen).cookies
    client.cookies[COOKIE] = chosen or "XX"
    assert winner(client, product) == "Near Shop"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", ""])
def test_it_leads_nowhere_else(client: Client, target: str) -> None:
    assert choose(client, "BA", next=target)["Location"] == "/"


def test_who_does_not_deliver_there_says_so_and_stands_last(client: Client, product: Product) -> None:
    choose(client, "NI")
    html = client.get(product.get_absolute_url()).content.decode()
    assert html.count("Not delivered to Nineveh") == 2


def test_bad_service_is_no_price_on_the_page(client: Client, product: Product) -> None:
    Partner.objects.filter(name="Near Shop").update(health_grade="poor")
    assert winner(client, product) == "Far Shop"
    html = client.get(product.get_absolute_url()).content.decode()
    assert "23,100" not in html


def test_lists_never_look_at_the_choice(client: Client, product: Product) -> None:
    before = client.get(reverse("search:search")).content
    choose(client, "BA")
    after = client.get(reverse("search:search"))
    assert COOKIE not in after.get("Vary", "")
    assert len(after.content) == len(before)


def test_a_chosen_governorate_costs_no_query(
    client: Client, product: Product, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    choose(client, "BA")
    client.get(product.get_absolute_url())
    with django_assert_max_num_queries(4):
        client.get(product.get_absolute_url())
