"""A vendor on holiday: off sale from day to day, told in baskets, and nothing else of it stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from forked_apps.basket.changes import ChangeKind
from forked_apps.basket.errors import OfferNotAvailable
from forked_apps.basket.models import Basket
from forked_apps.basket.selectors import summarise
from forked_apps.basket.services import add_offer
from forked_apps.order.errors import BasketChanged
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.placement import place_order
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.partner.offers import buy_box, offers_on_sale
from forked_apps.partner.services.holidays import set_holiday, tell_search_of_holidays
from marketplace.outbox.models import OutboxMessage
from tests.factories.catalogue import OfferFactory
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db


def go(offer: StockRecord, first: int, last: int, message: str = "") -> Partner:
    """On holiday from so many days from today to so many."""
    today = timezone.localdate()
    return set_holiday(
        vendor=offer.partner,
        starts_on=today + timedelta(days=first),
        ends_on=today + timedelta(days=last),
        message=message,
    )


def on_day(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    day = timezone.localdate() + timedelta(days=days)
    monkeypatch.setattr(timezone, "localdate", lambda *_: day)


def told() -> list[list[int]]:
    return list(
        OutboxMessage.objects.filter(topic="search.products")
        .order_by("pk")
        .values_list("payload__ids", flat=True)
    )


@pytest.mark.parametrize(
    ("first", "last", "away"), [(0, 0, True), (-3, 0, True), (0, 5, True), (1, 5, False), (-5, -1, False)]
)
def test_both_days_belong_to_it(first: int, last: int, away: bool) -> None:
    offer = make_offer()
    other = OfferFactory(product=offer.product, price=90_000)
    go(offer, first, last)
    choice = buy_box(offer.product)
    assert choice
    assert choice.stockrecord == (other if away else offer)
    assert offers_on_sale().filter(pk=offer.pk).exists() != away
    assert Partner.objects.selling().filter(pk=offer.partner_id).exists() != away
    assert Partner.objects.get(pk=offer.partner_id).is_selling


def test_it_begins_and_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = make_offer()
    go(offer, 1, 2)
    seen = []
    for _ in range(4):
        seen.append(offers_on_sale().filter(pk=offer.pk).exists())
        on_day(monkeypatch, 1)
    assert seen == [True, False, False, True]


def test_the_product_s_page_lets_it_go_at_once(client: Client) -> None:
    offer = make_offer()
    client.cookies["django_language"] = "en"
    address = offer.product.get_absolute_url()
    assert offer.partner.name in client.get(address).content.decode()
    go(offer, 0, 1)
    assert offer.partner.name not in client.get(address).content.decode()


def test_a_basket_says_until_when_and_nothing_can_be_ordered() -> None:
    customer, offer = make_customer(points=100_000), make_offer()
    basket = make_basket(customer, [offer])
    vendor = go(offer, 0, 3, "Eid Mubarak")
    (change,) = summarise(basket=Basket.objects.get(pk=basket.pk), user=customer).changes
    assert (change.kind, change.until, change.note) == (
        ChangeKind.ON_HOLIDAY, vendor.holiday_until, "Eid Mubarak",
    )  # fmt: skip
    assert change.is_final
    with pytest.raises(BasketChanged):
        place_order(customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="holiday-1")
    with pytest.raises(OfferNotAvailable):
        add_offer(basket=basket, product=offer.product, offer_id=offer.pk)


def test_a_suspended_vendor_is_withdrawn_and_not_on_holiday() -> None:
    customer, offer = make_customer(), make_offer()
    basket = make_basket(customer, [offer])
    go(offer, 0, 3)
    Partner.objects.update(status="suspended")
    (change,) = summarise(basket=Basket.objects.get(pk=basket.pk), user=customer).changes
    assert change.kind == ChangeKind.WITHDRAWN


def test_orders_that_were_placed_go_on() -> None:
    order = make_order(make_customer(points=100_000), [offer := make_offer()])
    part = order.vendor_orders.get()
    go(offer, 0, 3)
    ship_lines(vendor=part.vendor, actor=order.user, vendor_order=part, tracking_code="T")
    part.refresh_from_db()
    assert part.status == "shipped"


def test_the_search_hears_of_the_beginning_and_the_end_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = make_offer()
    make_offer()
    go(offer, 1, 2)
    assert told() == []
    assert tell_search_of_holidays() == 0
    on_day(monkeypatch, 1)
    assert [tell_search_of_holidays(), tell_search_of_holidays()] == [1, 0]
    on_day(monkeypatch, 2)
    assert [tell_search_of_holidays(), tell_search_of_holidays()] == [1, 0]
    assert told() == [[offer.product_id], [offer.product_id]]


def test_one_that_begins_today_or_is_ended_early_is_told_at_once() -> None:
    offer = make_offer()
    go(offer, 0, 2)
    set_holiday(vendor=offer.partner, starts_on=None, ends_on=None)
    assert told() == [[offer.product_id]] * 2
    vendor = Partner.objects.get(pk=offer.partner_id)
    assert (vendor.holiday_from, vendor.holiday_until, vendor.holiday_message) == (None, None, "")


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 5, 2), date(2026, 5, 1)), (None, date(2026, 5, 1)), (date(2026, 5, 1), None)],
    ids=["backwards", "without a beginning", "without an end"],
)
def test_the_database_refuses_half_a_holiday(first: date | None, last: date | None) -> None:
    with pytest.raises(IntegrityError, match="partner_holiday_whole"):
        set_holiday(vendor=make_offer().partner, starts_on=first, ends_on=last)


def test_telling_costs_two_queries_where_nothing_begins_or_ends(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    for _ in range(3):
        go(make_offer(), -1, 1)
    with django_assert_num_queries(2):
        assert tell_search_of_holidays() == 0
