# ruff: noqa: E501, S608 - statements of SQL read best in one row; they are constants
"""Statements of closed months: what they say, that they never change, and that they are what the books say."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from hypothesis import HealthCheck, Phase, given, settings as hypothesis_settings, strategies as st

from marketplace.outbox.models import OutboxMessage
from points_payment import vendor_figures, vendors
from points_payment.errors import OwnVendor, ReasonMissing, WrongStatementState
from points_payment.kinds import AccountKind
from points_payment.models import SettlementPeriod, SettlementStatement, StatementMessage, Transfer
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import settlement
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.payout_orders import record_payout_returned
from points_payment.services.settlement import (
    ANSWER_WITHIN,
    accept_silent_statements,
    accept_statement,
    answer_question,
    close_periods,
    question_statement,
    resolve_question,
)
from points_payment.services.vendor_funds import funds_of
from points_payment.services.vendor_payments import confirm_vendor_payment, record_vendor_payment
from points_payment.settlement_exports import in_transit_lines, movement_lines
from points_payment.settlement_selectors import (
    all_statements,
    in_transit,
    movements,
    open_statement,
    statements_of,
    statements_questioned,
)
from points_payment.tasks import close_settlement
from tests.factories.points import make_person, new_key
from tests.points_payment.backdating import backdate_all
from tests.points_payment.settling import VENDOR, buy, deliver, pay, sell, take_back
from tests.points_payment.test_races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_waiting")]

FIGURES = (
    "opening", "sales", "shipping", "commission", "refunds", "adjustments", "payouts", "payouts_returned", "paid_in",
    "closing", "receivable", "in_transit",
)  # fmt: skip


@pytest.fixture(autouse=True)
def shipping(monkeypatch):
    """Delivery charges end as the shop's own do."""
    monkeypatch.setattr(vendor_figures, "_shipping_pattern", "%-S")


def month(back: int) -> date:
    """The first day of the month so many months ago."""
    day = timezone.localdate().replace(day=1)
    for _ in range(back):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


def moment(back: int, day: int = 15) -> datetime:
    first = month(back)
    return timezone.make_aware(datetime(first.year, first.month, day, 12))


def in_month(back: int, *, since: int, last: datetime | None = None) -> int:
    """Let every transfer after this one have happened then, the last one at another time; the newest."""
    fresh = Transfer.objects.filter(pk__gt=since).order_by("pk").values_list("pk", flat=True)
    moments = dict.fromkeys(fresh, moment(back))
    if last is not None:
        moments[newest()] = last
    backdate_all(moments)
    return newest()


def newest() -> int:
    return Transfer.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def figures(statement) -> dict[str, int]:
    return {name: getattr(statement, f"{name}_points") for name in FIGURES}


def said(**given: int) -> dict[str, int]:
    return dict.fromkeys(FIGURES, 0) | given


def correct(points: int) -> None:
    asked = propose_adjustment(
        account_kind=AccountKind.VENDOR_PAYABLE, owner_id=VENDOR, amount_points=points, reason="Count",
        actor=make_person(),
    )  # fmt: skip
    approve_adjustment(adjustment=asked, actor=make_person())


def three_months() -> str:
    """Worked by hand; the figures stand in the test below. Returns the line that is still in transit."""
    # Two months ago: 10,000 of goods and 500 of delivery released, 10% commission on the goods; 2,000 wait.
    first = buy(10_000, shipping=500)
    deliver(first, with_shipping=True)
    waiting = buy(2_000)
    seen = in_month(2, since=0)
    # A month ago: 4,000 come back (400 of commission with them), 5,000 are paid out, 1,000 of it bounce and
    # are paid again; a correction of 100.
    take_back(first, 4_000)
    pay(4_000)
    record_payout_returned(payout=pay(1_000), actor=make_person(), reason="Closed account")
    correct(-100)
    seen = in_month(1, since=seen)
    # This month: the rest of the goods comes back, so the vendor owes; it brings 2,000; the waiting line is free.
    take_back(first, 6_000)
    payment = record_vendor_payment(
        vendor_id=VENDOR, amount_points=2_000, reference="R", actor=make_person(), idempotency_key=new_key()
    )
    confirm_vendor_payment(payment=payment, actor=make_person())
    return waiting


# Figures -------------------------------------------------------------------------------------


