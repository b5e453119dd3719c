"""What vendors earned is paid out once, between two persons, and may come back once."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError, connection, transaction

from points_payment.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    InvalidAmount,
    NotReversible,
    SamePerson,
)
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Transfer, VendorBalance
from points_payment.selectors import account_points
from points_payment.services import payouts
from points_payment.services.payouts import pay_out, return_payout
from points_payment.services.vendor_funds import lock_vendor_balance
from tests.factories.points import make_person, new_key, top_up_wallet
from tests.points_payment.test_races import at_once
from tests.points_payment.vendors import VENDOR, earn

pytestmark = pytest.mark.django_db


def payout(points: int, **other):
    people = {"actor_id": make_person().pk, "approved_by_id": make_person().pk} | other
    key = people.pop("idempotency_key", new_key())
    return pay_out(vendor_id=VENDOR, amount_points=points, reference="R-1", idempotency_key=key, **people)


def test_a_payout_takes_what_is_payable_and_no_more():
    earn(1_000)
    with pytest.raises(InsufficientPoints) as refused:
        payout(901)
    assert refused.value.available_points == 900
    payout(900)
    assert VendorBalance.objects.get(pk=VENDOR).payable_points == 0
    assert account_points(kind=AccountKind.PAYOUTS) == 900


def test_a_vendor_without_a_balance_is_not_paid_a_single_point():
    with pytest.raises(InsufficientPoints) as refused:
        payout(1)
    assert refused.value.available_points == 0


def test_a_vendor_without_a_balance_is_paid_nothing():
    with pytest.raises(InsufficientPoints):
        payout(1)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_who_never_earned_is_locked_all_the_same():
    """Else the first points, released meanwhile, would be paid out under no lock."""
    ended: list[str] = []

    def other() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                lock_vendor_balance(vendor_id=VENDOR)
            ended.append("locked")
        except OperationalError:
            ended.append("waited")
        finally:
            connection.close()

    for expected in ("waited", "locked"):
        with transaction.atomic():
            if expected == "waited":
                assert lock_vendor_balance(vendor_id=VENDOR) == 0
            second = threading.Thread(target=other)
            second.start()
            second.join(30)
        assert ended.pop() == expected


def test_a_payout_needs_two_persons_and_an_amount():
    earn(1_000)
    actor = make_person()
    with pytest.raises(SamePerson):
        payout(5, actor_id=actor.pk, approved_by_id=actor.pk)
    with pytest.raises(InvalidAmount):
        payout(0)


def test_a_payout_with_its_key_again_is_the_same_one():
    earn(1_000)
    people = {"actor_id": make_person().pk, "approved_by_id": make_person().pk, "idempotency_key": "p1"}
    first, second = payout(600, **people), payout(600, **people)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.transfer_id == second.transfer_id
    with pytest.raises(IdempotencyConflict):
        payout(1, **people)


def test_a_payout_comes_back_whole_and_once():
    earn(1_000)
    posted = payout(900)
    again = {"transfer_id": posted.transfer_id, "actor_id": make_person().pk, "reason": "Closed account"}
    first = return_payout(**again, idempotency_key="back")
    assert return_payout(**again, idempotency_key="back") == type(first)(first.transfer_id, False)
    assert VendorBalance.objects.get(pk=VENDOR).payable_points == 900
    assert account_points(kind=AccountKind.PAYOUTS) == 0
    with pytest.raises(NotReversible):
        return_payout(**again, idempotency_key="again")
    with pytest.raises(NotReversible):
        return_payout(**(again | {"transfer_id": first.transfer_id}), idempotency_key="that")


def payable() -> int:
    return VendorBalance.objects.get(pk=VENDOR).payable_points


def bring_back(transfer_id: int, **other):
    facts = {"actor_id": make_person().pk, "reason": "Closed account", "idempotency_key": new_key()}
    return return_payout(transfer_id=transfer_id, **(facts | other))


def test_both_persons_of_a_payout_are_found_in_the_books():
    earn(1_000)
    orders, confirms = make_person(), make_person()
    posted = payout(100, actor_id=orders.pk, approved_by_id=confirms.pk)
    written = Transfer.objects.get(pk=posted.transfer_id)
    assert (written.actor, written.reason) == (orders, f"confirmed by {confirms.pk}")


def test_a_refused_payout_leaves_everything_as_it_was():
    earn(1_000)
    before = Transfer.objects.count()
    for points in (0, -5, 901):
        with pytest.raises((InvalidAmount, InsufficientPoints)):
            payout(points)
    assert (payable(), Transfer.objects.count()) == (900, before)


def test_the_key_of_a_payout_is_no_key_of_its_return():
    earn(1_000)
    posted = payout(900, idempotency_key="p1")
    with pytest.raises(IdempotencyConflict):
        bring_back(posted.transfer_id, idempotency_key="p1")
    first = bring_back(posted.transfer_id, idempotency_key="back", reason="Closed")
    with pytest.raises(IdempotencyConflict):
        bring_back(posted.transfer_id, idempotency_key="back", reason="Wrong number")
    assert first.is_new
    assert payable() == 900


def test_only_payouts_come_back():
    other = top_up_wallet(make_person(), 5)
    for transfer_id in (other.pk, 999_999_999):
        with pytest.raises(NotReversible) as refused:
            bring_back(transfer_id)
        assert refused.value.transfer_id == transfer_id
    assert not Transfer.objects.filter(kind=TransferKind.PAYOUT_RETURNED).exists()


def test_what_came_back_can_be_paid_out_again():
    earn(1_000)
    bring_back(payout(900).transfer_id)
    second = payout(900)
    assert payable() == 0
    bring_back(second.transfer_id)
    assert payable() == 900
    assert account_points(kind=AccountKind.PAYOUTS) == 0


# Races --------------------------------------------------------------------------------------


def without_lock(monkeypatch, *, parties: int) -> None:
    """Nobody waits at the balance, and nobody writes before all have looked."""
    meet = threading.Barrier(parties)
    post = payouts.post_transfer

    def read(*, vendor_id: int) -> int:
        return VendorBalance.objects.get(vendor_id=vendor_id).payable_points

    def post_together(**facts):
        meet.wait(30)
        return post(**facts)

    monkeypatch.setattr(payouts, "lock_vendor_balance", read)
    monkeypatch.setattr(payouts, "post_transfer", post_together)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_payouts_of_one_balance_at_once_take_it_once():
    earn(1_000)
    ends = at_once([lambda: payout(900)] * 20)
    assert ends == {"done": 1, "InsufficientPoints": 19}
    assert payable() == 0
    assert account_points(kind=AccountKind.PAYOUTS) == 900


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_payouts_of_one_balance_collide(monkeypatch):
    """Negative control: each sees enough, and only the balance's own guard is left."""
    earn(1_000)
    without_lock(monkeypatch, parties=8)
    ends = at_once([lambda: payout(900)] * 8)
    assert ends == {"done": 1, "LedgerConflict": 7}
    assert payable() == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_payout_sent_many_times_at_once_is_one():
    earn(1_000)
    people = {"actor_id": make_person().pk, "approved_by_id": make_person().pk, "idempotency_key": "p1"}
    assert at_once([lambda: payout(300, **people)] * 10) == {"done": 10}
    assert payable() == 600


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_payout_that_comes_back_many_times_at_once_comes_back_once():
    earn(1_000)
    posted = payout(900)
    ends = at_once([lambda: bring_back(posted.transfer_id)] * 20)
    assert ends == {"done": 1, "NotReversible": 19}
    assert payable() == 900


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_returns_of_one_payout_collide(monkeypatch):
    """Negative control: each sees that nothing came back yet; the books take one reversal of a transfer."""
    earn(1_000)
    posted = payout(900)
    without_lock(monkeypatch, parties=8)
    ends = at_once([lambda: bring_back(posted.transfer_id)] * 8)
    assert ends == {"done": 1, "IntegrityError": 7}
    assert payable() == 900


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_payouts_and_returns_of_one_vendor_at_once_add_up():
    earn(1_000)
    posted = payout(400)
    jobs = [lambda: payout(50)] * 10 + [lambda: bring_back(posted.transfer_id)] * 5
    ends = at_once(jobs)
    assert ends == {"done": 11, "NotReversible": 4}
    assert payable() == 400
