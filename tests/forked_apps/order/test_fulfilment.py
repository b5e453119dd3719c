"""A vendor's part moves by its table; stock, points and history follow it."""

from __future__ import annotations

import pytest

from forked_apps.order.errors import IllegalStep, LinesNotShippable
from forked_apps.order.models import Line, Order, Parcel, VendorOrder, VendorOrderStatus
from forked_apps.order.selectors import customer_order_details, customer_orders, vendor_orders
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_by_vendor
from forked_apps.order.services.delivery import complete_vendor_order, mark_delivered
from forked_apps.order.services.fulfilment import accept_vendor_order, mark_packed, ship_lines
from forked_apps.order.services.parts import pieces_left
from forked_apps.order.timeline import parts_of
from forked_apps.partner.models import Partner, StockRecord
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
    """Two vendors; the first one's part is 3 pieces of one offer and 1 of another."""
    vendor = VendorFactory()
    return make_order(
        make_customer(points=1_000_000),
        {make_offer(vendor=vendor): 3, make_offer(vendor=vendor): 1, make_offer(): 2},
    )


@pytest.fixture
def part(order: Order) -> VendorOrder:
    return order.vendor_orders.get(number=f"{order.number}-A")


def stock(line: Line) -> tuple[int, int]:
    offer = StockRecord.objects.get(pk=line.stockrecord_id)
    return offer.num_in_stock, offer.num_allocated


def shipped_messages() -> int:
    return OutboxMessage.objects.filter(topic="vendor_order.shipped").count()


def test_the_whole_way(part: VendorOrder, packer: User) -> None:
    vendor = part.vendor
    accept_vendor_order(vendor=vendor, actor=packer, vendor_order=part)
    mark_packed(vendor=vendor, actor=packer, vendor_order=part)
    ship_lines(vendor=vendor, actor=packer, vendor_order=part, carrier="Courier", tracking_code="T-1")
    mark_delivered(vendor=vendor, actor=packer, vendor_order=part)
    complete_vendor_order(vendor_order=part, actor=None)
    part.refresh_from_db()
    assert part.status == S.COMPLETED
    assert [(e.old_status, e.new_status) for e in part.events.all()] == [
        ("", "placed"),
        ("placed", "accepted"),
        ("accepted", "packed"),
        ("packed", "shipped"),
        ("shipped", "delivered"),
        ("delivered", "completed"),
    ]
    released = Allocation.objects.filter(vendor_id=vendor.pk)
    assert all(allocation.released_points == allocation.gross_points for allocation in released)
    others = Allocation.objects.exclude(vendor_id=vendor.pk)
    assert all(allocation.released_points == 0 for allocation in others)


def test_shipping_consumes_stock_and_tells_once(part: VendorOrder, packer: User) -> None:
    parcel = ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-1")
    part.refresh_from_db()
    assert part.status == S.SHIPPED
    first, second = part.lines.all()
    assert (stock(first), stock(second)) == ((7, 0), (9, 0))
    assert {pl.line_id: pl.quantity for pl in parcel.parcel_lines.all()} == {first.pk: 3, second.pk: 1}
    assert shipped_messages() == 1


def test_the_other_vendor_s_part_is_untouched(order: Order, part: VendorOrder, packer: User) -> None:
    other = order.vendor_orders.exclude(pk=part.pk).get()
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T-1")
    other.refresh_from_db()
    assert other.status == S.PLACED
    assert stock(other.lines.get()) == (10, 2)
    assert other not in vendor_orders(vendor=part.vendor)


def test_parts_of_a_line_go_in_several_parcels(part: VendorOrder, packer: User) -> None:
    first, second = part.lines.all()
    ship = {"vendor": part.vendor, "actor": packer, "vendor_order": part}
    ship_lines(**ship, quantities={first.pk: 2}, tracking_code="T-1")
    part.refresh_from_db()
    assert part.status == S.PACKED
    assert stock(first) == (8, 1)
    assert pieces_left(part) == {first.pk: 1, second.pk: 1}
    with pytest.raises(LinesNotShippable):
        ship_lines(**ship, quantities={first.pk: 2}, tracking_code="T-2")
    ship_lines(**ship, quantities=None, tracking_code="T-2")
    part.refresh_from_db()
    assert part.status == S.SHIPPED
    assert Parcel.objects.count() == 2
    with pytest.raises(IllegalStep):
        ship_lines(**ship, quantities=None, tracking_code="T-3")


@pytest.mark.parametrize("pieces", [0, -1, 4])
def test_pieces_that_are_not_there_are_not_shipped(part: VendorOrder, packer: User, pieces: int) -> None:
    line = part.lines.first()
    with pytest.raises(LinesNotShippable):
        ship_lines(
            vendor=part.vendor,
            actor=packer,
            vendor_order=part,
            quantities={line.pk: pieces},
            tracking_code="T",
        )
    assert not Parcel.objects.exists()
    assert stock(line) == (10, 3)
    assert shipped_messages() == 0


def test_a_line_of_the_other_vendor_is_not_shipped(order: Order, part: VendorOrder, packer: User) -> None:
    theirs = order.lines.exclude(vendor_order=part).get()
    for quantities in ({theirs.pk: 1}, {}):
        with pytest.raises(LinesNotShippable):
            ship_lines(
                vendor=part.vendor, actor=packer, vendor_order=part, quantities=quantities, tracking_code="T"
            )
    assert not Parcel.objects.exists()


