"""A statement tells every movement in order with the true balance, and a long one costs no more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from points_payment import statements
from points_payment.kinds import TransferKind
from points_payment.models import Entry, Transfer
from points_payment.proof import prove
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.escrow import AllocationSpec, hold_for_order, refund_allocations
from points_payment.services.expiry import expire_points
from points_payment.services.redemption import redeem_card
from points_payment.statements import (
    KINDS_OF_GROUP,
    MovementGroup,
    Period,
    balances,
    export_rows,
    first_day,
    months,
    movement,
    span_of,
    statement,
)
from tests.factories.points import (
    from_device,
    give_promotion,
    make_active_batch,
    make_customer_with_points,
    make_person,
    new_key,
    top_up_wallet,
)
from tests.points_payment.backdating import backdate

pytestmark = pytest.mark.django_db

#: They move no wallet.
OF_OTHERS = {
    TransferKind.CARD_ACTIVATION,
    TransferKind.CARD_VOID,
    TransferKind.CARD_RETURN,
    TransferKind.CARD_REPLACEMENT,
    TransferKind.CARD_EXPIRY,
    TransferKind.SHOP_PAYMENT,
    TransferKind.CASH_HANDED_IN,
    TransferKind.RELEASE,
    TransferKind.PAYOUT,
    TransferKind.PAYOUT_RETURNED,
    TransferKind.VENDOR_PAYMENT,
}


def buy(customer, points: int) -> str:
    number = new_key()
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=number, idempotency_key=new_key(), actor_id=customer.pk,
            allocations=[AllocationSpec(f"{number}-1", 7, points, 800)],
        )  # fmt: skip
    return number


def refund(number: str, points: int | None = None):
    return refund_allocations(
        references_and_points={f"{number}-1": points} if points else None,
        references=None if points else [f"{number}-1"],
        actor_id=None, reason="", idempotency_key=new_key(),
    )  # fmt: skip


def redeem(customer, value: int = 5_000) -> None:
    _batch, codes = make_active_batch(cards=1, value=value)
    redeem_card(customer=customer, code=codes[0], idempotency_key=new_key(), attempt=from_device())


def exported(*, group=None, **which):
    return export_rows(span_of(**which), group=group)


def held(**which):
    return balances(span_of(**which))


def a_lively_wallet():
    """Every kind that customers meet, and the balance after each entry."""
    customer = make_customer_with_points(paid=1_000)
    give_promotion(customer, 300, expires_at=timezone.now() + timedelta(days=60))
    number = buy(customer, 500)
    refund(number, 100)
    redeem(customer)
    adjusted = propose_adjustment(
        account_kind="customer_paid",
        owner_id=customer.pk,
        amount_points=-7,
        reason="Slip",
        actor=make_person(),
    )
    approve_adjustment(adjustment=adjusted, actor=make_person())
    return customer


def told(customer, **filters) -> list[tuple[str, int, int]]:
    page = statement(customer_id=customer.pk, **filters)
    return [(row.kind, row.amount_points, row.balance_points) for row in page.rows]


LIVELY = [
    ("adjustment", -7, 5_893),
    ("card_redemption", 5_000, 5_900),
    ("cancellation", 100, 900),
    ("purchase", -300, 800),
    ("purchase", -200, 1_100),
    ("goodwill", 300, 1_300),
    ("top_up", 1_000, 1_000),
]


def test_all_movements_newest_first_with_the_wallets_balance():
    assert told(a_lively_wallet()) == LIVELY


@pytest.mark.parametrize("group", MovementGroup)
def test_a_kind_alone_keeps_the_true_balance(group):
    customer = a_lively_wallet()
    kinds = {kind.value for kind in KINDS_OF_GROUP[group]}
    assert told(customer, group=group) == [row for row in LIVELY if row[0] in kinds]


def test_every_kind_is_in_one_group_or_moves_no_wallet():
    grouped = [kind for kinds in KINDS_OF_GROUP.values() for kind in kinds]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) | OF_OTHERS == set(TransferKind)
    assert not set(grouped) & OF_OTHERS


def test_a_wallet_without_points_has_an_empty_statement():
    customer = make_person()
    page = statement(customer_id=customer.pk)
    assert (page.rows, page.older_before, page.is_first_page) == ([], None, True)
    assert list(exported(customer_id=customer.pk)) == []
    assert statement(customer_id=customer.pk, group=MovementGroup.CARDS).rows == []
    assert statement(customer_id=customer.pk, period=Period.month(date(2026, 1, 1))).rows == []
    assert held(customer_id=customer.pk) == statements.Balances(0, 0)
    assert first_day(customer_id=customer.pk) is None
    assert months(customer_id=customer.pk) == []


def test_nobody_else_s_movements_are_in_it():
    customer, other = a_lively_wallet(), a_lively_wallet()
    top_up_wallet(other, 77)
    assert told(customer) == LIVELY
    assert 77 not in [row.amount_points for row in exported(customer_id=customer.pk)]


@pytest.mark.parametrize("group", [None, MovementGroup.TOP_UPS, MovementGroup.GIFTS])
def test_pages_follow_without_gap_or_repetition(group):
    customer = make_person()
    for place in range(30):
        top_up_wallet(customer, 10)
        give_promotion(customer, 1)
        if place % 3 == 0:
            buy(customer, 2)
    seen, before = [], None
    while True:
        page = statement(customer_id=customer.pk, before=before, rows=7, group=group)
        seen += [row.entry_id for row in page.rows]
        assert page.is_first_page == (before is None)
        before = page.older_before
        if before is None:
            break
    wanted = [row.entry_id for row in exported(customer_id=customer.pk, group=group)]
    assert seen == wanted[::-1]
    assert len(seen) == {None: 71, MovementGroup.TOP_UPS: 30, MovementGroup.GIFTS: 30}[group]


def test_an_export_is_read_in_parts_and_ends_where_it_began(monkeypatch):
    monkeypatch.setattr(statements, "EXPORT_ROWS", 2)
    customer = a_lively_wallet()
    span = span_of(customer_id=customer.pk)
    rows = export_rows(span)
    first = next(rows)
    top_up_wallet(customer, 1)
    assert balances(span).closing_points == 5_893
    assert [first.kind, *(row.kind for row in rows)] == [kind for kind, *_ in LIVELY[::-1]]


def test_running_balances_are_those_of_the_whole_wallet():
    customer = a_lively_wallet()
    balance = 0
    for row in exported(customer_id=customer.pk):
        balance += row.amount_points
        assert row.balance_points == balance


# Periods ------------------------------------------------------------------------------------


def in_baghdad(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def year():
    """A movement on both sides of each edge of November 2025, and one today."""
    customer = make_person()
    moments = [
        in_baghdad(2025, 9, 15, 12),
        in_baghdad(2025, 10, 31, 23, 59, 59),
        in_baghdad(2025, 11, 1),
        in_baghdad(2025, 11, 30, 23, 59, 59),
        in_baghdad(2025, 12, 1),
    ]
    for place, moment in enumerate(moments):
        points = 10**place
        if place % 2:
            backdate(give_promotion(customer, points).transfer_id, moment)
        else:
            backdate(top_up_wallet(customer, points).pk, moment)
    top_up_wallet(customer, 100_000)
    return customer


def test_a_month_begins_and_ends_at_midnight_in_baghdad(year):
    november = Period.month(date(2025, 11, 17))
    assert november == Period(date(2025, 11, 1), date(2025, 11, 30))
    assert november.starts_at.astimezone(UTC) == datetime(2025, 10, 31, 21, tzinfo=UTC)
    assert [amount for _kind, amount, _balance in told(year, period=november)] == [1_000, 100]
    assert [balance for _kind, _amount, balance in told(year, period=november)] == [1_111, 111]
    assert told(year, period=november, group=MovementGroup.GIFTS) == [("goodwill", 1_000, 1_111)]
    assert held(customer_id=year.pk, period=november) == statements.Balances(11, 1_111)


@pytest.mark.parametrize(
    ("first", "last", "amounts"),
    [
        ((2025, 9, 15), (2025, 9, 15), [1]),
        ((2025, 9, 16), (2025, 10, 30), []),
        ((2025, 10, 31), (2025, 11, 1), [10, 100]),
        ((2020, 1, 1), (2025, 9, 14), []),
        ((2020, 1, 1), (2099, 1, 1), [1, 10, 100, 1_000, 10_000, 100_000]),
        ((2025, 12, 2), (2026, 1, 1), []),
    ],
)
def test_a_chosen_range_holds_its_days_and_no_others(year, first, last, amounts):
    period = Period(date(*first), date(*last))
    rows = list(exported(customer_id=year.pk, period=period))
    assert [row.amount_points for row in rows] == amounts
    between = held(customer_id=year.pk, period=period)
    assert between.closing_points - between.opening_points == sum(amounts)


def test_months_reach_from_the_first_movement_to_now(year):
    assert first_day(customer_id=year.pk) == date(2025, 9, 15)
    found = months(customer_id=year.pk)
    assert found[0] == timezone.localdate().replace(day=1)
    assert found[-1] == date(2025, 9, 1)
    assert found == sorted(set(found), reverse=True)
    assert date(2026, 1, 1) in found


def test_december_ends_with_its_year():
    assert Period.month(date(2025, 12, 31)) == Period(date(2025, 12, 1), date(2025, 12, 31))


def test_a_movement_that_waited_for_another_is_told_where_it_stands(year):
    """Times and order may disagree by a moment at midnight: nothing is told twice or left out."""
    late = top_up_wallet(year, 1)
    backdate(late.pk, in_baghdad(2025, 12, 1) - timedelta(seconds=1))
    sums = [
        sum(row.amount_points for row in exported(customer_id=year.pk, period=period))
        for period in (
            Period(date(2020, 1, 1), date(2025, 11, 30)),
            Period(date(2025, 12, 1), date(2099, 1, 1)),
        )
    ]
    assert sum(sums) == 111_112


# What it costs ------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [None, MovementGroup.REFUNDS])
@pytest.mark.parametrize("period", [None, Period(date(2020, 1, 1), date(2099, 1, 1))])
def test_as_many_queries_for_many_movements(group, period):
    customer = a_lively_wallet()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            statement(customer_id=customer.pk, group=group, period=period)
        return len(captured)

    few = queries()
    assert few == (5 if period else 3)
    for _ in range(30):
        top_up_wallet(customer, 1)
    assert queries() == few


def blocks_read(customer_id: int, **filters) -> int:
    """Pages of tables and indexes that a statement touches."""
    with CaptureQueriesContext(connection) as captured:
        statement(customer_id=customer_id, **filters)
    touched = 0
    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query['sql']}")
            plan = cursor.fetchone()[0][0]["Plan"]
        touched += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return touched


def test_a_long_wallet_reads_as_little_as_a_short_one(tampered_books):
    from tests.bench.statement import make_wallet

    short, long = make_wallet(200), make_wallet(10_000)
    month = Period.month(timezone.localdate() - timedelta(days=30))
    for filters in (
        {}, {"group": MovementGroup.CORRECTIONS}, {"period": month},
        {"period": month, "group": MovementGroup.REFUNDS},
    ):  # fmt: skip
        few, many = blocks_read(short, **filters), blocks_read(long, **filters)
        assert many < 1.3 * few + 30, filters


# The kind beside an entry -------------------------------------------------------------------


def test_entries_of_wallets_carry_their_kind_and_others_none():
    customer = a_lively_wallet()
    for entry in Entry.objects.select_related("transfer", "account"):
        expected = entry.transfer.kind if entry.balance_after_points is not None else None
        assert entry.transfer_kind == expected
    assert Entry.objects.filter(account__owner_id=customer.pk, transfer_kind="purchase").count() == 2


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE points_payment_entry SET transfer_kind = 'goodwill' WHERE transfer_kind = 'top_up'",
        "UPDATE points_payment_entry SET transfer_kind = NULL WHERE transfer_kind = 'top_up'",
        "UPDATE points_payment_entry SET transfer_kind = 'top_up' WHERE transfer_kind IS NULL",
    ],
)
def test_a_changed_kind_is_found(sql, tampered_books):
    from tests.points_payment.test_proof import tamper

    make_customer_with_points(paid=5)
    assert "entry-kinds" not in {finding.check for finding in prove()}
    tamper(sql)
    assert "entry-kinds" in {finding.check for finding in prove()}


# One movement -------------------------------------------------------------------------------


def entries(customer) -> list[int]:
    """Oldest first."""
    return [row.entry_id for row in exported(customer_id=customer.pk)]


def test_another_s_movement_is_not_found():
    customer, other = a_lively_wallet(), make_customer_with_points(paid=5)
    assert all(movement(customer_id=other.pk, entry_id=pk) is None for pk in entries(customer))
    assert movement(customer_id=customer.pk, entry_id=999_999_999) is None
    # The operator's side of the customer's own top-up is not the customer's.
    operators = Entry.objects.get(transfer__kind="top_up", account__kind="operator", amount_points=-1_000)
    assert movement(customer_id=customer.pk, entry_id=operators.pk) is None


def test_a_purchase_names_the_lots_it_took_and_what_came_back():
    customer = a_lively_wallet()
    top_up, gift, paid_part, promotional_part, back, *_rest = entries(customer)
    bought = movement(customer_id=customer.pk, entry_id=paid_part)
    assert bought is not None
    assert (bought.paid_points, bought.promotional_points, bought.total_points) == (-200, -300, -500)
    assert [(line.is_promotional, line.points, line.is_new) for line in bought.lots] == [
        (True, -300, False),
        (False, -200, False),
    ]
    assert bought.lots[0].expires_at is not None
    assert [(other.entry_id, other.points) for other in bought.of_same_order] == [(back, 100)]
    # The other part is the same movement.
    other_part = movement(customer_id=customer.pk, entry_id=promotional_part)
    assert other_part is not None
    assert (other_part.transfer, other_part.row.balance_points) == (bought.transfer, 800)
    returned = movement(customer_id=customer.pk, entry_id=back)
    assert returned is not None
    assert [(line.points, line.is_new) for line in returned.lots] == [(100, False)]
    assert [(other.entry_id, other.points) for other in returned.of_same_order] == [(paid_part, -500)]
    made = movement(customer_id=customer.pk, entry_id=top_up)
    assert made is not None
    assert [(line.points, line.is_new) for line in made.lots] == [(1_000, True)]
    assert (made.of_same_order, made.reverses, made.reversed_by) == ([], None, None)
    given = movement(customer_id=customer.pk, entry_id=gift)
    assert given is not None
    assert given.lots[0].is_promotional


def test_a_card_is_named_by_its_serial_and_last_four():
    customer = make_person()
    redeem(customer)
    (row,) = statement(customer_id=customer.pk).rows
    found = movement(customer_id=customer.pk, entry_id=row.entry_id)
    assert found is not None
    card = Transfer.objects.get(kind=TransferKind.CARD_REDEMPTION).redeemed_card
    assert (row.card_serial, found.card_last_four) == (card.serial, card.last_four)
    assert row.order_number == ""


def test_points_that_only_pass_through_a_lot_are_told_once(settings):
    """A refund's grace: back to the old lot and on to the new one."""
    settings.PROMOTIONAL_REFUND_GRACE_DAYS = 14
    customer = make_person()
    give_promotion(customer, 100, expires_at=timezone.now() + timedelta(days=3))
    refund(buy(customer, 60))
    back = entries(customer)[-1]
    found = movement(customer_id=customer.pk, entry_id=back)
    assert found is not None
    assert [(line.points, line.is_new) for line in found.lots] == [(60, True)]


