"""What every way to pay has to keep to: the same tests for points and for cash on delivery.

Checkout and the services of orders are the same for both; neither knows which one it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import reverse

from forked_apps.basket.models import Basket
from forked_apps.order.errors import IllegalStep
from forked_apps.order.handover import handover_code
from forked_apps.order.models import Order, VendorOrder
from forked_apps.order.return_models import ReturnReason
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_lines
from forked_apps.order.services.delivery import complete_vendor_order, hand_over, mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.placement import place_order
from forked_apps.order.services.returns import open_return, settle_return
from forked_apps.partner.models import StockRecord
from forked_apps.payment import sources
from forked_apps.payment.errors import UnknownSource
from forked_apps.payment.sources import source_of
from marketplace.users.models import User
from points_payment.models import Allocation
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer
from tests.forked_apps.checkout.test_pages import choose_address, hidden_fields, review
from tests.forked_apps.payment.cash import CashOnDelivery, sum_of

pytestmark = pytest.mark.django_db
PRICE, PIECES, CHARGE = 1_001, 3, 500
TOTAL = PRICE * PIECES + CHARGE


@dataclass(frozen=True)
class Way:
    code: str
    #: What an order's customer has to have before.
    points: int
    #: Of an order: held or promised, released to the vendor or paid to the courier, refunded.
    sums: Callable[[Order], tuple[int, int, int]]


def points_sums(order: Order) -> tuple[int, int, int]:
    rows = Allocation.objects.filter(order_reference=order.number)
    return (
        sum(row.held_points for row in rows),
        sum(row.released_points for row in rows),
        sum(row.refunded_points for row in rows),
    )


def cash_sums(order: Order) -> tuple[int, int, int]:
    """What is refunded after it was paid comes out of what was paid."""
    source = order.sources.get()
    held = paid = refunded = 0
    for reference in source.transactions.filter(txn_type="Promise").values_list("reference", flat=True):
        promised, debited, back = (sum_of(source, kind, reference) for kind in ("Promise", "Debit", "Refund"))
        refunded += back
        held, paid = (held, paid + promised - back) if debited else (held + promised - back, paid)
    return held, paid, refunded


POINTS, CASH = Way("points", TOTAL, points_sums), Way("cash", 0, cash_sums)


@pytest.fixture(autouse=True)
def cash_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a new way to pay needs."""
    monkeypatch.setattr(sources, "_sources", dict(sources._sources))
    sources.register_source(CashOnDelivery())


@pytest.fixture(params=[POINTS, CASH], ids=lambda way: way.code)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param


@pytest.fixture
def order(way: Way) -> Order:
    customer = make_customer(points=way.points)
    basket = make_basket(customer, {make_offer(price=PRICE, charge_points=CHARGE): PIECES})
    return place(customer, basket, way.code)


@pytest.fixture
def part(order: Order) -> Iterator[VendorOrder]:
    """Afterwards all that was paid is somewhere; a fixture of all tests sees that the books prove."""
    part = order.vendor_orders.get()
    yield part
    way = CASH if source_of(order).code == "cash" else POINTS
    assert sum(way.sums(order)) == TOTAL


def place(customer: User, basket: Basket, source: str) -> Order:
    return place_order(
        customer=customer,
        basket_id=basket.pk,
        address=ADDRESS,
        idempotency_key=f"source-{basket.pk:06d}",
        source=source,
    )


def facts(part: VendorOrder) -> dict[str, object]:
    return {"vendor": part.vendor, "actor": part.order.user, "vendor_order": part}


def deliver(part: VendorOrder, **more: object) -> None:
    ship_lines(**facts(part), tracking_code="T")  # type: ignore[arg-type]
    hand_over(**facts(part), code=handover_code(part), **more)  # type: ignore[arg-type]


def test_an_order_is_held_until_its_goods_are_kept(way: Way, order: Order, part: VendorOrder) -> None:
    assert source_of(order).code == way.code
    assert order.total_points == TOTAL
    assert way.sums(order) == (TOTAL, 0, 0)
    assert User.objects.get(pk=order.user_id).point_balance == 0
    deliver(part)
    assert way.sums(order) == (TOTAL, 0, 0)
    complete_vendor_order(vendor_order=part, actor=None)
    assert way.sums(order) == (0, TOTAL, 0)
    with pytest.raises(IllegalStep):
        complete_vendor_order(vendor_order=part, actor=None)
    assert way.sums(order) == (0, TOTAL, 0)


def test_the_same_basket_again_is_the_same_order(way: Way, order: Order) -> None:
    assert order.user is not None
    assert order.basket is not None
    assert place(order.user, order.basket, way.code) == order
    assert way.sums(order) == (TOTAL, 0, 0)


def test_a_cancelled_order_is_given_back_whole(way: Way, order: Order, part: VendorOrder) -> None:
    assert order.user is not None
    cancel_by_customer(customer=order.user, vendor_order=part)
    assert way.sums(order) == (0, 0, TOTAL)
    assert StockRecord.objects.get().num_allocated == 0
    with pytest.raises(IllegalStep):
        cancel_by_customer(customer=order.user, vendor_order=part)
    assert way.sums(order) == (0, 0, TOTAL)


def test_cancelled_and_refused_pieces_are_given_back(way: Way, order: Order, part: VendorOrder) -> None:
    line = part.lines.get()
    cancel_lines(**facts(part), quantities={line.pk: 1}, reason="broken")  # type: ignore[arg-type]
    assert way.sums(order) == (TOTAL - PRICE, 0, PRICE)
    deliver(part, refused={line.pk: 1}, reason="no")
    assert way.sums(order) == (TOTAL - 2 * PRICE, 0, 2 * PRICE)
    complete_vendor_order(vendor_order=part, actor=None)
    assert way.sums(order) == (0, PRICE + CHARGE, 2 * PRICE)


