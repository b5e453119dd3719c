"""The proof names the order whose rows were tampered with."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F

from forked_apps.order.models import Line, Order, VendorOrder
from forked_apps.order.services.cancellation import cancel_by_customer
from points_payment.proof import prove
from tests.factories.orders import make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    make_order()
    return make_order(make_customer(points=1_000_000), [make_offer(), make_offer()])


def found() -> set[tuple[str, str]]:
    return {(finding.check, finding.culprit) for finding in prove()}


def test_orders_and_cancellations_of_the_services_prove(order: Order) -> None:
    cancel_by_customer(customer=order.user, vendor_order=order.vendor_orders.first())
    assert found() == set()


@pytest.mark.parametrize("tampered", ["total", "part", "line", "debit", "refund"])
def test_a_tampered_order_is_named(order: Order, tampered: str) -> None:
    part = order.vendor_orders.first()
    culprit = ("orders-add-up", f"order {order.number}")
    if tampered == "total":
        change = (Order, order.pk, "total_incl_tax")
    elif tampered == "part":
        change = (VendorOrder, part.pk, "shipping_points")
    elif tampered == "line":
        change = (Line, part.lines.first().pk, "line_price_incl_tax")
        culprit = ("orders-add-up", f"vendor order {part.number}")
    else:
        source = order.sources.get()
        change = (type(source), source.pk, "amount_debited" if tampered == "debit" else "amount_refunded")
        culprit = ("orders-paid", f"order {order.number}")
    model, pk, field = change
    model.objects.filter(pk=pk).update(**{field: F(field) + 1})
    try:
        assert culprit in found()
    finally:
        model.objects.filter(pk=pk).update(**{field: F(field) - 1})


def test_an_order_that_was_deleted_leaves_its_points_unexplained(order: Order) -> None:
    number = order.number
    with connection.cursor() as cursor:
        cursor.execute("UPDATE order_order SET number = %s WHERE id = %s", ["gone", order.pk])
    assert ("orders-paid", f"order {number}") in found()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE order_order SET number = %s WHERE id = %s", [number, order.pk])
