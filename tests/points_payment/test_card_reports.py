"""What became of the cards, for batches, distributors and shops."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.users.governorates import Governorate
from points_payment.card_reports import Filters, ReportKind, report_rows, report_subjects
from points_payment.models import Consignment, Shop
from points_payment.services.card_support import (
    approve_replacement,
    freeze_card,
    request_replacement,
)
from points_payment.services.ranges import (
    expire_cards,
    freeze_range,
    record_shop_payment,
    return_range,
    void_range,
)
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_person, new_key
from tests.factories.supply import activate, make_distributor, make_received_batch, make_shop, send

pytestmark = pytest.mark.django_db
EVERYTHING = Filters()


def redeem(code):
    redeem_card(customer=make_person(), code=code, idempotency_key=new_key(), attempt=from_device())


def rows(kind, filters=EVERYTHING):
    return report_rows(kind, list(report_subjects(kind, filters)), filters)


def only(kind, filters=EVERYTHING):
    (row,) = rows(kind, filters)
    return row


def figures(row):
    return (row.cards, row.sent, row.active, row.redeemed, row.left, row.frozen, row.void, row.expired)


def adds_up(row):
    return row.cards == row.redeemed + row.left + row.frozen + row.void + row.expired


def step(service, one, **numbers):
    return service(consignment=one, actor=make_person("Desk"), reason="Because", **numbers)


def pay(shop, points):
    record_shop_payment(
        shop=shop, amount_points=points, reference="R-1", actor=make_person(), idempotency_key=new_key()
    )


def activated_days_ago(one, days):
    """Ranges are as old as a test says."""
    Consignment.objects.filter(pk=one.pk).update(activated_at=timezone.now() - timedelta(days=days, hours=1))


def test_shop_s_cards_are_counted_where_they_are():
    batch, codes = make_received_batch(cards=20, value=1_000)
    shop = make_shop()
    activate(send(batch, 0, 9, shop=shop))
    send(batch, 10, 12, shop=shop)
    step(freeze_range, activate(send(batch, 13, 14, shop=shop)))
    step(void_range, activate(send(batch, 15, 15, shop=shop)))
    redeem(codes[0])
    redeem(codes[1])
    pay(shop, 3_000)
    row = only(ReportKind.SHOPS)
    assert figures(row) == (16, 16, 8, 2, 11, 2, 1, 0)
    assert (row.owed_points, row.paid_points, row.sold_percent) == (9_000, 3_000, 12)
    assert (row.median_days, row.slow_days) == (0, 0)
    whole = only(ReportKind.BATCHES)
    assert figures(whole) == (20, 16, 8, 2, 15, 2, 1, 0)
    assert adds_up(row)
    assert adds_up(whole)


def test_what_came_back_counts_no_more_but_for_what_was_redeemed_before():
    batch, codes = make_received_batch(cards=10, value=1_000)
    first, second = make_shop("A first"), make_shop("B second")
    one = activate(send(batch, 0, 9, shop=first))
    redeem(codes[0])
    step(return_range, one)
    activate(send(batch, 1, 9, shop=second))
    redeem(codes[5])
    mine, others = rows(ReportKind.SHOPS)
    assert figures(mine) == (1, 1, 0, 1, 0, 0, 0, 0)
    assert mine.owed_points == 1_000
    assert figures(others) == (9, 9, 8, 1, 8, 0, 0, 0)
    assert mine.redeemed + others.redeemed == only(ReportKind.BATCHES).redeemed


def test_range_that_came_back_before_it_was_active_counts_nowhere():
    batch, codes = make_received_batch(cards=4)
    first, second = make_shop("A first"), make_shop("B second")
    step(return_range, send(batch, 0, 3, shop=first))
    activate(send(batch, 0, 3, shop=second))
    redeem(codes[0])
    mine, others = rows(ReportKind.SHOPS)
    assert figures(mine) == (0,) * 8
    assert mine.sold_percent == 0
    assert figures(others) == (4, 4, 3, 1, 3, 0, 0, 0)


def test_split_consignment_counts_once():
    batch, codes = make_received_batch(cards=10)
    one = activate(send(batch, 0, 9, shop=make_shop()))
    redeem(codes[3])
    step(freeze_range, one, first_number=batch.first_number + 2, last_number=batch.first_number + 4)
    assert figures(only(ReportKind.SHOPS)) == (10, 10, 7, 1, 7, 2, 0, 0)


def test_distributor_has_what_its_shops_have_and_what_it_kept():
    batch, codes = make_received_batch(cards=10, value=1_000)
    tigris, other = make_distributor("A"), make_distributor("B")
    whole = send(batch, 0, 7, distributor=tigris)
    shop = make_shop("Corner", distributor=tigris)
    part = activate(send(batch, 0, 3, shop=shop, parent=whole))
    redeem(codes[0])
    activated_days_ago(part, 3)
    pay(shop, 1_500)
    row, nothing = rows(ReportKind.DISTRIBUTORS)
    assert figures(row) == (8, 8, 3, 1, 7, 0, 0, 0)
    assert (row.owed_points, row.paid_points, row.median_days) == (2_500, 1_500, 3)
    assert (nothing.subject, figures(nothing), nothing.owed_points) == (other, (0,) * 8, 0)


@pytest.mark.django_db(transaction=True)
def test_distributor_s_returned_range_keeps_what_its_shops_had_sold():
    batch, codes = make_received_batch(cards=4)
    whole = send(batch, 0, 3, distributor=make_distributor())
    part = activate(send(batch, 0, 3, shop=make_shop(), parent=whole))
    redeem(codes[0])
    step(return_range, part)
    step(return_range, whole)
    activate(send(batch, 1, 3, shop=make_shop("Zab")))
    redeem(codes[1])
    assert [row.redeemed for row in rows(ReportKind.SHOPS)] == [1, 1]
    assert figures(only(ReportKind.DISTRIBUTORS)) == (1, 1, 0, 1, 0, 0, 0, 0)


def test_days_to_redeem_are_the_median_and_the_slow_tenth():
    batch, codes = make_received_batch(cards=10)
    shop = make_shop()
    for place in range(10):
        one = activate(send(batch, place, place, shop=shop))
        redeem(codes[place])
        activated_days_ago(one, place + 1)
    row = only(ReportKind.SHOPS)
    assert (row.median_days, row.slow_days) == (5, 9)
    assert only(ReportKind.BATCHES).median_days == 5


def test_batch_that_was_activated_whole_has_days_too():
    _batch, codes = make_active_batch()
    redeem(codes[0])
    row = only(ReportKind.BATCHES)
    assert figures(row) == (3, 0, 2, 1, 2, 0, 0, 0)
    assert (row.median_days, row.owed_points, row.paid_points) == (0, 0, 0)


def test_expired_batch_and_card_that_was_replaced():
    batch, _codes = make_active_batch(cards=3)
    card = batch.cards.earliest("number")
    asked = request_replacement(
        card=card, actor=make_person(), reason="Torn", proof_seen="The card", last_four=card.last_four
    )
    approve_replacement(replacement=asked, actor=make_person())
    freeze_card(card=batch.cards.latest("number"), actor=make_person(), reason="Lost")
    # The batch of the new card alone is no batch that anyone asks about.
    assert figures(only(ReportKind.BATCHES)) == (3, 0, 1, 0, 1, 1, 1, 0)
    expire_cards(today=batch.expires_on + timedelta(days=1))
    assert figures(only(ReportKind.BATCHES)) == (3, 0, 0, 0, 0, 0, 1, 2)


# Filters --------------------------------------------------------------------------------------


def test_governorate_narrows_to_who_is_there():
    batch, codes = make_received_batch(cards=10)
    here, there = make_shop("Here"), make_shop("There")
    Shop.objects.filter(pk=there.pk).update(governorate=Governorate.BASRA)
    activate(send(batch, 0, 3, shop=here))
    activate(send(batch, 4, 9, shop=there))
    redeem(codes[4])
    basra = Filters(governorate=Governorate.BASRA)
    assert only(ReportKind.SHOPS, basra).subject == there
    assert figures(only(ReportKind.BATCHES, basra)) == (6, 6, 5, 1, 5, 0, 0, 0)
    assert only(ReportKind.BATCHES, basra).median_days == 0
    assert rows(ReportKind.BATCHES, Filters(governorate=Governorate.NAJAF)) == []
    assert rows(ReportKind.DISTRIBUTORS, basra) == []


def test_period_is_that_of_the_first_sending():
    batch, _codes = make_received_batch(cards=10, value=1_000)
    shop, today = make_shop(), timezone.localdate()
    one = activate(send(batch, 0, 9, shop=shop))
    step(freeze_range, one, first_number=batch.first_number, last_number=batch.first_number)
    pay(shop, 2_000)
    this_day, later = Filters(first_day=today, last_day=today), Filters(first_day=today + timedelta(days=1))
    earlier = Filters(last_day=today - timedelta(days=1))
    assert only(ReportKind.SHOPS, this_day).cards == 10
    assert only(ReportKind.SHOPS, this_day).paid_points == 2_000
    for filters in (earlier, later):
        row = only(ReportKind.SHOPS, filters)
        # What it owes is what it owes now.
        assert (row.cards, row.paid_points, row.owed_points) == (0, 0, 8_000)
        assert rows(ReportKind.BATCHES, filters) == []
    assert len(rows(ReportKind.BATCHES, this_day)) == 1


# Cost -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ReportKind)
def test_report_takes_as_many_queries_for_many_as_for_one(kind):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            rows(kind)
        return len(captured)

    def one_more(place):
        batch, codes = make_received_batch(cards=4)
        distributor = make_distributor()
        shop = make_shop(f"Shop {place}", distributor=distributor)
        whole = send(batch, 0, 3, distributor=distributor)
        activate(send(batch, 0, 1, shop=shop, parent=whole))
        redeem(codes[0])

    one_more(0)
    few = queries()
    for place in range(1, 6):
        one_more(place)
    assert queries() == few <= 5