def test_the_hand_worked_example():
    waiting = three_months()
    assert close_periods() == 2
    older, newer = statements_of(vendor_id=VENDOR).order_by("period__first_day")
    assert figures(older) == said(
        sales=10_000, shipping=500, commission=-1_000, closing=9_500, in_transit=2_000
    )
    assert figures(newer) == said(
        opening=9_500, refunds=-4_000, commission=400, payouts=-5_000, payouts_returned=1_000,
        adjustments=-100, closing=1_800, in_transit=2_000,
    )  # fmt: skip
    now = open_statement(vendor_id=VENDOR)
    # 6,000 less the commission of 600 are taken: 1,800 from payable, 3,600 are owed, of which 2,000 were brought.
    assert figures(now) == said(
        opening=1_800, refunds=-6_000, commission=600, paid_in=2_000, closing=-1_600, receivable=-1_600,
        in_transit=2_000,
    )  # fmt: skip
    assert (older.movements_count, newer.movements_count, now.movements_count) == (1, 5, 2)
    assert (older.period.first_day, newer.period.first_day, now.first_day) == (month(2), month(1), month(0))
    funds = funds_of(vendor_id=VENDOR)
    assert now.closing_points == funds.net_points
    assert [(line.reference, line.held_points) for line in in_transit(vendor_id=VENDOR)] == [(waiting, 2_000)]
    deliver(waiting)
    assert open_statement(vendor_id=VENDOR).closing_points == 200
    assert list(in_transit(vendor_id=VENDOR, statement=newer)) != []
    assert list(in_transit(vendor_id=VENDOR)) == []


def test_before_any_month_is_closed_everything_is_in_the_open_one():
    sell(1_000)
    assert close_periods() == 0
    assert figures(open_statement(vendor_id=VENDOR)) == said(sales=1_000, commission=-100, closing=900)
    assert figures(open_statement(vendor_id=VENDOR + 1)) == said()


def test_without_any_movement_nothing_is_closed():
    assert close_periods() == 0
    assert not SettlementPeriod.objects.exists()


def test_a_month_is_closed_some_hours_after_its_end_and_once():
    sell(1_000)
    in_month(1, since=0)
    end = moment(0, 1).replace(hour=0)
    assert close_periods(now=end + settlement.CLOSE_AFTER - timedelta(seconds=1)) == 0
    assert close_periods(now=end + settlement.CLOSE_AFTER) == 1
    assert close_periods() == 0
    assert SettlementStatement.objects.count() == 1


def test_a_vendor_is_in_a_month_while_it_has_something_and_no_longer():
    sell(1_000)
    seen = in_month(4, since=0)
    pay(900)
    in_month(2, since=seen)
    assert close_periods() == 4
    months = [(one.period.first_day, one.closing_points) for one in statements_of(vendor_id=VENDOR)]
    # The third month has an opening and no movement; the last one has neither.
    assert months == [(month(2), 0), (month(3), 900), (month(4), 900)]
    assert figures(open_statement(vendor_id=VENDOR)) == said()


def test_a_movement_at_midnight_belongs_to_the_month_that_begins():
    sell(1_000)
    midnight = timezone.make_aware(datetime.combine(month(0), datetime.min.time()))
    in_month(1, since=0, last=midnight)
    close_periods()
    assert figures(statements_of(vendor_id=VENDOR).get()) == said(in_transit=1_000)
    assert open_statement(vendor_id=VENDOR).closing_points == 900


def test_a_release_that_commission_takes_whole_is_told():
    sell(1_000, basis_points=10_000)
    now = open_statement(vendor_id=VENDOR)
    assert figures(now) == said(sales=1_000, commission=-1_000)
    assert [(m.sales_points, m.commission_points) for m in movements(vendor_id=VENDOR)] == [(1_000, -1_000)]


def test_the_queries_do_not_grow_with_the_movements(django_assert_num_queries):
    for _ in range(4):
        sell(1_000)
    in_month(1, since=0)
    close_periods()
    for _ in range(8):
        sell(1_000)
    with django_assert_num_queries(3):
        open_statement(vendor_id=VENDOR)
    with django_assert_num_queries(3):
        list(movements(vendor_id=VENDOR))
    with django_assert_num_queries(2):
        list(statements_of(vendor_id=VENDOR)), list(all_statements(state="issued"))


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_movements_are_whole_however_few_are_read_at_a_time(monkeypatch, rows):
    three_months()
    close_periods()
    everything = {
        one: list(movements(vendor_id=VENDOR, statement=one))
        for one in [*statements_of(vendor_id=VENDOR), None]
    }
    waiting = list(in_transit(vendor_id=VENDOR))
    # A transfer has up to three entries of a vendor: fewer rows than that are never read at once.
    monkeypatch.setattr(
        "points_payment.settlement_selectors.EXPORT_ROWS", max(rows, 4) if rows < 100 else rows
    )
    for statement, all_at_once in everything.items():
        assert list(movements(vendor_id=VENDOR, statement=statement)) == all_at_once
        shown = statement or open_statement(vendor_id=VENDOR)
        assert sum(m.net_points for m in all_at_once) == shown.closing_points - shown.opening_points
    monkeypatch.setattr("points_payment.settlement_selectors.EXPORT_ROWS", rows)
    assert list(in_transit(vendor_id=VENDOR)) == waiting


