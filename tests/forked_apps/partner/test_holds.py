"""Pieces that are kept for a customer: for how long, how many, and for whom they count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from forked_apps.basket.changes import ChangeKind
from forked_apps.basket.errors import NotEnoughPieces
from forked_apps.basket.models import Basket
from forked_apps.basket.selectors import summarise
from forked_apps.basket.services import accept_changes, add_offer, change_quantity, remove_line
from forked_apps.checkout.holds import hold_basket
from forked_apps.order.errors import BasketChanged
from forked_apps.order.models import Order
from forked_apps.order.services.placement import place_order
from forked_apps.partner.holds import kept_pieces
from forked_apps.partner.models import StockHold, StockRecord
from forked_apps.partner.services.holds import keep_pieces, sweep_holds
from marketplace.users.models import User
from tests.factories.orders import ADDRESS, make_basket, make_customer, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer() -> StockRecord:
    return make_offer(num_in_stock=10, price=1_000)


def keep(customer: User, wanted: Mapping[StockRecord, int]) -> dict[int, int]:
    kept = keep_pieces(customer_id=customer.pk, wanted={offer.pk: n for offer, n in wanted.items()})
    return {offer_id: each.pieces for offer_id, each in kept.items()}


def let_pass(**time: int) -> None:
    """For holds it is later: everything they say lies so much further back."""
    StockHold.objects.update(
        started_at=F("started_at") - timedelta(**time), held_until=F("held_until") - timedelta(**time)
    )


def place(customer: User, basket: Basket) -> Order:
    return place_order(
        customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key=f"hold-{basket.pk:08d}"
    )


# Taking -----------------------------------------------------------------------------------
def test_what_is_free_is_kept_and_not_more(offer: StockRecord) -> None:
    first, second, third = make_customer(), make_customer(), make_customer()
    StockRecord.objects.update(num_allocated=1)
    assert keep(first, {offer: 6}) == {offer.pk: 6}
    assert keep(second, {offer: 5}) == {offer.pk: 3}
    assert keep(third, {offer: 1}) == {}
    assert not StockHold.objects.filter(customer=third).exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"num_in_stock": 0}], ids=["withdrawn", "sold out"])
def test_nothing_is_kept_of_what_cannot_be_bought(offer: StockRecord, change: dict[str, int]) -> None:
    StockRecord.objects.update(**change)
    assert keep(make_customer(), {offer: 1}) == {}


def test_a_new_wish_takes_the_place_of_the_one_before(offer: StockRecord) -> None:
    customer, other = make_customer(), make_offer()
    keep(customer, {offer: 6, other: 2})
    assert keep(customer, {offer: 2}) == {offer.pk: 2}
    assert kept_pieces(customer_id=customer.pk) == {offer.pk: 2}
    assert keep(make_customer(), {offer: 9, other: 10}) == {offer.pk: 8, other.pk: 10}


def test_a_customer_keeps_so_many_pieces_and_offers_at_most(settings) -> None:
    settings.STOCK_HOLDS = {
        **settings.STOCK_HOLDS, "most_pieces_of_offer": 4, "most_pieces": 10, "most_offers": 3,
    }  # fmt: skip
    offers = [make_offer(num_in_stock=50) for _ in range(5)]
    assert list(keep(make_customer(), dict.fromkeys(offers, 9)).values()) == [4, 4, 2]
    assert list(keep(make_customer(), dict.fromkeys(offers, 1)).values()) == [1, 1, 1]


# Time -------------------------------------------------------------------------------------
def test_a_hold_that_ran_out_counts_for_nothing_at_once(offer: StockRecord) -> None:
    keep(make_customer(), {offer: 10})
    second = make_customer()
    let_pass(minutes=14)
    assert keep(second, {offer: 1}) == {}
    let_pass(minutes=1)
    assert keep(second, {offer: 10}) == {offer.pk: 10}


def test_activity_extends_a_hold_and_nobody_can_keep_one_for_ever(offer: StockRecord) -> None:
    customer = make_customer()
    keep(customer, {offer: 10})
    start = StockHold.objects.get().started_at
    for _ in range(4):
        let_pass(minutes=10)
        assert keep(customer, {offer: 10}) == {offer.pk: 10}
    hold = StockHold.objects.get()
    # The fifth quarter of an hour would be too long.
    assert hold.held_until == hold.started_at + timedelta(minutes=45)
    assert hold.started_at == start - timedelta(minutes=40)
    let_pass(minutes=5)
    assert keep(customer, {offer: 10}) == {}
    assert keep(make_customer(), {offer: 10}) == {offer.pk: 10}


def test_who_let_it_run_out_does_not_begin_anew_at_once(offer: StockRecord) -> None:
    """Else a second's gap now and then would keep it for ever."""
    customer = make_customer()
    keep(customer, {offer: 1})
    let_pass(minutes=16)
    keep(customer, {offer: 1})
    hold = StockHold.objects.get()
    assert hold.started_at < timezone.now() - timedelta(minutes=15)
    let_pass(minutes=45)
    assert keep(customer, {offer: 1}) == {offer.pk: 1}
    assert StockHold.objects.get().started_at > timezone.now() - timedelta(minutes=1)


