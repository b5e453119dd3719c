"""What changed in a basket is told line by line; the customer agrees, goes elsewhere, or takes it out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from forked_apps.basket.changes import ChangeKind
from forked_apps.basket.errors import NoSuchLine, NotEnoughPieces, OfferNotAvailable
from forked_apps.basket.models import Basket, Line
from forked_apps.basket.other_offers import OtherOffer
from forked_apps.basket.selectors import BasketRow, summarise
from forked_apps.basket.services import accept_line, swap_offer
from forked_apps.catalogue.models import Product
from forked_apps.checkout.holds import hold_basket
from forked_apps.partner.models import StockHold, StockRecord
from forked_apps.partner.services.holds import keep_pieces
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import CustomerFactory, make_basket, make_customer, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> Product:
    return ProductFactory(title_en="Lamp")


@pytest.fixture
def mine(product: Product) -> StockRecord:
    return make_offer(product=product, price=10_000, charge_points=2_000)


def rows(basket: Basket, governorate: str = "BG") -> list[BasketRow]:
    read = Basket.objects.get(pk=basket.pk)
    return summarise(basket=read, user=None, other_offers_in=governorate).rows


def other_of(basket: Basket) -> OtherOffer | None:
    (row,) = rows(basket)
    return row.other_offer


# What is told -----------------------------------------------------------------------------
def test_one_that_costs_less_with_its_delivery_is_named_and_blocks_nothing(mine: StockRecord) -> None:
    basket = make_basket(None, {mine: 2})
    rival = make_offer(product=mine.product, price=9_000, charge_points=1_000)
    (row,) = rows(basket)
    assert row.change is None
    assert row.other_offer == OtherOffer(rival.pk, rival.partner.name, 9_000, saving_points=3_000)


@pytest.mark.parametrize(
    ("price", "charge", "pieces"), [(10_000, 2_000, 9), (9_000, 5_000, 9), (1_000, 0, 1)],
    ids=["no cheaper", "dearer with delivery", "too few pieces"],
)  # fmt: skip
def test_others_are_not_named(mine: StockRecord, price: int, charge: int, pieces: int) -> None:
    basket = make_basket(None, {mine: 2})
    make_offer(product=mine.product, price=price, charge_points=charge, num_in_stock=pieces)
    assert other_of(basket) is None


def test_pieces_that_others_keep_are_no_offer(mine: StockRecord) -> None:
    basket = make_basket(None, {mine: 2})
    rival = make_offer(product=mine.product, price=1_000, charge_points=0, num_in_stock=3)
    assert other_of(basket)
    keep_pieces(customer_id=make_customer().pk, wanted={rival.pk: 2})
    assert other_of(basket) is None


def test_an_offer_that_is_not_delivered_there_is_none(mine: StockRecord) -> None:
    basket = make_basket(None, {mine: 1})
    make_offer(product=mine.product, price=1_000, charge_points=0)
    (row,) = rows(basket, "BA")
    assert row.other_offer is None


def test_delivery_that_the_basket_pays_anyway_is_no_saving(mine: StockRecord) -> None:
    """The rival is cheaper alone; but its delivery would come on top of the one that is paid already."""
    more = make_offer(vendor=mine.partner, price=500)
    basket = make_basket(None, {mine: 1, more: 1})
    make_offer(product=mine.product, price=9_500, charge_points=1_000)
    assert [row.other_offer for row in rows(basket)] == [None, None]


def test_free_delivery_counts_for_the_whole_basket(mine: StockRecord) -> None:
    mine.partner.shipping_rates.update(free_from_points=10_500)
    more = make_offer(vendor=mine.partner, price=500)
    basket = make_basket(None, {mine: 1, more: 1})
    make_offer(product=mine.product, price=9_000, charge_points=0)
    # 1,000 less for the lamp, and 2,000 more for the delivery of what stays.
    assert rows(basket)[0].other_offer is None


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"price": 12_000}, ChangeKind.PRICE_HIGHER),
        ({"num_in_stock": 1}, ChangeKind.FEWER_PIECES),
        ({"num_in_stock": 0}, ChangeKind.SOLD_OUT),
        ({"is_active": False}, ChangeKind.WITHDRAWN),
    ],
)
def test_what_changed_comes_with_the_best_other_offer_dearer_or_not(
    mine: StockRecord, change: dict[str, int], kind: ChangeKind
) -> None:
    basket = make_basket(None, {mine: 2})
    rival = make_offer(product=mine.product, price=30_000)
    make_offer(product=mine.product, price=40_000)
    StockRecord.objects.filter(pk=mine.pk).update(**change)
    (row,) = rows(basket)
    assert row.change
    assert row.change.kind == kind
    assert row.other_offer
    assert row.other_offer.offer_id == rival.pk


def test_20_lines_cost_as_many_queries_as_2(django_assert_num_queries: Callable) -> None:
    for lines in (2, 20):
        offers = [make_offer() for _ in range(lines)]
        for offer in offers:
            make_offer(product=offer.product, price=1_000)
        basket = Basket.objects.get(pk=make_basket(None, offers).pk)
        with django_assert_num_queries(4):
            summary = summarise(basket=basket, user=None, other_offers_in="BG")
        assert len(summary.beaten_rows) == lines


# What is chosen ---------------------------------------------------------------------------
def test_agreeing_to_one_line_leaves_the_others_as_they_are(mine: StockRecord) -> None:
    second = make_offer(price=5_000)
    basket = make_basket(None, [mine, second])
    StockRecord.objects.update(price=12_000)
    line = basket.lines.get(stockrecord=mine)
    assert accept_line(basket=basket, line_id=line.pk)
    assert [row.change is None for row in rows(basket)] == [True, False]
    assert not accept_line(basket=basket, line_id=line.pk)


def test_agreeing_that_it_is_gone_takes_it_out(mine: StockRecord) -> None:
    basket = make_basket(None, {mine: 2})
    StockRecord.objects.update(num_in_stock=0)
    accept_line(basket=basket, line_id=basket.lines.get().pk)
    assert not basket.lines.exists()


def test_a_line_goes_over_to_another_vendor_at_its_price(mine: StockRecord) -> None:
    customer = make_customer()
    basket = make_basket(customer, {mine: 3})
    hold_basket(basket=basket, customer=customer)
    rival = make_offer(product=mine.product, price=9_000)
    line = swap_offer(basket=basket, line_id=basket.lines.get().pk, offer_id=rival.pk)
    line = Line.objects.get(pk=line.pk)
    assert (line.stockrecord, line.quantity, line.seen_price_points) == (rival, 3, 9_000)
    assert line.line_reference == f"{mine.product_id}_{rival.pk}"
    # What was kept of the other is anyone's.
    assert keep_pieces(customer_id=make_customer().pk, wanted={mine.pk: 10})[mine.pk].pieces == 10
    assert StockHold.objects.filter(customer=customer, stockrecord=rival).count() == 0


def test_it_joins_pieces_of_that_vendor_which_are_there_already(mine: StockRecord) -> None:
    rival = make_offer(product=mine.product, price=9_000, num_in_stock=5)
    basket = make_basket(None, {mine: 3, rival: 2})
    swap_offer(basket=basket, line_id=basket.lines.get(stockrecord=mine).pk, offer_id=rival.pk)
    assert [(line.stockrecord, line.quantity) for line in basket.lines.all()] == [(rival, 5)]


def test_it_does_not_go_where_it_cannot(mine: StockRecord) -> None:
    basket = make_basket(None, {mine: 3})
    line_id = basket.lines.get().pk
    few = make_offer(product=mine.product, num_in_stock=2)
    of_another_product, off_sale = make_offer(), make_offer(product=mine.product, is_active=False)
    for offer in (of_another_product, off_sale):
        with pytest.raises(OfferNotAvailable):
            swap_offer(basket=basket, line_id=line_id, offer_id=offer.pk)
    with pytest.raises(NotEnoughPieces):
        swap_offer(basket=basket, line_id=line_id, offer_id=few.pk)
    with pytest.raises(NoSuchLine):
        swap_offer(basket=make_basket(None, [few]), line_id=line_id, offer_id=mine.pk)
    assert basket.lines.get().stockrecord == mine


# The page ---------------------------------------------------------------------------------
def test_the_page_offers_the_three_choices(client: Client, mine: StockRecord) -> None:
    customer = CustomerFactory()
    basket = make_basket(customer, {mine: 1})
    rival = make_offer(product=mine.product, price=9_000, charge_points=1_000)
    StockRecord.objects.filter(pk=mine.pk).update(price=12_000)
    client.force_login(customer)
    client.cookies["django_language"] = "en"
    html = client.get(reverse("basket:summary")).content.decode()
    line = basket.lines.get()
    for words in ("rose from", "Accept the new price", f"Take it from {rival.partner.name}", "less in all"):
        assert words in html
    for name in ("line-accept", "line-swap", "line-remove"):
        assert reverse(f"basket:{name}", args=[line.pk]) in html

    here = reverse("checkout:preview")
    answer = client.post(reverse("basket:line-swap", args=[line.pk]), {"offer": rival.pk, "next": here})
    assert answer["Location"] == here
    line.refresh_from_db()
    assert line.stockrecord == rival


@pytest.mark.parametrize("offer", ["", "x", "0", str(2**63), "999999"])
def test_nonsense_swaps_nothing(client: Client, mine: StockRecord, offer: str) -> None:
    customer = CustomerFactory()
    basket = make_basket(customer, {mine: 1})
    client.force_login(customer)
    answer = client.post(reverse("basket:line-swap", args=[basket.lines.get().pk]), {"offer": offer})
    assert answer.status_code == 302
    assert basket.lines.get().stockrecord == mine


def test_another_s_line_is_left_alone(client: Client, mine: StockRecord) -> None:
    basket = make_basket(CustomerFactory(), {mine: 1})
    rival = make_offer(product=mine.product, price=9_000)
    StockRecord.objects.filter(pk=mine.pk).update(price=12_000)
    stranger = CustomerFactory()
    make_basket(stranger, [rival])
    client.force_login(stranger)
    line = basket.lines.get()
    client.post(reverse("basket:line-swap", args=[line.pk]), {"offer": rival.pk})
    client.post(reverse("basket:line-accept", args=[line.pk]))
    assert (Line.objects.get(pk=line.pk).stockrecord, Line.objects.get(pk=line.pk).seen_price_points) == (
        mine, 10_000,
    )  # fmt: skip