# Any flow ------------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(
        st.sampled_from(["buy", "deliver", "deliver", "take_back", "take_back", "pay", "correct", "bring", "month"]),
        st.integers(1, 900),
    ),
    min_size=4,
    max_size=14,
)  # fmt: skip


@hypothesis_settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(steps=steps)
def test_whatever_happens_opening_and_movements_are_the_closing(steps):
    with transaction.atomic():
        _settle(steps)
        transaction.set_rollback(True)


def _settle(steps: list[tuple[str, int]]) -> None:
    """Months pass by letting all that happened be a month older."""
    held, released = [], []
    months = 1 + sum(name == "month" for name, _points in steps)
    back, seen = months, 0
    for name, points in steps:
        funds = funds_of(vendor_id=VENDOR)
        if name == "buy":
            held.append(buy(points, shipping=points % 3 * 10 + 1))
        elif name == "deliver" and held:
            released.append(held.pop())
            deliver(released[-1], with_shipping=True)
        elif name == "take_back" and (released or held):
            reference = (released or held)[0]
            left = _left(reference)
            if left:
                take_back(reference, min(points, left))
        elif name == "pay" and funds.orderable_points:
            paid = pay(min(points, funds.orderable_points))
            if points % 2:
                record_payout_returned(payout=paid, actor=make_person(), reason="x")
        elif name == "correct" and points % 2 <= min(1, funds.unordered_points):
            correct(-min(points, funds.unordered_points) if points % 2 else points)
        elif name == "bring" and funds.owed_points:
            payment = record_vendor_payment(
                vendor_id=VENDOR, amount_points=min(points, funds.owed_points), reference="R", actor=make_person(),
                idempotency_key=new_key(),
            )  # fmt: skip
            confirm_vendor_payment(payment=payment, actor=make_person())
        elif name == "month":
            seen, back = in_month(back, since=seen), back - 1
    in_month(back, since=seen)
    close_periods()
    closed = list(statements_of(vendor_id=VENDOR).order_by("period__first_day"))
    now = open_statement(vendor_id=VENDOR)
    whole = dict.fromkeys(FIGURES[1:9], 0)
    opening = 0
    for statement in [*closed, now]:
        assert statement.opening_points == opening
        moved = {name: getattr(statement, f"{name}_points") for name in whole}
        assert opening + sum(moved.values()) == statement.closing_points
        lines = list(movements(vendor_id=VENDOR, statement=statement if statement is not now else None))
        assert sum(line.net_points for line in lines) == statement.closing_points - opening
        held_then = in_transit(vendor_id=VENDOR, statement=statement if statement is not now else None)
        assert sum(line.held_points for line in held_then) == statement.in_transit_points
        opening = statement.closing_points
        whole = {name: whole[name] + moved[name] for name in whole}
    # The sum of all periods is the whole ledger.
    funds = funds_of(vendor_id=VENDOR)
    assert sum(whole.values()) == funds.net_points == opening
    assert now.receivable_points == -funds.owed_points
    assert now.in_transit_points == account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=VENDOR)
    assert -whole["payouts"] - whole["payouts_returned"] == account_points(kind=AccountKind.PAYOUTS)
    assert -whole["commission"] == account_points(kind=AccountKind.COMMISSION)
    assert -whole["adjustments"] == account_points(kind=AccountKind.ADJUSTMENTS)
    assert [finding for finding in prove() if "orders" not in finding.check] == []


def _left(reference: str) -> int:
    from points_payment.models import Allocation

    allocation = Allocation.objects.get(reference=reference)
    return allocation.gross_points - allocation.refunded_points


# Frozen --------------------------------------------------------------------------------------


def one_statement() -> SettlementStatement:
    sell(1_000)
    in_month(1, since=0)
    close_periods()
    return statements_of(vendor_id=VENDOR).get()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE points_payment_settlementstatement SET sales_points = 1",
        "UPDATE points_payment_settlementstatement SET accept_by = now()",
        "DELETE FROM points_payment_settlementstatement",
        "UPDATE points_payment_settlementperiod SET last_day = now()",
        "DELETE FROM points_payment_settlementperiod",
    ],
)
def test_the_database_refuses_to_rewrite_what_is_frozen(change):
    one_statement()
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(change)


