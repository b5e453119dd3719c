"""What is in the basket is kept while its customer checks out, and the page says until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oscar.apps.address.models import UserAddress

from forked_apps.checkout.addresses import iraq
from forked_apps.partner.models import StockHold, StockRecord
from marketplace.users.models import User
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer() -> StockRecord:
    return make_offer(num_in_stock=5, price=1_000)


def enter(client: Client, offer: StockRecord, pieces: int = 5) -> User:
    """A customer with a default address and these pieces in the basket."""
    customer = make_customer(points=100_000)
    make_basket(customer, {offer: pieces})
    UserAddress.objects.create(
        user=customer, country=iraq(), is_default_for_shipping=True, **ADDRESS.columns()
    )
    client.force_login(customer)
    client.cookies["django_language"] = "en"
    return customer


def let_pass(**time: int) -> None:
    StockHold.objects.update(
        started_at=F("started_at") - timedelta(**time), held_until=F("held_until") - timedelta(**time)
    )


def use_up() -> None:
    """As if the customer had walked about for as long as anyone may."""
    now = timezone.now()
    StockHold.objects.update(started_at=now - timedelta(minutes=46), held_until=now - timedelta(minutes=1))


@pytest.mark.parametrize("page", ["shipping-address", "preview"])
def test_each_page_keeps_the_basket(client: Client, offer: StockRecord, page: str) -> None:
    customer = enter(client, offer)
    client.get(reverse(f"checkout:{page}"))
    hold = StockHold.objects.get()
    assert (hold.customer, hold.stockrecord, hold.pieces) == (customer, offer, 5)


@pytest.mark.parametrize("page", ["shipping-address", "preview"])
def test_a_head_request_keeps_nothing(client: Client, offer: StockRecord, page: str) -> None:
    enter(client, offer)
    client.head(reverse(f"checkout:{page}"))
    client.get(reverse("basket:summary"))
    assert not StockHold.objects.exists()


def test_the_review_says_until_when_and_each_look_makes_it_longer(client: Client, offer: StockRecord) -> None:
    enter(client, offer)
    client.get(reverse("checkout:preview"))
    let_pass(minutes=10)
    html = client.get(reverse("checkout:preview")).content.decode()
    until = StockHold.objects.get().held_until
    assert until > timezone.now() + timedelta(minutes=14)
    assert f"Kept for you until {timezone.localtime(until):%H:%M}" in html


def test_when_time_is_over_the_customer_may_still_order_what_is_there(
    client: Client, offer: StockRecord
) -> None:
    enter(client, offer)
    client.get(reverse("checkout:preview"))
    use_up()
    html = client.get(reverse("checkout:preview")).content.decode()
    assert "The time for which we kept these pieces is over" in html
    assert reverse("checkout:place") in html


def test_when_time_is_over_and_it_is_gone_the_line_says_so(client: Client, offer: StockRecord) -> None:
    customer = enter(client, offer)
    client.get(reverse("checkout:preview"))
    use_up()
    rival = make_customer(points=100_000)
    StockHold.objects.create(
        customer=rival, stockrecord=offer, pieces=4,
        started_at=timezone.now(), held_until=timezone.now() + timedelta(minutes=9),
    )  # fmt: skip
    html = client.get(reverse("checkout:preview")).content.decode()
    assert "Only 1 piece of" in html
    assert "Take what is left" in html
    assert reverse("checkout:place") not in html
    line = customer.baskets.get().lines.get()
    client.post(reverse("basket:line-accept", args=[line.pk]), {"next": reverse("checkout:preview")})
    assert reverse("checkout:place") in client.get(reverse("checkout:preview")).content.decode()


def test_the_address_tells_the_shop_where_goods_go(client: Client, offer: StockRecord) -> None:
    customer = enter(client, offer)
    address = UserAddress.objects.get(user=customer)
    UserAddress.objects.update(state="BA")
    answer = client.post(reverse("checkout:address-choose", args=[address.pk]))
    assert answer.cookies["nuqta_governorate"].value == "BA"


def test_what_cannot_be_had_costs_no_delivery(client: Client, offer: StockRecord) -> None:
    customer = enter(client, offer, pieces=1)
    gone = make_offer(price=2_000, charge_points=7_777)
    make_basket(customer, [gone])
    StockRecord.objects.filter(pk=gone.pk).update(num_in_stock=0)
    plan = client.get(reverse("checkout:preview")).context["plan"]
    assert (plan.goods_points, plan.shipping_points) == (1_000, 5_000)


def test_the_review_of_20_lines_costs_as_many_queries_as_that_of_2(
    client: Client, offer: StockRecord, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    counts = []
    for lines in (2, 20):
        customer = enter(client, offer, pieces=1)
        make_basket(customer, [make_offer(price=1_000) for _ in range(lines - 1)])
        client.get(reverse("checkout:preview"))
        with django_assert_max_num_queries(24) as queries:
            client.get(reverse("checkout:preview"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
