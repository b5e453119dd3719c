"""The buyer's code proves that goods arrived; what was refused goes back; the rest waits out its reserve."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from forked_apps.order import reserve
from forked_apps.order.errors import HandoverLocked, IllegalStep, PiecesNotThere, WrongHandoverCode
from forked_apps.order.handover import MOST_FAILURES, handover_code
from forked_apps.order.models import DeliveryProof, Order, Parcel, VendorOrder, VendorOrderStatus
from forked_apps.order.reserve import clean_deliveries, days_for, reserve_of
from forked_apps.order.services.delivery import (
    assume_deliveries,
    complete_due,
    complete_vendor_order,
    hand_over,
    mark_delivered,
)
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.partner.models import StockRecord
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from points_payment.models import Allocation
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db
S = VendorOrderStatus


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


@pytest.fixture
def order() -> Order:
    vendor = VendorFactory()
    first, second = make_offer(vendor=vendor, price=1_001), make_offer(vendor=vendor, price=500)
    return make_order(make_customer(points=1_000_000), {first: 3, second: 1})


@pytest.fixture
def part(order: Order, packer: User) -> VendorOrder:
    """On its way."""
    part = order.vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T")
    return part


def again(part: VendorOrder) -> VendorOrder:
    return VendorOrder.objects.get(pk=part.pk)


def balance(order: Order) -> int:
    return User.objects.get(pk=order.user_id).point_balance


def give(part: VendorOrder, packer: User, **facts: object) -> VendorOrder:
    return hand_over(
        vendor=part.vendor, actor=packer, vendor_order=part, **{"code": handover_code(part), **facts}
    )  # type: ignore[arg-type]


def test_the_buyer_s_code_proves_the_delivery(part: VendorOrder, packer: User) -> None:
    give(part, packer)
    delivered = again(part)
    assert (delivered.status, delivered.delivery_proof) == (S.DELIVERED, DeliveryProof.CODE)
    assert delivered.release_on == timezone.localdate() + timedelta(days=reserve.USUAL_DAYS)
    assert delivered.events.last().actor == packer
    assert OutboxMessage.objects.filter(topic="vendor_order.delivered").count() == 1
    with pytest.raises(IllegalStep):
        give(part, packer)


def test_each_order_has_its_own_code_of_six_digits(part: VendorOrder) -> None:
    code = handover_code(part)
    assert code.isdigit()
    assert len(code) == 6
    assert handover_code(part) == code
    assert len({handover_code(VendorOrder(number=f"{n}-A")) for n in range(50)}) > 45


def test_wrong_codes_are_counted_and_then_none_is_taken(part: VendorOrder, packer: User) -> None:
    wrong = f"{(int(handover_code(part)) + 1) % 10**6:06}"
    for left in reversed(range(MOST_FAILURES)):
        with pytest.raises(WrongHandoverCode) as refused:
            give(part, packer, code=wrong)
        assert refused.value.left == left
    with pytest.raises(HandoverLocked):
        give(part, packer)
    assert again(part).status == S.SHIPPED
    # The vendor's word is still taken, with the longest reserve.
    mark_delivered(vendor=part.vendor, actor=packer, vendor_order=part)
    assert again(part).delivery_proof == DeliveryProof.VENDOR


def test_another_vendor_hands_nothing_over(part: VendorOrder, packer: User) -> None:
    with pytest.raises(VendorOrder.DoesNotExist):
        hand_over(vendor=VendorFactory(), actor=packer, vendor_order=part, code=handover_code(part))
    assert again(part).handover_failures == 0


def test_pieces_refused_at_the_door_are_paid_back_at_once(
    order: Order, part: VendorOrder, packer: User
) -> None:
    three, _one = part.lines.order_by("pk")
    before = balance(order)
    give(part, packer, refused={three.pk: 1}, reason="Wrong colour")
    assert balance(order) == before + 1_001
    assert again(part).status == S.DELIVERED
    stock = StockRecord.objects.get(pk=three.stockrecord_id)
    assert (stock.num_in_stock, stock.num_allocated) == (8, 0)
    complete_vendor_order(vendor_order=part, actor=None)
    allocation = Allocation.objects.get(reference=three.partner_line_reference)
    assert (allocation.refunded_points, allocation.released_points) == (1_001, 2_002)


def test_an_order_that_was_refused_whole_pays_the_way_alone(
    order: Order, part: VendorOrder, packer: User
) -> None:
    before = balance(order)
    give(
        part, packer, refused={line.pk: line.quantity for line in part.lines.all()}, reason="Changed my mind"
    )
    assert again(part).status == S.REFUSED
    assert balance(order) == before + part.goods_points
    shipping = Allocation.objects.get(reference=f"{part.number}-S")
    assert (shipping.released_points, shipping.refunded_points) == (part.shipping_points, 0)
    with pytest.raises(IllegalStep):
        complete_vendor_order(vendor_order=part, actor=None)


def test_more_than_was_sent_is_not_refused(part: VendorOrder, packer: User) -> None:
    three, _one = part.lines.order_by("pk")
    with pytest.raises(PiecesNotThere):
        give(part, packer, refused={three.pk: 4})
    assert again(part).status == S.SHIPPED


# Nobody says anything ---------------------------------------------------------------------
def test_what_nobody_speaks_of_counts_as_delivered_in_the_end(part: VendorOrder) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    VendorOrder.objects.filter(pk=part.pk).update(deliver_until=timezone.localdate(long_ago))
    # The parcel left just now: it gets its time.
    assert assume_deliveries() == 0
    Parcel.objects.update(shipped_at=long_ago)
    assert assume_deliveries() == 1
    assert again(part).delivery_proof == DeliveryProof.ASSUMED
    assert assume_deliveries() == 0
    assert OutboxMessage.objects.filter(topic="vendor_order.delivered").count() == 1


def test_what_was_promised_for_later_does_not_count_as_delivered(part: VendorOrder) -> None:
    Parcel.objects.update(shipped_at=timezone.now() - timedelta(days=30))
    assert assume_deliveries(now=timezone.now() + timedelta(days=2)) == 0
    assert again(part).status == S.SHIPPED


def test_points_are_the_vendor_s_when_the_reserve_is_over(part: VendorOrder, packer: User) -> None:
    give(part, packer)
    day = again(part).release_on
    assert day is not None
    assert complete_due(today=day - timedelta(days=1)) == 0
    assert complete_due(today=day) == 1
    assert again(part).status == S.COMPLETED
    assert complete_due(today=day) == 0
    assert all(
        allocation.released_points == allocation.gross_points for allocation in Allocation.objects.all()
    )


def test_a_moment_too_late_changes_nothing(part: VendorOrder, packer: User) -> None:
    """Another process was faster between the look and the lock."""
    from forked_apps.order.services import delivery

    give(part, packer)
    assert delivery._assume(part) is False
    complete_vendor_order(vendor_order=part, actor=None)
    assert delivery._complete(part) is False


# The reserve ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("clean", "days"), [(0, 7), (19, 7), (20, 5), (49, 5), (50, 3), (200, 1), (9_999, 1)]
)
def test_clean_deliveries_shorten_the_reserve(clean: int, days: int) -> None:
    assert days_for(clean) == days


def test_only_clean_deliveries_by_code_count(
    order: Order, part: VendorOrder, packer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "STEPS", ((1, 5),))
    assert reserve_of(vendor=part.vendor).next_step == (1, 5)
    give(part, packer)
    complete_vendor_order(vendor_order=part, actor=None)
    assert clean_deliveries(vendor=part.vendor) == 1
    assert (reserve_of(vendor=part.vendor).days, reserve_of(vendor=part.vendor).next_step) == (5, None)
    customer = order.user
    spoiled = make_order(customer, {part.lines.first().stockrecord: 2}).vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=spoiled, tracking_code="T")
    give(spoiled, packer, refused={spoiled.lines.get().pk: 1})
    assert again(spoiled).release_on == timezone.localdate() + timedelta(days=5)
    complete_vendor_order(vendor_order=spoiled, actor=None)
    by_word = make_order(customer, [part.lines.first().stockrecord]).vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=by_word, tracking_code="T")
    mark_delivered(vendor=part.vendor, actor=packer, vendor_order=by_word)
    assert again(by_word).release_on == timezone.localdate() + timedelta(days=7)
    complete_vendor_order(vendor_order=by_word, actor=None)
    assert clean_deliveries(vendor=part.vendor) == 1
