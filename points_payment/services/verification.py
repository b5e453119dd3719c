"""Is the caller the customer? A code sent to their phone, or answers that only they know.

A verification belongs to one operator and one customer, is good for one top-up and ends by itself.
Every try is counted before it is compared, under the customer's lock, and stays counted when it was wrong.
Locks: the customer's account.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Min, Sum
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from marketplace.outbox.services import enqueue
from marketplace.users.models import User
from points_payment.caller_questions import Answer, askable_questions, right_answers
from points_payment.codes import ascii_digits
from points_payment.errors import (
    CallerCodeExpired,
    CallerNotVerified,
    OwnWallet,
    PhoneNotProven,
    TooManyAttempts,
    WrongCallerAnswers,
    WrongCallerCode,
)
from points_payment.kinds import VerificationMethod
from points_payment.models import CallerVerification
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from django.db.models import QuerySet

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=10)
#: From the moment of the verification to its use.
VERIFIED_FOR = timedelta(minutes=15)
RIGHT_ANSWERS_NEEDED = 2

#: Of one code.
MAX_CODE_TRIES = 5
#: Of one customer, whoever asks: a phone must not be flooded, and a code or an answer not be guessed.
MAX_CODES_AN_HOUR = 5
MAX_WRONG_CODES_A_DAY = 10
MAX_WRONG_ANSWERS_A_DAY = 3


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code on its way to a phone. It exists in this object alone."""

    #: E.164.
    phone: str
    language: str
    code: str


@retry_on_conflict
@transaction.atomic
def request_code(*, operator: User, customer: User) -> CallerVerification:
    """Have a code sent to the customer's phone; it is made where it is sent (``issue_code``).

    Raises:
        OwnWallet: the operator is the customer.
        PhoneNotProven: there is no phone that the customer has proven.
        TooManyAttempts: so many codes were sent in an hour, or so many wrong ones typed in a day.
    """
    _require_other(operator, customer)
    if not (customer.phone and customer.phone_verified):
        raise PhoneNotProven
    _lock_customer(customer)
    now = timezone.now()
    _require_tries_left(customer, VerificationMethod.CODE, most=MAX_WRONG_CODES_A_DAY)
    lately = _of(customer, VerificationMethod.CODE).filter(created_at__gt=now - timedelta(hours=1))
    sent = lately.aggregate(number=Count("pk"), first=Min("created_at"))
    if sent["number"] >= MAX_CODES_AN_HOUR:
        raise TooManyAttempts(retry_at=sent["first"] + timedelta(hours=1))
    verification = CallerVerification.objects.create(
        operator=operator, customer=customer, method=VerificationMethod.CODE
    )
    enqueue(topic="top_up.code", payload={"verification_id": verification.pk})
    return verification


@transaction.atomic
def issue_code(*, verification_id: int) -> IssuedCode | None:
    """Make the code that the caller sends in the same transaction: one that was not sent is not kept.

    None if it is too late for it: it was not sent in time, or another one was asked for since.
    """
    verification = (
        CallerVerification.objects.select_for_update(of=("self",), no_key=True)
        .select_related("customer")
        .get(pk=verification_id)
    )
    customer = verification.customer
    now = timezone.now()
    newest = _codes(verification.operator_id, customer.pk).first()
    if newest != verification or verification.verified_at or verification.created_at < now - CODE_LIFE:
        return None
    assert customer.phone, "A proven phone can be changed, not taken away."
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    verification.code_hash = _hash(verification_id, code)
    verification.code_expires_at = now + CODE_LIFE
    verification.save(update_fields=["code_hash", "code_expires_at"])
    return IssuedCode(phone=customer.phone, language=customer.language, code=code)


def check_code(*, operator: User, customer: User, code: str) -> CallerVerification:
    """Compare what the caller read from their phone; a wrong try stays counted.

    Raises:
        CallerCodeExpired: no code of this operator waits for this customer any more.
        WrongCallerCode: it is another one; that counted.
        TooManyAttempts: so many wrong ones were typed for this customer in a day.
    """
    verification = _try_code(operator_id=operator.pk, customer=customer, code=code)
    if verification.verified_at is None:
        raise WrongCallerCode(tries_left=MAX_CODE_TRIES - verification.wrong_tries)
    return verification


@retry_on_conflict
def _try_code(*, operator_id: int, customer: User, code: str) -> CallerVerification:
    with transaction.atomic(durable=True):
        _lock_customer(customer)
        _require_tries_left(customer, VerificationMethod.CODE, most=MAX_WRONG_CODES_A_DAY)
        verification = waiting_code(operator_id=operator_id, customer_id=customer.pk)
        if verification is None:
            raise CallerCodeExpired
        typed = _hash(verification.pk, ascii_digits(code))
        if constant_time_compare(typed, verification.code_hash):
            verification.verified_at = timezone.now()
        else:
            verification.wrong_tries += 1
        verification.save(update_fields=["verified_at", "wrong_tries"])
        return verification