def test_taking_it_out_of_the_basket_and_in_again_does_not_begin_anew(offer: StockRecord) -> None:
    customer = make_customer()
    keep(customer, {offer: 1})
    let_pass(minutes=10)
    started = StockHold.objects.get().started_at
    keep(customer, {})
    assert kept_pieces(customer_id=customer.pk) == {}
    keep(customer, {offer: 1})
    assert StockHold.objects.get().started_at == started


def test_rows_are_swept_when_they_say_nothing_any_more(offer: StockRecord) -> None:
    customer = make_customer()
    keep(customer, {offer: 1})
    let_pass(minutes=29)
    assert sweep_holds() == 0
    let_pass(minutes=2)
    keep(make_customer(), {offer: 1})
    assert sweep_holds() == 1
    assert StockHold.objects.get().customer != customer


# For whom it counts -----------------------------------------------------------------------
def test_pieces_of_others_are_missing_in_the_basket_and_one_s_own_are_not(offer: StockRecord) -> None:
    holder, other = make_customer(), make_customer()
    mine, theirs = make_basket(holder, {offer: 8}), make_basket(other, {offer: 4})
    hold_basket(basket=mine, customer=holder)
    assert summarise(basket=Basket.objects.get(pk=mine.pk), user=holder).changes == []
    (change,) = summarise(basket=Basket.objects.get(pk=theirs.pk), user=other).changes
    assert (change.kind, change.old, change.new) == (ChangeKind.FEWER_PIECES, 4, 2)
    accept_changes(basket=theirs)
    assert theirs.lines.get().quantity == 2


def test_a_visitor_sees_what_is_kept_and_keeps_nothing(offer: StockRecord) -> None:
    visitor = make_basket(None, {offer: 1})
    keep(make_customer(), {offer: 10})
    (change,) = summarise(basket=Basket.objects.get(pk=visitor.pk), user=None).changes
    assert change.kind == ChangeKind.HELD
    assert change.is_final
    with pytest.raises(NotEnoughPieces) as refused:
        add_offer(basket=visitor, product=offer.product, offer_id=offer.pk)
    assert (refused.value.available, refused.value.held) == (0, 10)


def test_what_leaves_the_basket_is_free_at_once(offer: StockRecord) -> None:
    customer, other = make_customer(), make_offer()
    basket = make_basket(customer, {offer: 8, other: 1})
    hold_basket(basket=basket, customer=customer)
    line = basket.lines.get(stockrecord=offer)
    change_quantity(basket=basket, line_id=line.pk, quantity=3)
    assert kept_pieces(customer_id=customer.pk) == {offer.pk: 3, other.pk: 1}
    remove_line(basket=basket, line_id=line.pk)
    assert kept_pieces(customer_id=customer.pk) == {other.pk: 1}


