"""Limits on wrong card codes, counted in PostgreSQL under locks, in transactions of their own.

An attempt counts as wrong from before the code is looked up until it turns out right: however many
run at once, no more are in flight than the limits allow. Waits double with each wrong code and end by
themselves; staff are told of whoever goes on. See docs/card-supply.md for the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from points_payment.errors import TooManyAttempts
from points_payment.kinds import AttemptOutcome, CounterScope
from points_payment.models import AttemptCounter, RedemptionAttempt
from points_payment.retry import retry_on_conflict
from points_payment.services.alerts import raise_alerts

MAX_SUBJECT_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where an attempt comes from, as the web server knows it."""

    address: str
    device: str


@dataclass(frozen=True, slots=True)
class Limit:
    #: Wrong codes without a wait.
    free: int
    first_wait: timedelta
    longest_wait: timedelta
    #: Without a wrong code for so long, counting starts again.
    memory: timedelta
    #: With so many wrong codes, staff are alerted.
    alert_at: int
    #: Counting starts again so long after the first wrong code instead: where many people share a
    #: counter, somebody always mistypes, and it would never be forgotten.
    is_window: bool = False


#: An address may be a whole city behind one mobile operator: its limit is wide, and like the global
#: one it only holds up people who have typed a wrong code themselves.
LIMITS = {
    CounterScope.ACCOUNT: Limit(
        free=5, first_wait=timedelta(seconds=30), longest_wait=timedelta(hours=6), memory=timedelta(hours=72),
        alert_at=8,
    ),
    CounterScope.DEVICE: Limit(
        free=10, first_wait=timedelta(seconds=30), longest_wait=timedelta(hours=6),
        memory=timedelta(hours=72), alert_at=13,
    ),
    CounterScope.ADDRESS: Limit(
        free=100, first_wait=timedelta(seconds=10), longest_wait=timedelta(minutes=10),
        memory=timedelta(hours=1), alert_at=101, is_window=True,
    ),
    CounterScope.GLOBAL: Limit(
        free=1_000, first_wait=timedelta(seconds=1), longest_wait=timedelta(minutes=1),
        memory=timedelta(hours=1), alert_at=1_001, is_window=True,
    ),
}  # fmt: skip
SHARED = frozenset({CounterScope.ADDRESS, CounterScope.GLOBAL})
_ORDER = {scope.value: place for place, scope in enumerate(CounterScope)}


def wait_after(failures: int, *, limit: Limit) -> timedelta:
    """How long to wait after so many wrong codes: doubling, up to the longest."""
    if failures <= limit.free:
        return timedelta(0)
    doublings = min(failures - limit.free - 1, 30)
    return min(limit.first_wait * 2**doublings, limit.longest_wait)


def most_tries(limit: Limit, *, within: timedelta) -> int:
    """How many wrong codes a subject that waits as told, and no longer, can try in so much time."""
    tries, spent = limit.free + 1, timedelta(0)
    while (spent := spent + wait_after(tries, limit=limit)) <= within:
        tries += 1
    return tries


def _subjects(*, customer_id: int, attempt: Attempt) -> list[tuple[str, str]]:
    return [
        (CounterScope.ACCOUNT.value, str(customer_id)),
        (CounterScope.DEVICE.value, attempt.device[:MAX_SUBJECT_LENGTH]),
        (CounterScope.ADDRESS.value, attempt.address[:MAX_SUBJECT_LENGTH]),
        (CounterScope.GLOBAL.value, ""),
    ]


def _lock_counters(subjects: Sequence[tuple[str, str]]) -> list[AttemptCounter]:
    """Lock the counters in the order of their scopes, making those that are missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO points_payment_attemptcounter (scope, subject, failures, since, last_at)"
            " SELECT mine.scope, mine.subject, 0, now(), now()"
            " FROM unnest(%s::text[], %s::text[]) AS mine (scope, subject)"
            " ON CONFLICT (scope, subject) DO UPDATE SET subject = EXCLUDED.subject"
            " RETURNING id, scope, subject, failures, since, last_at, blocked_until",
            [[scope for scope, _subject in subjects], [subject for _scope, subject in subjects]],
        )
        rows = cursor.fetchall()
    counters = [
        AttemptCounter(
            id=pk, scope=scope, subject=subject, failures=failures, since=since, last_at=last,
            blocked_until=until,
        )
        for pk, scope, subject, failures, since, last, until in rows
    ]  # fmt: skip
    return sorted(counters, key=lambda counter: _ORDER[counter.scope])


@retry_on_conflict
def reserve_attempt(*, customer_id: int, attempt: Attempt, now: datetime | None = None) -> RedemptionAttempt:
    """Count an attempt before its code is looked at.

    Raises:
        TooManyAttempts: this account, device or address has to wait; nothing was counted.
    """
    now = now or timezone.now()
    with transaction.atomic(durable=True):
        counters = _lock_counters(_subjects(customer_id=customer_id, attempt=attempt))
        for counter in counters:
            limit = LIMITS[CounterScope(counter.scope)]
            if now - (counter.since if limit.is_window else counter.last_at) > limit.memory:
                counter.failures, counter.since, counter.blocked_until = 0, now, None
        account = counters[0]
        waits = [
            counter.blocked_until
            for counter in counters
            if counter.blocked_until is not None
            and counter.blocked_until > now
            and (counter.scope not in SHARED or account.failures)
        ]
        if waits:
            raise TooManyAttempts(retry_at=max(waits))
        for counter in counters:
            counter.failures += 1
            counter.last_at = now
            wait = wait_after(counter.failures, limit=LIMITS[CounterScope(counter.scope)])
            counter.blocked_until = now + wait if wait else None
        AttemptCounter.objects.bulk_update(counters, ["failures", "since", "last_at", "blocked_until"])
        return RedemptionAttempt.objects.create(
            customer_id=customer_id,
            address=attempt.address[:MAX_SUBJECT_LENGTH],
            device=attempt.device[:MAX_SUBJECT_LENGTH],
        )


@retry_on_conflict
def settle_attempt(*, reserved: RedemptionAttempt, redeemed: bool, is_guess: bool = True) -> None:
    """Say how an attempt ended. A right one no longer counts, nor one that was no guess.

    A wrong one may be one too many for staff.
    """
    outcome = AttemptOutcome.REDEEMED if redeemed else AttemptOutcome.REFUSED
    attempt = Attempt(address=reserved.address, device=reserved.device)
    subjects = _subjects(customer_id=reserved.customer_id, attempt=attempt)
    with transaction.atomic(durable=True):
        changed = RedemptionAttempt.objects.filter(pk=reserved.pk, outcome=AttemptOutcome.PENDING).update(
            outcome=outcome
        )
        if changed and (redeemed or not is_guess):
            _count_no_longer(subjects)
        elif changed:
            raise_alerts(subjects, at={scope: limit.alert_at for scope, limit in LIMITS.items()})


def _count_no_longer(subjects: Sequence[tuple[str, str]]) -> None:
    _lock_counters(subjects)
    mine = Q()
    for scope, subject in subjects:
        mine |= Q(scope=scope, subject=subject)
    still_waits = Q()
    for scope, limit in LIMITS.items():
        still_waits |= Q(scope=scope, failures__gt=limit.free + 1)
    AttemptCounter.objects.filter(mine, failures__gt=0).update(
        failures=F("failures") - 1,
        blocked_until=Case(When(still_waits, then=F("blocked_until")), default=Value(None)),
    )
