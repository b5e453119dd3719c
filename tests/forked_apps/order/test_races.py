"""Many buyers at once, with threads and connections of their own; each with a negative control."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from django.db import IntegrityError, connection
from django.db.models import F

from forked_apps.basket.models import Basket
from forked_apps.order.errors import BasketChanged, OrderError
from forked_apps.order.handover import handover_code
from forked_apps.order.models import Line, LineReduction, Order, VendorOrder
from forked_apps.order.services import delivery, placement
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.cancellation import cancel_by_customer
from forked_apps.order.services.delivery import complete_vendor_order, hand_over, mark_delivered
from forked_apps.order.services.fulfilment import mark_packed, ship_lines
from forked_apps.order.services.placement import place_order
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer, make_order
from tests.forked_apps.order.test_placement import UNGUARDED

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BUYERS, PIECES, PRICE, CHARGE = 50, 10, 20_000, 5_000


def at_once(jobs: Sequence[Callable[[], object]]) -> list[object]:
    """Run the jobs in threads that start together; what each returned or raised."""
    barrier = threading.Barrier(len(jobs))
    outcomes: list[object] = [None] * len(jobs)

    def run(index: int) -> None:
        try:
            barrier.wait()
            outcomes[index] = jobs[index]()
        except Exception as error:  # noqa: BLE001 - the outcome
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def buyer_of(offer: StockRecord) -> tuple[User, Basket]:
    customer = make_customer(points=100_000)
    return customer, make_basket(customer, [offer])


def buying(customer: User, basket: Basket, key: str = "") -> Callable[[], Order]:
    return lambda: place_order(
        customer=customer,
        basket_id=basket.pk,
        address=ADDRESS,
        idempotency_key=key or f"race-{basket.pk:06d}",
    )


def test_50_buyers_of_the_last_10_pieces_make_10_orders_and_every_wallet_is_right() -> None:
    offer = make_offer(num_in_stock=PIECES, price=PRICE, charge_points=CHARGE)
    buyers = [buyer_of(offer) for _ in range(BUYERS)]
    outcomes = at_once([buying(*buyer) for buyer in buyers])

    assert Counter(type(outcome) for outcome in outcomes) == {Order: PIECES, BasketChanged: BUYERS - PIECES}
    offer.refresh_from_db()
    assert (offer.num_in_stock, offer.num_allocated) == (PIECES, PIECES)
    assert Line.objects.count() == PIECES
    for (customer, basket), outcome in zip(buyers, outcomes, strict=True):
        bought = isinstance(outcome, Order)
        assert User.objects.get(pk=customer.pk).point_balance == 100_000 - (PRICE + CHARGE) * bought
        assert Basket.objects.get(pk=basket.pk).status == (Basket.SUBMITTED if bought else Basket.OPEN)


def test_control_without_our_lock_and_guard_buyers_would_oversell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither is, the constraint of the table is met instead, so the race is real."""
    offer = make_offer(num_in_stock=PIECES, price=PRICE, charge_points=CHARGE)
    buyers = [buyer_of(offer) for _ in range(BUYERS)]
    monkeypatch.setattr(
        placement,
        "lock_offers",
        lambda ids: list(StockRecord.objects.select_related("partner").filter(pk__in=ids)),
    )
    monkeypatch.setattr(
        placement,
        "ALLOCATE_STOCK",
        UNGUARDED,
    )
    outcomes = at_once([buying(*buyer) for buyer in buyers])
    stopped = [outcome for outcome in outcomes if isinstance(outcome, IntegrityError)]
    assert stopped
    assert all("partner_offer_never_oversold" in str(error) for error in stopped)


def test_control_without_the_constraint_either_more_is_sold_than_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer = make_offer(num_in_stock=PIECES, price=PRICE, charge_points=CHARGE)
    buyers = [buyer_of(offer) for _ in range(BUYERS)]
    with connection.cursor() as cursor:
        # The database of this test is thrown away after it.
        cursor.execute("ALTER TABLE partner_stockrecord DROP CONSTRAINT partner_offer_never_oversold")
    monkeypatch.setattr(
        placement,
        "lock_offers",
        lambda ids: list(StockRecord.objects.select_related("partner").filter(pk__in=ids)),
    )
    monkeypatch.setattr(
        placement,
        "ALLOCATE_STOCK",
        UNGUARDED,
    )
    at_once([buying(*buyer) for buyer in buyers])
    assert Order.objects.count() > PIECES


