"""Many at once at the top-up desk, and what happens without the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from points_payment.errors import CallerCodeExpired, CallerNotVerified, OverLimit, WrongCallerCode
from points_payment.kinds import TransferKind
from points_payment.models import CallerVerification, Lot, TopUp, TopUpOperator, Transfer, Wallet
from points_payment.services import reversals, topups, verification as verifying
from points_payment.services.cash import confirm_hand_in, hand_in_cash
from points_payment.services.desk import add_points, approve_top_up, refuse_top_up
from points_payment.services.operators import require_within_limits
from points_payment.services.reversals import reverse_top_up
from points_payment.services.topup_requests import take_request
from points_payment.services.verification import MAX_CODE_TRIES, check_code, issue_code, request_code
from tests.factories.desk import (
    limit_operator,
    make_operator,
    make_proposal,
    make_request,
    make_supervisor,
    make_top_up,
    verify_caller,
)
from tests.factories.people import a_customer
from tests.factories.points import make_person, new_key
from tests.points_payment.test_races import at_once, hold_one

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def top_up_of(operator, customer, points=1_000) -> Callable[[], object]:
    return lambda: topups.top_up(
        operator=operator, customer=customer, amount_points=points, reason="Cash", reference="R",
        idempotency_key=new_key(),
    )  # fmt: skip


@pytest.mark.parametrize("limit", ["day", "float"])
def test_30_top_ups_against_a_limit_for_10_are_10(limit):
    operator = make_operator()
    limit_operator(operator, **{limit: 10_000})
    customers = [make_person() for _ in range(30)]
    assert at_once([top_up_of(operator, customer) for customer in customers]) == {
        "done": 10,
        OverLimit.__name__: 20,
    }
    assert TopUp.objects.count() == 10


def test_first_top_ups_of_an_operator_at_once_keep_the_limit_too(settings):
    settings.TOP_UP_LIMITS = {**settings.TOP_UP_LIMITS, "customer_day_points": 5_000}
    operator, customer = make_operator(), make_person()
    assert not TopUpOperator.objects.exists()
    assert at_once([top_up_of(operator, customer)] * 20) == {"done": 5, OverLimit.__name__: 15}
    assert Wallet.objects.get(user=customer).balance_points == 5_000


def test_without_the_operator_s_lock_a_limit_is_overrun(monkeypatch):
    """Negative control: the race exists, and it is the lock that wins it."""
    operator = make_operator()
    limit_operator(operator, day=3_000)
    customers = [make_person() for _ in range(8)]
    meet = threading.Barrier(8)

    def check_then_wait(*args, **kwargs):
        require_within_limits(*args, **kwargs)
        meet.wait(30)

    monkeypatch.setattr(
        topups, "lock_operator", lambda *, operator_id: TopUpOperator.objects.get(pk=operator_id)
    )
    monkeypatch.setattr(topups, "require_within_limits", check_then_wait)
    assert at_once([top_up_of(operator, customer) for customer in customers]) == {"done": 8}
    assert sum(TopUp.objects.values_list("amount_points", flat=True)) == 8_000


def test_one_verification_used_many_times_at_once_is_one_top_up():
    operator, customer = make_operator(), a_customer()
    verify_caller(operator, customer)

    def add():
        add_points(
            operator=operator, customer=customer, amount_points=500, reason="Cash", reference="R",
            idempotency_key=new_key(),
        )  # fmt: skip

    assert at_once([add] * 12) == {"done": 1, CallerNotVerified.__name__: 11}
    assert Wallet.objects.get(user=customer).balance_points == 500


def test_one_page_sent_many_times_at_once_is_one_top_up():
    operator, customer = make_operator(), a_customer()
    verify_caller(operator, customer)
    answers = []

    def add():
        answers.append(
            add_points(
                operator=operator,
                customer=customer,
                amount_points=500,
                reason="Cash",
                reference="R",
                idempotency_key="page",
            )
        )

    assert at_once([add] * 12) == {"done": 12}
    assert len(set(answers)) == TopUp.objects.count() == 1


def wrong_tries(operator, customer, number: int) -> list[Callable[[], object]]:
    issued = issue_code(verification_id=request_code(operator=operator, customer=customer).pk)
    assert issued is not None
    code = f"{(int(issued.code) + 1) % 1_000_000:06d}"
    return [lambda: check_code(operator=operator, customer=customer, code=code)] * number


def test_40_guesses_of_a_code_at_once_are_no_more_than_its_tries():
    operator, customer = make_operator(), a_customer()
    assert at_once(wrong_tries(operator, customer, 40)) == {
        WrongCallerCode.__name__: MAX_CODE_TRIES,
        CallerCodeExpired.__name__: 40 - MAX_CODE_TRIES,
    }
    assert CallerVerification.objects.get().wrong_tries == MAX_CODE_TRIES


def test_without_the_customer_s_lock_guesses_are_not_all_counted(monkeypatch):
    """Negative control."""
    operator, customer = make_operator(), a_customer()
    jobs = wrong_tries(operator, customer, 8)
    meet = threading.Barrier(8)
    look = verifying.waiting_code

    def look_then_wait(**whom):
        found = look(**whom)
        meet.wait(30)
        return found

    monkeypatch.setattr(verifying, "_lock_customer", lambda customer: None)
    monkeypatch.setattr(verifying, "waiting_code", look_then_wait)
    assert at_once(jobs) == {WrongCallerCode.__name__: 8}
    assert CallerVerification.objects.get().wrong_tries == 1


def test_reversal_and_spending_at_once_give_every_point_one_end():
    operator, customer = make_operator(), a_customer()
    top_up = make_top_up(1_000, operator=operator, customer=customer)
    jobs: list[Callable[[], object]] = [hold_one(customer, place, points=100) for place in range(10)]
    for _ in range(3):
        jobs.insert(4, lambda: reverse_top_up(top_up=top_up, actor=operator, reason="Slip"))
    ends = at_once(jobs)
    assert set(ends) <= {"done", "InsufficientPoints", "NotReversible", "NothingLeftToReverse"}
    spent = Transfer.objects.filter(kind=TransferKind.PURCHASE).count() * 100
    taken = sum(
        -entry.amount_points
        for reversal in Transfer.objects.filter(kind=TransferKind.TOP_UP_REVERSAL)
        for entry in reversal.entries.filter(account__kind="customer_paid")
    )
    assert spent + taken == 1_000
    assert Wallet.objects.get(user=customer).balance_points == Lot.objects.get().remaining_points == 0


def test_without_the_wallet_s_lock_a_reversal_collides_with_spending(monkeypatch):
    """Negative control: the lot that was read is spent before it is taken back; the books refuse."""
    operator, customer = make_operator(), a_customer()
    top_up = make_top_up(1_000, operator=operator, customer=customer)
    look = reversals.held_points

    def spend_meanwhile(**whom):
        assert at_once([hold_one(customer, 1, points=600)]) == {"done": 1}
        return look(**whom)

    monkeypatch.setattr(reversals, "lock_wallet", lambda *, customer_id: None)
    monkeypatch.setattr(reversals, "held_points", spend_meanwhile)
    ends = at_once([lambda: reverse_top_up(top_up=top_up, actor=operator, reason="Slip")])
    assert ends == {"LedgerConflict": 1}
    assert Wallet.objects.get(user=customer).balance_points == 400


def test_two_supervisors_at_once_decide_once():
    first, second = make_supervisor(), make_supervisor()
    proposal = make_proposal(9_000)
    ends = at_once(
        [lambda who=who: approve_top_up(proposal=proposal, actor=who) for who in (first, second)] * 3
        + [lambda: refuse_top_up(proposal=proposal, actor=second, reason="No")] * 2
    )
    assert ends == {"done": 1, "WrongProposalState": 7}
    assert TopUp.objects.count() <= 1
    operator = make_operator()
    make_top_up(5_000, operator=operator)
    waiting = hand_in_cash(
        person=operator, kind="operator", amount_points=5_000, reference="Bag", idempotency_key=new_key()
    )
    assert at_once([lambda: confirm_hand_in(hand_in=waiting, actor=first)] * 6) == {
        "done": 1,
        "WrongProposalState": 5,
    }


def test_ten_operators_at_once_take_a_request_once():
    request = make_request(a_customer())
    takers = [make_operator() for _ in range(10)]
    ends = at_once([lambda who=who: take_request(request=request, operator=who) for who in takers])
    assert ends == {"done": 1, "WrongRequestState": 9}


def test_a_customer_who_asks_twice_at_once_has_one_request():
    customer = a_customer()
    assert at_once([lambda: make_request(customer)] * 6) == {"done": 1, "RequestOpen": 5}
