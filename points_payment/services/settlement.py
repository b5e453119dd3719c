"""Statements: each month is closed once, for all vendors by one statement of SQL, and never changes again.

A transfer belongs to the month in which its transaction began. A month is closed some hours after its end,
when every transaction that began in it has long ended; the proof computes all closed months again.
Locks: one advisory lock for closing; a statement for answering it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue, enqueue_many
from points_payment.errors import OwnVendor, ReasonMissing, WrongStatementState
from points_payment.kinds import StatementSide, StatementState
from points_payment.models import SettlementPeriod, SettlementStatement, StatementMessage, Transfer
from points_payment.retry import retry_on_conflict
from points_payment.statements import Period
from points_payment.vendor_figures import FIGURES, MOVED_IN_PERIOD, shipping_pattern
from points_payment.vendors import works_for

if TYPE_CHECKING:
    from marketplace.users.models import User

ISSUED_TOPIC = "statement.issued"
CHANGED_TOPIC = "statement.changed"
#: No transaction runs as long.
CLOSE_AFTER = timedelta(hours=6)
#: In which a vendor can question a statement; silence is a yes.
ANSWER_WITHIN = timedelta(days=14)
#: Of pg_advisory_xact_lock.
LOCK_NAME = "points settlement"

#: Ids go up with time, but for a transaction's length: below the first entry of a later transfer none is.
LAST_ENTRY = """
    SELECT coalesce(
        (SELECT min(e.id) - 1 FROM points_payment_transfer t
           JOIN points_payment_entry e ON e.transfer_id = t.id WHERE t.created_at >= %s),
        (SELECT max(id) FROM points_payment_entry), 0)
"""
#: Whoever moved something in the month, or had something before it.
CLOSE = f"""
    INSERT INTO points_payment_settlementstatement (
        period_id, vendor_id, opening_points, sales_points, shipping_points, commission_points, refunds_points,
        adjustments_points, payouts_points, payouts_returned_points, paid_in_points, closing_points,
        receivable_points, in_transit_points, movements_count, accept_by, state, digest
    )
    SELECT %(period)s, vendor_id, coalesce(b.closing_points, 0),
           coalesce(f.sales, 0), coalesce(f.shipping, 0), coalesce(f.commission, 0), coalesce(f.refunds, 0),
           coalesce(f.adjustments, 0), coalesce(f.payouts, 0), coalesce(f.payouts_returned, 0),
           coalesce(f.paid_in, 0), coalesce(b.closing_points, 0) + coalesce(f.net, 0),
           coalesce(b.receivable_points, 0) + coalesce(f.receivable, 0),
           coalesce(b.in_transit_points, 0) + coalesce(f.escrow, 0), coalesce(f.movements, 0),
           %(accept_by)s, '{StatementState.ISSUED.value}', ''
      FROM ({FIGURES.format(moved=MOVED_IN_PERIOD)}) f
      FULL JOIN (
        SELECT * FROM points_payment_settlementstatement WHERE period_id = %(before)s
      ) b USING (vendor_id)
     WHERE f.vendor_id IS NOT NULL OR b.closing_points <> 0 OR b.receivable_points <> 0 OR b.in_transit_points <> 0
     ORDER BY vendor_id
    RETURNING id
