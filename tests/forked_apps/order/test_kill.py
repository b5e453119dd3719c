"""The process that places an order is killed between any two steps: afterwards all of it, or nothing."""

from __future__ import annotations

import os
import signal

import pytest
from django.db import connections

from forked_apps.basket.models import Basket
from forked_apps.order.models import Order
from forked_apps.order.services import placement
from forked_apps.order.services.placement import STEPS, place_order
from forked_apps.partner.models import StockRecord
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from points_payment.models import Allocation, Transfer
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer
from tests.forked_apps.order.test_placement import nothing_was_written

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "killed-and-tried-again"


def prepared() -> tuple[User, Basket]:
    customer = make_customer(points=100_000)
    return customer, make_basket(customer, [make_offer(price=10_000), make_offer(price=20_000)])


def place(customer: User, basket: Basket) -> Order:
    return place_order(customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key=KEY)


def place_in_a_process_killed_at(name: str, customer: User, basket: Basket) -> int:
    """The signal that ended a process of its own, which opens its own connection."""
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            placement.step = lambda step: os.kill(os.getpid(), signal.SIGKILL) if step == name else None
            place(customer, basket)
            if name == "committed":
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(3)
    _pid, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)


def test_the_steps_are_those_that_the_tests_below_stop_at(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(placement, "step", told.append)
    place(*prepared())
    assert tuple(told) == STEPS


@pytest.mark.parametrize("name", STEPS)
def test_killed_at_a_step_nothing_is_left_and_the_same_key_orders(name: str) -> None:
    customer, basket = prepared()
    transfers = Transfer.objects.count()

    assert place_in_a_process_killed_at(name, customer, basket) == signal.SIGKILL

    assert nothing_was_written()
    assert Transfer.objects.count() == transfers
    assert User.objects.get(pk=customer.pk).point_balance == 100_000
    order = place(customer, basket)
    assert User.objects.get(pk=customer.pk).point_balance == 100_000 - order.total_points


def test_killed_after_the_commit_everything_is_there_and_stays_one_order() -> None:
    customer, basket = prepared()

    assert place_in_a_process_killed_at("committed", customer, basket) == signal.SIGKILL

    order = Order.objects.get()
    assert (order.vendor_orders.count(), order.lines.count(), Allocation.objects.count()) == (2, 2, 4)
    assert User.objects.get(pk=customer.pk).point_balance == 100_000 - order.total_points
    assert list(StockRecord.objects.values_list("num_allocated", flat=True)) == [1, 1]
    assert OutboxMessage.objects.filter(topic="order.placed").count() == 1
    assert place(customer, basket) == order
    assert User.objects.get(pk=customer.pk).point_balance == 100_000 - order.total_points
