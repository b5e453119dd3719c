from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from points_payment.errors import (
    CardNotFreezable,
    CardNotRedeemable,
    CardNotReplaceable,
    SamePerson,
    WrongLastFour,
)
from points_payment.kinds import AccountKind, BatchState, CardState, ReplacementState, TransferKind
from points_payment.models import Batch, Card, CardReplacement, Transfer
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import card_support
from points_payment.services.batches import freeze_batch, void_batch
from points_payment.services.card_support import (
    approve_replacement,
    freeze_card,
    refuse_replacement,
    request_replacement,
    unfreeze_card,
)
from points_payment.services.ranges import expire_cards, freeze_range, return_range, unfreeze_range
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_person, new_key
from tests.factories.supply import activate, make_received_batch, make_shop, send
from tests.points_payment.test_races import at_once

pytestmark = pytest.mark.django_db


def redeem(code, customer=None):
    return redeem_card(
        customer=customer or make_person(), code=code, idempotency_key=new_key(), attempt=from_device()
    )


def first_card(batch: Batch) -> Card:
    return Card.objects.filter(batch=batch).order_by("number").first()


def ask(card, actor=None, last_four=None):
    return request_replacement(
        card=card, actor=actor or make_person("Sara"), reason="Scratched through", proof_seen="The card",
        last_four=last_four or card.last_four,
    )  # fmt: skip


def test_frozen_card_is_not_redeemed_and_thawed_one_is():
    batch, codes = make_active_batch(cards=2)
    card, desk = first_card(batch), make_person()
    freeze_card(card=card, actor=desk, reason="Lost")
    with pytest.raises(CardNotRedeemable):
        redeem(codes[0])
    redeem(codes[1])
    unfreeze_card(card=card, actor=desk, reason="Found")
    assert redeem(codes[0]).amount_points == 5_000
    event = batch.events.filter(scope="card").first()
    assert (event.actor, event.reason, event.first_number) == (desk, "Lost", card.number)


def test_only_an_active_card_can_be_frozen_and_only_a_frozen_one_thawed():
    batch, codes = make_active_batch(cards=2)
    card, desk = first_card(batch), make_person()
    with pytest.raises(CardNotFreezable):
        unfreeze_card(card=card, actor=desk, reason="x")
    redeem(codes[0])
    with pytest.raises(CardNotFreezable):
        freeze_card(card=card, actor=desk, reason="x")
    assert not batch.events.filter(scope="card").exists()


def test_who_drafted_the_batch_thaws_no_card():
    batch, _codes = make_active_batch(cards=1)
    card = freeze_card(card=first_card(batch), actor=make_person(), reason="x")
    with pytest.raises(SamePerson):
        unfreeze_card(card=card, actor=batch.drafted_by, reason="x")


def test_card_frozen_with_its_range_is_not_thawed_alone_and_one_frozen_alone_stays_so():
    batch, _codes = make_received_batch(cards=4)
    one = activate(send(batch, 0, 3, shop=make_shop()))
    card, other, desk = first_card(batch), Card.objects.order_by("number")[1], make_person()
    freeze_card(card=card, actor=desk, reason="Lost")
    freeze_range(consignment=one, actor=desk, reason="Stolen")
    for frozen in (card, other):
        with pytest.raises(CardNotFreezable):
            unfreeze_card(card=frozen, actor=desk, reason="x")
    unfreeze_range(consignment=one, actor=desk, reason="Found")
    card.refresh_from_db()
    assert card.state == CardState.FROZEN
    assert Card.objects.filter(state=CardState.ACTIVE).count() == 3
    unfreeze_card(card=card, actor=desk, reason="Found")
    assert Card.objects.filter(state=CardState.ACTIVE).count() == 4


def test_card_frozen_alone_comes_back_void_and_is_owed_no_more():
    batch, _codes = make_received_batch(cards=4)
    shop = make_shop()
    one = activate(send(batch, 0, 3, shop=shop))
    freeze_card(card=first_card(batch), actor=make_person(), reason="Lost")
    return_range(consignment=one, actor=make_person(), reason="Unsold")
    assert [card.state for card in Card.objects.order_by("number")] == [
        "void",
        "stocked",
        "stocked",
        "stocked",
    ]
    assert account_points(kind=AccountKind.SHOP, owner_id=shop.pk) == 0