_OTHER = "sales_points = sales_points + 5, closing_points = closing_points + 5"
_DIGEST = (
    "UPDATE points_payment_settlementstatement s SET digest = points_row_digest(to_jsonb(s), 'id', 'period_id',"
    " 'vendor_id', 'opening_points', 'sales_points', 'shipping_points', 'commission_points', 'refunds_points',"
    " 'adjustments_points', 'payouts_points', 'payouts_returned_points', 'paid_in_points', 'closing_points',"
    " 'receivable_points', 'in_transit_points', 'movements_count', 'created_at', 'accept_by')"
)


@pytest.mark.parametrize(
    ("changes", "culprit"),
    [
        ([f"UPDATE points_payment_settlementstatement SET {_OTHER}"], "statement "),
        # Consistent in itself, with its digest made anew: the books say otherwise.
        ([f"UPDATE points_payment_settlementstatement SET {_OTHER}", _DIGEST], "statement of vendor 31"),
        (
            ["UPDATE points_payment_settlementstatement SET in_transit_points = 7", _DIGEST],
            "balances of vendor 31",
        ),
        (["UPDATE points_payment_settlementperiod SET last_entry_id = 0"], "period "),
        (["DELETE FROM points_payment_settlementstatement"], "statement of vendor 31"),
        (
            ["UPDATE points_payment_transfer SET created_at = now() WHERE kind = 'release'"],
            "statement of vendor 31",
        ),
    ],
    ids=["digest", "books", "transit", "period", "missing", "moved-to-another-month"],
)
def test_the_proof_names_a_statement_that_is_not_what_the_books_say(tampered_books, changes, culprit):
    one_statement()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for change in changes:
            cursor.execute(change)
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = [finding for finding in prove() if finding.check == "settlement-statements"]
    assert any(finding.culprit.startswith(culprit) for finding in found), found