def test_who_refuses_all_of_it_pays_the_way(way: Way, order: Order, part: VendorOrder) -> None:
    deliver(part, refused={part.lines.get().pk: PIECES}, reason="no")
    assert way.sums(order) == (0, CHARGE, PRICE * PIECES)


@pytest.mark.parametrize("is_late", [False, True], ids=["in reserve", "late"])
def test_returned_goods_are_given_back_but_for_a_deduction(
    way: Way, order: Order, part: VendorOrder, is_late: bool
) -> None:
    line = part.lines.get()
    deliver(part)
    if is_late:
        complete_vendor_order(vendor_order=part, actor=None)
    assert order.user is not None
    asked = open_return(
        customer=order.user,
        vendor_order=part,
        quantities={line.pk: 2},
        reason=ReturnReason.CHANGED_MIND,
        description="Too big.",
    )
    settle_return(
        vendor=part.vendor, actor=order.user, asked=asked, accepted={line.pk: 2}, deducted_points=2, answer=""
    )
    kept, back = PRICE + CHARGE + 2, 2 * PRICE - 2
    assert way.sums(order) == ((0, kept, back) if is_late else (kept, 0, back))
    if not is_late:
        complete_vendor_order(vendor_order=part, actor=None)
        assert way.sums(order) == (0, kept, back)


def test_an_allowance_is_given_back(way: Way, order: Order, part: VendorOrder) -> None:
    ship_lines(**facts(part), tracking_code="T")  # type: ignore[arg-type]
    mark_delivered(**facts(part))  # type: ignore[arg-type]
    give_allowance(**facts(part), line_id=part.lines.get().pk, points=7, reason="late")  # type: ignore[arg-type]
    assert way.sums(order) == (TOTAL - 7, 0, 7)


def test_the_same_refund_is_given_back_once(way: Way, order: Order, part: VendorOrder) -> None:
    reference = part.lines.get().partner_line_reference
    cancel_lines(**facts(part), quantities={part.lines.get().pk: 1}, reason="x")  # type: ignore[arg-type]
    row = part.lines.get().reductions.get()
    source_of(order).refund(
        order=order,
        points={reference: PRICE},
        actor_id=order.user_id,
        reason="x",
        key=f"reduction:{row.pk}",
    )
    assert way.sums(order) == (TOTAL - PRICE, 0, PRICE)


# Checkout ---------------------------------------------------------------------------------
def test_nobody_pays_in_a_way_that_there_is_not() -> None:
    customer = make_customer(points=TOTAL)
    basket = make_basket(customer, [make_offer()])
    with pytest.raises(UnknownSource):
        place(customer, basket, "gold")
    assert not Order.objects.exists()


@pytest.fixture
def buyer(client: Client) -> User:
    client.cookies["django_language"] = "en"
    customer = make_customer()
    client.force_login(customer)
    return customer


def test_who_has_no_points_pays_the_courier(client: Client, buyer: User) -> None:
    make_basket(buyer, [make_offer(price=10_000)])
    choose_address(client)
    html = review(client)
    assert 'value="cash" required checked' in html
    assert 'value="points" required disabled' in html
    assert "Your wallet lacks" in html
    fields = {**hidden_fields(html, reverse("checkout:place")), "source": "cash"}
    answer = client.post(reverse("checkout:place"), fields)
    order = Order.objects.get()
    assert source_of(order).code == "cash"
    assert "left your wallet" not in client.get(answer["Location"]).content.decode()
    page = client.get(reverse("customer:order", args=[order.number])).content.decode()
    assert "Paid in cash" in page
    assert "Paid with points" not in page
    part = order.vendor_orders.get()
    cancelled = client.post(
        reverse("orders:cancel-part", args=[order.number, part.number]), follow=True
    ).content.decode()
    assert "Back in your hand" in cancelled
    assert "wallet" not in "".join(cancelled.split("<main")[1:]).split("</main")[0]


def test_a_way_that_refuses_says_why_and_nothing_is_ordered(client: Client, buyer: User) -> None:
    basket = make_basket(buyer, [make_offer(price=600_000)])
    choose_address(client)
    assert reverse("checkout:place") not in review(client)
    fields = {"basket": basket.pk, "total": 605_000, "idempotency_key": "a-key-of-mine"}
    for source, told in (("cash", "A courier carries no more"), ("gold", "Choose one of the ways to pay")):
        answer = client.post(reverse("checkout:place"), {**fields, "source": source}, follow=True)
        assert told in answer.content.decode()
    assert not Order.objects.exists()


def test_with_one_way_there_is_nothing_to_choose(
    client: Client, buyer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sources._sources, "cash")
    make_basket(buyer, [make_offer(price=10)])
    choose_address(client)
    html = review(client)
    assert 'type="radio"' not in html
    assert "Cash on delivery" not in html


def test_the_api_takes_the_same_ways(client: Client, buyer: User) -> None:
    basket = make_basket(buyer, [make_offer(price=10_000)])
    address = {
        "full_name": "Zainab Kareem",
        "phone": "07701234567",
        "governorate": "BG",
        "district": "Karrada",
        "landmark": "Mosque",
    }

    def send(source: str) -> int:
        return client.post(
            "/api/checkout/",
            {"basket": basket.pk, "address": address, "payment_source": source},
            content_type="application/json",
            headers={"Idempotency-Key": f"api-key-{source}"},
        ).status_code

    assert send("gold") == 400
    assert send("points") == 402
    assert send("cash") == 201
    assert source_of(Order.objects.get()).code == "cash"
