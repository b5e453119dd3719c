"""Limits on wrong codes: for accounts, devices, addresses and everyone, with waits that end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.test import RequestFactory, override_settings
from django.utils import timezone

from points_payment import retry
from points_payment.clients import client_address
from points_payment.codes import new_code
from points_payment.errors import CardNotRedeemable, TooManyAttempts
from points_payment.kinds import AttemptOutcome, CounterScope
from points_payment.models import AttemptCounter, RedemptionAttempt
from points_payment.services.attempts import (
    LIMITS,
    Attempt,
    Limit,
    reserve_attempt,
    settle_attempt,
    wait_after,
)
from points_payment.services.redemption import redeem_card
from tests.factories.points import make_active_batch, make_person, new_key

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def attempt(address="192.0.2.1", device=""):
    return Attempt(address=address, device=device or new_key())


def fail(customer, times=1, *, now=NOW, device="", address="192.0.2.1"):
    for _ in range(times):
        reserved = reserve_attempt(customer_id=customer.pk, attempt=attempt(address, device), now=now)
        settle_attempt(reserved=reserved, redeemed=False)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (5, 0), (6, 30), (7, 60), (8, 120), (13, 3_840), (16, 21_600), (10_000, 21_600)],
)
def test_waits_double_up_to_the_longest(failures, seconds):
    limit = Limit(5, timedelta(seconds=30), timedelta(hours=6), timedelta(hours=24), alert_at=8)
    assert wait_after(failures, limit=limit) == timedelta(seconds=seconds)


def test_account_waits_after_its_free_failures_and_no_longer():
    customer, limit = make_person(), LIMITS[CounterScope.ACCOUNT]
    fail(customer, limit.free + 1)
    with pytest.raises(TooManyAttempts) as caught:
        fail(customer)
    assert caught.value.retry_at == NOW + limit.first_wait
    assert RedemptionAttempt.objects.count() == limit.free + 1
    fail(customer, now=NOW + limit.first_wait)
    with pytest.raises(TooManyAttempts) as caught:
        fail(customer, now=NOW + limit.first_wait)
    assert caught.value.retry_at == NOW + limit.first_wait + 2 * limit.first_wait


def test_failures_are_forgotten():
    customer, limit = make_person(), LIMITS[CounterScope.ACCOUNT]
    fail(customer, limit.free + 1)
    later = NOW + limit.memory + timedelta(seconds=1)
    fail(customer, limit.free + 1, now=later)
    with pytest.raises(TooManyAttempts):
        fail(customer, now=later)


def test_device_waits_whoever_uses_it():
    for _ in range(LIMITS[CounterScope.DEVICE].free + 1):
        fail(make_person(), device="shared")
    with pytest.raises(TooManyAttempts):
        fail(make_person(), device="shared")
    fail(make_person())


@pytest.mark.parametrize("scope", [CounterScope.ADDRESS, CounterScope.GLOBAL])
def test_shared_limit_holds_up_guessers_and_nobody_else(scope):
    guesser, honest = make_person(), make_person()
    fail(guesser)
    AttemptCounter.objects.filter(scope=scope).update(
        failures=LIMITS[scope].free + 1, last_at=NOW, blocked_until=NOW + timedelta(seconds=10)
    )
    with pytest.raises(TooManyAttempts):
        fail(guesser)
    fail(honest)
    with pytest.raises(TooManyAttempts):
        fail(honest)


def test_redeemed_card_counts_as_no_failure():
    customer = make_person()
    _batch, codes = make_active_batch(cards=8)
    for code in codes:
        redeem_card(customer=customer, code=code, idempotency_key=new_key(), attempt=attempt(device="d"))
    assert set(AttemptCounter.objects.values_list("failures", "blocked_until")) == {(0, None)}
    assert customer.point_balance == 40_000


def test_redeemed_card_does_not_wipe_out_failures_before_it():
    customer = make_person()
    _batch, codes = make_active_batch(cards=1)
    free = LIMITS[CounterScope.ACCOUNT].free
    fail(customer, free, now=timezone.now())
    redeem_card(customer=customer, code=codes[0], idempotency_key=new_key(), attempt=attempt())
    account = AttemptCounter.objects.get(scope=CounterScope.ACCOUNT)
    assert (account.failures, account.blocked_until) == (free, None)


def test_wait_that_failures_earned_outlives_a_success():
    customer, now = make_person(), timezone.now()
    free = LIMITS[CounterScope.ACCOUNT].free
    reserved = reserve_attempt(customer_id=customer.pk, attempt=attempt(), now=now)
    fail(customer, free, now=now)
    settle_attempt(reserved=reserved, redeemed=True)
    assert AttemptCounter.objects.get(scope=CounterScope.ACCOUNT).blocked_until is None
    fail(customer, 1, now=now)
    assert AttemptCounter.objects.get(scope=CounterScope.ACCOUNT).blocked_until is not None
    with pytest.raises(TooManyAttempts):
        fail(customer, now=now)


def test_attempt_is_settled_once():
    customer = make_person()
    reserved = reserve_attempt(customer_id=customer.pk, attempt=attempt())
    settle_attempt(reserved=reserved, redeemed=True)
    settle_attempt(reserved=reserved, redeemed=True)
    settle_attempt(reserved=reserved, redeemed=False)
    assert AttemptCounter.objects.get(scope=CounterScope.ACCOUNT).failures == 0
    assert RedemptionAttempt.objects.get().outcome == AttemptOutcome.REDEEMED


def test_blocked_customer_redeems_not_even_a_good_code():
    customer = make_person()
    _batch, codes = make_active_batch()
    for _ in range(LIMITS[CounterScope.ACCOUNT].free + 1):
        with pytest.raises(CardNotRedeemable):
            redeem_card(customer=customer, code=new_code(), idempotency_key=new_key(), attempt=attempt())
    with pytest.raises(TooManyAttempts):
        redeem_card(customer=customer, code=codes[0], idempotency_key=new_key(), attempt=attempt())
    assert customer.point_balance == 0


# Addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "forwarded", "remote", "address"),
    [
        (0, "", "192.0.2.7", "192.0.2.7"),
        (0, "198.51.100.9", "192.0.2.7", "192.0.2.7"),
        (1, "6.6.6.6, 198.51.100.9", "10.0.0.1", "198.51.100.9"),
        (2, "198.51.100.9", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (1, "rubbish", "10.0.0.1", "unknown"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "::ffff:192.0.2.7", "192.0.2.7"),
        (0, "", "", "unknown"),
    ],
)
def test_address_is_what_our_own_proxy_saw(trusted, forwarded, remote, address):
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, headers=headers)
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=trusted):
        assert client_address(request) == address


# Retries -----------------------------------------------------------------------------------


def conflict(sqlstate="40P01"):
    error = OperationalError("deadlock detected")
    error.__cause__ = type("Cause", (Exception,), {"sqlstate": sqlstate})()
    return error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("failures", "answered"), [(0, True), (1, True), (5, True), (6, False)])
def test_deadlocks_are_retried_five_times(monkeypatch, failures, answered):
    waits = []
    monkeypatch.setattr(retry.time, "sleep", waits.append)
    left = iter([conflict()] * failures)

    @retry.retry_on_conflict
    def work():
        if error := next(left, None):
            raise error
        return "done"

    if answered:
        assert work() == "done"
    else:
        with pytest.raises(OperationalError):
            work()
    assert len(waits) == min(failures, retry.MAX_RETRIES)
    assert all(wait <= retry.BASE_WAIT_SECONDS * 2**place for place, wait in enumerate(waits))


@pytest.mark.django_db(transaction=True)
def test_other_errors_and_inner_calls_are_not_retried():
    calls = []

    @retry.retry_on_conflict
    def work(sqlstate):
        calls.append(sqlstate)
        raise conflict(sqlstate)

    with pytest.raises(OperationalError):
        work("57014")
    with pytest.raises(OperationalError), transaction.atomic():
        work("40001")
    assert calls == ["57014", "40001"]
