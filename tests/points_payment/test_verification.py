"""Is the caller the customer? Codes and answers, counted before they are compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from marketplace.outbox.models import OutboxMessage
from points_payment import caller_questions
from points_payment.caller_questions import CallerQuestion, askable_questions, register_caller_question
from points_payment.errors import (
    CallerCodeExpired,
    OwnWallet,
    PhoneNotProven,
    TooManyAttempts,
    WrongCallerAnswers,
    WrongCallerCode,
)
from points_payment.models import CallerVerification
from points_payment.services import verification as verifying
from points_payment.services.verification import (
    MAX_CODE_TRIES,
    MAX_CODES_AN_HOUR,
    MAX_WRONG_ANSWERS_A_DAY,
    MAX_WRONG_CODES_A_DAY,
    check_answers,
    check_code,
    current_verification,
    issue_code,
    request_code,
    verified_until,
    waiting_code,
)
from tests.factories.desk import make_operator, make_top_up, verify_caller
from tests.factories.people import a_customer, an_email_customer

pytestmark = pytest.mark.django_db


def send_code(operator, customer) -> str:
    issued = issue_code(verification_id=request_code(operator=operator, customer=customer).pk)
    assert issued is not None
    return issued.code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    now = timezone.now() + timedelta(**by)
    monkeypatch.setattr(verifying.timezone, "now", lambda: now)


# Codes --------------------------------------------------------------------------------------


def test_a_code_reaches_the_phone_and_is_stored_nowhere():
    operator, customer = make_operator(), a_customer(language="ckb")
    verification = request_code(operator=operator, customer=customer)
    message = OutboxMessage.objects.get()
    assert (message.topic, message.payload) == ("top_up.code", {"verification_id": verification.pk})
    issued = issue_code(verification_id=verification.pk)
    assert issued is not None
    assert (issued.phone, issued.language, len(issued.code)) == (customer.phone, "ckb", 6)
    verification.refresh_from_db()
    assert issued.code not in str(vars(verification))
    assert len(verification.code_hash) == 64


@pytest.mark.parametrize("typed", ["{}", " {} ", "arabic"])
def test_the_right_code_verifies_however_it_is_typed(typed):
    operator, customer = make_operator(), a_customer()
    code = send_code(operator, customer)
    text = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")) if typed == "arabic" else typed
    verified = check_code(operator=operator, customer=customer, code=text.format(code))
    assert verified.verified_at is not None
    assert current_verification(operator_id=operator.pk, customer_id=customer.pk) == verified
    assert verified_until(verified) == verified.verified_at + timedelta(minutes=15)
    assert waiting_code(operator_id=operator.pk, customer_id=customer.pk) is None


def test_wrong_codes_are_counted_and_then_the_code_is_gone():
    operator, customer = make_operator(), a_customer()
    code = send_code(operator, customer)
    for left in range(MAX_CODE_TRIES - 1, -1, -1):
        with pytest.raises(WrongCallerCode) as refused:
            check_code(operator=operator, customer=customer, code=wrong(code))
        assert refused.value.tries_left == left
    with pytest.raises(CallerCodeExpired):
        check_code(operator=operator, customer=customer, code=code)
    assert CallerVerification.objects.get().wrong_tries == MAX_CODE_TRIES
    assert current_verification(operator_id=operator.pk, customer_id=customer.pk) is None


def test_wrong_codes_of_a_day_are_counted_for_the_customer_whoever_types_them():
    customer = a_customer()
    for _ in range(2):
        operator = make_operator()
        code = send_code(operator, customer)
        for _ in range(MAX_WRONG_CODES_A_DAY // 2):
            with pytest.raises(WrongCallerCode):
                check_code(operator=operator, customer=customer, code=wrong(code))
    with pytest.raises(TooManyAttempts) as refused:
        request_code(operator=make_operator(), customer=customer)
    assert refused.value.retry_at > timezone.now() + timedelta(hours=23)
    with pytest.raises(TooManyAttempts):
        check_code(operator=operator, customer=customer, code=code)


def test_a_phone_gets_so_many_codes_in_an_hour(monkeypatch):
    customer = a_customer()
    for _ in range(MAX_CODES_AN_HOUR):
        request_code(operator=make_operator(), customer=customer)
    with pytest.raises(TooManyAttempts):
        request_code(operator=make_operator(), customer=customer)
    assert CallerVerification.objects.count() == OutboxMessage.objects.count() == MAX_CODES_AN_HOUR
    later(monkeypatch, minutes=61)
    request_code(operator=make_operator(), customer=customer)


def test_a_code_ends_after_ten_minutes(monkeypatch):
    operator, customer = make_operator(), a_customer()
    code = send_code(operator, customer)
    later(monkeypatch, minutes=10, seconds=1)
    assert waiting_code(operator_id=operator.pk, customer_id=customer.pk) is None
    with pytest.raises(CallerCodeExpired):
        check_code(operator=operator, customer=customer, code=code)


def test_a_code_is_its_operator_s_alone_and_a_newer_one_replaces_it():
    operator, customer = make_operator(), a_customer()
    code = send_code(operator, customer)
    with pytest.raises(CallerCodeExpired):
        check_code(operator=make_operator(), customer=customer, code=code)
    newer = send_code(operator, customer)
    if newer != code:
        with pytest.raises(WrongCallerCode):
            check_code(operator=operator, customer=customer, code=code)
    check_code(operator=operator, customer=customer, code=newer)


def test_before_the_code_went_out_no_code_is_right():
    operator, customer = make_operator(), a_customer()
    request_code(operator=operator, customer=customer)
    for code in ("", "000000"):
        with pytest.raises(WrongCallerCode):
            check_code(operator=operator, customer=customer, code=code)


def test_a_message_that_comes_too_late_sends_no_code(monkeypatch):
    operator, customer = make_operator(), a_customer()
    first, second = (request_code(operator=operator, customer=customer) for _ in range(2))
    assert issue_code(verification_id=first.pk) is None
    issued = issue_code(verification_id=second.pk)
    assert issued is not None
    check_code(operator=operator, customer=customer, code=issued.code)
    assert issue_code(verification_id=second.pk) is None
    third = request_code(operator=operator, customer=customer)
    later(monkeypatch, minutes=11)
    assert issue_code(verification_id=third.pk) is None


def test_a_code_goes_to_a_proven_phone_alone_and_never_to_the_operator():
    operator = make_operator()
    for customer in (an_email_customer(email="a@example.com"), a_customer(verified=False)):
        with pytest.raises(PhoneNotProven):
            request_code(operator=operator, customer=customer)
    with pytest.raises(OwnWallet):
        request_code(operator=operator, customer=operator)
    assert not CallerVerification.objects.exists()


# Answers ------------------------------------------------------------------------------------


@pytest.fixture
def questions(monkeypatch) -> Iterator[list[CallerQuestion]]:
    """Three questions whose answers are ``yes``; a fourth that nobody may ask."""
    monkeypatch.setattr(caller_questions, "_questions", {})
    made = [
        CallerQuestion(
            slug=slug,
            label=slug,
            fields=dict,
            is_askable=lambda customer, operator, slug=slug: slug != "secret",
            check=lambda customer, answer: answer["text"] == "yes",
            order=order,
        )
        for order, slug in enumerate(("a", "b", "c", "secret"))
    ]
    for question in reversed(made):
        register_caller_question(question)
    return made


def answer(**texts: str):
    return {slug: {"text": text} for slug, text in texts.items()}


def test_two_right_answers_verify(questions):
    operator, customer = make_operator(), a_customer()
    verified = check_answers(operator=operator, customer=customer, answers=answer(a="yes", b="no", c="yes"))
    assert (verified.method, verified.answered, verified.wrong_tries) == ("answers", "a,c", 0)
    assert current_verification(operator_id=operator.pk, customer_id=customer.pk) == verified


@pytest.mark.parametrize(
    "answers", [answer(a="yes"), answer(a="yes", b="no", c="no"), answer(a="yes", secret="yes"), {}]
)
def test_fewer_right_answers_do_not_and_count(questions, answers):
    operator, customer = make_operator(), a_customer()
    with pytest.raises(WrongCallerAnswers):
        check_answers(operator=operator, customer=customer, answers=answers)
    assert current_verification(operator_id=operator.pk, customer_id=customer.pk) is None
    tried = CallerVerification.objects.get()
    assert (tried.answered, tried.wrong_tries, tried.verified_at) == ("", 1, None)


def test_wrong_answers_of_a_day_end_it_whoever_asks(questions, monkeypatch):
    customer = a_customer()
    for _ in range(MAX_WRONG_ANSWERS_A_DAY):
        with pytest.raises(WrongCallerAnswers):
            check_answers(operator=make_operator(), customer=customer, answers={})
    with pytest.raises(TooManyAttempts):
        check_answers(operator=make_operator(), customer=customer, answers=answer(a="yes", b="yes"))
    # The phone is still there, and so is the next day.
    operator = make_operator()
    check_code(operator=operator, customer=customer, code=send_code(operator, customer))
    later(monkeypatch, days=1, seconds=1)
    check_answers(operator=make_operator(), customer=customer, answers=answer(a="yes", b="yes"))


def test_nobody_answers_for_their_own_wallet(questions):
    operator = make_operator()
    with pytest.raises(OwnWallet):
        check_answers(operator=operator, customer=operator, answers=answer(a="yes", b="yes"))


def test_questions_come_in_order(questions):
    assert [question.slug for question in askable_questions(customer_id=1, operator_id=2)] == ["a", "b", "c"]


def test_the_last_top_up_is_asked_about_by_others_than_who_made_it():
    question = caller_questions.LAST_TOP_UP
    customer, operator, other = a_customer(), make_operator(), make_operator()
    assert not question.is_askable(customer.pk, other.pk)
    assert not question.check(customer.pk, {"amount": None, "day": None})
    make_top_up(5_000, operator=operator, customer=customer)
    assert not question.is_askable(customer.pk, operator.pk)
    assert question.is_askable(customer.pk, other.pk)
    today = timezone.localdate()
    assert question.check(customer.pk, {"amount": 5_000, "day": today})
    for amount, day in ((5_001, today), (5_000, today - timedelta(days=1)), (None, today), (5_000, None)):
        assert not question.check(customer.pk, {"amount": amount, "day": day})
    assert list(question.fields()) == ["amount", "day"]


# What the database holds --------------------------------------------------------------------


def test_a_verification_cannot_be_turned_back_or_given_to_somebody_else():
    operator, customer = make_operator(), a_customer()
    made = make_top_up(operator=operator, customer=customer).verification
    fresh = verify_caller(operator, customer)
    rows = CallerVerification.objects
    for act in (
        lambda: rows.filter(pk=made.pk).update(used_at=None),
        lambda: rows.filter(pk=fresh.pk).update(customer=a_customer()),
        lambda: rows.filter(pk=fresh.pk).update(verified_at=timezone.now() + timedelta(days=1)),
        lambda: rows.filter(pk=fresh.pk).update(wrong_tries=-1),
        fresh.delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    for fields in ({"used_at": timezone.now()}, {"customer": operator}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.create(**{"operator": operator, "customer": customer, "method": "code"} | fields)
