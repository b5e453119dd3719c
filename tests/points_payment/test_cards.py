from __future__ import annotations

import io
from datetime import timedelta

import pyrage
import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from psycopg.errors import UniqueViolation

from marketplace.env import CardKeys
from points_payment import codes as code_module
from points_payment.codes import (
    candidate_hmacs,
    code_hmac,
    damm,
    new_code,
    normalise_code,
    number_of,
    serial_of,
)
from points_payment.errors import (
    CardNotRedeemable,
    IdempotencyConflict,
    InvalidAmount,
    SamePerson,
    WrongBatchState,
    WrongCheckDigit,
)
from points_payment.kinds import AccountKind, AttemptOutcome, BatchState, CardState
from points_payment.models import Account, AttemptCounter, Batch, Card, Entry, RedemptionAttempt
from points_payment.services import issuing, redemption
from points_payment.services.batches import (
    activate_batch,
    approve_batch,
    draft_batch,
    freeze_batch,
    issue_codes_once,
    unfreeze_batch,
    void_batch,
)
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_batch, make_person, new_key

pytestmark = pytest.mark.django_db


def account_points(kind: AccountKind, owner_id: int) -> int:
    account = Account.objects.filter(kind=kind, owner_id=owner_id)
    return sum(Entry.objects.filter(account__in=account).values_list("amount_points", flat=True))


def redeem(customer, code, key=None, device=""):
    return redeem_card(
        customer=customer, code=code, idempotency_key=key or new_key(), attempt=from_device(device)
    )


# Codes -----------------------------------------------------------------------------------


def test_damm_finds_every_single_wrong_digit_and_every_swap_of_neighbours():
    for _ in range(50):
        code = new_code()
        assert damm(code) == "0"
        for place in range(len(code)):
            for digit in "0123456789":
                if digit != code[place]:
                    assert damm(code[:place] + digit + code[place + 1 :]) != "0"
            if place and code[place - 1] != code[place]:
                swapped = code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]
                assert damm(swapped) != "0"


def test_damm_agrees_with_the_published_example():
    assert damm("572") == "4"
    assert damm("5724") == "0"


@pytest.mark.parametrize(
    "spell",
    [
        lambda code: code,
        lambda code: " ".join(code[i : i + 3] for i in range(0, 18, 3)),
        lambda code: "-".join(code[i : i + 6] for i in range(0, 18, 6)),
        lambda code: code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        lambda code: code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")),
        lambda code: code.translate(str.maketrans("0123456789", "०१२३४५६७८९")),
        lambda code: "\u200f" + code[:9] + "\u2013" + code[9:] + "\u00a0\n",
    ],
)
def test_code_is_read_in_every_spelling(spell):
    code = new_code()
    assert normalise_code(spell(code)) == code


@pytest.mark.parametrize("text", ["", "12", "x" * 18, "1" * 17, "²" * 18, "0" * 25, "0" * 15])
def test_what_is_no_code_is_mistyped(text):
    with pytest.raises(WrongCheckDigit):
        normalise_code(text)


def test_serial_has_a_check_digit_of_its_own_and_any_spelling():
    serial = serial_of(1234)
    assert serial.startswith("0000001234")
    assert number_of("۰۰۰۰-" + serial[4:]) == 1234
    with pytest.raises(WrongCheckDigit):
        number_of(serial[:-1] + str((int(serial[-1]) + 1) % 10))


def test_rotated_key_nests_over_the_old_one():
    keys = CardKeys(by_version={1: b"a" * 32, 2: b"b" * 32}, current=2)
    code = new_code()
    old = code_hmac(code, keys=keys, first_version=1, last_version=1)
    rotated = code_hmac(code, keys=keys, first_version=1, last_version=2)
    fresh = code_hmac(code, keys=keys, first_version=2, last_version=2)
    assert candidate_hmacs(code, keys=keys) == [old, rotated, fresh]
    assert rotated == code_module.hmac.new(b"b" * 32, old, "sha256").digest()


# Batches ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "number", "days"),
    [(0, 1, 1), (-1, 1, 1), (1_000_001, 1, 1), (1, 0, 1), (1, 1_000_001, 1), (1, 1, 0)],
)
def test_draft_keeps_its_limits(value, number, days):
    with pytest.raises(InvalidAmount):
        draft_batch(
            face_value_points=value, number_of_cards=number,
            expires_on=timezone.localdate() + timedelta(days=days), note="", actor=make_person(),
        )  # fmt: skip
    assert not Batch.objects.exists()


def test_drafter_neither_approves_nor_activates():
    batch, second = make_batch(), make_person()
    with pytest.raises(SamePerson):
        approve_batch(batch=batch, actor=batch.drafted_by)
    approve_batch(batch=batch, actor=second)
    issue_codes_once(batch=batch, actor=batch.drafted_by)
    with pytest.raises(SamePerson):
        activate_batch(batch=batch, actor=batch.drafted_by)
    assert Batch.objects.get().state == BatchState.EXPORTED


