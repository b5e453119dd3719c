"""Several parcels of one vendor order: each piece leaves once, and the buyer can follow each."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction

from forked_apps.order.document_models import ParcelCorrection
from forked_apps.order.errors import IllegalStep, LinesNotShippable, ParcelArrived
from forked_apps.order.models import Line, Order, Parcel, ParcelLine, VendorOrder, VendorOrderStatus
from forked_apps.order.selectors import customer_orders
from forked_apps.order.services.cancellation import cancel_by_vendor
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.parcels import correct_tracking
from forked_apps.order.services.parts import pieces_of
from forked_apps.order.status import OrderStatus, order_status
from forked_apps.partner.models import StockRecord
from forked_apps.shipping.models import Carrier
from marketplace.notifications.models import Notification
from marketplace.users.models import User
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order
from tests.forked_apps.order.test_races import at_once

pytestmark = pytest.mark.django_db
S = VendorOrderStatus


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


@pytest.fixture
def order() -> Order:
    """3 pieces of 2 kg, 1 of which nobody knows the weight; then another vendor's."""
    vendor = VendorFactory()
    known, unknown = make_offer(vendor=vendor, weight_grams=2_000), make_offer(vendor=vendor)
    return make_order(make_customer(points=1_000_000), {known: 3, unknown: 1, make_offer(): 2})


@pytest.fixture
def part(order: Order) -> VendorOrder:
    return order.vendor_orders.get(number=f"{order.number}-A")


def ship(part: VendorOrder, packer: User, **facts: Any) -> Parcel:
    return ship_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, **{"tracking_code": "T-1", **facts}
    )


def again(part: VendorOrder) -> VendorOrder:
    return VendorOrder.objects.get(pk=part.pk)


def stock(line: Line) -> tuple[int, int]:
    offer = StockRecord.objects.get(pk=line.stockrecord_id)
    return offer.num_in_stock, offer.num_allocated


def whole_status(order: Order) -> OrderStatus:
    return order_status(customer_orders(customer=order.user).get(pk=order.pk).vendor_orders.all())


