"""The top-up desk: verified callers, limits, a second person above them, and what customers ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from marketplace.outbox.models import OutboxMessage
from points_payment.errors import (
    CallerNotVerified,
    IdempotencyConflict,
    InvalidAmount,
    OverLimit,
    OwnWallet,
    RequestOpen,
    SamePerson,
    WrongProposalState,
    WrongRequestState,
)
from points_payment.kinds import OperatorLimit, PaymentMethod, ProposalState, RequestState
from points_payment.models import (
    CallerVerification,
    LimitChange,
    TopUp,
    TopUpOperator,
    TopUpProposal,
    TopUpRequest,
)
from points_payment.services import operators
from points_payment.services.desk import add_points, approve_top_up, refuse_top_up, withdraw_top_up
from points_payment.services.operators import operator_limits, set_operator_limits
from points_payment.services.reversals import reverse_top_up
from points_payment.services.topup_requests import (
    decline_request,
    put_request_back,
    request_top_up,
    take_request,
    withdraw_request,
)
from points_payment.services.topups import MAX_TOP_UP_POINTS, top_up
from tests.factories.desk import (
    add_verified,
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

pytestmark = pytest.mark.django_db


def add(operator, customer, points=5_000, *, key="", request=None):
    return add_points(
        operator=operator,
        customer=customer,
        amount_points=points,
        reason="Cash",
        reference="R-1",
        idempotency_key=key or new_key(),
        request=request,
    )


# Verified callers ---------------------------------------------------------------------------


def test_points_are_added_for_a_verified_caller_and_the_verification_stands_with_them():
    operator, customer = make_operator(), a_customer()
    verification = verify_caller(operator, customer)
    added = add(operator, customer)
    top_up = TopUp.objects.get(pk=added.transfer_id)
    assert (top_up.verification, top_up.approved_by, top_up.amount_points) == (verification, None, 5_000)
    verification.refresh_from_db()
    assert verification.used_at is not None
    assert customer.point_balance == 5_000


def test_nothing_is_added_before_the_caller_is_verified():
    operator, customer = make_operator(), a_customer()
    with pytest.raises(CallerNotVerified):
        add(operator, customer)
    assert not TopUp.objects.exists()


def test_a_verification_is_good_for_one_top_up():
    operator, customer = make_operator(), a_customer()
    add_verified(operator, customer, 5_000)
    with pytest.raises(CallerNotVerified):
        add(operator, customer)
    assert customer.point_balance == 5_000


def test_a_verification_is_its_operator_s_and_its_customer_s():
    operator, customer = make_operator(), a_customer()
    verify_caller(operator, customer)
    for someone, caller in ((make_operator(), customer), (operator, a_customer())):
        with pytest.raises(CallerNotVerified):
            add(someone, caller)
    assert not TopUp.objects.exists()


def test_a_verification_ends_after_a_while():
    operator, customer = make_operator(), a_customer()
    old = CallerVerification.objects.create(
        operator=operator,
        customer=customer,
        method="code",
        verified_at=timezone.now() - timedelta(minutes=15, seconds=1),
    )
    with pytest.raises(CallerNotVerified):
        add(operator, customer)
    old.refresh_from_db()
    assert old.used_at is None


def test_the_same_page_sent_again_adds_nothing_and_needs_no_new_verification():
    operator, customer = make_operator(), a_customer()
    first = add_verified(operator, customer, 5_000, key="page")
    assert add(operator, customer, key="page") == first
    with pytest.raises(IdempotencyConflict):
        add(operator, customer, 6_000, key="page")
    assert customer.point_balance == 5_000


def test_what_fails_leaves_the_verification_for_another_try():
    operator, customer = make_operator(), a_customer()
    limit_operator(operator, day=4_000)
    verify_caller(operator, customer)
    with pytest.raises(OverLimit):
        add(operator, customer)
    add(operator, customer, 4_000)
    assert customer.point_balance == 4_000


@pytest.mark.parametrize("points", [0, -1, MAX_TOP_UP_POINTS + 1])
def test_amounts_outside_every_limit_are_refused(points):
    operator, customer = make_operator(), a_customer()
    verify_caller(operator, customer)
    with pytest.raises(InvalidAmount):
        add(operator, customer, points)
    assert not TopUp.objects.exists()


def test_nobody_adds_to_their_own_wallet():
    operator = make_operator()
    with pytest.raises(OwnWallet):
        add(operator, operator)


# Limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "left"),
    [(OperatorLimit.DAY, 2_000), (OperatorLimit.CUSTOMER_DAY, 2_000), (OperatorLimit.FLOAT, 2_000)],
)
def test_a_limit_holds_over_several_top_ups(limit, left):
    operator, customer = make_operator(), a_customer()
    limit_operator(operator, **{limit.name.lower(): 7_000})
    add_verified(operator, customer, 5_000)
    verify_caller(operator, customer)
    with pytest.raises(OverLimit) as refused:
        add(operator, customer, 2_001)
    assert (refused.value.limit, refused.value.limit_points, refused.value.left_points) == (
        limit,
        7_000,
        left,
    )
    add(operator, customer, 2_000)
    assert customer.point_balance == 7_000


def test_the_limit_of_one_customer_is_not_another_s():
    operator = make_operator()
    limit_operator(operator, customer_day=5_000)
    for _ in range(2):
        add_verified(operator, a_customer(), 5_000)
    assert TopUp.objects.count() == 2


def test_yesterday_s_top_ups_do_not_count_today(monkeypatch):
    operator, customer = make_operator(), a_customer()
    limit_operator(operator, day=5_000)
    add_verified(operator, customer, 5_000)
    monkeypatch.setattr(operators, "day_start", lambda: timezone.now() + timedelta(seconds=1))
    add_verified(operator, customer, 5_000)
    assert customer.point_balance == 10_000


def test_a_day_begins_at_midnight_in_baghdad():
    night = timezone.datetime(2026, 7, 4, 22, 30, tzinfo=timezone.get_default_timezone())
    assert operators.day_start(night).isoformat() == "2026-07-04T00:00:00+03:00"


def test_a_reversal_frees_what_it_took():
    operator, customer = make_operator(), a_customer()
    limit_operator(operator, day=5_000, customer_day=5_000, float=5_000)
    reverse_top_up(
        top_up=make_top_up(5_000, operator=operator, customer=customer), actor=operator, reason="Slip"
    )
    add_verified(operator, customer, 5_000)
    assert customer.point_balance == 5_000


def test_usual_limits_are_those_of_the_settings(settings):
    settings.TOP_UP_LIMITS = {
        "movement_points": 1,
        "day_points": 2,
        "customer_day_points": 3,
        "float_points": 4,
    }
    operator = make_operator()
    assert operator_limits(operator_id=operator.pk) == operators.Limits(1, 2, 3, 4)
    limit_operator(operator, day=9)
    assert operator_limits(operator_id=operator.pk) == operators.Limits(1, 9, 3, 4)
    with pytest.raises(OverLimit):
        top_up(
            operator=operator, customer=make_person(), amount_points=2, reason="", reference="",
            idempotency_key="k",
        )  # fmt: skip
    assert not TopUp.objects.exists()


def test_changes_of_limits_are_written_down_and_stay():
    operator, supervisor = make_operator(), make_supervisor()
    for points in (7_000, 7_000, 9_000, None):
        set_operator_limits(
            operator=operator, limits={OperatorLimit.DAY: points}, reason=" Eid ", actor=supervisor
        )
    changes = LimitChange.objects.order_by("pk")
    assert [(change.old_points, change.new_points) for change in changes] == [
        (None, 7_000),
        (7_000, 9_000),
        (9_000, None),
    ]
    assert {(change.operator, change.changed_by, change.reason) for change in changes} == {
        (operator, supervisor, "Eid")
    }
    for act in (changes[0].delete, lambda: LimitChange.objects.update(new_points=1)):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.parametrize(("points", "reason"), [(-1, "Why"), (5, " ")])
def test_a_limit_needs_a_reason_and_is_not_below_nothing(points, reason):
    with pytest.raises(InvalidAmount):
        set_operator_limits(
            operator=make_operator(),
            limits={OperatorLimit.DAY: points},
            reason=reason,
            actor=make_supervisor(),
        )
    assert not TopUpOperator.objects.exists()


def test_nobody_sets_their_own_limits():
    supervisor = make_supervisor()
    with pytest.raises(SamePerson):
        set_operator_limits(
            operator=supervisor, limits={OperatorLimit.DAY: 10**9}, reason="Me", actor=supervisor
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        LimitChange.objects.create(operator=supervisor, limit="day_points", changed_by=supervisor, reason="x")


# A second person ----------------------------------------------------------------------------


def test_above_the_limit_nothing_moves_until_somebody_else_approves():
    operator, customer, supervisor = make_operator(), a_customer(), make_supervisor()
    proposal = make_proposal(9_000, operator=operator, customer=customer)
    assert (proposal.limit_points, proposal.verification.used_at is not None) == (8_999, True)
    assert not TopUp.objects.exists()
    with pytest.raises(SamePerson):
        approve_top_up(proposal=proposal, actor=operator)
    done = approve_top_up(proposal=proposal, actor=supervisor)
    top_up = TopUp.objects.get()
    assert (top_up.operator, top_up.approved_by, top_up.verification, top_up.amount_points) == (
        operator,
        supervisor,
        proposal.verification,
        9_000,
    )
    assert (done.state, done.transfer_id, done.decided_by) == (ProposalState.DONE, top_up.pk, supervisor)
    assert customer.point_balance == 9_000


def test_nobody_approves_points_for_their_own_wallet():
    supervisor = make_supervisor()
    supervisor.phone, supervisor.phone_verified = "+9647701112233", True
    supervisor.save()
    proposal = make_proposal(customer=supervisor)
    with pytest.raises(OwnWallet):
        approve_top_up(proposal=proposal, actor=supervisor)
    assert not TopUp.objects.exists()


def test_the_same_page_sent_again_proposes_once():
    operator, customer = make_operator(), a_customer()
    limit_operator(operator, movement=1)
    first = add_verified(operator, customer, 5_000, key="page")
    assert first.proposal_id is not None
    assert add(operator, customer, key="page") == first
    assert TopUpProposal.objects.count() == 1


def test_an_approval_lifts_no_other_limit():
    operator, customer = make_operator(), a_customer()
    limit_operator(operator, movement=1_000, day=4_000)
    verify_caller(operator, customer)
    with pytest.raises(OverLimit) as refused:
        add(operator, customer, 5_000)
    assert refused.value.limit == OperatorLimit.DAY
    proposal = TopUpProposal.objects.get(pk=add(operator, customer, 4_000).proposal_id)
    limit_operator(operator, day=3_999)
    with pytest.raises(OverLimit):
        approve_top_up(proposal=proposal, actor=make_supervisor())
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.WAITING
    assert not TopUp.objects.exists()


def test_a_refused_top_up_moves_nothing_and_is_decided_once():
    operator = make_operator()
    proposal, supervisor = make_proposal(operator=operator), make_supervisor()
    with pytest.raises(InvalidAmount):
        refuse_top_up(proposal=proposal, actor=supervisor, reason=" ")
    with pytest.raises(SamePerson):
        refuse_top_up(proposal=proposal, actor=operator, reason="No")
    assert refuse_top_up(proposal=proposal, actor=supervisor, reason="No").state == ProposalState.REFUSED
    for act in (
        lambda: approve_top_up(proposal=proposal, actor=supervisor),
        lambda: refuse_top_up(proposal=proposal, actor=supervisor, reason="No"),
        lambda: withdraw_top_up(proposal=proposal, actor=operator),
    ):
        with pytest.raises(WrongProposalState):
            act()
    assert not TopUp.objects.exists()


def test_an_operator_withdraws_their_own_proposal_alone():
    operator = make_operator()
    proposal = make_proposal(operator=operator)
    with pytest.raises(SamePerson):
        withdraw_top_up(proposal=proposal, actor=make_supervisor())
    assert withdraw_top_up(proposal=proposal, actor=operator).state == ProposalState.WITHDRAWN


def test_top_up_takes_no_approval_of_its_operator():
    operator, customer = make_operator(), make_person()
    for approver, error in ((operator, SamePerson), (customer, OwnWallet)):
        with pytest.raises(error):
            top_up(
                operator=operator, customer=customer, amount_points=5, reason="", reference="",
                idempotency_key="k", approved_by=approver,
            )  # fmt: skip


def test_the_same_key_gives_the_first_top_up_though_the_limit_is_used_up():
    operator, customer = make_operator(), make_person()
    limit_operator(operator, day=5)
    made = [
        top_up(
            operator=operator, customer=customer, amount_points=5, reason="", reference="",
            idempotency_key="k",
        )
        for _ in range(2)
    ]  # fmt: skip
    assert made[0] == made[1]
    assert TopUp.objects.count() == 1


def test_the_database_holds_that_two_persons_decide():
    operator = make_operator()
    proposal = make_proposal(operator=operator)
    for changed in (
        {"state": ProposalState.DONE, "decided_by": operator},
        {"state": ProposalState.REFUSED, "decided_by": operator},
        {"amount_points": 1},
        {"customer": make_person()},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            TopUpProposal.objects.filter(pk=proposal.pk).update(**changed)
    withdraw_top_up(proposal=proposal, actor=operator)
    for act in (proposal.delete, lambda: TopUpProposal.objects.update(decision_reason="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# Requests -----------------------------------------------------------------------------------


def test_a_customer_has_one_open_request_and_another_when_it_is_done():
    customer = a_customer()
    request = make_request(customer)
    with pytest.raises(RequestOpen):
        make_request(customer)
    assert request.is_open
    assert not withdraw_request(request=request).is_open
    make_request(customer)
    assert TopUpRequest.objects.count() == 2


def test_other_troubles_of_the_database_are_not_taken_for_an_open_request():
    with pytest.raises(IntegrityError), transaction.atomic():
        request_top_up(
            customer=a_customer(),
            amount_points=5_000,
            method=None,
            pay_on=timezone.localdate(),
            note="",
        )


@pytest.mark.parametrize(("points", "days"), [(999, 0), (MAX_TOP_UP_POINTS + 1, 0), (5_000, -1), (5_000, 31)])
def test_requests_have_an_amount_and_a_day_that_make_sense(points, days):
    with pytest.raises(InvalidAmount):
        request_top_up(
            customer=a_customer(),
            amount_points=points,
            method=PaymentMethod.BANK,
            pay_on=timezone.localdate() + timedelta(days=days),
            note="",
        )
    assert not TopUpRequest.objects.exists()


def test_one_operator_looks_after_a_request_and_fulfils_it():
    customer, operator, other = a_customer(), make_operator(), make_operator()
    request = make_request(customer)
    assert take_request(request=request, operator=operator).state == RequestState.TAKEN
    assert take_request(request=request, operator=operator).operator == operator
    with pytest.raises(WrongRequestState):
        take_request(request=request, operator=other)
    with pytest.raises(WrongRequestState):
        add_verified(other, customer, 20_000, request=request)
    added = add_verified(operator, customer, 20_000, request=request)
    request.refresh_from_db()
    assert (request.state, request.transfer_id) == (RequestState.FULFILLED, added.transfer_id)
    for act in (
        lambda: withdraw_request(request=request),
        lambda: decline_request(request=request, operator=operator, reason="No"),
        lambda: take_request(request=request, operator=operator),
        lambda: put_request_back(request=request, actor=operator),
    ):
        with pytest.raises(WrongRequestState):
            act()


def test_a_request_is_fulfilled_for_its_own_customer_alone():
    operator = make_operator()
    request = take_request(request=make_request(a_customer()), operator=operator)
    with pytest.raises(WrongRequestState):
        add_verified(operator, a_customer(), 20_000, request=request)
    assert not TopUp.objects.exists()


def test_nobody_looks_after_their_own_request():
    operator = make_operator()
    with pytest.raises(WrongRequestState):
        take_request(request=make_request(operator), operator=operator)


def test_a_request_is_put_back_by_who_has_it_or_by_a_supervisor():
    operator, supervisor = make_operator(), make_supervisor()
    request = take_request(request=make_request(a_customer()), operator=operator)
    with pytest.raises(WrongRequestState):
        put_request_back(request=request, actor=supervisor)
    back = put_request_back(request=request, actor=supervisor, may_supervise=True)
    assert (back.state, back.operator) == (RequestState.WAITING, None)
    take_request(request=request, operator=operator)
    assert put_request_back(request=request, actor=operator).state == RequestState.WAITING


def test_a_declined_request_says_why_and_the_customer_is_told():
    customer, operator = a_customer(), make_operator()
    request = make_request(customer)
    with pytest.raises(WrongRequestState):
        decline_request(request=request, operator=operator, reason="Nobody there")
    take_request(request=request, operator=operator)
    with pytest.raises(InvalidAmount):
        decline_request(request=request, operator=operator, reason="  ")
    with pytest.raises(WrongRequestState):
        decline_request(request=request, operator=make_operator(), reason="Nobody there")
    assert not OutboxMessage.objects.exists()
    declined = decline_request(request=request, operator=operator, reason="Nobody there")
    assert (declined.state, declined.decision_reason) == (RequestState.DECLINED, "Nobody there")
    message = OutboxMessage.objects.get()
    assert (message.topic, message.payload) == (
        "top_up_request.declined",
        {"user_id": customer.pk, "request_id": request.pk},
    )


def test_a_request_above_the_limit_waits_with_its_proposal():
    customer, operator, supervisor = a_customer(), make_operator(), make_supervisor()
    request = take_request(request=make_request(customer), operator=operator)
    limit_operator(operator, movement=1_000)
    added = add_verified(operator, customer, 25_000, request=request)
    proposal = TopUpProposal.objects.get(pk=added.proposal_id)
    for act in (
        lambda: withdraw_request(request=request),
        lambda: put_request_back(request=request, actor=operator),
        lambda: decline_request(request=request, operator=operator, reason="No"),
        lambda: add_verified(operator, customer, 25_000, request=request),
    ):
        with pytest.raises(WrongRequestState):
            act()
    approve_top_up(proposal=proposal, actor=supervisor)
    request.refresh_from_db()
    assert request.state == RequestState.FULFILLED
    assert customer.point_balance == 25_000