# Replacing ------------------------------------------------------------------------------


def test_damaged_card_gives_its_value_to_a_new_one():
    batch, codes = make_received_batch(cards=3)
    shop = make_shop()
    activate(send(batch, 0, 2, shop=shop))
    old = first_card(batch)
    sara, basim = make_person("Sara"), make_person("Basim")
    asked = ask(old, sara, last_four=" ".join(old.last_four))
    with pytest.raises(CardNotRedeemable):
        redeem(codes[0])
    new = approve_replacement(replacement=asked, actor=basim, answer="Seen")
    old.refresh_from_db()
    assert old.state == CardState.VOID
    assert new.code.replace(" ", "") != codes[0].replace(" ", "")
    assert new.serial == new.card.serial != old.serial
    assert new.card.batch.expires_on == batch.expires_on
    assert account_points(kind=AccountKind.BATCH, owner_id=batch.pk) == 10_000
    assert account_points(kind=AccountKind.BATCH, owner_id=new.card.batch_id) == 5_000
    # The shop sold one card, and owes it once.
    assert account_points(kind=AccountKind.SHOP, owner_id=shop.pk) == -15_000
    with pytest.raises(CardNotRedeemable):
        redeem(codes[0])
    assert redeem(new.code).amount_points == 5_000
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.requested_by) == (ReplacementState.APPROVED, basim, sara)


