"""Whoever guesses learns nothing, gets no further than the limits, and is seen by staff."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.notifications.models import Notification
from marketplace.outbox.models import OutboxMessage
from points_payment.codes import new_code
from points_payment.errors import AlertSeen, CardNotRedeemable, TooManyAttempts
from points_payment.kinds import CounterScope
from points_payment.models import AttemptCounter, GuessingAlert, RedemptionAttempt
from points_payment.services.alerts import alerts_waiting, look_at_alert
from points_payment.services.attempts import (
    LIMITS,
    Attempt,
    most_tries,
    reserve_attempt,
    settle_attempt,
    wait_after,
)
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_batch, make_person, new_key
from tests.factories.refused_codes import REASONS
from tests.factories.vendors import a_staff_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


def guess(customer, *, code="", address="192.0.2.1", device=""):
    return redeem_card(
        customer=customer, code=code or new_code(), idempotency_key=new_key(),
        attempt=Attempt(address=address, device=device or new_key()),
    )  # fmt: skip


def fail(customer, *, now=None, address="192.0.2.1", device=""):
    attempt = Attempt(address=address, device=device or new_key())
    reserved = reserve_attempt(customer_id=customer.pk, attempt=attempt, now=now)
    settle_attempt(reserved=reserved, redeemed=False)


def count(scope, failures, subject=None):
    counters = AttemptCounter.objects.filter(scope=scope)
    if subject is not None:
        counters = counters.filter(subject=subject)
    assert counters.update(failures=failures, blocked_until=None)


# One answer -----------------------------------------------------------------------------------


def shape_of(sql: str) -> str:
    """A statement without its values."""
    sql = re.sub(r"'(?:[^']|'')*'(?:::\w+)?", "?", sql)
    return re.sub(r"\bs\d+_x\d+\b|\b\d+\b", "?", sql)


@pytest.mark.usefixtures("tampered_books")
def test_every_refusal_is_the_same_answer_by_the_same_queries():
    """So it takes the same time: what a guess finds out costs one of the tries that the limits leave."""
    seen = {}
    for reason in REASONS:
        code, customer = reason(), make_person()
        with CaptureQueriesContext(connection) as captured, pytest.raises(CardNotRedeemable) as caught:
            guess(customer, code=code)
        assert caught.value.args == ()
        seen[reason.__name__] = [shape_of(query["sql"]) for query in captured]
    expected = seen.pop("unknown_code")
    assert len(expected) > 8
    for queries in seen.values():
        assert queries == expected


# Limits ---------------------------------------------------------------------------------------


def test_shared_counters_start_again_every_hour_however_busy_they_are():
    limit = LIMITS[CounterScope.ADDRESS]
    fail(make_person(), now=NOW)
    for minutes in (20, 40, 59):
        fail(make_person(), now=NOW + timedelta(minutes=minutes))
    counter = AttemptCounter.objects.get(scope=CounterScope.ADDRESS)
    assert counter.failures == 4
    AttemptCounter.objects.filter(pk=counter.pk).update(since=NOW)
    fail(make_person(), now=NOW + limit.memory + timedelta(seconds=1))
    counter.refresh_from_db()
    assert (counter.failures, counter.since) == (1, NOW + limit.memory + timedelta(seconds=1))


def test_account_is_remembered_from_its_last_wrong_code_on():
    customer, limit = make_person(), LIMITS[CounterScope.ACCOUNT]
    fail(customer, now=NOW)
    fail(customer, now=NOW + limit.memory - timedelta(minutes=1))
    fail(customer, now=NOW + 2 * limit.memory - timedelta(minutes=2))
    assert AttemptCounter.objects.get(scope=CounterScope.ACCOUNT).failures == 3


@pytest.mark.parametrize("scope", CounterScope)
def test_no_subject_gets_more_tries_than_promised(scope):
    """Whoever tries again the moment that a wait is over."""
    limit, within = LIMITS[scope], timedelta(minutes=59)
    tries, clock, failures = 0, timedelta(0), 0
    while clock <= within:
        tries, failures = tries + 1, failures + 1
        clock += wait_after(failures, limit=limit)
    assert tries == most_tries(limit, within=within)


def test_figures_of_the_documentation():
    account, everyone = LIMITS[CounterScope.ACCOUNT], LIMITS[CounterScope.GLOBAL]
    assert most_tries(account, within=HOUR) == 12
    assert most_tries(account, within=DAY) == 18
    # Whoever pauses until all is forgotten, after the number of tries that is best for them.
    best = max(
        tries / (account.memory + sum((wait_after(n, limit=account) for n in range(1, tries)), timedelta(0)))
        .total_seconds() for tries in range(1, 40)
    )  # fmt: skip
    assert round(max(best * YEAR.total_seconds(), YEAR / account.longest_wait)) == 1_741
    an_hour = most_tries(everyone, within=HOUR)
    assert (an_hour, an_hour * 24 * 365) == (1_065, 9_329_400)
    assert most_tries(LIMITS[CounterScope.ADDRESS], within=HOUR) == 111


# Alerts ---------------------------------------------------------------------------------------


def test_account_that_goes_on_is_seen_once_an_hour(drain_outbox):
    customer, support = make_person(), a_staff_member("support")
    cards, other = a_staff_member("card-manager"), a_staff_member("point-distributor")
    fail(customer)
    count(CounterScope.ACCOUNT, LIMITS[CounterScope.ACCOUNT].alert_at - 2)
    fail(customer)
    assert not GuessingAlert.objects.exists()
    for _ in range(3):
        count(CounterScope.ACCOUNT, AttemptCounter.objects.get(scope=CounterScope.ACCOUNT).failures)
        fail(customer)
    alert = GuessingAlert.objects.get()
    assert (alert.scope, alert.subject, alert.failures) == (CounterScope.ACCOUNT, str(customer.pk), 10)
    assert alerts_waiting() == 1
    drain_outbox()
    told = Notification.objects.filter(kind="cards.guessing")
    assert set(told.values_list("user_id", flat=True)) >= {support.pk, cards.pk}
    assert other.pk not in told.values_list("user_id", flat=True)
    assert told.filter(user=support).get().facts == {"scope": "account", "failures": 8}


def test_next_hour_brings_the_next_alert():
    customer = make_person()
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    GuessingAlert.objects.create(
        scope=CounterScope.ACCOUNT, subject=str(customer.pk), hour=this_hour - HOUR, failures=9
    )
    fail(customer)
    count(CounterScope.ACCOUNT, 9)
    fail(customer)
    assert GuessingAlert.objects.count() == 2


def test_many_accounts_that_guess_are_many_alerts_and_one_message(drain_outbox):
    support = a_staff_member("support")
    for _ in range(5):
        customer = make_person()
        fail(customer)
        count(CounterScope.ACCOUNT, 9, str(customer.pk))
        fail(customer)
    drain_outbox()
    assert GuessingAlert.objects.count() == 5
    assert Notification.objects.filter(kind="cards.guessing", user=support).count() == 1


@pytest.mark.parametrize(
    ("scope", "subject"),
    [(CounterScope.DEVICE, "d"), (CounterScope.ADDRESS, "192.0.2.9"), (CounterScope.GLOBAL, "")],
)
def test_device_address_and_the_whole_shop_are_seen_too(scope, subject, drain_outbox):
    a_staff_member("support")
    fail(make_person(), address="192.0.2.9", device="d")
    count(scope, LIMITS[scope].alert_at - 1)
    fail(make_person(), address="192.0.2.9", device="d")
    alert = GuessingAlert.objects.get()
    assert (alert.scope, alert.subject, alert.failures) == (scope, subject, LIMITS[scope].alert_at)
    assert drain_outbox() > 0


def test_redeemed_card_and_one_who_waits_alert_nobody():
    customer = make_person()
    _batch, codes = make_active_batch()
    fail(customer)
    count(CounterScope.ACCOUNT, 20)
    guess(customer, code=codes[0])
    AttemptCounter.objects.update(blocked_until=timezone.now() + HOUR)
    with pytest.raises(TooManyAttempts):
        guess(customer)
    assert not GuessingAlert.objects.exists()
    assert RedemptionAttempt.objects.count() == 2


def test_alert_is_looked_at_once_and_stays():
    customer, desk = make_person(), make_person("Desk")
    fail(customer)
    count(CounterScope.ACCOUNT, 9)
    fail(customer)
    alert = GuessingAlert.objects.get()
    look_at_alert(alert=alert, actor=desk, note="Called: a torn card")
    with pytest.raises(AlertSeen):
        look_at_alert(alert=alert, actor=make_person(), note="Me too")
    alert.refresh_from_db()
    assert (alert.seen_by, alert.note) == (desk, "Called: a torn card")
    assert alerts_waiting() == 0
    for change in ({"note": "x"}, {"scope": "global"}, {"seen_at": None, "seen_by": None, "note": ""}):
        with pytest.raises(DatabaseError), transaction.atomic():
            GuessingAlert.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        alert.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        GuessingAlert.objects.create(scope="account", subject="x", hour=NOW, failures=9, seen_at=NOW)


def test_messages_hold_neither_code_nor_address(drain_outbox):
    a_staff_member("support")
    fail(make_person(), address="192.0.2.9")
    count(CounterScope.ADDRESS, 200)
    fail(make_person(), address="192.0.2.9")
    drain_outbox()
    for message in OutboxMessage.objects.all():
        assert "192.0.2.9" not in str(message.payload)


def test_unused_batch_is_untouched_by_guesses():
    make_batch()
    with pytest.raises(CardNotRedeemable):
        guess(make_person())
    assert from_device().device