"""  # noqa: E501, S608 - SQL keeps its own lines; constants


def close_periods(*, now: datetime | None = None) -> int:
    """Close every month that is over, the oldest first; how many. Run again, or at once, it finds none."""
    now = now or timezone.now()
    closed = 0
    while _close_next(now):
        closed += 1
    return closed


@retry_on_conflict
@transaction.atomic
def _close_next(now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK_NAME])
    before = SettlementPeriod.objects.order_by("-first_day").first()
    first_day = before.last_day + timedelta(days=1) if before else _first_day()
    if first_day is None:
        return False
    month = Period.month(first_day)
    if month.ends_before + CLOSE_AFTER > now:
        return False
    period = SettlementPeriod.objects.create(
        first_day=month.first_day, last_day=month.last_day, starts_at=month.starts_at,
        ends_before=month.ends_before, last_entry_id=_last_entry(month.ends_before),
    )  # fmt: skip
    facts: dict[str, Any] = {
        "period": period.pk, "before": before.pk if before else 0, "starts_at": month.starts_at,
        "ends_before": month.ends_before, "accept_by": now + ANSWER_WITHIN, "shipping": shipping_pattern(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, facts)
        issued = [pk for (pk,) in cursor.fetchall()]
    enqueue_many((ISSUED_TOPIC, {"statement_id": pk}) for pk in issued)
    return True


def _first_day() -> date | None:
    """Of the month in which the books begin."""
    oldest = Transfer.objects.order_by("created_at").values_list("created_at", flat=True).first()
    return timezone.localdate(oldest).replace(day=1) if oldest else None


def _last_entry(ends_before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LAST_ENTRY, [ends_before])
        return int(cursor.fetchone()[0])


# Answers ------------------------------------------------------------------------------------


@retry_on_conflict
@transaction.atomic
def accept_statement(*, vendor_id: int, statement: SettlementStatement, actor: User) -> SettlementStatement:
    """The vendor says that it is right, also after a question.

    Raises:
        WrongStatementState: it was accepted or resolved before.
    """
    locked = _lock(statement, vendor_id=vendor_id)
    return _decide(locked, StatementState.ACCEPTED, actor=actor)


@retry_on_conflict
@transaction.atomic
def question_statement(
    *, vendor_id: int, statement: SettlementStatement, actor: User, text: str
) -> StatementMessage:
    """The vendor says that something is wrong, or goes on saying it.

    Raises:
        ReasonMissing: nothing was written.
        WrongStatementState: it was accepted or resolved before, or its time is over.
    """
    if not text.strip():
        raise ReasonMissing
    locked = _lock(statement, vendor_id=vendor_id)
    if locked.state == StatementState.ISSUED:
        if locked.accept_by < timezone.now():
            raise WrongStatementState(locked.state)
        locked.state = StatementState.QUESTIONED
        locked.save(update_fields=["state"])
    return _write(locked, side=StatementSide.VENDOR, author=actor, text=text)


@retry_on_conflict
@transaction.atomic
def answer_question(*, statement: SettlementStatement, actor: User, text: str) -> StatementMessage:
    """Staff write back; the question stays open.

    Raises:
        ReasonMissing: nothing was written.
        OwnVendor: the actor works for the vendor.
        WrongStatementState: nobody questions it.
    """
    return _write(
        _lock_questioned(statement, actor=actor, text=text),
        side=StatementSide.MARKETPLACE,
        author=actor,
        text=text,
    )


@retry_on_conflict
@transaction.atomic
def resolve_question(*, statement: SettlementStatement, actor: User, text: str) -> SettlementStatement:
    """Staff end the question, and say how. Figures stay: what was wrong is corrected by an adjustment, which
    the next statement shows.

    Raises:
        ReasonMissing, OwnVendor, WrongStatementState: as for answering.
    """
    locked = _lock_questioned(statement, actor=actor, text=text)
    _write(locked, side=StatementSide.MARKETPLACE, author=actor, text=text)
    return _decide(locked, StatementState.RESOLVED, actor=actor)


def accept_silent_statements(*, now: datetime | None = None) -> int:
    """Take as accepted what nobody questioned in time; how many."""
    now = now or timezone.now()
    return SettlementStatement.objects.filter(state=StatementState.ISSUED, accept_by__lte=now).update(
        state=StatementState.ACCEPTED, decided_at=now
    )


def _lock(statement: SettlementStatement, *, vendor_id: int) -> SettlementStatement:
    locked = SettlementStatement.objects.select_for_update(no_key=True).get(
        pk=statement.pk, vendor_id=vendor_id
    )
    if locked.state not in {StatementState.ISSUED, StatementState.QUESTIONED}:
        raise WrongStatementState(locked.state)
    return locked


def _lock_questioned(statement: SettlementStatement, *, actor: User, text: str) -> SettlementStatement:
    if not text.strip():
        raise ReasonMissing
    locked = SettlementStatement.objects.select_for_update(no_key=True).get(pk=statement.pk)
    if works_for(user_id=actor.pk, vendor_id=locked.vendor_id):
        raise OwnVendor
    if locked.state != StatementState.QUESTIONED:
        raise WrongStatementState(locked.state)
    return locked


def _write(locked: SettlementStatement, *, side: StatementSide, author: User, text: str) -> StatementMessage:
    message = StatementMessage.objects.create(statement=locked, side=side, author=author, text=text.strip())
    if side == StatementSide.MARKETPLACE:
        enqueue(topic=CHANGED_TOPIC, payload={"message_id": message.pk})
    return message


def _decide(locked: SettlementStatement, state: StatementState, *, actor: User) -> SettlementStatement:
    locked.state, locked.decided_by, locked.decided_at = state, actor, timezone.now()
    locked.save(update_fields=["state", "decided_by", "decided_at"])
    return locked