def test_replacement_takes_two_people():
    batch, _codes = make_active_batch(cards=1)
    sara = make_person("Sara")
    asked = ask(first_card(batch), sara)
    for decide in (approve_replacement, refuse_replacement):
        with pytest.raises(SamePerson):
            decide(replacement=asked, actor=sara, answer="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        CardReplacement.objects.update(decided_by=sara)
    assert Card.objects.count() == 1


def test_digits_of_another_card_replace_nothing(caplog):
    batch, _codes = make_active_batch(cards=1)
    card = first_card(batch)
    wrong = str((int(card.last_four) + 1) % 10_000).zfill(4)
    with pytest.raises(WrongLastFour):
        ask(card, last_four=wrong)
    card.refresh_from_db()
    assert card.state == CardState.ACTIVE
    assert not CardReplacement.objects.exists()
    assert card.serial in caplog.text
    assert card.last_four not in caplog.text.replace(card.serial, "")


def test_redeemed_void_expired_and_stocked_cards_are_not_replaced():
    batch, codes = make_active_batch(cards=1)
    redeem(codes[0])
    void, _codes = make_active_batch(cards=1)
    void_batch(batch=void, actor=make_person(), reason="x")
    stocked, _codes = make_received_batch(cards=1)
    for one in (batch, void, stocked):
        with pytest.raises(CardNotReplaceable):
            ask(first_card(one))
    expired, _codes = make_active_batch(cards=1)
    expire_cards(today=expired.expires_on + timedelta(days=1))
    with pytest.raises(CardNotReplaceable):
        ask(first_card(expired))


def test_card_of_a_stolen_range_or_a_frozen_batch_is_not_replaced():
    batch, _codes = make_received_batch(cards=2)
    one = activate(send(batch, 0, 1, shop=make_shop()))
    asked = ask(first_card(batch))
    freeze_range(consignment=one, actor=make_person(), reason="Stolen")
    with pytest.raises(CardNotReplaceable):
        approve_replacement(replacement=asked, actor=make_person())
    with pytest.raises(CardNotReplaceable):
        ask(Card.objects.order_by("number").last())
    frozen, _codes = make_active_batch(cards=1)
    freeze_batch(batch=frozen, actor=make_person(), reason="x")
    with pytest.raises(CardNotReplaceable):
        ask(first_card(frozen))
    assert Card.objects.count() == 3


def test_card_is_asked_for_once_and_decided_once():
    batch, _codes = make_active_batch(cards=2)
    card = first_card(batch)
    asked = ask(card)
    with pytest.raises(CardNotReplaceable):
        ask(card)
    with pytest.raises(CardNotFreezable):
        unfreeze_card(card=card, actor=make_person(), reason="x")
    refuse_replacement(replacement=asked, actor=make_person(), answer="No proof")
    with pytest.raises(CardNotReplaceable):
        approve_replacement(replacement=asked, actor=make_person())
    card.refresh_from_db()
    assert card.state == CardState.FROZEN
    # A card that is frozen by itself may be asked for again.
    again = ask(card)
    approve_replacement(replacement=again, actor=make_person())
    with pytest.raises(CardNotReplaceable):
        refuse_replacement(replacement=again, actor=make_person(), answer="x")
    assert Card.objects.count() == 3


def test_replacement_that_is_voided_is_breakage():
    batch, _codes = make_active_batch(cards=1)
    new = approve_replacement(replacement=ask(first_card(batch)), actor=make_person())
    void_batch(batch=new.card.batch, actor=make_person(), reason="Lost on the way")
    assert account_points(kind=AccountKind.BREAKAGE) == 5_000
    assert account_points(kind=AccountKind.SHOP) == -5_000


def test_card_whose_last_day_is_today_is_not_replaced(monkeypatch):
    batch, _codes = make_active_batch(cards=1)
    asked = ask(first_card(batch))
    monkeypatch.setattr(card_support.timezone, "localdate", lambda: batch.expires_on)
    with pytest.raises(CardNotReplaceable):
        approve_replacement(replacement=asked, actor=make_person())
    monkeypatch.undo()
    assert batch.expires_on > timezone.localdate()


def test_request_stands_as_it_was_made():
    batch, _codes = make_active_batch(cards=1)
    asked = ask(first_card(batch))
    for statement in (
        "UPDATE points_payment_cardreplacement SET reason = 'another'",
        "UPDATE points_payment_cardreplacement SET requested_by_id = requested_by_id + 1",
        "DELETE FROM points_payment_cardreplacement",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    asked.refresh_from_db()
    assert asked.reason == "Scratched through"


def test_replacement_without_its_money_is_named(tampered_books):
    batch, _codes = make_active_batch(cards=1)
    approve_replacement(replacement=ask(first_card(batch)), actor=make_person())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE points_payment_cardreplacement DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE points_payment_cardreplacement SET state = 'refused', reason = 'another',"
            " transfer_id = NULL, new_card_id = NULL"
        )
        cursor.execute("ALTER TABLE points_payment_cardreplacement ENABLE TRIGGER USER")
    assert {finding.check for finding in prove()} >= {"replacements"}
    assert len([finding for finding in prove() if finding.check == "replacements"]) == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_make_one_card():
    batch, _codes = make_active_batch(cards=1)
    asked = ask(first_card(batch))
    people = [make_person() for _ in range(6)]
    ends = at_once([lambda p=p: approve_replacement(replacement=asked, actor=p) for p in people])
    assert ends == {"done": 1, "CardNotReplaceable": 5}
    assert Transfer.objects.filter(kind=TransferKind.CARD_REPLACEMENT).count() == 1
    assert Batch.objects.filter(state=BatchState.ACTIVE).count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_request_and_redemption_at_once_have_one_end():
    batch, codes = make_active_batch(cards=6)
    cards = list(Card.objects.filter(batch=batch).order_by("number"))
    customers = [make_person() for _ in cards]
    sara = make_person("Sara")
    jobs = []
    for card, code, customer in zip(cards, codes, customers, strict=True):
        jobs.append(lambda c=code, p=customer: redeem(c, p))
        jobs.append(lambda k=card: ask(k, sara))
    ends = at_once(jobs)
    redeemed = Card.objects.filter(state=CardState.REDEEMED).count()
    assert ends["done"] == 6
    assert CardReplacement.objects.count() == 6 - redeemed


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_approvals_both_see_an_open_request(monkeypatch):
    """Negative control: only the lock makes the second one see what the first decided."""
    batch, _codes = make_active_batch(cards=1)
    asked = ask(first_card(batch))
    people = [make_person() for _ in range(2)]
    meet = threading.Barrier(2)
    seen = []

    def look(replacement, actor):
        found = CardReplacement.objects.get(pk=replacement.pk)
        meet.wait(30)
        seen.append(found.state)
        return found.card.batch, found, found.card

    monkeypatch.setattr(card_support, "_lock_request", look)
    ends = at_once([lambda p=p: approve_replacement(replacement=asked, actor=p) for p in people])
    assert seen == [ReplacementState.REQUESTED] * 2
    # The books themselves still take one: the transfer's key belongs to the first.
    assert ends["done"] == 1
    assert Transfer.objects.filter(kind=TransferKind.CARD_REPLACEMENT).count() == 1
