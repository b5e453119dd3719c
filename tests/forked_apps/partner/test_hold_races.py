"""Many customers check out at once, with connections of their own; each with a negative control."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F, Sum

from forked_apps.basket.models import Basket
from forked_apps.checkout.holds import hold_basket
from forked_apps.order.errors import BasketChanged
from forked_apps.order.models import Line, Order
from forked_apps.order.services import placement
from forked_apps.order.services.placement import place_order
from forked_apps.partner.models import StockHold, StockRecord
from forked_apps.partner.services import holds
from marketplace.users.models import User
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer
from tests.forked_apps.order.test_races import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
BUYERS, PIECES = 50, 10
Buyer = tuple[User, Basket]


@pytest.fixture
def offer() -> StockRecord:
    return make_offer(num_in_stock=PIECES, price=1_000, charge_points=0)


def buyers_of(*offers: StockRecord, number: int = BUYERS) -> list[Buyer]:
    people = [make_customer(points=100_000) for _ in range(number)]
    return [(person, make_basket(person, offers)) for person in people]


def entering(customer: User, basket: Basket) -> Callable[[], object]:
    return lambda: hold_basket(basket=basket, customer=customer)


def placing(customer: User, basket: Basket) -> Callable[[], Order]:
    return lambda: place_order(
        customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key=f"race-{basket.pk:06d}"
    )


def checking_out(customer: User, basket: Basket) -> Callable[[], Order]:
    """As the pages do it: the review keeps the pieces, the button orders them."""

    def run() -> Order:
        hold_basket(basket=basket, customer=customer)
        return placing(customer, basket)()

    return run


def test_50_buyers_who_enter_and_place_at_once_never_get_more_than_10_pieces(offer: StockRecord) -> None:
    outcomes = at_once([checking_out(*buyer) for buyer in buyers_of(offer)])
    orders = [outcome for outcome in outcomes if isinstance(outcome, Order)]
    assert len(orders) == PIECES
    assert all(isinstance(outcome, Order | BasketChanged) for outcome in outcomes), outcomes
    offer.refresh_from_db()
    assert (offer.num_in_stock, offer.num_allocated) == (PIECES, PIECES)
    assert Line.objects.count() == PIECES
    assert not StockHold.objects.exists()


def test_50_who_enter_at_once_are_kept_10_pieces_and_those_ten_buy_whoever_else_tries(
    offer: StockRecord,
) -> None:
    buyers = buyers_of(offer)
    kept = at_once([entering(*buyer) for buyer in buyers])
    assert StockHold.objects.aggregate(pieces=Sum("pieces"))["pieces"] == PIECES
    holders = [buyer for buyer, hold in zip(buyers, kept, strict=True) if hold.held_until]  # type: ignore[attr-defined]
    outcomes = dict(
        zip([buyer[0].pk for buyer in buyers], at_once([placing(*buyer) for buyer in buyers]), strict=True)
    )
    assert len(holders) == PIECES
    assert all(isinstance(outcomes[customer.pk], Order) for customer, _ in holders)
    assert sum(isinstance(outcome, Order) for outcome in outcomes.values()) == PIECES


def test_control_without_the_offers_lock_more_is_kept_than_there_is(
    offer: StockRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        holds,
        "lock_offers",
        lambda ids: list(StockRecord.objects.select_related("partner").filter(pk__in=list(ids))),
    )
    at_once([entering(*buyer) for buyer in buyers_of(offer)])
    assert StockHold.objects.aggregate(pieces=Sum("pieces"))["pieces"] > PIECES


def test_control_without_the_guard_others_take_what_is_kept(
    offer: StockRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyers = buyers_of(offer, number=PIECES * 2)
    holders, others = buyers[:PIECES], buyers[PIECES:]
    for buyer in holders:
        entering(*buyer)()
    monkeypatch.setattr(
        placement, "ALLOCATE_STOCK", placement.ALLOCATE_STOCK.replace("hold.held_until >", "NULL >")
    )
    monkeypatch.setattr("forked_apps.basket.models.change_of", lambda line: None)
    monkeypatch.setattr(placement, "change_of", lambda line: None)
    taken = at_once([placing(*buyer) for buyer in others])
    assert any(isinstance(outcome, Order) for outcome in taken)


def test_what_ran_out_is_anyone_s_and_its_holder_is_told(offer: StockRecord) -> None:
    (holder, basket), *others = buyers_of(offer, number=PIECES + 1)
    hold_basket(basket=basket, customer=holder)
    StockHold.objects.update(
        started_at=F("started_at") - timedelta(minutes=16), held_until=F("held_until") - timedelta(minutes=16)
    )
    outcomes = at_once([checking_out(*buyer) for buyer in others])
    assert all(isinstance(outcome, Order) for outcome in outcomes), outcomes
    with pytest.raises(BasketChanged):
        placing(holder, basket)()


def test_overlapping_baskets_in_opposite_order_never_deadlock() -> None:
    offers = [make_offer(num_in_stock=1_000, price=1_000) for _ in range(4)]
    buyers = []
    for number in range(16):
        customer = make_customer(points=1_000_000)
        buyers.append((customer, make_basket(customer, offers if number % 2 else offers[::-1])))
    outcomes = at_once([checking_out(*buyer) for buyer in buyers] + [holds.sweep_holds] * 2)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert StockRecord.objects.filter(num_allocated=16).count() == 4


def test_two_tabs_of_one_customer_take_turns(offer: StockRecord) -> None:
    ((customer, basket),) = buyers_of(offer, number=1)
    outcomes = at_once([entering(customer, basket)] * 8 + [placing(customer, basket)] * 4)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Order.objects.count() == 1
    # What was kept is ordered; a tab that came later kept nothing for a basket that is gone.
    assert not StockHold.objects.exists()
    offer.refresh_from_db()
    assert offer.num_allocated == 1
