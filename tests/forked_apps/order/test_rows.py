"""Rows of several tables in one statement are the rows that Django would have written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from forked_apps.order.models import Line, Order, VendorOrder, VendorOrderEvent
from forked_apps.order.services.rows import insert_together
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import make_order

pytestmark = pytest.mark.django_db
WORDS = ["", 'ئاو {"a", NULL}', "'); --\n\t\\", "NULL"]


def unsaved(number: str) -> tuple[Order, VendorOrder, list[VendorOrderEvent]]:
    like = make_order().vendor_orders.get()
    order = Order(
        number=number,
        currency="IQD",
        total_incl_tax=Decimal("0.00"),
        total_excl_tax=Decimal(0),
        date_placed=timezone.now(),
    )
    part = VendorOrder(
        order=order,
        vendor=VendorFactory(),
        number=number,
        goods_points=0,
        shipping_points=0,
        commission_basis_points=800,
        deliver_from=like.deliver_from,
        deliver_until=like.deliver_until,
    )
    events = [VendorOrderEvent(vendor_order=part, new_status="placed", note=words) for words in WORDS]
    return order, part, events


def test_rows_know_each_other_and_keep_every_value() -> None:
    order, part, events = unsaved("T-1")
    insert_together([order], [], [part], events)
    assert part.order_id == order.pk
    for row in (order, part, *events):
        assert not row._state.adding
        assert model_to_dict(type(row).objects.get(pk=row.pk)) == model_to_dict(row)
    assert list(part.events.order_by("pk").values_list("note", flat=True)) == WORDS
    # Django goes on where the keys ended.
    assert Line.objects.count() == 1
    assert VendorOrderEvent.objects.create(vendor_order=part, new_status="accepted").pk > events[-1].pk


def test_what_is_too_long_or_there_already_is_refused_whole() -> None:
    order, part, events = unsaved("T-2")
    events[0].note = "x" * 501
    with pytest.raises(DataError), transaction.atomic():
        insert_together([order], [part], events)
    order.number = Order.objects.get().number
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together([order])
    assert Order.objects.count() == 1
