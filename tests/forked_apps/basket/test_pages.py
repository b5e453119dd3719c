"""The basket's page and its actions, as a visitor without JavaScript uses them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from forked_apps.basket.models import Basket, Line
from tests.factories.orders import CustomerFactory, make_basket, make_offer

pytestmark = pytest.mark.django_db
PAGE = "/basket/"


@pytest.fixture(autouse=True)
def english(client: Client) -> None:
    client.cookies["django_language"] = "en"


def add(client: Client, offer: object, **data: object) -> object:
    return client.post(
        reverse("basket:add", args=[offer.product_id]),
        {"offer": offer.pk, **data},
        follow=True,  # type: ignore[attr-defined]
    )


def test_a_visitor_fills_a_basket_from_two_vendors_and_sees_a_part_for_each(client: Client) -> None:
    first, second = make_offer(price=1_000), make_offer(price=2_500)
    add(client, first, quantity=2)
    page = add(client, second)
    html = page.content.decode()  # type: ignore[attr-defined]
    for offer in (first, second):
        assert offer.partner.name in html
        assert offer.product.title_en in html
    assert Basket.objects.get().owner is None
    assert re.search(r"2,000", html)
    assert re.search(r"4,500", html)


def test_looking_at_pages_writes_no_basket(client: Client) -> None:
    assert client.get(PAGE).status_code == 200
    client.force_login(CustomerFactory())
    assert client.get(PAGE).status_code == 200
    assert not Basket.objects.exists()


def test_an_empty_basket_says_what_to_do(client: Client) -> None:
    html = client.get(PAGE).content.decode()
    assert "Your basket is empty" in html
    assert reverse("catalogue:index") in html


@pytest.mark.parametrize("quantity", ["0", "-3", "many", "1.5", "9" * 30])
def test_a_quantity_that_is_none_is_refused(client: Client, quantity: str) -> None:
    page = add(client, make_offer(), quantity=quantity)
    assert page.status_code == 200  # type: ignore[attr-defined]
    assert not Line.objects.exists()


def test_too_many_pieces_are_refused_with_the_number_left(client: Client) -> None:
    page = add(client, make_offer(num_in_stock=3), quantity=4)
    assert "Only 3 pieces can be bought." in page.content.decode()  # type: ignore[attr-defined]
    assert not Line.objects.exists()


@pytest.mark.parametrize("name", ["line-update", "line-remove"])
def test_lines_change_by_post_alone(client: Client, name: str) -> None:
    offer = make_offer()
    add(client, offer, quantity=2)
    url = reverse(f"basket:{name}", args=[Line.objects.get().pk])
    assert client.get(url).status_code == 405
    assert Line.objects.get().quantity == 2


def test_a_line_is_changed_and_removed(client: Client) -> None:
    add(client, make_offer(), quantity=2)
    line = Line.objects.get()
    client.post(reverse("basket:line-update", args=[line.pk]), {"quantity": "٣"})
    line.refresh_from_db()
    assert line.quantity == 3
    client.post(reverse("basket:line-remove", args=[line.pk]))
    assert not Line.objects.exists()


def test_another_basket_s_line_is_out_of_reach(client: Client) -> None:
    theirs = make_basket(CustomerFactory(), [make_offer()]).lines.get()
    add(client, make_offer())
    client.post(reverse("basket:line-remove", args=[theirs.pk]))
    client.post(reverse("basket:line-update", args=[theirs.pk]), {"quantity": "5"})
    theirs.refresh_from_db()
    assert theirs.quantity == 1


def test_a_changed_price_is_told_on_the_line_and_agreed_to_with_a_button(client: Client) -> None:
    offer = make_offer(price=1_000)
    add(client, offer)
    type(offer).objects.update(price=1_234)
    html = client.get(PAGE).content.decode()
    assert "1,000" in html
    assert "1,234" in html
    assert "Accept the new price" in html
    client.post(reverse("basket:accept-changes"))
    html = client.get(PAGE).content.decode()
    assert "Accept the new price" not in html
    assert "1,234" in html


def test_the_page_after_adding_is_one_of_ours(client: Client) -> None:
    offer = make_offer()
    for target, goes_to in {
        "/catalogue/": "/catalogue/",
        "https://evil.example/": PAGE,
        "//evil.example": PAGE,
    }.items():
        answer = client.post(
            reverse("basket:add", args=[offer.product_id]), {"offer": offer.pk, "next": target}
        )
        assert answer["Location"] == goes_to


def test_signing_in_brings_the_basket_along(client: Client) -> None:
    offer = make_offer()
    add(client, offer, quantity=2)
    customer = CustomerFactory()
    client.force_login(customer)
    client.get(PAGE)
    basket = Basket.objects.get(owner=customer)
    assert basket.lines.get().quantity == 2


def test_a_page_of_20_lines_costs_as_many_queries_as_one_of_2(
    client: Client, django_assert_max_num_queries: Callable
) -> None:
    counts = []
    for lines in (2, 20):
        customer = CustomerFactory()
        make_basket(customer, [make_offer() for _ in range(lines)])
        client.force_login(customer)
        client.get(PAGE)
        with django_assert_max_num_queries(30) as queries:
            html = client.get(PAGE).content.decode()
        assert html.count('name="quantity"') == lines
        counts.append(len(queries))
    assert counts[0] == counts[1]