def test_codes_are_made_once_and_stored_nowhere():
    batch, second = make_batch(cards=20), make_person()
    with pytest.raises(WrongBatchState):
        issue_codes_once(batch=batch, actor=second)
    approve_batch(batch=batch, actor=second)
    issued = issue_codes_once(batch=batch, actor=second)
    plain = [normalise_code(code) for _serial, code in issued]
    assert len(set(plain)) == len(issued) == Card.objects.count() == 20
    stored = Card.objects.order_by("number").values_list("code_hmac", "last_four", "number")
    version = settings.CARD_KEYS.current
    for code, (serial, _), (hmac_bytes, last_four, number) in zip(plain, issued, stored, strict=True):
        assert bytes(hmac_bytes) == code_hmac(
            code, keys=settings.CARD_KEYS, first_version=version, last_version=version
        )
        assert last_four == code[-4:]
        assert number_of(serial) == number
    with pytest.raises(WrongBatchState):
        issue_codes_once(batch=batch, actor=second)
    assert Card.objects.count() == 20


def test_numbers_of_batches_follow_each_other():
    first, _ = make_active_batch(cards=2)
    second, _ = make_active_batch(cards=3)
    assert (second.first_number, second.last_number) == (first.last_number + 1, first.last_number + 3)


def test_codes_that_collide_are_drawn_again(monkeypatch):
    batch, second = make_batch(cards=2), make_person()
    approve_batch(batch=batch, actor=second)
    twice = new_code().encode() * 2
    drawn = iter([twice, new_code().encode() + new_code().encode()])
    monkeypatch.setattr(issuing, "draw_codes", lambda code_format, number: next(drawn))
    assert len({code for _serial, code in issue_codes_once(batch=batch, actor=second)}) == 2


def test_codes_that_always_collide_are_an_error(monkeypatch):
    batch, second = make_batch(cards=2), make_person()
    approve_batch(batch=batch, actor=second)
    twice = new_code().encode() * 2
    monkeypatch.setattr(issuing, "draw_codes", lambda code_format, number: twice)
    with pytest.raises(UniqueViolation), transaction.atomic():
        issue_codes_once(batch=batch, actor=second)
    assert not Card.objects.exists()


def test_file_for_the_printer_opens_with_its_key_alone():
    batch, second = make_batch(cards=5_000), make_person()
    approve_batch(batch=batch, actor=second)
    issued = issue_codes_once(batch=batch, actor=second)
    printer = pyrage.x25519.Identity.generate()
    target = io.BytesIO()
    issued.write_encrypted(target, recipient=str(printer.to_public()))
    assert next(iter(issued))[1].encode() not in target.getvalue()
    lines = pyrage.decrypt(target.getvalue(), [printer]).decode().split("\r\n")
    assert lines[0] == "serial,code,points,last_day"
    assert len(lines) == 5_002
    assert lines[1].split(",")[:2] == list(next(iter(issued)))
    with pytest.raises(ValueError, match="age"):
        issued.write_encrypted(io.BytesIO(), recipient="age1nonsense")


def test_activation_owes_the_cards_to_their_holders():
    batch, _ = make_active_batch(cards=3, value=5_000)
    assert account_points(AccountKind.BATCH, batch.pk) == 15_000
    assert account_points(AccountKind.SHOP, 0) == -15_000
    with pytest.raises(WrongBatchState):
        activate_batch(batch=batch, actor=make_person())


def test_frozen_batch_redeems_nothing_until_it_thaws():
    batch, codes = make_active_batch()
    customer = make_person()
    freeze_batch(batch=batch, actor=make_person(), reason="Stolen")
    with pytest.raises(CardNotRedeemable):
        redeem(customer, codes[0])
    with pytest.raises(WrongBatchState):
        activate_batch(batch=batch, actor=make_person())
    with pytest.raises(SamePerson):
        unfreeze_batch(batch=batch, actor=batch.drafted_by)
    unfreeze_batch(batch=batch, actor=make_person(), reason="Found")
    assert redeem(customer, codes[0]).balance_points == 5_000
    with pytest.raises(WrongBatchState):
        unfreeze_batch(batch=batch, actor=make_person())


def test_batch_that_was_never_active_does_not_thaw():
    batch = make_batch()
    approve_batch(batch=batch, actor=make_person())
    issue_codes_once(batch=batch, actor=make_person())
    with pytest.raises(WrongBatchState):
        unfreeze_batch(batch=batch, actor=make_person())
    assert Batch.objects.get().state == BatchState.EXPORTED