def test_more_in_the_basket_keeps_more_with_the_next_step(offer: StockRecord) -> None:
    customer = make_customer()
    basket = make_basket(customer, {offer: 1})
    hold_basket(basket=basket, customer=customer)
    change_quantity(basket=basket, line_id=basket.lines.get().pk, quantity=5)
    assert kept_pieces(customer_id=customer.pk) == {offer.pk: 1}
    hold = hold_basket(basket=basket, customer=customer)
    assert hold.is_whole
    assert hold.held_until == StockHold.objects.get().held_until
    assert kept_pieces(customer_id=customer.pk) == {offer.pk: 5}


def test_a_hold_of_some_says_so(offer: StockRecord) -> None:
    customer = make_customer()
    basket = make_basket(customer, {offer: 5})
    keep(make_customer(), {offer: 7})
    hold = hold_basket(basket=basket, customer=customer)
    assert hold.held_until
    assert not hold.is_whole


@pytest.mark.parametrize("whose", ["another's", "ordered"])
def test_a_basket_that_is_not_one_s_own_and_open_keeps_nothing(offer: StockRecord, whose: str) -> None:
    customer = make_customer()
    basket = make_basket(make_customer() if whose == "another's" else customer, {offer: 1})
    if whose == "ordered":
        Basket.objects.filter(pk=basket.pk).update(status=Basket.SUBMITTED)
    assert hold_basket(basket=basket, customer=customer).held_until is None
    assert not StockHold.objects.exists()


# Placement --------------------------------------------------------------------------------
def test_placing_turns_what_was_kept_into_ordered_pieces(offer: StockRecord) -> None:
    customer = make_customer(points=100_000)
    basket = make_basket(customer, {offer: 10})
    hold_basket(basket=basket, customer=customer)
    place(customer, basket)
    assert StockRecord.objects.get(pk=offer.pk).num_allocated == 10
    assert not StockHold.objects.exists()


def test_who_did_not_check_out_by_pages_gets_what_is_free_and_nothing_that_is_kept(
    offer: StockRecord,
) -> None:
    holder = make_customer(points=100_000)
    some, more = make_customer(points=100_000), make_customer(points=100_000)
    theirs, too_many = make_basket(some, {offer: 3}), make_basket(more, {offer: 1})
    kept = make_basket(holder, {offer: 7})
    hold_basket(basket=kept, customer=holder)
    place(some, theirs)
    with pytest.raises(BasketChanged) as refused:
        place(more, too_many)
    assert [change.kind for change in refused.value.changes] == [ChangeKind.HELD]
    place(holder, kept)
    assert StockRecord.objects.get(pk=offer.pk).num_allocated == 10


def test_a_hold_taken_while_another_pays_is_told_line_by_line(
    offer: StockRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first look and the lock: the guard of the statement sees it, and says which line."""
    customer, holder = make_customer(points=100_000), make_customer()
    basket = make_basket(customer, {offer: 5, make_offer(price=500): 1})

    def meanwhile(name: str) -> None:
        if name == "paid":
            keep(holder, {offer: 8})

    monkeypatch.setattr("forked_apps.order.services.placement.step", meanwhile)
    with pytest.raises(BasketChanged) as refused:
        place(customer, basket)
    (change,) = refused.value.changes
    assert (change.kind, change.new) == (ChangeKind.FEWER_PIECES, 2)
    assert not Order.objects.exists()


def test_keeping_20_lines_costs_as_many_queries_as_keeping_2(django_assert_num_queries: Callable) -> None:
    for lines in (2, 20):
        customer = make_customer()
        basket = make_basket(customer, [make_offer() for _ in range(lines)])
        # The savepoint's two, the basket, its lines, giving up, the offers, keeping.
        with django_assert_num_queries(7):
            assert hold_basket(basket=basket, customer=customer).is_whole