@pytest.mark.parametrize("service", [accept_vendor_order, mark_packed, mark_delivered])
def test_a_vendor_moves_only_its_own_part(part: VendorOrder, packer: User, service: object) -> None:
    stranger: Partner = VendorFactory()
    with pytest.raises(VendorOrder.DoesNotExist):
        service(vendor=stranger, actor=packer, vendor_order=part)  # type: ignore[operator]
    with pytest.raises(VendorOrder.DoesNotExist):
        ship_lines(vendor=stranger, actor=packer, vendor_order=part, tracking_code="T")
    with pytest.raises(VendorOrder.DoesNotExist):
        cancel_by_vendor(vendor=stranger, actor=packer, vendor_order=part, reason="no")
    part.refresh_from_db()
    assert part.status == S.PLACED


def test_the_customer_cancels_a_part_before_it_is_accepted(order: Order, part: VendorOrder) -> None:
    before = order.user.point_balance
    cancel_by_customer(customer=order.user, vendor_order=part)
    part.refresh_from_db()
    assert part.status == S.CANCELLED
    assert User.objects.get(pk=order.user_id).point_balance == before + part.total_points
    for line in part.lines.all():
        assert stock(line) == (10, 0)
        assert (line.num_allocated, line.allocation_cancelled) == (0, True)
    source = order.sources.get()
    assert source.amount_refunded == part.total_points
    other = order.vendor_orders.exclude(pk=part.pk).get()
    assert other.status == S.PLACED
    assert stock(other.lines.get()) == (10, 2)
    with pytest.raises(IllegalStep):
        cancel_by_customer(customer=order.user, vendor_order=part)
    assert User.objects.get(pk=order.user_id).point_balance == before + part.total_points


def test_both_parts_can_be_cancelled_and_everything_is_back(order: Order) -> None:
    for part in order.vendor_orders.all():
        cancel_by_customer(customer=order.user, vendor_order=part)
    assert User.objects.get(pk=order.user_id).point_balance == 1_000_000
    assert order.sources.get().amount_refunded == order.total_points


def test_the_customer_cancels_what_is_accepted_and_not_packed(
    order: Order, part: VendorOrder, packer: User
) -> None:
    accept_vendor_order(vendor=part.vendor, actor=packer, vendor_order=part)
    cancel_by_customer(customer=order.user, vendor_order=part)
    part.refresh_from_db()
    assert part.status == S.CANCELLED


def test_a_packed_part_is_the_vendor_s_to_cancel(order: Order, part: VendorOrder, packer: User) -> None:
    mark_packed(vendor=part.vendor, actor=packer, vendor_order=part)
    before = User.objects.get(pk=order.user_id).point_balance
    with pytest.raises(IllegalStep):
        cancel_by_customer(customer=order.user, vendor_order=part)
    assert User.objects.get(pk=order.user_id).point_balance == before
    cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="Broken in the store")
    assert User.objects.get(pk=order.user_id).point_balance == before + part.total_points
    assert part.events.last().note == "Broken in the store"


def test_what_is_shipped_is_not_cancelled(part: VendorOrder, packer: User) -> None:
    ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T")
    with pytest.raises(IllegalStep):
        cancel_by_vendor(vendor=part.vendor, actor=packer, vendor_order=part, reason="")
    assert not Allocation.objects.filter(refunded_points__gt=0).exists()


def test_another_customer_cancels_nothing(part: VendorOrder) -> None:
    with pytest.raises(VendorOrder.DoesNotExist):
        cancel_by_customer(customer=CustomerFactory(), vendor_order=part)
    part.refresh_from_db()
    assert part.status == S.PLACED


def test_a_list_of_orders_costs_the_same_queries_for_one_as_for_ten(
    django_assert_num_queries: object,
) -> None:
    customer = make_customer(points=9_000_000)
    for _ in range(10):
        make_order(customer, [make_offer(), make_offer()])
    for number in (1, 10):
        with django_assert_num_queries(4):  # type: ignore[operator]
            for order in customer_orders(customer=customer)[:number]:
                assert [part.vendor.name for part in order.vendor_orders.all()]
                assert [line.title for line in order.lines.all()]


def test_an_order_s_page_costs_the_same_queries_for_one_vendor_as_for_five(
    django_assert_num_queries: object, packer: User
) -> None:
    customer = make_customer(points=9_000_000)
    small, large = (
        make_order(customer, [make_offer()]),
        make_order(customer, [make_offer() for _ in range(5)]),
    )
    for order in (small, large):
        for part in order.vendor_orders.all():
            ship_lines(vendor=part.vendor, actor=packer, vendor_order=part, tracking_code="T")
    parts_of(customer_order_details(customer=customer).get(pk=small.pk))  # Draws the stand-in picture.
    for order in (small, large):
        with django_assert_num_queries(13):  # type: ignore[operator]
            found = customer_order_details(customer=customer).get(pk=order.pk)
            assert all(row.shipped == 1 for view in parts_of(found) for row in view.rows)