def check_answers(*, operator: User, customer: User, answers: Mapping[str, Answer]) -> CallerVerification:
    """Compare what the caller said with what is known, by question; which one is wrong stays unsaid.

    Raises:
        OwnWallet: the operator is the customer.
        WrongCallerAnswers: fewer than RIGHT_ANSWERS_NEEDED are right; that counted.
        TooManyAttempts: so many wrong ones were given for this customer in a day.
    """
    _require_other(operator, customer)
    verification = _try_answers(operator=operator, customer=customer, answers=answers)
    if verification.verified_at is None:
        raise WrongCallerAnswers
    return verification


@retry_on_conflict
def _try_answers(*, operator: User, customer: User, answers: Mapping[str, Answer]) -> CallerVerification:
    with transaction.atomic(durable=True):
        _lock_customer(customer)
        _require_tries_left(customer, VerificationMethod.ANSWERS, most=MAX_WRONG_ANSWERS_A_DAY)
        questions = askable_questions(customer_id=customer.pk, operator_id=operator.pk)
        right = right_answers(questions=questions, customer_id=customer.pk, answers=answers)
        is_right = len(right) >= RIGHT_ANSWERS_NEEDED
        return CallerVerification.objects.create(
            operator=operator,
            customer=customer,
            method=VerificationMethod.ANSWERS,
            answered=",".join(right) if is_right else "",
            wrong_tries=0 if is_right else 1,
            verified_at=timezone.now() if is_right else None,
        )


def waiting_code(*, operator_id: int, customer_id: int) -> CallerVerification | None:
    """The code that this operator may still type for this customer: the newest one alone."""
    newest = _codes(operator_id, customer_id).first()
    if newest is None or newest.verified_at or newest.wrong_tries >= MAX_CODE_TRIES:
        return None
    expires_at = newest.code_expires_at or newest.created_at + CODE_LIFE
    return newest if expires_at > timezone.now() else None


def current_verification(*, operator_id: int, customer_id: int) -> CallerVerification | None:
    """What lets this operator top this customer up now."""
    return _usable(operator_id, customer_id).first()


def use_verification(*, operator: User, customer: User) -> CallerVerification:
    """Spend the verification on the caller's transaction; it is good for nothing else afterwards.

    Raises:
        CallerNotVerified: there is none, it is too old, or it was used.
    """
    verification = _usable(operator.pk, customer.pk).select_for_update(no_key=True).first()
    if verification is None:
        raise CallerNotVerified
    verification.used_at = timezone.now()
    verification.save(update_fields=["used_at"])
    return verification


def verified_until(verification: CallerVerification) -> datetime:
    """When a verification ends."""
    assert verification.verified_at is not None
    return verification.verified_at + VERIFIED_FOR


def _usable(operator_id: int, customer_id: int) -> QuerySet[CallerVerification]:
    return CallerVerification.objects.filter(
        operator_id=operator_id,
        customer_id=customer_id,
        verified_at__gt=timezone.now() - VERIFIED_FOR,
        used_at=None,
    ).order_by("-id")


def _codes(operator_id: int, customer_id: int) -> QuerySet[CallerVerification]:
    """Newest first."""
    return CallerVerification.objects.filter(
        operator_id=operator_id, customer_id=customer_id, method=VerificationMethod.CODE
    ).order_by("-id")


def _of(customer: User, method: VerificationMethod) -> QuerySet[CallerVerification]:
    return CallerVerification.objects.filter(customer=customer, method=method)


def _lock_customer(customer: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)


def _require_other(operator: User, customer: User) -> None:
    if operator.pk == customer.pk:
        raise OwnWallet(operator.pk)


def _require_tries_left(customer: User, method: VerificationMethod, *, most: int) -> None:
    """A day without a wrong try is free again."""
    day = timedelta(days=1)
    wrong = (
        _of(customer, method)
        .filter(wrong_tries__gt=0, created_at__gt=timezone.now() - day)
        .aggregate(tries=Sum("wrong_tries"), first=Min("created_at"))
    )
    if (wrong["tries"] or 0) >= most:
        raise TooManyAttempts(retry_at=wrong["first"] + day)


def _hash(verification_id: int, code: str) -> str:
    """Under the site's key: a plain hash of six digits is found by trying them all."""
    return salted_hmac(f"points_payment.caller:{verification_id}", code, algorithm="sha256").hexdigest()