def test_what_expired_names_its_lot():
    customer = make_person()
    give_promotion(customer, 40, expires_at=timezone.now() - timedelta(days=1))
    expire_points()
    found = movement(customer_id=customer.pk, entry_id=entries(customer)[-1])
    assert found is not None
    assert [(line.points, line.is_new) for line in found.lots] == [(-40, False)]


def test_a_reversal_and_what_it_reverses_name_each_other():
    from points_payment.kinds import AccountKind
    from points_payment.models import Lot
    from points_payment.services.ledger import LotChange, Posting, post_transfer

    customer = make_customer_with_points(paid=50)
    original = Transfer.objects.get(kind=TransferKind.TOP_UP)
    lot = Lot.objects.get(customer=customer)
    post_transfer(
        kind=TransferKind.TOP_UP_REVERSAL, idempotency_key=new_key(), reverses_id=original.pk,
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, customer.pk, -50),
            Posting(AccountKind.OPERATOR, original.actor_id, 50),
        ],
        lot_changes=[LotChange(lot.pk, -50)],
    )  # fmt: skip
    first, second = (movement(customer_id=customer.pk, entry_id=pk) for pk in entries(customer))
    assert first is not None
    assert second is not None
    assert first.reversed_by is not None
    assert (first.reversed_by.entry_id, first.reverses) == (second.row.entry_id, None)
    assert second.reverses is not None
    assert (second.reverses.entry_id, second.reversed_by) == (first.row.entry_id, None)
