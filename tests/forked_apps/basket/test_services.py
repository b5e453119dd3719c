"""A basket names offers, and holds no more pieces than there are."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from forked_apps.basket.changes import ChangeKind
from forked_apps.basket.errors import (
    BadQuantity,
    BasketClosed,
    NoSuchLine,
    NotEnoughPieces,
    OfferNotAvailable,
    TooManyPieces,
)
from forked_apps.basket.models import Basket, Line
from forked_apps.basket.selectors import summarise
from forked_apps.basket.services import accept_changes, add_offer, change_quantity, merge_baskets, remove_line
from forked_apps.partner.models import VendorStatus
from tests.factories.catalogue import OfferFactory, ProductFactory
from tests.factories.orders import CustomerFactory, make_basket, make_offer

pytestmark = pytest.mark.django_db


def test_a_line_names_the_offer_that_was_chosen_not_the_cheapest() -> None:
    product = ProductFactory()
    OfferFactory(product=product, price=1_000)
    dear = OfferFactory(product=product, price=2_000)
    line, created = add_offer(basket=Basket(), product=product, offer_id=dear.pk, quantity=1)
    assert created
    assert line.stockrecord == dear
    assert line.unit_points == 2_000


def test_without_an_offer_the_buy_box_is_taken() -> None:
    product = ProductFactory()
    OfferFactory(product=product, price=2_000)
    cheap = OfferFactory(product=product, price=1_000)
    line, _ = add_offer(basket=Basket(), product=product)
    assert line.stockrecord == cheap


@pytest.mark.parametrize("why", ["inactive", "suspended", "other product", "hidden product", "unknown"])
def test_an_offer_that_is_not_on_sale_is_refused_and_nothing_is_written(why: str) -> None:
    offer = make_offer()
    offer_id, product = offer.pk, offer.product
    if why == "inactive":
        offer.is_active = False
        offer.save()
    elif why == "suspended":
        offer.partner.status = VendorStatus.SUSPENDED
        offer.partner.save()
    elif why == "other product":
        offer_id = make_offer().pk
    elif why == "hidden product":
        product.is_public = False
        product.save()
    else:
        offer_id = 10**15
    with pytest.raises(OfferNotAvailable):
        add_offer(basket=Basket(), product=product, offer_id=offer_id)
    assert not Line.objects.exists()
    assert not Basket.objects.exists()


def test_pieces_are_bounded_by_stock_together_with_those_in_the_basket() -> None:
    offer = make_offer(num_in_stock=5, num_allocated=1)
    basket = make_basket(None, {offer: 3})
    with pytest.raises(NotEnoughPieces) as refused:
        add_offer(basket=basket, product=offer.product, offer_id=offer.pk, quantity=2)
    assert (refused.value.available, refused.value.in_basket) == (4, 3)
    assert basket.lines.get().quantity == 3
    add_offer(basket=basket, product=offer.product, offer_id=offer.pk, quantity=1)
    assert basket.lines.get().quantity == 4


def test_a_basket_holds_a_limited_number_of_pieces() -> None:
    offer = make_offer(num_in_stock=10_000)
    with pytest.raises(TooManyPieces):
        make_basket(None, {offer: 501})


@pytest.mark.parametrize("quantity", [0, -1])
def test_no_pieces_or_fewer_are_refused(quantity: int) -> None:
    offer = make_offer()
    with pytest.raises(BadQuantity):
        add_offer(basket=Basket(), product=offer.product, offer_id=offer.pk, quantity=quantity)
    basket = make_basket(None, [offer])
    with pytest.raises(BadQuantity):
        change_quantity(basket=basket, line_id=basket.lines.get().pk, quantity=quantity)


def test_a_line_of_another_basket_is_neither_changed_nor_removed() -> None:
    mine, theirs = make_basket(None, [make_offer()]), make_basket(None, [make_offer()])
    line = theirs.lines.get()
    with pytest.raises(NoSuchLine):
        change_quantity(basket=mine, line_id=line.pk, quantity=2)
    with pytest.raises(NoSuchLine):
        remove_line(basket=mine, line_id=line.pk)
    line.refresh_from_db()
    assert line.quantity == 1


def test_an_ordered_basket_is_not_changed() -> None:
    offer = make_offer()
    basket = make_basket(CustomerFactory(), [offer])
    Basket.objects.update(status=Basket.SUBMITTED)
    with pytest.raises(BasketClosed):
        add_offer(basket=basket, product=offer.product, offer_id=offer.pk)


def test_price_and_stock_that_changed_are_told_and_stay_until_agreed_to() -> None:
    dearer, cheaper, fewer, gone, withdrawn, same = (make_offer(price=1_000) for _ in range(6))
    basket = make_basket(None, dict.fromkeys([dearer, cheaper, fewer, gone, withdrawn, same], 2))
    for offer, changes in {
        dearer: {"price": 1_100},
        cheaper: {"price": 900},
        fewer: {"num_in_stock": 1},
        gone: {"num_in_stock": 0},
        withdrawn: {"is_active": False},
    }.items():
        type(offer).objects.filter(pk=offer.pk).update(**changes)
    basket = Basket.objects.get(pk=basket.pk)
    changes = {change.line_id: change for change in summarise(basket=basket, user=None).changes}
    kinds = {line.stockrecord_id: changes[line.pk].kind for line in basket.all_lines() if line.pk in changes}
    assert kinds == {
        dearer.pk: ChangeKind.PRICE_HIGHER,
        cheaper.pk: ChangeKind.PRICE_LOWER,
        fewer.pk: ChangeKind.FEWER_PIECES,
        gone.pk: ChangeKind.SOLD_OUT,
        withdrawn.pk: ChangeKind.WITHDRAWN,
    }
    assert accept_changes(basket=basket) == 5
    basket = Basket.objects.get(pk=basket.pk)
    assert summarise(basket=basket, user=None).changes == []
    assert {line.stockrecord_id: line.quantity for line in basket.lines.all()} == {
        dearer.pk: 2,
        cheaper.pk: 2,
        fewer.pk: 1,
        same.pk: 2,
    }


def test_changing_a_number_is_no_agreement_to_another_price() -> None:
    offer = make_offer(price=1_000)
    basket = make_basket(None, [offer])
    type(offer).objects.update(price=1_500)
    change_quantity(basket=basket, line_id=basket.lines.get().pk, quantity=2)
    (change,) = summarise(basket=Basket.objects.get(pk=basket.pk), user=None).changes
    assert (change.kind, change.old, change.new) == (ChangeKind.PRICE_HIGHER, 1_000, 1_500)


def test_signing_in_takes_the_larger_number_and_does_so_once() -> None:
    offer, other = make_offer(), make_offer()
    mine = make_basket(CustomerFactory(), {offer: 1})
    anonymous = make_basket(None, {offer: 3, other: 2})
    assert merge_baskets(into=mine, other=anonymous) == 5
    assert merge_baskets(into=mine, other=anonymous) == 0
    assert {line.stockrecord_id: line.quantity for line in mine.lines.all()} == {offer.pk: 3, other.pk: 2}


def test_a_basket_of_20_lines_costs_as_many_queries_as_one_of_2(django_assert_num_queries: Callable) -> None:
    small = make_basket(None, [make_offer() for _ in range(2)])
    large = make_basket(None, [make_offer() for _ in range(20)])
    summarise(
        basket=make_basket(None, [make_offer()]), user=None, with_images=True
    )  # Draws the picture that stands in for missing ones.
    for basket in (small, large):
        with django_assert_num_queries(3):
            summary = summarise(basket=basket, user=None, with_images=True)
            assert [row.line.product.get_absolute_url() for row in summary.rows]
            assert summary.goods_points == 25_000 * len(summary.rows)
            assert all(row.images for row in summary.rows)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_first_additions_at_once_make_one_basket_with_every_piece() -> None:
    customer, offer = CustomerFactory(), make_offer(num_in_stock=100)
    errors: list[BaseException] = []
    barrier = threading.Barrier(12)

    def add() -> None:
        try:
            barrier.wait()
            add_offer(basket=Basket(owner=customer), product=offer.product, offer_id=offer.pk)
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Basket.objects.get(owner=customer).lines.get().quantity == 12