def test_voided_batch_owes_no_more_than_was_redeemed():
    batch, codes = make_active_batch(cards=3)
    customer = make_person()
    redeem(customer, codes[0])
    void_batch(batch=batch, actor=make_person(), reason="Lost")
    with pytest.raises(CardNotRedeemable):
        redeem(customer, codes[1])
    assert account_points(AccountKind.BATCH, batch.pk) == 0
    assert account_points(AccountKind.SHOP, 0) == -5_000
    assert sorted(Card.objects.values_list("state", flat=True)) == [
        CardState.REDEEMED,
        CardState.VOID,
        CardState.VOID,
    ]
    with pytest.raises(WrongBatchState):
        void_batch(batch=batch, actor=make_person())


def test_batch_without_active_cards_is_voided_without_money():
    batch = make_batch()
    void_batch(batch=batch, actor=make_person())
    assert Batch.objects.get().state == BatchState.VOID
    assert not Entry.objects.exists()


# Redemption ------------------------------------------------------------------------------


def test_card_is_redeemed_once_for_its_value():
    _batch, codes = make_active_batch(value=5_000)
    customer, stranger = make_person(), make_person()
    redemption = redeem(customer, codes[0])
    assert (redemption.amount_points, redemption.balance_points) == (5_000, 5_000)
    for person in (customer, stranger):
        with pytest.raises(CardNotRedeemable):
            redeem(person, codes[0])
    assert account_points(AccountKind.CUSTOMER_PAID, customer.pk) == 5_000
    assert stranger.point_balance == 0


def test_same_key_gives_the_same_answer_and_counts_no_attempt():
    _batch, codes = make_active_batch()
    customer = make_person()
    first = redeem(customer, codes[0], "key")
    again = redeem(customer, codes[0], "key")
    assert again == first
    assert RedemptionAttempt.objects.count() == 1


def test_same_key_for_another_code_is_a_conflict():
    _batch, codes = make_active_batch()
    customer = make_person()
    redeem(customer, codes[0], "key")
    with pytest.raises(IdempotencyConflict):
        redeem(customer, codes[1], "key")
    assert customer.point_balance == 5_000


def test_same_request_under_way_twice_is_answered_once(monkeypatch):
    """The second passed the first look-up before the first committed."""
    _batch, codes = make_active_batch()
    customer = make_person()
    first = redeem(customer, codes[0], "key")
    look_up = redemption.find_posted
    answers = iter([None])
    monkeypatch.setattr(redemption, "find_posted", lambda **facts: next(answers, None) or look_up(**facts))
    calls = {"number": 0}

    def blind_once(**facts):
        calls["number"] += 1
        return None if calls["number"] == 1 else look_up(**facts)

    monkeypatch.setattr(redemption, "find_posted", blind_once)
    assert redeem(customer, codes[0], "key") == first
    assert calls["number"] == 2


def test_every_reason_has_one_answer():
    _batch, codes = make_active_batch()
    exported = make_batch()
    approve_batch(batch=exported, actor=make_person())
    inactive = [code for _serial, code in issue_codes_once(batch=exported, actor=make_person())]
    redeem(make_person(), codes[0])
    answers = set()
    for code in (codes[0], inactive[0], new_code()):
        with pytest.raises(CardNotRedeemable) as caught:
            redeem(make_person(), code)
        answers.add(str(caught.value))
    assert answers == {""}


def test_card_is_good_on_its_last_day_and_not_after(monkeypatch):
    batch, codes = make_active_batch()
    monkeypatch.setattr(redemption.timezone, "localdate", lambda: batch.expires_on)
    redeem(make_person(), codes[0])
    monkeypatch.setattr(redemption.timezone, "localdate", lambda: batch.expires_on + timedelta(days=1))
    with pytest.raises(CardNotRedeemable):
        redeem(make_person(), codes[1])


def test_mistyped_code_costs_no_attempt():
    with pytest.raises(WrongCheckDigit):
        redeem(make_person(), "123")
    assert not RedemptionAttempt.objects.exists()
    assert not AttemptCounter.objects.exists()


def test_card_cannot_be_unredeemed_in_the_database():
    _batch, codes = make_active_batch()
    redeem(make_person(), codes[0])
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        Card.objects.filter(state=CardState.REDEEMED).update(state=CardState.ACTIVE, redemption=None)


def test_attempts_say_how_they_ended():
    _batch, codes = make_active_batch()
    customer = make_person()
    redeem(customer, codes[0])
    with pytest.raises(CardNotRedeemable):
        redeem(customer, new_code())
    assert list(RedemptionAttempt.objects.order_by("id").values_list("outcome", flat=True)) == [
        AttemptOutcome.REDEEMED,
        AttemptOutcome.REFUSED,
    ]
