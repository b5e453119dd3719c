"""Whole points: parts equal the whole, for any fractions that Oscar's offers come up with."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, strategies as st
from oscar.apps.catalogue.models import ProductCategory
from oscar.apps.offer.models import Benefit, Condition

from forked_apps.basket.discounts import split_whole
from forked_apps.basket.models import Basket
from forked_apps.basket.selectors import summarise
from forked_apps.catalogue.models import Category
from forked_apps.offer.models import Bearer, ConditionalOffer, Range
from forked_apps.partner.models import StockRecord
from tests.factories.orders import make_basket, make_customer, make_offer


@given(st.lists(st.decimals(min_value=0, max_value=10_000, places=4), max_size=30))
def test_a_split_adds_up_and_stays_near_each_amount(amounts: list[Decimal]) -> None:
    parts = split_whole(amounts)
    assert sum(parts) == int(sum(amounts, Decimal(0)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    assert all(abs(part - amount) <= 1 for part, amount in zip(parts, amounts, strict=True))
    assert all(part == amount for part, amount in zip(parts, amounts, strict=True) if amount == int(amount))


def test_the_larger_remainder_gets_the_point_and_ties_go_to_the_first() -> None:
    assert split_whole([Decimal("1.2"), Decimal("1.7"), Decimal("1.1")]) == [1, 2, 1]
    assert split_whole([Decimal("0.5"), Decimal("0.5")]) == [1, 0]


def site_offer(
    percent: str, *, borne_by: Bearer = Bearer.VENDOR, name: str = "Sale", exclusive: bool = True
) -> ConditionalOffer:
    everything, _is_new = Range.objects.get_or_create(name="everything", includes_all_products=True)
    return ConditionalOffer.objects.create(
        name=name,
        borne_by=borne_by,
        exclusive=exclusive,
        offer_type=ConditionalOffer.SITE,
        condition=Condition.objects.create(range=everything, type=Condition.COUNT, value=1),
        benefit=Benefit.objects.create(range=everything, type=Benefit.PERCENTAGE, value=Decimal(percent)),
    )


@pytest.mark.django_db
def test_an_offer_of_oscar_discounts_whole_points() -> None:
    basket = make_basket(None, [make_offer(price=999), make_offer(price=333), make_offer(price=1_001)])
    before = summarise(basket=Basket.objects.get(pk=basket.pk), user=None)
    assert before.discount_points == 0
    site_offer("12.5")
    summary = summarise(basket=Basket.objects.get(pk=basket.pk), user=None)
    assert summary.discount_points == 292  # 12.5% of 2,333 is 291.625
    assert summary.goods_points == 2_333 - 292
    assert all(isinstance(row.line_points, int) for row in summary.rows)


@pytest.mark.django_db
def test_offers_that_come_to_more_than_a_line_take_all_of_it_and_no_more() -> None:
    for bearer in Bearer:
        site_offer("60", borne_by=bearer, name=f"60 percent, {bearer}", exclusive=False)
    basket = make_basket(None, {make_offer(price=1_000): 1, make_offer(price=333): 2})
    summary = summarise(basket=Basket.objects.get(pk=basket.pk), user=None)
    assert [(row.discount_points, row.subsidy_points, row.line_points) for row in summary.rows] == [
        (1_000, 500, 0), (666, 333, 0),
    ]  # fmt: skip


def offer_on(goods: Range) -> None:
    site_offer("10")
    Condition.objects.update(range=goods)
    Benefit.objects.update(range=goods)


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["everything but one", "a category", "products"])
def test_a_basket_s_discounts_cost_the_same_queries_however_many_lines_it_has(what: str) -> None:
    goods = Range.objects.create(name="Some", includes_all_products=what == "everything but one")
    offer_on(goods)
    category = Category.add_root(name_en="Chairs", name="Chairs")
    if what == "a category":
        goods.included_categories.add(category)
    counts = []
    for number in (2, 12):
        offers = [make_offer(price=1_000) for _ in range(number)]
        for each in offers[1:]:
            if what == "a category":
                ProductCategory.objects.create(product=each.product, category=category)
            elif what == "products":
                goods.add_product(each.product)
        if what == "everything but one":
            goods.excluded_products.add(offers[0].product)
        basket = Basket.objects.get(pk=make_basket(None, offers).pk)
        with CaptureQueriesContext(connection) as queries:
            summary = summarise(basket=basket, user=None)
        assert [row.discount_points for row in summary.rows] == [0, *[100] * (number - 1)]
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
@pytest.mark.parametrize("pieces", [10, 0], ids=["for nothing", "sold out"])
def test_what_costs_nothing_can_be_ordered_and_what_is_gone_cannot(client: Client, pieces: int) -> None:
    site_offer("100")
    customer = make_customer()
    offer = make_offer(price=1_000)
    make_basket(customer, [offer])
    StockRecord.objects.filter(pk=offer.pk).update(num_in_stock=pieces)
    client.force_login(customer)
    page = client.get(reverse("basket:summary"))
    assert page.context["summary"].goods_points == 0
    assert ("btn-lg w-100 disabled" in page.content.decode()) == (not pieces)
