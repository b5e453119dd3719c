"""The API does what the storefront does, by the same services, and answers every refusal in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from forked_apps.basket.models import Basket, Line
from forked_apps.order.models import Order
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from tests.factories.catalogue import OfferFactory, ProductFactory
from tests.factories.orders import ShippingRateFactory, make_basket, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db
ADDRESS = {
    "full_name": "Zainab Kareem",
    "phone": "0770 123 4567",
    "governorate": "BG",
    "district": "Karrada",
    "landmark": "Near the Al-Rahman mosque",
}


@pytest.fixture
def customer(client: Client) -> User:
    customer = make_customer(points=100_000)
    client.force_login(customer)
    return customer


def post(client: Client, url: str, body: Any, **headers: str) -> Any:
    return client.post(url, body, content_type="application/json", headers=headers)


def checkout(client: Client, basket: Basket, *, key: str = "a-key-of-mine", **more: Any) -> Any:
    return post(
        client,
        "/api/checkout/",
        {"basket": basket.pk, "address": ADDRESS, **more},
        **{"Idempotency-Key": key},
    )


def test_looking_at_the_basket_writes_nothing(client: Client) -> None:
    answer = client.get("/api/basket/")
    assert answer.status_code == 200
    assert answer.json() == {"id": None, "goods_points": 0, "discount_points": 0, "pieces": 0, "parts": []}
    assert not Basket.objects.exists()


def test_a_visitor_adds_an_offer_and_finds_it_again(client: Client) -> None:
    offer = make_offer(price=1_500)
    answer = post(
        client, "/api/basket/add-product/", {"product": offer.product_id, "offer": offer.pk, "quantity": 2}
    )
    assert answer.status_code == 200
    again = client.get("/api/basket/").json()
    assert again == answer.json()
    assert (again["goods_points"], again["pieces"]) == (3_000, 2)
    assert again["parts"][0]["lines"][0]["offer"] == offer.pk


@pytest.mark.parametrize("quantity", [0, -1, -(10**9), 1.5, "many", None, [], 10**30])
def test_a_quantity_that_is_none_answers_400(client: Client, quantity: object) -> None:
    offer = make_offer()
    answer = post(client, "/api/basket/add-product/", {"product": offer.product_id, "quantity": quantity})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert not Line.objects.exists()


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_is_not_changed_to_none(client: Client, customer: User, quantity: int) -> None:
    line = make_basket(customer, [make_offer()]).lines.get()
    answer = client.patch(
        f"/api/baskets/{line.basket_id}/lines/{line.pk}/",
        {"quantity": quantity},
        content_type="application/json",
    )
    assert answer.status_code == 400
    line.refresh_from_db()
    assert line.quantity == 1


def test_a_line_is_changed_and_removed(client: Client, customer: User) -> None:
    line = make_basket(customer, [make_offer()]).lines.get()
    url = f"/api/baskets/{line.basket_id}/lines/{line.pk}/"
    assert client.patch(url, {"quantity": 3}, content_type="application/json").json()["pieces"] == 3
    assert client.delete(url).json()["pieces"] == 0
    assert client.delete(url).json()["code"] == "no_such_line"


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_another_s_line_answers_404(client: Client, customer: User, method: str) -> None:
    make_basket(customer, [make_offer()])
    line = make_basket(make_customer(), [make_offer()]).lines.get()
    url = f"/api/baskets/{line.basket_id}/lines/{line.pk}/"
    answer = getattr(client, method)(url, {"quantity": 2}, content_type="application/json")
    assert answer.status_code == 404
    line.refresh_from_db()
    assert line.quantity == 1


def test_more_than_there_is_answers_409(client: Client) -> None:
    offer = make_offer(num_in_stock=1)
    answer = post(client, "/api/basket/add-product/", {"product": offer.product_id, "quantity": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_enough_pieces")


@pytest.mark.parametrize("body", ["not json", "[]", '"text"', "null"])
def test_broken_bodies_answer_400(client: Client, customer: User, body: str) -> None:
    for url in ("/api/basket/add-product/", "/api/checkout/"):
        answer = client.post(
            url, body, content_type="application/json", headers={"Idempotency-Key": "a-key-of-mine"}
        )
        assert answer.status_code == 400, url
        assert "code" in answer.json()


def test_checkout_places_one_order_for_one_key(client: Client, customer: User) -> None:
    basket = make_basket(customer, [make_offer(price=10_000)])
    first = checkout(client, basket)
    again = checkout(client, basket)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()["total_points"] == 15_000
    assert Order.objects.count() == 1
    assert User.objects.get(pk=customer.pk).point_balance == 85_000


def test_a_key_used_for_another_request_answers_409(client: Client, customer: User) -> None:
    checkout(client, make_basket(customer, [make_offer(price=10_000)]))
    answer = checkout(client, make_basket(customer, [make_offer(price=10_000)]))
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert Order.objects.count() == 1


@pytest.mark.parametrize("key", ["", "short", "a key with spaces", "k" * 200])
def test_checkout_wants_a_key(client: Client, customer: User, key: str) -> None:
    answer = checkout(client, make_basket(customer, [make_offer()]), key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


def test_too_few_points_answer_402_with_the_facts(client: Client, customer: User) -> None:
    answer = checkout(client, make_basket(customer, [make_offer(price=200_000)]))
    assert answer.status_code == 402
    body = answer.json()
    assert (body["code"], body["short_by_points"]) == ("insufficient_points", 105_000)
    assert not Order.objects.exists()


def test_a_changed_price_answers_409_line_by_line(client: Client, customer: User) -> None:
    basket = make_basket(customer, [make_offer(price=10_000)])
    StockRecord.objects.update(price=11_000)
    answer = checkout(client, basket)
    assert (answer.status_code, answer.json()["code"]) == (409, "basket_changed")
    (change,) = answer.json()["changes"]
    assert (change["line"], change["kind"], change["old"], change["new"]) == (
        basket.lines.get().pk,
        "price_higher",
        10_000,
        11_000,
    )


def test_checkout_sells_no_more_than_there_is(client: Client, customer: User) -> None:
    """Stock django-oscar-api never looks: one buyer after another got the last piece."""
    offer = make_offer(price=10_000, num_in_stock=1)
    basket = make_basket(customer, [offer])
    make_order(make_customer(points=100_000), [offer])
    assert checkout(client, basket).json()["changes"][0]["kind"] == "sold_out"


def test_a_wrong_address_is_told_field_by_field(client: Client, customer: User) -> None:
    basket = make_basket(customer, [make_offer()])
    for address in ({**ADDRESS, "phone": "1"}, {**ADDRESS, "governorate": "XX"}, {}, "home", None, 7):
        answer = checkout(client, basket, address=address)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), address
        assert "address" in answer.json()["errors"]


def test_checkout_wants_a_signed_in_customer_and_their_own_basket(client: Client) -> None:
    basket = make_basket(make_customer(points=100_000), [make_offer()])
    answer = checkout(client, basket)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_authenticated")
    client.force_login(make_customer(points=100_000))
    answer = checkout(client, basket)
    assert (answer.status_code, answer.json()["code"]) == (400, "empty_basket")
    assert not Order.objects.exists()


def test_checkout_by_session_wants_the_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    customer = make_customer(points=100_000)
    client.force_login(customer)
    assert checkout(client, make_basket(customer, [make_offer()])).status_code == 403
    assert not Order.objects.exists()


def test_orders_are_the_customer_s_own(client: Client, customer: User) -> None:
    mine, theirs = make_order(customer), make_order(make_customer(points=100_000))
    listed = client.get("/api/orders/").json()
    assert [order["number"] for order in listed["results"]] == [mine.number]
    assert client.get(f"/api/orders/{mine.pk}/").json()["status"] == "placed"
    assert client.get(f"/api/orders/{theirs.pk}/").status_code == 404


def test_products_come_by_pages_with_their_offers_in_a_few_queries(
    client: Client, django_assert_max_num_queries: Callable
) -> None:
    products = [ProductFactory() for _ in range(30)]
    for product in products:
        OfferFactory(product=product, price=2_000)
        OfferFactory(product=product, price=1_000)
    for limit in (2, 24):
        with django_assert_max_num_queries(4):
            body = client.get(f"/api/products/?limit={limit}").json()
        assert len(body["results"]) == limit
        assert all(
            row["offer"]["price_points"] == 1_000 and row["offers_count"] == 2 for row in body["results"]
        )
    assert len(client.get("/api/products/?limit=100000").json()["results"]) == 30
    assert client.get("/api/products/?limit=-1&offset=nonsense").status_code == 200
    one = client.get(f"/api/products/{products[0].pk}/").json()
    assert [offer["price_points"] for offer in one["offers"]] == [1_000, 2_000]


@pytest.mark.parametrize(("governorate", "first"), [("BA", 2_000), ("", 1_000), ("nonsense", 1_000)])
def test_products_rank_their_offers_for_a_governorate(client: Client, governorate: str, first: int) -> None:
    product = ProductFactory()
    for price, charges in ((1_000, (0, 9_000)), (2_000, (0, 0))):
        offer = OfferFactory(product=product, price=price)
        for code, charge in zip(("BG", "BA"), charges, strict=True):
            ShippingRateFactory(vendor=offer.partner, governorate=code, charge_points=charge)
    one = client.get(f"/api/products/{product.pk}/?governorate={governorate}").json()
    assert one["offer"]["price_points"] == first


@pytest.mark.parametrize(
    "path",
    [
        "login/", "register/", "baskets/", "baskets/1/", "options/", "ranges/", "categories/", "countries/",
        "users/1/",
        "useraddresses/", "orderlines/1/", "orderlineattributes/1/", "basket/add-voucher/", "admin/products/",
        "products/1/stockrecords/", "categories-bulk/",
    ],
)  # fmt: skip
def test_what_is_not_safe_is_not_there(client: Client, path: str) -> None:
    assert client.get(f"/api/{path}").status_code == 404


@pytest.mark.parametrize("number", [0, 10**30])
def test_ids_out_of_range_answer_404(client: Client, customer: User, number: int) -> None:
    for path in (f"products/{number}/", f"orders/{number}/", f"baskets/{number}/lines/"):
        assert client.get(f"/api/{path}").status_code == 404, path
