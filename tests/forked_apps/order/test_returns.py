"""Goods that go back: who may do what, what is paid back, and what silence means."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from forked_apps.order.errors import (
    DeductionTooHigh,
    IllegalReturnStep,
    NotReturnable,
    PiecesNotThere,
    ReturnOpen,
)
from forked_apps.order.models import Order, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import (
    NEXT_OF_RETURN,
    OPEN_RETURNS,
    Return,
    ReturnLine,
    ReturnReason,
    ReturnState,
    Side,
)
from forked_apps.order.services.delivery import complete_due, complete_vendor_order, mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.returns import (
    approve_return,
    open_return,
    refuse_return,
    returnable_pieces,
    send_return,
    settle_return,
    settle_silent_returns,
    withdraw_return,
    write_return_message,
)
from forked_apps.partner.models import StockRecord
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from points_payment.kinds import AccountKind
from points_payment.models import Allocation
from points_payment.selectors import account_points
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db
S, R = VendorOrderStatus, ReturnState


@pytest.fixture
def order() -> Order:
    """3 pieces at 1,000 and 1 at 500, delivered for 5,000."""
    vendor = VendorFactory()
    first, second = make_offer(vendor=vendor, price=1_000), make_offer(vendor=vendor, price=500)
    return make_order(make_customer(points=1_000_000), {first: 3, second: 1})


@pytest.fixture
def part(order: Order) -> VendorOrder:
    """Delivered."""
    part = order.vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=order.user, vendor_order=part, tracking_code="T")
    mark_delivered(vendor=part.vendor, actor=order.user, vendor_order=part)
    return VendorOrder.objects.get(pk=part.pk)


def ask(
    part: VendorOrder, pieces: dict[int, int] | None = None, reason: ReturnReason = ReturnReason.DAMAGED
) -> Return:
    return open_return(
        customer=part.order.user,
        vendor_order=part,
        quantities=pieces or {line.pk: line.quantity for line in part.lines.all()},
        reason=reason,
        description="A corner is broken.",
    )


def settle(asked: Return, accepted: dict[int, int] | None = None, **facts: object) -> Return:
    vendor = asked.vendor_order.vendor
    if accepted is None:
        accepted = {line.line_id: line.quantity for line in asked.return_lines.all()}
    return settle_return(
        vendor=vendor, actor=CustomerFactory(), asked=asked, accepted=accepted, **{"answer": "", **facts}
    )  # type: ignore[arg-type]


def balance(part: VendorOrder) -> int:
    return User.objects.get(pk=part.order.user_id).point_balance


def status(part: VendorOrder) -> str:
    return VendorOrder.objects.get(pk=part.pk).status


def test_the_whole_way_back(part: VendorOrder) -> None:
    before = balance(part)
    asked = ask(part)
    assert (asked.number, asked.state) == (f"{part.number}-R1", R.REQUESTED)
    approve_return(vendor=part.vendor, asked=asked, answer="By courier, to our shop.")
    send_return(customer=part.order.user, asked=asked, carrier="Courier", tracking_code="B-1")
    done = settle(asked, restocked={part.lines.first().pk: 2})
    assert done.state == R.REFUNDED
    # The vendor's fault, all of it: the way there is paid back too.
    assert balance(part) == before + part.total_points
    assert done.refunded_points == part.total_points
    assert status(part) == S.RETURNED
    stock = StockRecord.objects.get(pk=part.lines.first().stockrecord_id)
    assert stock.num_in_stock == 10 - 3 + 2
    assert OutboxMessage.objects.filter(topic="return.changed").count() == 4
    assert {row.kind for line in part.lines.all() for row in line.reductions.all()} == {
        ReductionKind.RETURNED
    }


def test_who_changed_their_mind_pays_the_way(part: VendorOrder) -> None:
    before = balance(part)
    settle(ask(part, reason=ReturnReason.CHANGED_MIND))
    assert balance(part) == before + part.goods_points
    shipping = Allocation.objects.get(reference=f"{part.number}-S")
    assert (shipping.refunded_points, shipping.released_points) == (0, part.shipping_points)


def test_parts_of_a_delivery_charge_add_up(part: VendorOrder) -> None:
    three, one = part.lines.order_by("pk")
    before = balance(part)
    for pieces in ({three.pk: 1}, {three.pk: 1}, {one.pk: 1}, {three.pk: 1}):
        settle(ask(part, pieces))
    assert balance(part) == before + part.total_points
    assert status(part) == S.RETURNED


def test_the_rest_of_an_order_goes_on(part: VendorOrder) -> None:
    three, _one = part.lines.order_by("pk")
    settle(ask(part, {three.pk: 1}, ReturnReason.CHANGED_MIND))
    assert status(part) == S.PARTLY_RETURNED
    assert returnable_pieces(part.order.vendor_orders.get())[three.pk] == 2
    assert complete_due(today=part.release_on) == 1
    assert status(part) == S.COMPLETED
    allocation = Allocation.objects.get(reference=three.partner_line_reference)
    assert (allocation.refunded_points, allocation.released_points) == (1_000, 2_000)


def test_points_wait_while_a_return_is_open(part: VendorOrder) -> None:
    asked = ask(part)
    assert complete_due(today=part.release_on) == 0
    with pytest.raises(ReturnOpen):
        complete_vendor_order(vendor_order=part, actor=None)
    with pytest.raises(ReturnOpen):
        ask(part)
    withdraw_return(customer=part.order.user, asked=asked)
    assert complete_due(today=part.release_on) == 1


def test_a_late_return_comes_from_what_the_vendor_has(part: VendorOrder) -> None:
    complete_vendor_order(vendor_order=part, actor=None)
    payable = account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=part.vendor_id)
    commission = account_points(kind=AccountKind.COMMISSION)
    before = balance(part)
    settle(ask(part))
    assert balance(part) == before + part.total_points
    assert status(part) == S.RETURNED
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=part.vendor_id) == 0
    assert account_points(kind=AccountKind.COMMISSION) == 0
    assert payable + commission == part.total_points


def test_worn_goods_cost_the_buyer_something(part: VendorOrder) -> None:
    three, _one = part.lines.order_by("pk")
    before = balance(part)
    asked = ask(part, {three.pk: 2}, ReturnReason.CHANGED_MIND)
    with pytest.raises(DeductionTooHigh) as refused:
        settle(asked, deducted_points=2_001)
    assert refused.value.most_points == 2_000
    settle(asked, deducted_points=300)
    assert balance(part) == before + 1_700
    # What was deducted stays deducted, also when the last piece goes back.
    settle(ask(part, {three.pk: 1}, ReturnReason.CHANGED_MIND))
    assert balance(part) == before + 2_700


def test_only_some_of_it_is_accepted(part: VendorOrder) -> None:
    three, one = part.lines.order_by("pk")
    asked = ask(part)
    with pytest.raises(PiecesNotThere):
        settle(asked, {three.pk: 4})
    with pytest.raises(PiecesNotThere):
        settle(asked, {three.pk: 1}, restocked={three.pk: 2})
    settle(asked, {three.pk: 1, one.pk: 0})
    assert {line.line_id: (line.quantity, line.accepted) for line in asked.return_lines.all()} == {
        three.pk: (3, 1), one.pk: (1, 0),
    }  # fmt: skip
    assert status(part) == S.PARTLY_RETURNED


def test_nothing_accepted_is_a_refusal_after_a_look(part: VendorOrder) -> None:
    asked = ask(part)
    with pytest.raises(IllegalReturnStep):
        settle(asked, {})
    approve_return(vendor=part.vendor, asked=asked, answer="")
    send_return(customer=part.order.user, asked=asked, carrier="", tracking_code="B")
    before = balance(part)
    assert settle(asked, {}, answer="Another serial number").state == R.REJECTED
    assert balance(part) == before
    assert status(part) == S.DELIVERED


def test_what_is_not_with_the_buyer_is_not_returned(part: VendorOrder) -> None:
    three, _one = part.lines.order_by("pk")
    with pytest.raises(PiecesNotThere):
        ask(part, {three.pk: 4})
    VendorOrder.objects.filter(pk=part.pk).update(delivered_at=timezone.now() - timedelta(days=8))
    with pytest.raises(NotReturnable):
        ask(part)
    fresh = make_order(part.order.user, [make_offer()]).vendor_orders.get()
    with pytest.raises(NotReturnable):
        ask(fresh)
    assert not Return.objects.exists()


def test_nobody_else_touches_a_return(part: VendorOrder) -> None:
    stranger, other = CustomerFactory(), VendorFactory()
    with pytest.raises(VendorOrder.DoesNotExist):
        open_return(
            customer=stranger, vendor_order=part, quantities={}, reason=ReturnReason.DAMAGED, description=""
        )
    asked = ask(part)
    for attempt in (
        lambda: withdraw_return(customer=stranger, asked=asked),
        lambda: send_return(customer=stranger, asked=asked, carrier="", tracking_code=""),
        lambda: approve_return(vendor=other, asked=asked, answer=""),
        lambda: refuse_return(vendor=other, asked=asked, answer=""),
        lambda: settle_return(vendor=other, actor=stranger, asked=asked, accepted={}, answer=""),
    ):
        with pytest.raises(Return.DoesNotExist):
            attempt()
    asked.refresh_from_db()
    assert asked.state == R.REQUESTED


def test_a_settled_return_is_settled(part: VendorOrder) -> None:
    asked = refuse_return(vendor=part.vendor, asked=ask(part), answer="It was in order")
    assert asked.closed_at
    for attempt in (
        lambda: withdraw_return(customer=part.order.user, asked=asked),
        lambda: approve_return(vendor=part.vendor, asked=asked, answer=""),
        lambda: send_return(customer=part.order.user, asked=asked, carrier="", tracking_code=""),
        lambda: settle(asked),
    ):
        with pytest.raises(IllegalReturnStep):
            attempt()
    assert set(NEXT_OF_RETURN) == set(R)
    assert all(not NEXT_OF_RETURN[state] for state in R if state not in OPEN_RETURNS)


def test_photos_and_messages_stay_with_the_return(part: VendorOrder) -> None:
    three, _one = part.lines.order_by("pk")
    asked = open_return(
        customer=part.order.user, vendor_order=part, quantities={three.pk: 1}, reason=ReturnReason.DEFECTIVE,
        description="It does not start.", photos=[ContentFile(b"x", name="a.webp")] * 7,
    )  # fmt: skip
    assert asked.photos.count() == 5
    write_return_message(asked=asked, side=Side.VENDOR, author=CustomerFactory(), text="Which colour?")
    assert OutboxMessage.objects.filter(topic="return.message").count() == 1


def test_the_database_keeps_one_open_return_and_whole_pieces(part: VendorOrder) -> None:
    asked = ask(part)
    with pytest.raises(IntegrityError), transaction.atomic():
        Return.objects.create(vendor_order=part, number="x", reason="damaged", description="")
    with pytest.raises(IntegrityError), transaction.atomic():
        ReturnLine.objects.filter(of=asked).update(accepted=99)


# Silence ----------------------------------------------------------------------------------
def test_a_vendor_that_stays_silent_agrees_twice(part: VendorOrder) -> None:
    before = balance(part)
    asked = ask(part)
    assert settle_silent_returns() == 0
    assert settle_silent_returns(now=timezone.now() + timedelta(hours=73)) == 1
    asked.refresh_from_db()
    assert asked.state == R.APPROVED
    send_return(customer=part.order.user, asked=asked, carrier="", tracking_code="B")
    assert settle_silent_returns(now=timezone.now() + timedelta(days=11)) == 1
    assert balance(part) == before + part.total_points
    assert settle_silent_returns(now=timezone.now() + timedelta(days=99)) == 0


def test_a_buyer_who_sends_nothing_keeps_it(part: VendorOrder) -> None:
    asked = approve_return(vendor=part.vendor, asked=ask(part), answer="")
    assert settle_silent_returns(now=timezone.now() + timedelta(days=15)) == 1
    asked.refresh_from_db()
    assert asked.state == R.WITHDRAWN
    from forked_apps.order.services.returns import _in_their_place

    # Somebody was faster between the look and the lock.
    assert _in_their_place(asked, now=timezone.now()) is False
