"""What a vendor takes back of an order, and what the buyer gets for it: to the point, whatever the order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from forked_apps.order.errors import IllegalAllowance, IllegalStep, PiecesNotThere
from forked_apps.order.models import Line, LineReduction, Order, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.cancellation import cancel_by_vendor, cancel_lines
from forked_apps.order.services.delivery import complete_vendor_order, mark_delivered
from forked_apps.order.services.fulfilment import mark_packed, ship_lines
from forked_apps.order.services.parts import points_of_pieces
from forked_apps.partner.models import StockRecord
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from points_payment.models import Allocation
from points_payment.proof import prove
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db
S = VendorOrderStatus


@pytest.fixture
def packer() -> User:
    return CustomerFactory(first_name="Bob")


@pytest.fixture
def order() -> Order:
    """The first vendor's part is 3 pieces of one offer and 1 of another; then another vendor's."""
    vendor = VendorFactory()
    first, second = make_offer(vendor=vendor, price=1_001), make_offer(vendor=vendor, price=500)
    return make_order(make_customer(points=1_000_000), {first: 3, second: 1, make_offer(): 2})


@pytest.fixture
def part(order: Order) -> VendorOrder:
    return order.vendor_orders.get(number=f"{order.number}-A")


def lines(part: VendorOrder) -> list[Line]:
    return list(part.lines.order_by("pk"))


def balance(order: Order) -> int:
    return User.objects.get(pk=order.user_id).point_balance


def status(part: VendorOrder) -> str:
    return VendorOrder.objects.get(pk=part.pk).status


def test_cancelled_pieces_are_paid_back_and_on_sale_again(
    order: Order, part: VendorOrder, packer: User
) -> None:
    three, one = lines(part)
    before = balance(order)
    cancel_lines(
        vendor=part.vendor,
        actor=packer,
        vendor_order=part,
        quantities={three.pk: 2},
        reason="Two are scratched",
    )
    assert balance(order) == before + 2_002
    assert status(part) == S.PLACED
    three.refresh_from_db()
    assert three.num_allocated == 1
    assert StockRecord.objects.get(pk=three.stockrecord_id).num_allocated == 1
    assert one.num_allocated == 1
    reduction = three.reductions.get()
    assert (reduction.kind, reduction.quantity, reduction.refunded_points) == (
        ReductionKind.CANCELLED,
        2,
        2_002,
    )
    assert (reduction.reason, reduction.actor) == ("Two are scratched", packer)
    assert OutboxMessage.objects.filter(topic="vendor_order.reduced").count() == 1


def test_the_last_piece_takes_the_delivery_charge_along(
    order: Order, part: VendorOrder, packer: User
) -> None:
    three, one = lines(part)
    for quantities in ({three.pk: 3}, {one.pk: 1}):
        cancel_lines(
            vendor=part.vendor, actor=packer, vendor_order=part, quantities=quantities, reason="None left"
        )
    assert status(part) == S.CANCELLED
    assert balance(order) == 1_000_000 - (order.total_points - part.total_points)
    allocations = Allocation.objects.filter(vendor_id=part.vendor_id)
    assert {allocation.refunded_points for allocation in allocations} == {3_003, 500, part.shipping_points}


def test_what_was_not_sent_is_cancelled_and_the_rest_is_on_its_way(
    order: Order, part: VendorOrder, packer: User
) -> None:
    three, one = lines(part)
    ship_lines(
        vendor=part.vendor,
        actor=packer,
        vendor_order=part,
        quantities={three.pk: 1, one.pk: 1},
        tracking_code="T",
    )
    before = balance(order)
    cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="Sold out")
    assert status(part) == S.SHIPPED
    # The parcel was paid for: its charge stays.
    assert balance(order) == before + 2_002
    with pytest.raises(IllegalStep):
        cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="")


@pytest.mark.parametrize("pieces", [0, 4, -1])
def test_pieces_that_are_not_there_are_not_cancelled(part: VendorOrder, packer: User, pieces: int) -> None:
    three, _one = lines(part)
    with pytest.raises(PiecesNotThere) as refused:
        cancel_lines(
            vendor=part.vendor, actor=packer, vendor_order=part, quantities={three.pk: pieces}, reason=""
        )
    assert refused.value.line_ids == (three.pk,)
    assert not LineReduction.objects.exists()


def test_another_vendor_s_pieces_are_not_cancelled(order: Order, part: VendorOrder, packer: User) -> None:
    other = order.vendor_orders.exclude(pk=part.pk).get()
    with pytest.raises(PiecesNotThere):
        cancel_lines(
            vendor=part.vendor, actor=packer, vendor_order=part,
            quantities={other.lines.get().pk: 1}, reason="",
        )  # fmt: skip
    with pytest.raises(VendorOrder.DoesNotExist):
        cancel_lines(vendor=part.vendor, actor=packer, vendor_order=other, quantities={}, reason="")
    with pytest.raises(PiecesNotThere):
        cancel_lines(vendor=part.vendor, actor=packer, vendor_order=part, quantities={}, reason="")
    assert not LineReduction.objects.exists()


# Allowances -------------------------------------------------------------------------------
@pytest.mark.parametrize("is_complete", [False, True])
def test_the_buyer_keeps_the_goods_and_pays_less(
    order: Order, part: VendorOrder, packer: User, is_complete: bool
) -> None:
    three, _one = lines(part)
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T")
    if is_complete:
        mark_delivered(vendor=part.vendor, actor=packer, vendor_order=part)
        complete_vendor_order(vendor_order=part, actor=None)
    before = balance(order)
    give_allowance(
        vendor=part.vendor,
        actor=packer,
        vendor_order=part,
        line_id=three.pk,
        points=1_000,
        reason="Scratched",
    )
    assert balance(order) == before + 1_000
    assert status(part) == (S.COMPLETED if is_complete else S.SHIPPED)
    with pytest.raises(IllegalAllowance) as refused:
        give_allowance(
            vendor=part.vendor, actor=packer, vendor_order=part, line_id=three.pk, points=2_004, reason=""
        )
    assert refused.value.left_points == 2_003


def test_before_it_is_sent_there_is_no_allowance(order: Order, part: VendorOrder, packer: User) -> None:
    mark_packed(vendor=part.vendor, actor=packer, vendor_order=part)
    three, _one = lines(part)
    other = order.vendor_orders.exclude(pk=part.pk).get()
    for line_id, points in ((three.pk, 5), (three.pk, 0), (other.lines.get().pk, 5)):
        with pytest.raises(IllegalAllowance):
            give_allowance(
                vendor=part.vendor, actor=packer, vendor_order=part, line_id=line_id, points=points, reason=""
            )
    assert not LineReduction.objects.exists()


# Shares -----------------------------------------------------------------------------------
@settings(max_examples=300, deadline=None)
@given(
    cost=st.integers(0, 10_000_000),
    takes=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    allowances=st.lists(st.integers(0, 5_000), min_size=8, max_size=8),
)
def test_shares_of_pieces_add_up_however_a_line_is_taken_apart(
    cost: int, takes: list[int], allowances: list[int]
) -> None:
    line = Line(line_price_incl_tax=cost, quantity=sum(takes))
    reduced = given_back = 0
    for pieces, allowance in zip(takes, allowances, strict=False):
        given_back += min(allowance, cost - given_back)
        share = points_of_pieces(line, reduced=reduced, settled=given_back, pieces=pieces)
        assert share >= 0
        given_back += share
        reduced += pieces
        assert given_back <= cost
    assert given_back == cost


# Proof ------------------------------------------------------------------------------------
def test_a_refund_without_a_reason_is_named(order: Order, part: VendorOrder) -> None:
    three, _one = lines(part)
    Line.objects.filter(pk=three.pk).update(num_allocated=1)
    assert [(finding.check, finding.culprit) for finding in prove()] == [
        ("orders-reduced", f"line {three.partner_line_reference}")
    ]
    Line.objects.filter(pk=three.pk).update(num_allocated=3)
    row = LineReduction.objects.create(
        line=three, kind=ReductionKind.ALLOWANCE, quantity=0, refunded_points=5, reason="never paid"
    )
    assert [finding.check for finding in prove()] == ["orders-reduced"]
    row.delete()
