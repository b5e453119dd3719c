"""What the basket, the review and placing say of days, charges and weight: the same."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from forked_apps.order.errors import TooHeavyToDeliver
from forked_apps.order.models import Line, Order
from forked_apps.order.services.placement import place_order
from forked_apps.order.services.plan import draw_up
from forked_apps.partner.models import StockRecord
from forked_apps.shipping.models import ShippingBand, ShippingRate
from marketplace.users.models import User
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer

pytestmark = pytest.mark.django_db
PAGE = "/basket/"


@pytest.fixture
def customer() -> User:
    return make_customer(points=1_000_000)


@pytest.fixture
def browser(customer: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(customer, backend="django.contrib.auth.backends.ModelBackend")
    return client


def an_offer(grams: int, *, vendor: object = None) -> StockRecord:
    """Of a vendor that brings up to 10 kg for 5,000 points and up to 20 kg for 8,000."""
    offer = make_offer(vendor=vendor or VendorFactory(), weight_grams=grams, price=1_000)
    rate = ShippingRate.objects.get(vendor=offer.partner, governorate="BG")
    ShippingRate.objects.filter(pk=rate.pk).update(base_up_to_grams=10_000)
    ShippingBand.objects.get_or_create(rate=rate, up_to_grams=20_000, defaults={"charge_points": 8_000})
    return offer


def order(customer: User, basket_id: int, expected: int | None = None) -> Order:
    return place_order(
        customer=customer, basket_id=basket_id, address=ADDRESS, idempotency_key=f"weight-{basket_id:06d}",
        expected_total_points=expected,
    )  # fmt: skip


def test_all_goods_of_a_vendor_are_weighed_together(browser: Client, customer: User) -> None:
    offer = an_offer(4_000)
    basket = make_basket(customer, {offer: 2, an_offer(4_000, vendor=offer.partner): 1})
    html = browser.get(PAGE).content.decode()
    assert "Delivery to Baghdad: " in html
    assert "8,000" in html
    assert "Expected between" in html
    placed = order(customer, basket.pk, expected=11_000)
    assert placed.shipping_points == 8_000
    assert set(Line.objects.values_list("unit_grams", flat=True)) == {4_000}


def test_a_product_s_weight_stands_in_for_an_offer_s(customer: User) -> None:
    offer = an_offer(1)
    StockRecord.objects.update(weight_grams=None)
    offer.product.shipping_weight_grams = 15_000
    offer.product.save()
    plan = draw_up(basket=make_basket(customer, [offer]), customer=customer, governorate="BG")
    assert plan.shipping_points == 8_000


def test_an_unknown_weight_travels_in_the_lightest_band(customer: User) -> None:
    offer = an_offer(1)
    StockRecord.objects.update(weight_grams=None)
    plan = draw_up(basket=make_basket(customer, {offer: 9}), customer=customer, governorate="BG")
    assert plan.shipping_points == 5_000


def test_too_much_weight_is_told_line_by_line_and_never_ordered(browser: Client, customer: User) -> None:
    heavy = an_offer(25_000)
    light = an_offer(1_000, vendor=heavy.partner)
    basket = make_basket(customer, [heavy, light])
    html = browser.get(PAGE).content.decode()
    assert "This vendor brings at most <bdi>20 kg</bdi> to Baghdad at once" in html
    assert "too heavy by itself" in html
    assert html.index("<bdi>25 kg</bdi>") < html.index("<bdi>1 kg</bdi>")
    with pytest.raises(TooHeavyToDeliver) as refusal:
        order(customer, basket.pk)
    assert (refusal.value.grams, refusal.value.most_grams) == (26_000, 20_000)
    assert not Order.objects.exists()
    assert StockRecord.objects.filter(num_allocated__gt=0).count() == 0


def test_the_api_says_the_same(browser: Client, customer: User) -> None:
    basket = make_basket(customer, {an_offer(15_000): 2})
    answer = browser.post(
        reverse("api-checkout"),
        json.dumps(
            {
                "basket": basket.pk,
                "address": {
                    "full_name": "Zainab Kareem", "phone": "07701234567", "governorate": "BG",
                    "district": "Karrada", "landmark": "Near the mosque",
                },
            }
        ),
        content_type="application/json",
        headers={"Idempotency-Key": "api-weight-1"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (422, "too_heavy")
    assert "20 kg" in answer.json()["detail"]


def test_the_basket_costs_the_same_queries_for_one_vendor_as_for_five(
    browser: Client, customer: User
) -> None:
    def queries() -> int:
        browser.get(PAGE)
        with CaptureQueriesContext(connection) as found:
            assert browser.get(PAGE).status_code == 200
        return len(found)

    make_basket(customer, [an_offer(1_000)])
    few = queries()
    make_basket(customer, [an_offer(1_000) for _ in range(4)])
    assert queries() == few


def test_a_visitor_sees_days_and_charges_too(client: Client) -> None:
    client.cookies["django_language"] = "en"
    offer = an_offer(1_000)
    client.post(reverse("basket:add", args=[offer.product_id]), {"offer": offer.pk, "quantity": "1"})
    html = client.get(PAGE).content.decode()
    assert "Expected between" in html
    assert "5,000" in html
