"""Discount codes: Oscar's vouchers, from the basket's field to the order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oscar.apps.voucher.models import Voucher, VoucherApplication

from forked_apps.basket.discount_codes import (
    DiscountCodeChangesNothing,
    DiscountCodeInBasket,
    DiscountCodeNotValid,
    UnknownDiscountCode,
    drop_discount_code,
    use_discount_code,
)
from forked_apps.basket.models import Basket
from forked_apps.basket.selectors import summarise
from forked_apps.basket.services import merge_baskets
from forked_apps.offer.models import Bearer, ConditionalOffer
from forked_apps.order.errors import BasketChanged
from forked_apps.order.services.placement import place_order
from marketplace.users.models import User
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer
from tests.forked_apps.basket.test_discounts import site_offer

pytestmark = pytest.mark.django_db


def make_code(
    code: str = "EID2026", *, percent: str = "20", days: tuple[int, int] = (-1, 1), **fields: Any
) -> Voucher:
    offer = site_offer(percent, borne_by=Bearer.MARKETPLACE, name=f"Offer of {code}")
    ConditionalOffer.objects.filter(pk=offer.pk).update(offer_type=ConditionalOffer.VOUCHER)
    now = timezone.now()
    voucher = Voucher.objects.create(
        name=f"Code {code}", code=code, start_datetime=now + timedelta(days=days[0]),
        end_datetime=now + timedelta(days=days[1]), **{"usage": Voucher.MULTI_USE, **fields},
    )  # fmt: skip
    voucher.offers.add(offer)
    return voucher


def basket_of(customer: User | None, price: int = 1_000) -> Basket:
    return make_basket(customer, [make_offer(price=price, charge_points=0)])


def fresh(basket: Basket) -> Basket:
    return Basket.objects.get(pk=basket.pk)


def off(basket: Basket, user: User | None) -> int:
    return summarise(basket=fresh(basket), user=user).discount_points


@pytest.mark.parametrize("typed", ["EID2026", " eid2026 ", "EID٢٠٢٦", "eid۲۰۲۶"])
def test_a_code_takes_its_part_off_however_it_is_typed(typed: str) -> None:
    make_code()
    customer = make_customer(points=1_000)
    basket = basket_of(customer)
    use_discount_code(basket=basket, code=typed, user=customer)
    assert off(basket, customer) == 200
    order = place_order(customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="code-order")
    assert order.total_points == 800
    assert VoucherApplication.objects.get().order_id == order.pk


def test_a_visitor_s_code_counts_before_they_sign_in() -> None:
    make_code()
    basket = basket_of(None)
    use_discount_code(basket=basket, code="EID2026", user=None)
    assert off(basket, None) == 200


@pytest.mark.parametrize("has_own", [False, True], ids=["an empty basket", "the same code in theirs"])
def test_a_visitor_s_code_comes_along_when_they_sign_in(client: Client, has_own: bool) -> None:
    make_code()
    offer = make_offer(price=1_000, charge_points=0)
    client.post(reverse("basket:add", args=[offer.product_id]), {"offer": offer.pk, "quantity": 1})
    client.post(reverse("basket:code-use"), {"discount_code": "EID2026"})
    customer = make_customer(points=5_000)
    if has_own:
        use_discount_code(basket=basket_of(customer), code="EID2026", user=customer)
    client.force_login(customer)
    page = client.get(reverse("basket:summary"))
    assert [(code.code, code.points) for code in page.context["codes"]] == [
        ("EID2026", 400 if has_own else 200)
    ]
    assert Basket.open.get(owner=customer).vouchers.count() == 1


def test_a_code_that_its_customer_used_before_comes_along_and_takes_nothing_off(client: Client) -> None:
    make_code(usage=Voucher.ONCE_PER_CUSTOMER)
    customer = make_customer(points=5_000)
    basket = basket_of(customer)
    use_discount_code(basket=basket, code="EID2026", user=customer)
    place_order(customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="first-order")
    visitors = basket_of(None)
    with pytest.raises(DiscountCodeNotValid):
        use_discount_code(basket=visitors, code="EID2026", user=None)
    visitors.vouchers.add(Voucher.objects.get())
    mine = basket_of(customer)
    merge_baskets(into=mine, other=visitors)
    assert off(mine, customer) == 0


def test_an_unknown_code_changes_nothing() -> None:
    customer = make_customer()
    basket = basket_of(customer)
    with pytest.raises(UnknownDiscountCode):
        use_discount_code(basket=basket, code="NOSUCH", user=customer)
    assert not fresh(basket).vouchers.exists()


@pytest.mark.parametrize(("days", "is_over", "is_early"), [((-3, -1), True, False), ((1, 3), False, True)])
def test_a_code_counts_only_in_its_days(days: tuple[int, int], is_over: bool, is_early: bool) -> None:
    make_code(days=days)
    customer = make_customer()
    basket = basket_of(customer)
    with pytest.raises(DiscountCodeNotValid) as refused:
        use_discount_code(basket=basket, code="EID2026", user=customer)
    assert (refused.value.is_over, refused.value.is_early) == (is_over, is_early)
    assert not fresh(basket).vouchers.exists()


def test_a_code_for_one_order_each_is_refused_the_second_time() -> None:
    make_code(usage=Voucher.ONCE_PER_CUSTOMER)
    customer = make_customer(points=5_000)
    basket = basket_of(customer)
    use_discount_code(basket=basket, code="EID2026", user=customer)
    place_order(customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="first-order")
    again = basket_of(customer)
    with pytest.raises(DiscountCodeNotValid):
        use_discount_code(basket=again, code="EID2026", user=customer)
    assert off(again, customer) == 0


def test_who_was_shown_a_discount_is_told_when_its_code_ran_out_before_the_order() -> None:
    voucher = make_code()
    customer = make_customer(points=5_000)
    basket = basket_of(customer)
    use_discount_code(basket=basket, code="EID2026", user=customer)
    Voucher.objects.filter(pk=voucher.pk).update(end_datetime=timezone.now() - timedelta(minutes=1))
    with pytest.raises(BasketChanged):
        place_order(
            customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key="late-order",
            expected_total_points=800,
        )  # fmt: skip
    assert customer.point_balance == 5_000


def test_a_code_that_takes_nothing_off_does_not_stay() -> None:
    make_code(percent="0.01")
    customer = make_customer()
    basket = basket_of(customer, price=10)
    with pytest.raises(DiscountCodeChangesNothing):
        use_discount_code(basket=basket, code="EID2026", user=customer)
    assert not fresh(basket).vouchers.exists()


def test_a_code_is_refused_that_would_cost_more_than_the_discount_it_displaces() -> None:
    """Of two offers that cannot be combined that of the code comes first."""
    site_offer("20", name="Everybody's")
    make_code(percent="5")
    customer = make_customer()
    basket = basket_of(customer)
    assert off(basket, customer) == 200
    with pytest.raises(DiscountCodeChangesNothing):
        use_discount_code(basket=basket, code="EID2026", user=customer)
    assert off(basket, customer) == 200
    make_code("BETTER", percent="25")
    use_discount_code(basket=basket, code="BETTER", user=customer)
    assert off(basket, customer) == 250


def test_a_code_is_in_a_basket_once_and_can_be_taken_out() -> None:
    voucher = make_code()
    customer = make_customer()
    basket = basket_of(customer)
    use_discount_code(basket=basket, code="EID2026", user=customer)
    with pytest.raises(DiscountCodeInBasket):
        use_discount_code(basket=basket, code="EID2026", user=customer)
    drop_discount_code(basket=basket, voucher_id=voucher.pk)
    assert off(basket, customer) == 0
    with pytest.raises(UnknownDiscountCode):
        drop_discount_code(basket=basket, voucher_id=voucher.pk)


# Pages --------------------------------------------------------------------------------------
@pytest.fixture
def at_the_basket(client: Client) -> Client:
    customer = make_customer()
    client.force_login(customer)
    basket_of(customer)
    return client


def test_the_basket_page_takes_a_code_shows_it_and_lets_it_go(at_the_basket: Client) -> None:
    voucher = make_code()
    answer = at_the_basket.post(reverse("basket:code-use"), {"discount_code": "eid2026"}, follow=True)
    assert answer.status_code == 200
    assert [(code.code, code.points) for code in answer.context["codes"]] == [("EID2026", 200)]
    assert "EID2026" in answer.content.decode()
    answer = at_the_basket.post(reverse("basket:code-drop", args=[voucher.pk]), follow=True)
    assert answer.context["codes"] == []
    assert answer.context["summary"].discount_points == 0


def test_a_wrong_code_is_told_beside_the_field_and_kept(at_the_basket: Client) -> None:
    answer = at_the_basket.post(reverse("basket:code-use"), {"discount_code": "NOSUCH<b>"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert answer.context["code_form"].errors["discount_code"]
    assert 'value="NOSUCH&lt;b&gt;"' in page
    assert "<b>" not in page.split("discount_code", 1)[1][:400]


@pytest.mark.parametrize("typed", ["", "x" * 129, "\x00"])
def test_no_code_at_all_is_refused(at_the_basket: Client, typed: str) -> None:
    assert at_the_basket.post(reverse("basket:code-use"), {"discount_code": typed}).status_code == 422


def test_a_code_of_another_basket_cannot_be_dropped(at_the_basket: Client) -> None:
    voucher = make_code()
    other = make_customer()
    basket = basket_of(other)
    use_discount_code(basket=basket, code="EID2026", user=other)
    at_the_basket.post(reverse("basket:code-drop", args=[voucher.pk]))
    assert fresh(basket).vouchers.exists()
