"""Parcels that are packed and labelled before their courier comes: nothing has left until it is sent."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from django.utils import translation

from forked_apps.order.errors import IllegalStep, ParcelNotPrepared, PiecesNotThere
from forked_apps.order.models import Line, Parcel, ParcelLine, VendorOrder, VendorOrderStatus
from forked_apps.order.packing_models import PreparedLine, PreparedParcel
from forked_apps.order.parcel_documents import labels_pdf, parcels_to_print, slips_pdf
from forked_apps.order.services import packing
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_by_vendor, cancel_lines
from forked_apps.order.services.fulfilment import mark_packed, ship_lines, ship_prepared
from forked_apps.order.services.packing import pieces_loose, prepare_parcel, unpack_parcel
from forked_apps.partner.models import StockRecord
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from points_payment.proof import prove
from tests.documents import pages_of
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order
from tests.forked_apps.order.test_races import at_once

pytestmark = pytest.mark.django_db
S = VendorOrderStatus


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


@pytest.fixture
def part() -> VendorOrder:
    """3 pieces of 2 kg, and 1 of which nobody knows the weight."""
    vendor = VendorFactory()
    offers = {make_offer(vendor=vendor, weight_grams=2_000): 3, make_offer(vendor=vendor): 1}
    return make_order(make_customer(points=1_000_000), offers).vendor_orders.get()


def prepare(part: VendorOrder, packer: User, **facts: Any) -> PreparedParcel:
    return prepare_parcel(vendor=part.vendor, actor=packer, vendor_order=part, **facts)


def send(part: VendorOrder, packer: User, position: int, **facts: Any) -> Parcel:
    facts = {"carrier": "", "tracking_code": "T-1", **facts}
    return ship_prepared(vendor=part.vendor, actor=packer, vendor_order=part, position=position, **facts)


def again(part: VendorOrder) -> VendorOrder:
    return VendorOrder.objects.get(pk=part.pk)


def stock(line: Line) -> tuple[int, int]:
    offer = StockRecord.objects.get(pk=line.stockrecord_id)
    return offer.num_in_stock, offer.num_allocated


def prepared(part: VendorOrder) -> list[int]:
    return list(PreparedParcel.objects.filter(vendor_order=part).values_list("position", flat=True))


def labels(part: VendorOrder) -> list[str]:
    found = parcels_to_print(vendor=part.vendor, vendor_order_numbers=[part.number])
    with translation.override("en"):
        return pages_of(labels_pdf(found))


def test_what_is_prepared_has_not_left(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    told = OutboxMessage.objects.count()
    parcel = prepare(part, packer, quantities={known.pk: 2})
    assert (parcel.position, parcel.weight_grams) == (1, 4_000)
    assert again(part).status == S.PACKED
    assert not again(part).is_partly_shipped
    assert (stock(known), stock(unknown)) == ((10, 3), (10, 1))
    assert not ParcelLine.objects.exists()
    assert OutboxMessage.objects.count() == told
    assert pieces_loose(part) == {known.pk: 1, unknown.pk: 1}
    with pytest.raises(IllegalStep):
        cancel_by_customer(customer=part.order.user, vendor_order=part)


def test_a_shipment_takes_the_parcel_over_with_its_number(part: VendorOrder, packer: User) -> None:
    known, _unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 3}, weight_grams=6_500)
    prepare(part, packer)
    second = send(part, packer, 2)
    assert (second.position, again(part).status) == (2, S.PACKED)
    first = send(part, packer, 1, carrier="Tigris", tracking_code="T-9")
    assert (first.position, first.weight_grams, first.carrier, first.shipped_by) == (
        1, 6_500, "Tigris", packer,
    )  # fmt: skip
    assert again(part).status == S.SHIPPED
    assert stock(known) == (7, 0)
    assert not PreparedLine.objects.exists()
    with pytest.raises(ParcelNotPrepared):
        send(part, packer, 1)
    assert Parcel.objects.count() == 2


def test_pieces_are_in_one_box(part: VendorOrder, packer: User) -> None:
    known, _unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 2})
    for pieces in ({known.pk: 2}, {}, {known.pk: 0}):
        with pytest.raises(PiecesNotThere):
            prepare(part, packer, quantities=pieces)
    assert prepared(part) == [1]


def test_who_presses_twice_has_one_box(part: VendorOrder, packer: User) -> None:
    line = part.lines.order_by("pk")[0]
    who: dict[str, Any] = {"vendor": part.vendor, "actor": packer, "vendor_order": part}
    first = prepare_parcel(**who, quantities={line.pk: 1}, position=1)
    assert prepare_parcel(**who, quantities={line.pk: 1}, position=1) == first
    # Another box that was begun before the first was made, and one of who has seen it.
    assert prepare_parcel(**who, quantities={line.pk: 2}, position=1).position == 2
    assert PreparedParcel.objects.count() == 2
    assert not PreparedLine.objects.filter(quantity__gt=2).exists()


def test_an_unpacked_parcel_gives_its_pieces_and_its_number_back(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 3})
    prepare(part, packer, quantities={unknown.pk: 1})
    unpack_parcel(vendor=part.vendor, vendor_order=part, position=1)
    with pytest.raises(ParcelNotPrepared):
        unpack_parcel(vendor=part.vendor, vendor_order=part, position=1)
    assert pieces_loose(part) == {known.pk: 3}
    assert prepare(part, packer, quantities={known.pk: 1}).position == 1
    assert prepare(part, packer, quantities={known.pk: 1}).position == 3


def test_another_vendor_prepares_sends_and_unpacks_nothing(part: VendorOrder, packer: User) -> None:
    prepare(part, packer, quantities={part.lines.earliest("pk").pk: 1})
    stranger = {"vendor": VendorFactory(), "vendor_order": part}
    for step in (
        lambda: prepare_parcel(actor=packer, **stranger),
        lambda: ship_prepared(actor=packer, position=1, carrier="", tracking_code="T", **stranger),
        lambda: unpack_parcel(position=1, **stranger),
    ):
        with pytest.raises(VendorOrder.DoesNotExist):
            step()
    assert prepared(part) == [1]


# What is taken out of a box ------------------------------------------------------------------
def test_cancelling_loose_pieces_leaves_the_boxes_alone(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 2})
    cancel_lines(
        vendor=part.vendor,
        actor=packer,
        vendor_order=part,
        quantities={known.pk: 1, unknown.pk: 1},
        reason="-",
    )
    assert prepared(part) == [1]
    send(part, packer, 1)
    assert again(part).status == S.SHIPPED
    assert stock(known) == (8, 0)


def test_a_box_of_which_a_piece_is_cancelled_is_unpacked(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 2})
    prepare(part, packer, quantities={known.pk: 1, unknown.pk: 1})
    cancel_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities={known.pk: 1}, reason="broken"
    )
    assert prepared(part) == [1]
    assert pieces_loose(part) == {unknown.pk: 1}


@pytest.mark.parametrize("sent_first", [False, True], ids=["nothing_sent", "some_sent"])
def test_cancelling_all_that_is_left_unpacks_all(part: VendorOrder, packer: User, sent_first: bool) -> None:
    known, _unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 2})
    prepare(part, packer)
    if sent_first:
        send(part, packer, 1)
    cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="Sold out")
    assert again(part).status == (S.SHIPPED if sent_first else S.CANCELLED)
    assert not PreparedParcel.objects.exists()
    assert stock(known) == ((8, 0) if sent_first else (10, 0))
    for step in (lambda: prepare(part, packer), lambda: send(part, packer, 2)):
        with pytest.raises((IllegalStep, ParcelNotPrepared)):
            step()


def test_pieces_sent_another_way_unpack_their_box(part: VendorOrder, packer: User) -> None:
    known, unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={unknown.pk: 1})
    prepare(part, packer, quantities={known.pk: 3})
    parcel = ship_lines(
        vendor=part.vendor, actor=packer, vendor_order=part, quantities={known.pk: 1}, tracking_code="T"
    )
    # Its number is free again, since its label goes to waste.
    assert parcel.position == 2
    assert prepared(part) == [1]
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T")
    assert not PreparedParcel.objects.exists()
    assert again(part).status == S.SHIPPED


# Papers ----------------------------------------------------------------------------------------
def test_a_label_is_printed_before_the_courier_comes(part: VendorOrder, packer: User) -> None:
    known, _unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 3})
    (label,) = labels(part)
    assert "Parcel 1, more follow" in label
    prepare(part, packer, carrier="Tigris Post")
    first, second = labels(part)
    assert "Parcel 1 of 2" in first
    assert "6 kg" in first
    assert "Parcel 2 of 2" in second
    assert "Tigris Post" in second
    with translation.override("en"):
        slips = pages_of(slips_pdf(parcels_to_print(vendor=part.vendor, vendor_order_numbers=[part.number])))
    assert len(slips) == 2
    for slip in slips:
        assert "Still to come" not in slip
        assert "Sent" not in slip
        assert "Tracking code" not in slip
    send(part, packer, 2)
    assert [page.count("Parcel 2 of 2") for page in labels(part)] == [0, 1]


def test_a_label_does_not_count_a_box_that_was_unpacked(part: VendorOrder, packer: User) -> None:
    known, _unknown = part.lines.order_by("pk")
    prepare(part, packer, quantities={known.pk: 3})
    prepare(part, packer)
    cancel_lines(vendor=part.vendor, actor=packer, vendor_order=part, quantities={known.pk: 3}, reason="-")
    (label,) = labels(part)
    assert "Parcel 2" in label
    assert "of" not in label.partition("Parcel 2")[2].splitlines()[0]


# Proof and races -------------------------------------------------------------------------------
def test_the_proof_finds_more_in_boxes_than_waits(part: VendorOrder, packer: User) -> None:
    prepare(part, packer)
    assert not findings()
    PreparedLine.objects.filter(quantity=3).update(quantity=4)
    line = part.lines.get(quantity=3)
    assert findings() == [(f"line {line.partner_line_reference}", "at most 3 prepared", "4 prepared")]
    PreparedLine.objects.all().delete()


def findings() -> list[tuple[str, str, str]]:
    return [(each.culprit, each.expected, each.found) for each in prove() if each.check == "orders-reduced"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_piece_is_sent_once_by_label_or_by_hand(part: VendorOrder, packer: User) -> None:
    prepare(part, packer)
    outcomes = at_once(
        [
            lambda: send(part, packer, 1),
            lambda: ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-2"),
            lambda: cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="-"),
        ]
    )
    assert sum(not isinstance(each, Exception) for each in outcomes) == 1
    known = part.lines.earliest("pk")
    assert stock(known) in {(7, 0), (10, 0)}
    assert Parcel.objects.count() == (1 if stock(known) == (7, 0) else 0)
    assert not PreparedParcel.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_packers_at_once_put_a_piece_in_one_box(part: VendorOrder, packer: User) -> None:
    outcomes = at_once([lambda: prepare(part, packer)] * 4)
    assert sorted(type(each).__name__ for each in outcomes) == ["PiecesNotThere"] * 3 + ["PreparedParcel"]
    assert prepared(part) == [1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_piece_is_in_two(
    part: VendorOrder, packer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control. It is packed before, since a step locks the vendor order by itself."""
    mark_packed(vendor=part.vendor, actor=packer, vendor_order=part)
    meeting, numbers = threading.Barrier(2), itertools.count(1)

    def meet(_locked: VendorOrder) -> int:
        meeting.wait(timeout=20)
        return next(numbers)

    with monkeypatch.context() as patched:
        patched.setattr(packing, "lock_part", lambda one, **_whose: VendorOrder.objects.get(pk=one.pk))
        patched.setattr(packing, "free_position", meet)
        outcomes = at_once([lambda: prepare(part, packer)] * 2)
    assert all(isinstance(each, PreparedParcel) for each in outcomes), outcomes
    assert len(findings()) == 2
    PreparedLine.objects.all().delete()
