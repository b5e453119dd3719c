"""Where points meet Oscar's decimals and records."""

from __future__ import annotations

from decimal import Decimal

import pytest
from oscar.core.loading import get_model

from points_payment.errors import InvalidAmount
from points_payment.oscar_adapter import record_points_refund, record_points_source, whole_points
from points_payment.services.escrow import HeldOrder, Refunded
from tests.factories.points import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    person = make_person()
    return get_model("order", "Order").objects.create(
        number="N1", user=person, currency="IQD", total_incl_tax=0, total_excl_tax=0
    )


@pytest.mark.parametrize(
    ("amount", "points"), [(Decimal("12.00"), 12), (Decimal(0), 0), (7, 7), (Decimal("1E3"), 1_000)]
)
def test_whole_amount_is_points(amount, points):
    assert whole_points(amount) == points


@pytest.mark.parametrize("amount", [Decimal("0.5"), Decimal("12.01"), Decimal("NaN"), Decimal("Infinity")])
def test_fraction_is_an_error(amount):
    with pytest.raises(InvalidAmount):
        whole_points(amount)


def test_payment_and_refunds_stand_on_the_orders_source(order):
    record_points_source(order, HeldOrder(7, 300, 200))
    source = order.sources.get()
    assert (source.amount_allocated, source.amount_debited, source.reference) == (500, 500, "7")
    for _ in range(2):
        record_points_refund(order, Refunded(8, 40, 10))
    record_points_refund(order, Refunded(9, 1, 0))
    record_points_refund(order, Refunded(None, 0, 0))
    source.refresh_from_db()
    assert source.amount_refunded == 51
    transactions = source.transactions.order_by("id").values_list("txn_type", "amount", "reference")
    assert list(transactions) == [("Debit", 500, "7"), ("Refund", 50, "8"), ("Refund", 1, "9")]


def test_order_of_nothing_has_no_source(order):
    record_points_source(order, HeldOrder(None, 0, 0))
    assert not order.sources.exists()


def test_two_orders_share_one_type_of_source(order):
    record_points_source(order, HeldOrder(1, 1, 0))
    record_points_source(order, HeldOrder(2, 1, 0))
    assert order.sources.count() == 2
    assert order.sources.values("source_type").distinct().count() == 1
