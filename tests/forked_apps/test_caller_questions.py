"""What the top-up desk asks a caller about orders and addresses."""

from __future__ import annotations

import pytest

from forked_apps.customer.caller_questions import GOVERNORATE
from forked_apps.order.caller_questions import LAST_ORDER
from marketplace.users.governorates import Governorate
from points_payment.caller_questions import askable_questions
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order
from tests.users.test_address_book import address_of

pytestmark = pytest.mark.django_db


def test_the_last_order_is_known_by_its_number_or_its_total() -> None:
    customer = make_customer(points=10_000_000)
    assert not LAST_ORDER.is_askable(customer.pk, 1)
    assert not LAST_ORDER.check(customer.pk, {"text": ""})
    first = make_order(customer, {make_offer(): 2})
    order = make_order(customer, {make_offer(): 1})
    assert LAST_ORDER.is_askable(customer.pk, 1)
    total = f"{order.total_points:,}"
    for right in (order.number, f" {order.number} ", total, str(order.total_points)):
        assert LAST_ORDER.check(customer.pk, {"text": right}), right
    for wrong in ("", "0", str(order.total_points + 1), first.number):
        assert not LAST_ORDER.check(customer.pk, {"text": wrong}), wrong
    assert list(LAST_ORDER.fields()) == ["text"]


def test_the_governorate_is_that_of_the_usual_address() -> None:
    customer = CustomerFactory.create()
    assert not GOVERNORATE.is_askable(customer.pk, 1)
    assert not GOVERNORATE.check(customer.pk, {"governorate": ""})
    address_of(customer, governorate=Governorate.BASRA.value)
    address_of(customer, governorate=Governorate.ERBIL.value)
    assert GOVERNORATE.is_askable(customer.pk, 1)
    assert GOVERNORATE.check(customer.pk, {"governorate": Governorate.BASRA.value})
    assert not GOVERNORATE.check(customer.pk, {"governorate": Governorate.ERBIL.value})
    assert len(GOVERNORATE.fields()["governorate"].choices) == len(Governorate) + 1  # type: ignore[attr-defined]


def test_both_stand_in_the_registry_of_the_desk() -> None:
    customer = make_customer(points=10_000_000)
    make_order(customer, {make_offer(): 1})
    address_of(customer)
    slugs = [question.slug for question in askable_questions(customer_id=customer.pk, operator_id=1)]
    assert slugs == ["last-order", "governorate", "last-top-up"]