@pytest.mark.parametrize("keys", ["one key", "a key each"])
def test_20_submits_of_one_basket_make_one_order(keys: str) -> None:
    customer, basket = buyer_of(make_offer(price=PRICE, charge_points=CHARGE))
    jobs = [
        buying(customer, basket, "the-same-key" if keys == "one key" else f"key-{n:06d}") for n in range(20)
    ]
    outcomes = at_once(jobs)
    assert {outcome.pk if isinstance(outcome, Order) else outcome for outcome in outcomes} == {
        Order.objects.get().pk
    }
    assert User.objects.get(pk=customer.pk).point_balance == 100_000 - PRICE - CHARGE
    assert StockRecord.objects.get().num_allocated == 1


def test_control_without_the_basket_s_lock_submits_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    customer, basket = buyer_of(make_offer(price=PRICE, charge_points=CHARGE))

    def unlocked(*, customer: User, basket_id: int) -> Basket:
        found = Basket.objects.get(pk=basket_id)
        found.owner = customer
        return found

    monkeypatch.setattr(placement, "_lock_basket", unlocked)
    outcomes = at_once([buying(customer, basket, f"key-{number:06d}") for number in range(20)])
    # One order per basket is a constraint as well: the money is safe, but people would see an error.
    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes)
    assert Order.objects.count() == 1


def test_buyers_of_the_same_offers_in_opposite_order_never_deadlock() -> None:
    offers = [make_offer(num_in_stock=1_000) for _ in range(4)]
    buyers = []
    for number in range(16):
        customer = make_customer(points=5_000_000)
        buyers.append((customer, make_basket(customer, offers if number % 2 else offers[::-1])))
    outcomes = at_once([buying(*buyer) for buyer in buyers])
    assert all(isinstance(outcome, Order) for outcome in outcomes), outcomes
    assert all(StockRecord.objects.filter(num_allocated=16).values_list("pk", flat=True))
    assert StockRecord.objects.filter(num_allocated=16).count() == 4


def test_a_customer_who_cancels_while_the_vendor_packs_gets_one_of_the_two() -> None:
    for _ in range(5):
        order = make_order(make_customer(points=100_000))
        part = order.vendor_orders.get()
        outcomes = at_once(
            [
                lambda part=part, order=order: cancel_by_customer(customer=order.user, vendor_order=part),  # type: ignore[misc]
                lambda part=part, order=order: mark_packed(  # type: ignore[misc]
                    vendor=part.vendor, actor=order.user, vendor_order=part
                ),
            ]
        )
        part.refresh_from_db()
        assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1
        refunded = order.sources.filter(amount_refunded=F("amount_debited")).exists()
        assert refunded == (part.status == "cancelled")


def _on_its_way() -> VendorOrder:
    order = make_order(make_customer(points=100_000), {make_offer(price=1_000): 4})
    part = order.vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=order.user, vendor_order=part, tracking_code="T")
    return part


def _ends_of(part: VendorOrder) -> list[Callable[[], object]]:
    """Everything that may become of goods on their way, at once."""
    line, buyer = part.lines.get(), part.order.user
    facts = {"vendor": part.vendor, "actor": buyer, "vendor_order": part}
    code = handover_code(part)
    return [
        lambda: hand_over(**facts, code=code),
        lambda: hand_over(**facts, code=code, refused={line.pk: 4}, reason="no"),
        lambda: hand_over(**facts, code=code, refused={line.pk: 1}, reason="no"),
        lambda: mark_delivered(**facts),
        lambda: give_allowance(**facts, line_id=line.pk, points=600, reason="late"),
        lambda: give_allowance(**facts, line_id=line.pk, points=600, reason="late"),
        lambda: complete_vendor_order(vendor_order=part, actor=None),
    ]


def test_goods_on_their_way_come_to_one_end_whatever_is_pressed_at_once() -> None:
    for _ in range(5):
        part = _on_its_way()
        outcomes = at_once(_ends_of(part))
        assert all(isinstance(each, OrderError) for each in outcomes if isinstance(each, Exception)), outcomes
        part.refresh_from_db()
        assert part.status in {"delivered", "refused", "completed"}
        ways = part.events.filter(new_status__in=["delivered", "refused"]).count()
        assert ways == 1
        given_back = sum(row.refunded_points for row in LineReduction.objects.filter(line__vendor_order=part))
        assert (
            User.objects.get(pk=part.order.user_id).point_balance == 100_000 - part.total_points + given_back
        )


def test_control_without_the_lock_goods_come_to_two_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(vendor_order: VendorOrder, **_: object) -> VendorOrder:
        found = VendorOrder.objects.select_related("order").get(pk=vendor_order.pk)
        barrier.wait(10)
        return found

    part = _on_its_way()
    barrier = threading.Barrier(2)
    monkeypatch.setattr(delivery, "lock_part", unlocked)
    facts = {"vendor": part.vendor, "actor": part.order.user, "vendor_order": part}
    at_once([lambda: mark_delivered(**facts), lambda: mark_delivered(**facts)])
    assert part.events.filter(new_status="delivered").count() == 2