def test_a_statement_that_does_not_go_on_from_the_last_is_named(tampered_books):
    sell(1_000)
    in_month(2, since=0)
    close_periods()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE points_payment_settlementstatement SET opening_points = 5, closing_points = 5 WHERE opening_points > 0"
        )
        cursor.execute(_DIGEST)
        cursor.execute("UPDATE points_payment_settlementperiod SET starts_at = starts_at + interval '1 s'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = {finding.culprit for finding in prove() if finding.check == "settlement-statements"}
    assert f"statement of vendor {VENDOR} in {month(1)}" in found
    assert f"period {month(1)}" in found


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_month_that_is_closed_by_many_at_once_is_closed_once():
    sell(1_000)
    with transaction.atomic():
        in_month(1, since=0)
    ends = at_once([close_periods for _ in range(5)])
    assert ends == {"done": 5}
    assert (SettlementPeriod.objects.count(), SettlementStatement.objects.count()) == (1, 1)
    assert OutboxMessage.objects.filter(topic="statement.issued").count() == 1


# Answers -------------------------------------------------------------------------------------


def test_the_vendor_accepts_and_then_nothing_changes_any_more():
    statement, actor = one_statement(), make_person()
    with pytest.raises(SettlementStatement.DoesNotExist):
        accept_statement(vendor_id=VENDOR + 1, statement=statement, actor=actor)
    done = accept_statement(vendor_id=VENDOR, statement=statement, actor=actor)
    assert (done.state, done.decided_by) == ("accepted", actor)
    for again in (
        lambda: accept_statement(vendor_id=VENDOR, statement=statement, actor=actor),
        lambda: question_statement(vendor_id=VENDOR, statement=statement, actor=actor, text="Too late"),
        lambda: answer_question(statement=statement, actor=make_person(), text="x"),
    ):
        with pytest.raises(WrongStatementState):
            again()


def test_a_question_is_answered_and_resolved():
    statement, vendor, staff = one_statement(), make_person(), make_person()
    for nothing in (
        lambda: question_statement(vendor_id=VENDOR, statement=statement, actor=vendor, text="  "),
        lambda: answer_question(statement=statement, actor=staff, text=""),
        lambda: resolve_question(statement=statement, actor=staff, text=" "),
    ):
        with pytest.raises(ReasonMissing):
            nothing()
    question_statement(vendor_id=VENDOR, statement=statement, actor=vendor, text=" One order is missing ")
    assert statements_questioned() == 1
    answer_question(statement=statement, actor=staff, text="Which one?")
    question_statement(vendor_id=VENDOR, statement=statement, actor=vendor, text="100042-A")
    done = resolve_question(statement=statement, actor=staff, text="It is in the next statement.")
    assert (done.state, done.decided_by, statements_questioned()) == ("resolved", staff, 0)
    thread = [(message.side, message.text) for message in StatementMessage.objects.all()]
    assert thread == [
        ("vendor", "One order is missing"), ("marketplace", "Which one?"), ("vendor", "100042-A"),
        ("marketplace", "It is in the next statement."),
    ]  # fmt: skip
    # The vendor is told of what staff wrote.
    assert OutboxMessage.objects.filter(topic="statement.changed").count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementMessage.objects.update(text="x")
    assert str(StatementMessage.objects.first()).startswith("#")


def test_a_question_may_end_with_the_vendors_yes():
    statement, vendor = one_statement(), make_person()
    question_statement(vendor_id=VENDOR, statement=statement, actor=vendor, text="Why?")
    assert accept_statement(vendor_id=VENDOR, statement=statement, actor=vendor).state == "accepted"


def test_staff_who_work_for_the_vendor_answer_nothing(monkeypatch):
    statement = one_statement()
    question_statement(vendor_id=VENDOR, statement=statement, actor=make_person(), text="Why?")
    monkeypatch.setattr(vendors, "_people", vendors.People(lambda *_: True, lambda _: "ar"))
    for step in (answer_question, resolve_question):
        with pytest.raises(OwnVendor):
            step(statement=statement, actor=make_person(), text="Because")


def test_silence_is_a_yes_and_a_question_is_no_silence():
    silent = one_statement()
    late = silent.accept_by + timedelta(seconds=1)
    assert accept_silent_statements(now=silent.accept_by - timedelta(seconds=1)) == 0
    assert silent.accept_by - ANSWER_WITHIN <= timezone.now()
    assert accept_silent_statements(now=late) == 1
    silent.refresh_from_db()
    assert (silent.state, silent.decided_by) == ("accepted", None)
    assert accept_silent_statements(now=late) == 0


def test_after_its_time_a_statement_is_not_questioned(monkeypatch):
    statement = one_statement()
    later = statement.accept_by + timedelta(seconds=1)
    monkeypatch.setattr(settlement.timezone, "now", lambda: later)
    with pytest.raises(WrongStatementState):
        question_statement(vendor_id=VENDOR, statement=statement, actor=make_person(), text="Wait")


def test_the_task_and_the_command_close_months_and_take_silence_for_a_yes():
    sell(1_000)
    in_month(2, since=0)
    assert close_settlement() == 2
    out = StringIO()
    call_command("close_settlement", stdout=out)
    assert "0 months" in out.getvalue()
    assert str(SettlementPeriod.objects.first()) == f"{month(1):%Y-%m}"
    assert str(SettlementStatement.objects.first()).startswith("#")


# CSV -----------------------------------------------------------------------------------------


def test_the_csv_names_every_movement_with_its_order():
    waiting = three_months()
    close_periods()
    newer = statements_of(vendor_id=VENDOR).first()
    with translation.override("en"):
        lines = list(movement_lines(movements(vendor_id=VENDOR, statement=newer)))
        transit = list(in_transit_lines(in_transit(vendor_id=VENDOR, statement=newer)))
    rows = list(csv.DictReader(StringIO("".join(lines).lstrip("\ufeff"))))
    assert [row["Movement"] for row in rows] == [
        "Return",
        "Payout",
        "Payout",
        "Payout returned",
        "Adjustment",
    ]
    assert (rows[0]["Refunds"], rows[0]["Commission"], rows[0]["For you"]) == ("-4000", "400", "-3600")
    assert sum(int(row["For you"]) for row in rows) == newer.closing_points - newer.opening_points
    rows = list(csv.DictReader(StringIO("".join(transit).lstrip("\ufeff"))))
    assert [(row["Reference"], row["Held"]) for row in rows] == [(waiting, "2000")]


def test_no_cell_of_the_csv_is_a_formula():
    payment = None
    reference = sell(1_000, basis_points=0)
    pay(1_000)
    take_back(reference, 1_000)
    payment = record_vendor_payment(
        vendor_id=VENDOR,
        amount_points=5,
        reference="=HYPERLINK(1)",
        actor=make_person(),
        idempotency_key=new_key(),
    )
    confirm_vendor_payment(payment=payment, actor=make_person())
    cells = [
        cell
        for row in csv.reader(movement_lines(movements(vendor_id=VENDOR)))
        for cell in row
        if not cell.lstrip("-").isdigit()
    ]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
