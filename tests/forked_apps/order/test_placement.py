"""Placing an order: everything of it, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from forked_apps.basket.changes import ChangeKind
from forked_apps.basket.models import Basket
from forked_apps.order.errors import BadIdempotencyKey, BasketChanged, EmptyBasket, NotDeliverable
from forked_apps.order.models import Line, LinePrice, Order, ShippingAddress, VendorOrder
from forked_apps.order.services.placement import place_order
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord, VendorStatus
from forked_apps.shipping.days import handed_over_on
from forked_apps.shipping.models import ShippingRate
from marketplace.outbox.models import OutboxMessage
from points_payment.errors import IdempotencyConflict, InsufficientPoints
from points_payment.models import Allocation
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer
from tests.forked_apps.basket.test_discounts import site_offer

pytestmark = pytest.mark.django_db
KEY = "a-key-of-the-client"
UNGUARDED = """
    UPDATE partner_stockrecord AS stock
       SET num_allocated = COALESCE(stock.num_allocated, 0) + wanted.quantity
      FROM unnest(%(offers)s::bigint[], %(pieces)s::int[]) AS wanted (id, quantity)
     WHERE stock.id = wanted.id
"""


def place(customer: object, basket: Basket, *, key: str = KEY, **more: object) -> Order:
    return place_order(
        customer=customer,
        basket_id=basket.pk,
        address=ADDRESS,
        idempotency_key=key,
        **more,  # type: ignore[arg-type]
    )


def nothing_was_written() -> bool:
    return not (
        Order.objects.exists()
        or VendorOrder.objects.exists()
        or ShippingAddress.objects.exists()
        or Allocation.objects.exists()
        or OutboxMessage.objects.filter(topic="order.placed").exists()
        or StockRecord.objects.filter(num_allocated__gt=0).exists()
        or Basket.objects.filter(status=Basket.SUBMITTED).exists()
    )


def test_an_order_of_two_vendors_is_written_whole() -> None:
    first, second = VendorFactory(commission_basis_points=500), VendorFactory(commission_basis_points=800)
    chair = make_offer(vendor=first, price=10_000, charge_points=3_000)
    table = make_offer(vendor=first, price=50_000)
    laptop = make_offer(vendor=second, price=900_000, charge_points=0)
    customer = make_customer(points=2_000_000)
    basket = make_basket(customer, {chair: 4, table: 1, laptop: 1})

    order = place(customer, basket)

    assert (order.total_points, order.shipping_points) == (993_000, 3_000)
    assert order.user == customer
    assert order.shipping_address.line1 == ADDRESS.landmark
    assert order.shipping_address.state == "BG"
    parts = {part.vendor_id: part for part in order.vendor_orders.all()}
    assert (parts[first.pk].goods_points, parts[first.pk].shipping_points) == (90_000, 3_000)
    assert (parts[second.pk].goods_points, parts[second.pk].shipping_points) == (900_000, 0)
    assert parts[first.pk].commission_basis_points == 500
    assert {line.vendor_order_id for line in order.lines.filter(partner=first)} == {parts[first.pk].pk}
    assert [event.new_status for event in parts[first.pk].events.all()] == ["placed"]
    for offer, allocated in {chair: 4, table: 1, laptop: 1}.items():
        offer.refresh_from_db()
        assert (offer.num_in_stock, offer.num_allocated) == (10, allocated)
    customer.refresh_from_db()
    assert customer.point_balance == 2_000_000 - 993_000
    held = {
        a.reference: (a.vendor_id, a.gross_points, a.commission_basis_points)
        for a in Allocation.objects.all()
    }
    assert held == {
        f"{order.number}-1": (first.pk, 40_000, 500),
        f"{order.number}-2": (first.pk, 50_000, 500),
        f"{order.number}-3": (second.pk, 900_000, 800),
        f"{order.number}-A-S": (first.pk, 3_000, 0),
    }
    source = order.sources.get()
    assert source.amount_debited == Decimal(993_000)
    assert source.transactions.get().amount == Decimal(993_000)
    basket.refresh_from_db()
    assert basket.status == Basket.SUBMITTED
    assert OutboxMessage.objects.get(topic="order.placed").payload == {"order_id": order.pk}
    products = sorted(offer.product_id for offer in (chair, table, laptop))
    assert OutboxMessage.objects.get(topic="search.products").payload == {"ids": products}


def test_the_same_basket_again_gives_the_same_order_whatever_the_key() -> None:
    customer = make_customer(points=100_000)
    basket = make_basket(customer, [make_offer(price=10_000)])
    order = place(customer, basket)
    assert place(customer, basket) == order
    assert place(customer, basket, key="another-key") == order
    assert place(customer, basket, key="another-key") == order
    customer.refresh_from_db()
    assert customer.point_balance == 100_000 - 15_000
    assert Order.objects.count() == 1


def test_the_same_key_for_another_request_is_refused() -> None:
    customer = make_customer(points=100_000)
    place(customer, make_basket(customer, [make_offer(price=1_000)]))
    other = make_basket(customer, [make_offer(price=1_000)])
    with pytest.raises(IdempotencyConflict):
        place(customer, other)
    assert Order.objects.count() == 1


def test_two_customers_may_use_the_same_key() -> None:
    orders = set()
    for _ in range(2):
        customer = make_customer(points=100_000)
        orders.add(place(customer, make_basket(customer, [make_offer(price=1_000)])).pk)
    assert len(orders) == 2


@pytest.mark.parametrize("key", ["", "short", "x" * 49, "has space", "semi;colon"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    customer = make_customer(points=100_000)
    with pytest.raises(BadIdempotencyKey):
        place(customer, make_basket(customer, [make_offer()]), key=key)
    assert nothing_was_written()


def test_too_few_points_say_how_many_and_keep_the_basket() -> None:
    customer = make_customer(points=10_000)
    basket = make_basket(customer, [make_offer(price=20_000)])
    with pytest.raises(InsufficientPoints) as refused:
        place(customer, basket)
    assert refused.value.short_by == 15_000
    assert nothing_was_written()
    basket.refresh_from_db()
    assert basket.status == Basket.OPEN
    assert basket.lines.count() == 1


def test_after_a_refusal_the_same_key_may_order() -> None:
    customer = make_customer()
    basket = make_basket(customer, [make_offer(price=20_000)])
    with pytest.raises(InsufficientPoints):
        place(customer, basket)
    from tests.factories.orders import give_points

    give_points(customer, 25_000)
    assert place(customer, basket).total_points == 25_000


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"price": 30_000}, ChangeKind.PRICE_HIGHER),
        ({"price": 20_000}, ChangeKind.PRICE_LOWER),
        ({"num_in_stock": 1}, ChangeKind.FEWER_PIECES),
        ({"num_in_stock": 0}, ChangeKind.SOLD_OUT),
        ({"is_active": False}, ChangeKind.WITHDRAWN),
    ],
)
def test_what_changed_is_told_line_by_line_and_nothing_is_placed(change: dict, kind: ChangeKind) -> None:
    customer = make_customer(points=1_000_000)
    changed, same = make_offer(), make_offer()
    basket = make_basket(customer, {changed: 2, same: 1})
    StockRecord.objects.filter(pk=changed.pk).update(**change)
    with pytest.raises(BasketChanged) as refused:
        place(customer, basket)
    (told,) = refused.value.changes
    assert told.kind == kind
    assert told.line_id == basket.lines.get(stockrecord=changed).pk
    assert nothing_was_written()


def test_a_suspended_vendor_sells_nothing() -> None:
    customer = make_customer(points=1_000_000)
    basket = make_basket(customer, [make_offer()])
    Partner.objects.update(status=VendorStatus.SUSPENDED)
    with pytest.raises(BasketChanged):
        place(customer, basket)
    assert nothing_was_written()


def test_a_change_between_the_look_and_the_lock_is_found_under_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer = make_customer(points=1_000_000)
    offer = make_offer()
    basket = make_basket(customer, [offer])

    def raise_price(name: str) -> None:
        if name == "paid":
            StockRecord.objects.filter(pk=offer.pk).update(price=26_000)

    monkeypatch.setattr("forked_apps.order.services.placement.step", raise_price)
    with pytest.raises(BasketChanged) as refused:
        place(customer, basket)
    assert [change.kind for change in refused.value.changes] == [ChangeKind.PRICE_HIGHER]
    assert nothing_was_written()


def test_a_total_other_than_the_one_shown_is_not_taken() -> None:
    customer = make_customer(points=1_000_000)
    basket = make_basket(customer, [make_offer(price=10_000, charge_points=2_000)])
    ShippingRate.objects.update(charge_points=2_500)
    with pytest.raises(BasketChanged) as refused:
        place(customer, basket, expected_total_points=12_000)
    (told,) = refused.value.changes
    assert (told.kind, told.old, told.new) == (ChangeKind.TOTAL, 12_000, 12_500)
    assert nothing_was_written()
    assert place(customer, basket, expected_total_points=12_500).total_points == 12_500


def test_a_vendor_that_does_not_deliver_there_is_named() -> None:
    customer = make_customer(points=1_000_000)
    offer = make_offer()
    basket = make_basket(customer, [offer, make_offer()])
    ShippingRate.objects.filter(vendor=offer.partner).update(governorate=Governorate.BASRA)
    with pytest.raises(NotDeliverable) as refused:
        place(customer, basket)
    assert refused.value.vendor_names == (offer.partner.name,)
    assert nothing_was_written()


def test_an_empty_basket_and_another_s_basket_order_nothing() -> None:
    customer, stranger = make_customer(points=1_000_000), make_customer(points=1_000_000)
    basket = make_basket(customer, [make_offer()])
    for who, which in (
        (stranger, basket),
        (customer, Basket.objects.create(owner=None)),
        (customer, Basket(pk=10**12)),
    ):
        with pytest.raises(EmptyBasket):
            place(who, which)
    assert nothing_was_written()


def test_another_s_placed_basket_is_not_given_out() -> None:
    customer, stranger = make_customer(points=1_000_000), make_customer(points=1_000_000)
    basket = make_basket(customer, [make_offer()])
    place(customer, basket)
    with pytest.raises(EmptyBasket):
        place(stranger, basket)


def test_an_order_of_nothing_moves_nothing() -> None:
    customer = make_customer()
    site_offer("100")
    basket = make_basket(customer, [make_offer(price=1_000, charge_points=0)])
    order = place(customer, basket)
    assert order.total_points == 0
    assert not Allocation.objects.exists()
    assert not order.sources.exists()


def test_discounts_reach_the_lines_in_whole_points_and_are_written_down() -> None:
    customer = make_customer(points=1_000_000)
    offer_of_oscar = site_offer("12.5")
    basket = make_basket(
        customer, {make_offer(price=999): 3, make_offer(price=333): 1, make_offer(price=1_001): 2}
    )
    order = place(customer, basket)
    goods = 5_332 - 667  # 12.5% of 5,332 is 666.5
    assert sum(line.line_points for line in order.lines.all()) == goods
    assert sum(part.goods_points for part in order.vendor_orders.all()) == goods
    assert order.total_points == goods + 15_000
    assert order.discounts.get().amount == 667
    for line in order.lines.all():
        assert (
            sum(price.price_incl_tax * price.quantity for price in line.prices.all())
            == line.line_price_incl_tax
        )
    assert all(price.price_incl_tax % 1 == 0 for price in LinePrice.objects.all())
    offer_of_oscar.refresh_from_db()
    assert (offer_of_oscar.num_orders, offer_of_oscar.total_discount) == (1, 667)


def test_the_days_count_handling_and_the_way() -> None:
    customer = make_customer(points=1_000_000)
    vendor = VendorFactory()
    slow, fast = make_offer(vendor=vendor, handling_days=4), make_offer(vendor=vendor, handling_days=1)
    ShippingRate.objects.update(days_min=1, days_max=3)
    part = place(customer, make_basket(customer, [slow, fast])).vendor_orders.get()
    placed_on = part.placed_at.astimezone().date()
    handed_over = handed_over_on(ordered_on=placed_on, handling_days=4)
    assert ((part.deliver_from - handed_over).days, (part.deliver_until - handed_over).days) == (1, 3)


def queries_of(lines: int, vendors: int) -> CaptureQueriesContext:
    customer = make_customer(points=10_000_000)
    sellers = [VendorFactory() for _ in range(vendors)]
    basket = make_basket(customer, [make_offer(vendor=sellers[i % vendors]) for i in range(lines)])
    with CaptureQueriesContext(connection) as queries:
        place(customer, basket)
    return queries


def test_three_lines_of_three_vendors_cost_25_queries_and_20_of_10_no_more() -> None:
    queries_of(1, 1)  # Rows written once, such as the source type.
    few = queries_of(3, 3)
    many = queries_of(20, 10)
    assert len(few) <= 24, "\n".join(query["sql"][:200] for query in few)
    assert len(many) <= len(few) + 10


def test_the_database_refuses_what_the_application_might_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """A negative control: without our own checks an eleventh piece of ten still cannot be sold."""
    customer = make_customer(points=1_000_000)
    offer = make_offer(num_in_stock=10)
    basket = make_basket(customer, {offer: 10})
    StockRecord.objects.update(num_allocated=1)
    monkeypatch.setattr("forked_apps.basket.models.change_of", lambda line: None)
    monkeypatch.setattr("forked_apps.order.services.placement.change_of", lambda line: None)
    monkeypatch.setattr(
        "forked_apps.order.services.placement.ALLOCATE_STOCK",
        UNGUARDED,
    )
    with pytest.raises(IntegrityError, match="partner_offer_never_oversold"):
        place(customer, basket)


def test_an_address_with_another_district_is_another_request() -> None:
    customer = make_customer(points=1_000_000)
    basket = make_basket(customer, [make_offer()])
    place(customer, basket)
    with pytest.raises(IdempotencyConflict):
        place_order(
            customer=customer,
            basket_id=basket.pk,
            address=replace(ADDRESS, district="Mansour"),
            idempotency_key=KEY,
        )


def test_lines_know_what_the_ledger_calls_them(django_assert_num_queries: Callable) -> None:
    customer = make_customer(points=1_000_000)
    order = place(customer, make_basket(customer, [make_offer() for _ in range(3)]))
    references = set(Line.objects.filter(order=order).values_list("partner_line_reference", flat=True))
    assert references <= set(Allocation.objects.values_list("reference", flat=True))
    assert len(references) == 3
