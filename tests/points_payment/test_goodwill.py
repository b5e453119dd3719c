"""Goodwill: promotional points for a reason, with a last day, never one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.outbox.models import OutboxMessage
from points_payment.errors import IdempotencyConflict, InvalidAmount, OwnWallet
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Lot, Transfer, Wallet
from points_payment.selectors import account_points
from points_payment.services.goodwill import (
    LONGEST_GOODWILL_DAYS,
    MAX_GOODWILL_POINTS,
    USUAL_GOODWILL_DAYS,
    give_goodwill,
)
from tests.factories.points import make_person, new_key
from tests.points_payment.test_races import at_once

pytestmark = pytest.mark.django_db


def in_days(days: int):
    return timezone.localdate() + timedelta(days=days)


def give(customer, **other):
    facts = {
        "amount_points": 500, "last_day": in_days(USUAL_GOODWILL_DAYS), "reason": "Late parcel",
        "idempotency_key": new_key(),
    }  # fmt: skip
    return give_goodwill(customer=customer, **({"actor": make_person()} | facts | other))


def told() -> list[dict]:
    return list(OutboxMessage.objects.filter(topic="points.added").values_list("payload", flat=True))


def test_a_gift_is_promotional_and_lasts_to_the_end_of_its_last_day():
    customer, actor = make_person(), make_person()
    posted = give(customer, actor=actor, last_day=in_days(3))
    assert Wallet.objects.get(pk=customer.pk).promotional_points == 500
    assert account_points(kind=AccountKind.PROMOTIONS) == -500
    written = Transfer.objects.get(pk=posted.transfer_id)
    assert (written.kind, written.reason, written.actor) == (TransferKind.GOODWILL, "Late parcel", actor)
    lot = Lot.objects.get()
    assert lot.expires_at == timezone.localtime(lot.expires_at).replace(hour=0, minute=0, second=0)
    assert timezone.localdate(lot.expires_at) == in_days(4)


def test_the_customer_is_told_once():
    customer = make_person()
    posted = give(customer, idempotency_key="one", actor=(actor := make_person()))
    again = give(customer, idempotency_key="one", actor=actor)
    assert (posted.is_new, again.is_new, again.transfer_id) == (True, False, posted.transfer_id)
    assert told() == [{"user_id": customer.pk, "amount_points": 500, "transfer_id": posted.transfer_id}]


@pytest.mark.parametrize(
    "other", [{"amount_points": 501}, {"reason": "Other"}, {"last_day": in_days(5)}, {"actor": None}]
)
def test_its_key_is_for_this_gift_alone(other):
    customer, actor = make_person(), make_person()
    give(customer, idempotency_key="one", actor=actor)
    if other == {"actor": None}:
        other = {"actor": make_person()}
    with pytest.raises(IdempotencyConflict):
        give(customer, idempotency_key="one", **({"actor": actor} | other))
    assert Wallet.objects.get(pk=customer.pk).balance_points == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_points": 0},
        {"amount_points": -1},
        {"amount_points": MAX_GOODWILL_POINTS + 1},
        {"reason": "  "},
        {"last_day": in_days(-1)},
        {"last_day": in_days(LONGEST_GOODWILL_DAYS + 1)},
    ],
)
def test_what_is_too_much_too_late_or_without_reason_is_refused(wrong):
    customer = make_person()
    with pytest.raises(InvalidAmount):
        give(customer, **wrong)
    assert not Transfer.objects.exists()
    assert not told()


def test_the_most_and_the_longest_there_may_be():
    customer = make_person()
    give(customer, amount_points=MAX_GOODWILL_POINTS, last_day=in_days(LONGEST_GOODWILL_DAYS))
    give(customer, amount_points=1, last_day=in_days(0))
    assert Wallet.objects.get(pk=customer.pk).balance_points == MAX_GOODWILL_POINTS + 1


def test_nobody_gives_to_themselves():
    person = make_person()
    with pytest.raises(OwnWallet):
        give(person, actor=person)
    assert not Transfer.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_double_click_gives_once():
    customer, actor = make_person(), make_person()
    assert at_once([lambda: give(customer, actor=actor, idempotency_key="one")] * 10) == {"done": 10}
    assert Wallet.objects.get(pk=customer.pk).balance_points == 500
    assert len(told()) == 1
