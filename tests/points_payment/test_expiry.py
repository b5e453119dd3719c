"""Promotional points end on their day, and what a refund gives back can still be spent."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone, translation

from marketplace.home.header import Shop
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from points_payment.errors import InsufficientPoints
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Lot, Transfer, Wallet
from points_payment.selectors import account_points
from points_payment.services import expiry
from points_payment.services.escrow import AllocationSpec, hold_for_order, refund_allocations
from points_payment.services.expiry import announce_expiry, expire_points, expiring_next, last_day_of
from points_payment.services.ledger import post_transfer
from points_payment.services.promotions import give_promotional_points
from points_payment.tasks import expire_promotional_points
from tests.factories.points import give_promotion, make_customer_with_points, make_person, new_key
from tests.points_payment.test_races import at_once

pytestmark = pytest.mark.django_db


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


def buy(customer, points: int, *, vendor: int = 7) -> str:
    reference = new_key()
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=reference, idempotency_key=new_key(), actor_id=None,
            allocations=[AllocationSpec(f"{reference}-1", vendor, points, 1_000)],
        )  # fmt: skip
    return f"{reference}-1"


def refund(reference: str, points: int | None = None):
    return refund_allocations(
        references=[reference] if points is None else None,
        references_and_points={reference: points} if points is not None else None,
        actor_id=None, reason="", idempotency_key=new_key(),
    )  # fmt: skip


def wallet(customer) -> tuple[int, int]:
    row = Wallet.objects.get(pk=customer.pk)
    return row.paid_points, row.promotional_points


def test_a_last_point_expires_too_and_is_told_before():
    customer = make_person()
    give_promotion(customer, 1, expires_at=in_days(2))
    assert expiring_next(customer_id=customer.pk)[1] == 1
    assert expire_points(now=in_days(3)) == 1
    assert wallet(customer) == (0, 0)


def test_expired_points_go_to_breakage_once_and_others_stay():
    customer = make_customer_with_points(paid=1_000)
    give_promotion(customer, 300, expires_at=in_days(-1))
    give_promotion(customer, 200, expires_at=in_days(-0.001))
    give_promotion(customer, 50, expires_at=in_days(1))
    give_promotion(customer, 7)
    assert expire_points() == 500
    assert wallet(customer) == (1_000, 57)
    assert account_points(kind=AccountKind.BREAKAGE) == 500
    assert expire_points() == 0
    assert Transfer.objects.filter(kind=TransferKind.POINTS_EXPIRY).count() == 1


def test_expired_points_cannot_be_spent_before_they_are_taken_off():
    customer = make_customer_with_points(paid=100)
    give_promotion(customer, 300, expires_at=in_days(-1))
    with pytest.raises(InsufficientPoints) as refused:
        buy(customer, 101)
    assert refused.value.available_points == 100


def test_wallets_are_taken_in_parts():
    customers = [make_person() for _ in range(3)]
    for customer in customers:
        give_promotion(customer, 10, expires_at=in_days(-1))
    assert expire_points(limit=2) == 20
    assert expire_points(limit=2) == 10


def test_a_wallet_that_spent_its_points_meanwhile_is_left_alone():
    assert expiry._expire_wallet(customer_id=make_person().pk, now=timezone.now()) == 0


def test_the_command_takes_all_and_says_how_much(monkeypatch):
    monkeypatch.setattr(expiry, "MOST_AT_ONCE", 1)
    for _ in range(3):
        give_promotion(make_person(), 10, expires_at=in_days(-1))
    out = StringIO()
    call_command("expire_points", stdout=out)
    assert "30 points expired" in out.getvalue()


def test_a_lot_that_is_filled_again_can_expire_again():
    """The same lot, twice: the second time is another transfer."""
    customer = make_person()
    give_promotion(customer, 100, expires_at=in_days(0.0001))
    reference = buy(customer, 60)
    assert expire_points(now=in_days(1)) == 40
    refund(reference, 10)
    refund(reference, 50)
    assert wallet(customer) == (0, 60)
    assert expire_points(now=in_days(100)) == 60
    assert wallet(customer) == (0, 0)


def test_a_lot_whose_end_was_seen_by_a_clock_that_ran_ahead_expires_again_what_came_back():
    customer = make_person()
    give_promotion(customer, 100, expires_at=in_days(60))
    reference = buy(customer, 60)
    assert expire_points(now=in_days(61)) == 40
    for part in (10, 50):
        refund(reference, part)
        assert expire_points(now=in_days(61)) == part
    assert Lot.objects.count() == 1
    assert wallet(customer) == (0, 0)


# Refunds ------------------------------------------------------------------------------------


def test_a_refund_to_a_lot_that_lasts_returns_to_it():
    customer = make_person()
    give_promotion(customer, 100, expires_at=in_days(60))
    refund(buy(customer, 70))
    (lot,) = Lot.objects.all()
    assert lot.remaining_points == 100


@pytest.mark.parametrize("days", [-1, 0, 13])
def test_points_of_a_lot_that_ends_get_their_grace(settings, days):
    settings.PROMOTIONAL_REFUND_GRACE_DAYS = 14
    customer = make_person()
    # Spent while it was good; for the rest of the test its day has come.
    give_promotion(customer, 100, expires_at=in_days(60))
    reference = buy(customer, 70)
    later = in_days(60 - days)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr("points_payment.services.escrow.timezone.now", lambda: later)
        refund(reference, 30)
    old, new = Lot.objects.order_by("id")
    assert old.remaining_points == 30
    assert new.remaining_points == 30
    assert new.expires_at == later + timedelta(days=14)
    assert wallet(customer) == (0, 60)


def test_paid_and_endless_points_need_no_grace():
    customer = make_customer_with_points(paid=50)
    give_promotion(customer, 100)
    refund(buy(customer, 150))
    assert Lot.objects.count() == 2
    assert wallet(customer) == (50, 100)


def test_grace_of_several_lots_is_one_new_lot_beside_what_stays(settings):
    settings.PROMOTIONAL_REFUND_GRACE_DAYS = 14
    customer = make_customer_with_points(paid=25)
    give_promotion(customer, 10, expires_at=in_days(3))
    give_promotion(customer, 20, expires_at=in_days(5))
    give_promotion(customer, 40, expires_at=in_days(90))
    reference = buy(customer, 95)
    refund(reference, 30)
    refund(reference)
    left = sorted(Lot.objects.filter(remaining_points__gt=0).values_list("remaining_points", flat=True))
    assert left == [25, 30, 40]
    assert wallet(customer) == (25, 70)
    # What the grace made is spent like any other lot.
    refund(buy(customer, 95))
    assert wallet(customer) == (25, 70)


# Notices ------------------------------------------------------------------------------------


def told() -> list[dict]:
    return list(OutboxMessage.objects.filter(topic="points.expiring").values_list("payload", flat=True))


def test_customers_are_told_once_some_days_before():
    customer, other = make_person(), make_person()
    give_promotion(customer, 10, expires_at=in_days(3))
    give_promotion(customer, 20, expires_at=in_days(6))
    give_promotion(customer, 500, expires_at=in_days(40))
    give_promotion(other, 5, expires_at=in_days(-1))
    assert announce_expiry() == 1
    assert announce_expiry() == 0
    (message,) = told()
    assert (message["user_id"], message["amount_points"]) == (customer.pk, 30)
    assert message["first_on"] == timezone.localdate(in_days(3)).isoformat()


def test_the_days_before_are_counted_from_the_moment_that_is_named():
    give_promotion(make_person(), 10, expires_at=in_days(40))
    assert announce_expiry(now=in_days(32.9)) == 0
    assert announce_expiry(now=in_days(33.1)) == 1


def test_what_expires_next():
    customer = make_person()
    assert expiring_next(customer_id=customer.pk) is None
    give_promotion(customer, 5)
    give_promotion(customer, 80, expires_at=in_days(-1))
    assert expiring_next(customer_id=customer.pk) is None
    first = timezone.localtime(in_days(3)).replace(hour=20, minute=0, second=0, microsecond=0)
    give_promotion(customer, 10, expires_at=first)
    give_promotion(customer, 20, expires_at=first + timedelta(hours=3, minutes=59))
    # At midnight the same day is over; within a day of the first, but on the next one.
    give_promotion(customer, 40, expires_at=first + timedelta(hours=4))
    give_promotion(customer, 80, expires_at=first + timedelta(hours=4, seconds=1))
    assert expiring_next(customer_id=customer.pk) == (first, 70)
    assert last_day_of(first + timedelta(hours=4)) == first.date()
    assert last_day_of(first + timedelta(hours=4, seconds=1)) == first.date() + timedelta(days=1)


def test_customers_are_told_in_parts_and_each_lot_once():
    customer = make_person()
    for days in (1, 2, 3):
        give_promotion(customer, 10, expires_at=in_days(days))
    assert [announce_expiry(limit=2) for _ in range(3)] == [1, 1, 0]
    assert [message["amount_points"] for message in told()] == [20, 10]
    # Each notice has a name of its own: the second is no repetition of the first.
    assert len({message["notice"] for message in told()}) == 2


def test_a_later_lot_is_told_beside_what_was_told_before(drain_outbox):
    from marketplace.notifications.models import Notification

    customer = make_person()
    give_promotion(customer, 10, expires_at=in_days(3))
    announce_expiry()
    give_promotion(customer, 20, expires_at=in_days(2))
    announce_expiry()
    drain_outbox()
    assert Notification.objects.filter(kind="points.expiring", user=customer).count() == 2


def test_the_task_goes_on_until_all_are_done(monkeypatch):
    from points_payment import tasks

    monkeypatch.setattr(tasks, "expire_points", lambda: expire_points(limit=1))
    monkeypatch.setattr(tasks, "announce_expiry", lambda: announce_expiry(limit=1))
    for _ in range(3):
        give_promotion(make_person(), 10, expires_at=in_days(-1))
        give_promotion(make_person(), 7, expires_at=in_days(1))
    assert expire_promotional_points() == 30
    assert len(told()) == 3


def test_the_message_says_how_much_and_when(drain_outbox):
    customer = make_person("Zainab")
    give_promotion(customer, 30, expires_at=in_days(3))
    announce_expiry()
    drain_outbox()
    from marketplace.notifications.kinds import words_of
    from marketplace.notifications.models import Notification

    (notification,) = Notification.objects.filter(kind="points.expiring")
    assert notification.user_id == customer.pk
    with translation.override("ar"):
        words = words_of("points.expiring", {"amount_points": 30, "first_on": "2026-07-04"})
    assert "4 تموز 2026" in words.text


def test_the_same_gift_twice_is_given_once():
    customer = make_person()
    for _ in range(2):
        give_promotional_points(
            kind=TransferKind.REFERRAL, customer_id=customer.pk, amount_points=5, expires_at=None,
            reference="r", reason="", actor_id=None, idempotency_key="one",
        )  # fmt: skip
    assert wallet(customer) == (0, 5)


# What can be spent ---------------------------------------------------------------------------


def test_what_expired_is_no_part_of_what_can_be_spent(client):
    """Until the hourly task has come by, the books still have it; nobody is told that they could spend it."""
    customer = make_customer_with_points(paid=100)
    give_promotion(customer, 300, expires_at=in_days(-1))
    give_promotion(customer, 50, expires_at=in_days(1))
    give_promotion(customer, 7)
    row = Wallet.objects.get(pk=customer.pk)
    assert (row.balance_points, row.expired_points, row.spendable_points) == (457, 300, 157)
    customer = User.objects.get(pk=customer.pk)
    assert customer.point_balance == 157
    buy(customer, 157)
    assert User.objects.get(pk=customer.pk).point_balance == 0
    client.force_login(customer, backend="django.contrib.auth.backends.ModelBackend")
    request = client.get("/wallet/").wsgi_request
    assert Shop(request).balance_points == 0
    expire_points()
    assert Wallet.objects.get(pk=customer.pk).balance_points == 0


def test_paid_points_alone_are_read_without_looking_at_lots(django_assert_num_queries):
    row = Wallet.objects.get(pk=make_customer_with_points(paid=100).pk)
    with django_assert_num_queries(0):
        assert row.spendable_points == 100


# Races --------------------------------------------------------------------------------------


def race(points_before: int = 1_000) -> Counter[str]:
    customer = make_customer_with_points(paid=500)
    for _ in range(5):
        give_promotion(customer, 100, expires_at=in_days(1))
    references = [buy(customer, 60) for _ in range(3)]
    later = in_days(2)
    jobs = [lambda: expire_points(now=later) for _ in range(6)]
    jobs += [lambda: buy(customer, 30) for _ in range(8)]
    jobs += [lambda reference=reference: refund(reference) for reference in references]
    ends = at_once(jobs)
    paid, promotional = wallet(customer)
    breakage = account_points(kind=AccountKind.BREAKAGE)
    held = account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=7)
    assert paid + promotional + breakage + held == points_before
    return ends


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_expiry_purchases_and_refunds_of_one_wallet_at_once():
    """Each point is spent or expired, never both; what is refunded meanwhile is there once."""
    assert race() == {"done": 17}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_expiry_trips_over_the_others(monkeypatch):
    monkeypatch.setattr(expiry, "lock_wallet", lambda *, customer_id: None)

    def later(**facts):
        time.sleep(0.2)
        return post_transfer(**facts)

    monkeypatch.setattr(expiry, "post_transfer", later)
    assert race()["LedgerConflict"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_announced_by_many_at_once_each_lot_is_told_once():
    customers = [make_person() for _ in range(4)]
    for customer in customers:
        for days in (1, 2):
            give_promotion(customer, 10, expires_at=in_days(days))
    assert at_once([announce_expiry] * 8) == {"done": 8}
    assert sum(message["amount_points"] for message in told()) == 80
