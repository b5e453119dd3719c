"""Discounts for one order, wanted by several at once; with threads and connections of their own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from oscar.apps.voucher.models import Voucher, VoucherApplication

from forked_apps.basket.discount_codes import use_discount_code
from forked_apps.offer.models import ConditionalOffer
from forked_apps.order.errors import BasketChanged
from forked_apps.order.models import Order, OrderDiscount
from forked_apps.order.services import discounts, placement
from forked_apps.order.services.placement import place_order
from marketplace.users.models import User
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer
from tests.forked_apps.basket.test_discount_codes import make_code
from tests.forked_apps.order.test_races import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BUYERS = 6


def buyers_with_the_code(number: int = BUYERS) -> list[Callable[[], Order]]:
    """Each has it in a basket of 1,000 points, and was shown 800."""
    jobs = []
    for _ in range(number):
        customer = make_customer(points=1_000)
        basket = make_basket(customer, [make_offer(price=1_000, charge_points=0)])
        use_discount_code(basket=basket, code="EID2026", user=customer)
        jobs.append(ordering(customer, basket.pk))
    return jobs


def ordering(customer: User, basket_id: int) -> Callable[[], Order]:
    return lambda: place_order(
        customer=customer, basket_id=basket_id, address=ADDRESS, idempotency_key=f"race-{basket_id:06d}",
        expected_total_points=800,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "limits"),
    [
        (Voucher.SINGLE_USE, {}),
        (Voucher.MULTI_USE, {"max_global_applications": 1}),
        (Voucher.MULTI_USE, {"max_discount": 200}),
    ],
    ids=["the code's", "its offer's", "its offer's, in points"],
)
def test_a_discount_for_one_order_is_given_once_and_the_others_are_told(
    usage: str, limits: dict[str, int]
) -> None:
    make_code(usage=usage)
    if limits:
        ConditionalOffer.objects.update(**limits)
    outcomes = at_once(buyers_with_the_code())
    assert Counter(type(outcome) for outcome in outcomes) == {Order: 1, BasketChanged: BUYERS - 1}
    assert list(OrderDiscount.objects.values_list("amount", flat=True)) == [200]
    assert VoucherApplication.objects.count() == 1
    offer = ConditionalOffer.objects.get()
    assert (offer.num_applications, offer.num_orders, offer.total_discount) == (1, 1, 200)
    balances = Counter(customer.point_balance for customer in User.objects.all())
    assert balances[1_000] == BUYERS - 1
    assert balances[200] == 1


def test_control_without_their_locks_a_code_for_one_order_is_used_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Offers are locked by counting them, too, so nothing of them is done here."""
    make_code(usage=Voucher.SINGLE_USE)
    jobs = buyers_with_the_code(2)
    meeting, place = threading.Barrier(2), threading.local()
    lock, is_available = QuerySet.select_for_update, Voucher.is_available_to_user

    def not_of_codes(queryset: QuerySet, **options: Any) -> QuerySet:
        return queryset if queryset.model is Voucher else lock(queryset, **options)

    def remember(name: str) -> None:
        place.name = name

    def look_and_meet(voucher: Voucher, user: Any = None) -> Any:
        answer = is_available(voucher, user)
        if getattr(place, "name", "") == "rows_written":
            meeting.wait(timeout=20)
        return answer

    monkeypatch.setattr(discounts, "_count_offers", lambda *_used, **_order: None)
    monkeypatch.setattr(placement, "step", remember)
    monkeypatch.setattr(QuerySet, "select_for_update", not_of_codes)
    monkeypatch.setattr(Voucher, "is_available_to_user", look_and_meet)
    outcomes = at_once(jobs)
    assert all(isinstance(outcome, Order) for outcome in outcomes), outcomes
    assert VoucherApplication.objects.count() == 2


@pytest.mark.parametrize("gone", [ConditionalOffer, Voucher])
def test_whose_discount_is_deleted_on_the_way_is_told(
    monkeypatch: pytest.MonkeyPatch, gone: type[ConditionalOffer | Voucher]
) -> None:
    make_code()
    (order,) = buyers_with_the_code(1)

    def delete_it(name: str) -> None:
        if name == "rows_written":
            gone.objects.all().delete()

    monkeypatch.setattr(placement, "step", delete_it)
    with pytest.raises(BasketChanged):
        order()
    assert not Order.objects.exists()