def test_parcels_are_numbered_and_weighed(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    first = ship(part, packer, quantities={known.pk: 2})
    second = ship(part, packer, quantities={known.pk: 1, unknown.pk: 1})
    assert [(p.position, p.weight_grams) for p in (first, second)] == [(1, 4_000), (2, None)]
    weighed = ship(other_part(part), packer, weight_grams=2_345)
    assert (weighed.position, weighed.weight_grams) == (1, 2_345)


def other_part(part: VendorOrder) -> VendorOrder:
    return VendorOrder.objects.exclude(pk=part.pk).get(order=part.order)


def test_an_order_says_that_some_of_it_is_on_its_way(order: Order, part: VendorOrder, packer: User) -> None:
    known, _unknown = part.lines.order_by("pk")
    assert whole_status(order) == OrderStatus.PLACED
    ship(part, packer, quantities={known.pk: 1})
    assert again(part).status == S.PACKED
    assert again(part).is_partly_shipped
    assert whole_status(order) == OrderStatus.PARTLY_SHIPPED
    ship(part, packer)
    ship(other_part(part), packer)
    assert not again(part).is_partly_shipped
    assert whole_status(order) == OrderStatus.SHIPPED


def test_what_was_not_sent_is_cancelled_and_what_was_stays(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    before = part.order.user.point_balance
    ship(part, packer, quantities={known.pk: 2})
    cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="Sold out")
    assert again(part).status == S.SHIPPED
    assert (stock(known), stock(unknown)) == ((8, 0), (10, 0))
    pieces = pieces_of(again(part))
    assert [(p.shipped, p.cancelled, p.to_ship) for p in pieces.values()] == [(2, 1, 0), (0, 1, 0)]
    back = User.objects.get(pk=part.order.user_id).point_balance - before
    # The delivery was made, so its charge stays.
    assert back == known.line_points // 3 + unknown.line_points
    with pytest.raises(IllegalStep):
        ship(part, packer)


def test_pieces_leave_once_however_many_pack_them(part: VendorOrder, packer: User) -> None:
    known, _unknown = part.lines.order_by("pk")
    ship(part, packer, quantities={known.pk: 3})
    with pytest.raises(LinesNotShippable):
        ship(part, packer, quantities={known.pk: 1})
    assert Parcel.objects.count() == 1
    assert stock(known) == (7, 0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_packers_at_once_send_each_piece_once() -> None:
    packer = CustomerFactory(first_name="Bob")
    order = make_order(make_customer(points=1_000_000), {make_offer(): 4})
    part, line = order.vendor_orders.get(), order.lines.get()
    outcomes = at_once([lambda: ship(part, packer, quantities={line.pk: 3})] * 4)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LinesNotShippable"] * 3 + ["Parcel"]
    assert stock(line) == (7, 1)
    assert ParcelLine.objects.get().quantity == 3
    outcomes = at_once([lambda: ship(part, packer, quantities={line.pk: 1})] * 4)
    assert sum(isinstance(outcome, Parcel) for outcome in outcomes) == 1
    assert stock(line) == (6, 0)
    assert again(part).status == S.SHIPPED


# Carriers ---------------------------------------------------------------------------------
@pytest.fixture
def carrier() -> Carrier:
    return Carrier.objects.create(name="Tigris Post", tracking_link="https://tigris.example/find?q={code}")


def test_a_parcel_of_a_known_carrier_can_be_followed(
    part: VendorOrder, packer: User, carrier: Carrier
) -> None:
    known, unknown = part.lines.order_by("pk")
    followed = ship(part, packer, quantities={known.pk: 1}, carrier="tigris post", tracking_code="A B/1&x")
    assert followed.tracking_link == "https://tigris.example/find?q=A%20B%2F1%26x"
    assert ship(part, packer, quantities={unknown.pk: 1}, carrier="A neighbour").tracking_link == ""


def test_a_mistyped_code_is_put_right_once_and_the_buyer_is_told(
    part: VendorOrder, packer: User, carrier: Carrier, drain_outbox: Any
) -> None:
    parcel = ship(part, packer, carrier="Nobody", tracking_code="T-1")
    drain_outbox()
    for _ in range(2):
        correct_tracking(
            vendor=part.vendor, actor=packer, parcel=parcel, carrier=carrier.name, tracking_code="T-2"
        )
    drain_outbox()
    parcel.refresh_from_db()
    assert (parcel.tracking_code, parcel.tracking_link) == ("T-2", "https://tigris.example/find?q=T-2")
    kept = ParcelCorrection.objects.get()
    assert (kept.old_carrier, kept.old_tracking_code, kept.actor) == ("Nobody", "T-1", packer)
    told = Notification.objects.get(kind="parcel.corrected")
    assert told.user == part.order.user


def test_what_was_corrected_is_kept_for_good(part: VendorOrder, packer: User) -> None:
    correct_tracking(
        vendor=part.vendor, actor=packer, parcel=ship(part, packer), carrier="", tracking_code="T-2"
    )
    for change in (
        lambda: ParcelCorrection.objects.update(old_tracking_code="x"),
        ParcelCorrection.objects.all().delete,
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            change()


def test_nobody_corrects_what_arrived_or_another_s_parcel(part: VendorOrder, packer: User) -> None:
    parcel = ship(part, packer)
    with pytest.raises(Parcel.DoesNotExist):
        correct_tracking(vendor=VendorFactory(), actor=packer, parcel=parcel, carrier="", tracking_code="X")
    mark_delivered(vendor=part.vendor, actor=packer, vendor_order=part)
    with pytest.raises(ParcelArrived):
        correct_tracking(vendor=part.vendor, actor=packer, parcel=parcel, carrier="", tracking_code="X")
    parcel.refresh_from_db()
    assert parcel.tracking_code == "T-1"
    assert not ParcelCorrection.objects.exists()
