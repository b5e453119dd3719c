"""Customers ask for points that they will pay for; operators look after it.

Locks: the request.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import InvalidAmount, RequestOpen, WrongRequestState
from points_payment.kinds import PaymentMethod, ProposalState, RequestState
from points_payment.models import TopUpProposal, TopUpRequest
from points_payment.retry import retry_on_conflict
from points_payment.services.topups import MAX_TOP_UP_POINTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from marketplace.users.models import User

MIN_REQUEST_POINTS = 1_000
#: How far ahead a customer may say that they will pay.
MAX_DAYS_AHEAD = 30
OPEN = frozenset({RequestState.WAITING, RequestState.TAKEN})


def request_top_up(
    *, customer: User, amount_points: int, method: PaymentMethod, pay_on: date, note: str
) -> TopUpRequest:
    """Ask for points; a customer has one open request at most.

    Raises:
        InvalidAmount: not between MIN_REQUEST_POINTS and MAX_TOP_UP_POINTS, or no day of the next weeks.
        RequestOpen: the customer has one already.
    """
    today = timezone.localdate()
    if not MIN_REQUEST_POINTS <= amount_points <= MAX_TOP_UP_POINTS:
        raise InvalidAmount(amount_points)
    if not today <= pay_on <= today + timedelta(days=MAX_DAYS_AHEAD):
        raise InvalidAmount(pay_on)
    try:
        # The database counts: two at once are one.
        with transaction.atomic():
            return TopUpRequest.objects.create(
                customer=customer, amount_points=amount_points, method=method, pay_on=pay_on, note=note
            )
    except IntegrityError as error:
        if "points_request_one_open" in str(error):
            raise RequestOpen from error
        raise


@retry_on_conflict
@transaction.atomic
def withdraw_request(*, request: TopUpRequest) -> TopUpRequest:
    """The customer no longer wants the points.

    Raises:
        WrongRequestState: it was decided, or its points wait for approval.
    """
    locked = lock_request(request, given=OPEN)
    _require_no_proposal(locked)
    return _decide(locked, RequestState.WITHDRAWN)


@retry_on_conflict
@transaction.atomic
def take_request(*, request: TopUpRequest, operator: User) -> TopUpRequest:
    """Look after a request, so that nobody else does. Taking it twice changes nothing.

    Raises:
        WrongRequestState: somebody else has it, it is one's own, or it was decided.
    """
    locked = lock_request(request, given=OPEN)
    if locked.operator_id == operator.pk:
        return locked
    if locked.operator_id is not None or locked.customer_id == operator.pk:
        raise WrongRequestState(locked.state)
    return _move(locked, RequestState.TAKEN, operator=operator)


@retry_on_conflict
@transaction.atomic
def put_request_back(*, request: TopUpRequest, actor: User, may_supervise: bool = False) -> TopUpRequest:
    """Let somebody else look after a request. A supervisor puts back what others have taken.

    Raises:
        WrongRequestState: the actor does not have it, or its points wait for approval.
    """
    locked = lock_request(request, given={RequestState.TAKEN})
    if locked.operator_id != actor.pk and not may_supervise:
        raise WrongRequestState(locked.state)
    _require_no_proposal(locked)
    return _move(locked, RequestState.WAITING, operator=None)


@retry_on_conflict
@transaction.atomic
def decline_request(*, request: TopUpRequest, operator: User, reason: str) -> TopUpRequest:
    """Say no to a request that one has taken, and tell the customer why.

    Raises:
        InvalidAmount: no reason was given.
        WrongRequestState: the operator does not have it, or its points wait for approval.
    """
    if not reason.strip():
        raise InvalidAmount(reason)
    locked = lock_taken_request(request, operator_id=operator.pk)
    declined = _decide(locked, RequestState.DECLINED, reason=reason.strip())
    enqueue(
        topic="top_up_request.declined",
        payload={"user_id": locked.customer_id, "request_id": locked.pk},
    )
    return declined


def fulfil_request(locked: TopUpRequest, *, transfer_id: int) -> None:
    """Say which transfer a locked request led to; the customer is told of the points themselves."""
    _decide(locked, RequestState.FULFILLED, transfer_id=transfer_id)


def lock_request(request: TopUpRequest, *, given: Collection[RequestState]) -> TopUpRequest:
    """Raises WrongRequestState: it is in none of the given states."""
    locked = TopUpRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if locked.state not in given:
        raise WrongRequestState(locked.state)
    return locked


def lock_taken_request(request: TopUpRequest, *, operator_id: int) -> TopUpRequest:
    """Raises WrongRequestState: this operator does not look after it, or its points wait for approval."""
    locked = lock_request(request, given={RequestState.TAKEN})
    if locked.operator_id != operator_id:
        raise WrongRequestState(locked.state)
    _require_no_proposal(locked)
    return locked


def _require_no_proposal(locked: TopUpRequest) -> None:
    if TopUpProposal.objects.filter(request=locked, state=ProposalState.WAITING).exists():
        raise WrongRequestState(locked.state)


def _move(locked: TopUpRequest, state: RequestState, *, operator: User | None) -> TopUpRequest:
    locked.state = state
    locked.operator = operator
    locked.save(update_fields=["state", "operator"])
    return locked


def _decide(
    locked: TopUpRequest, state: RequestState, *, reason: str = "", transfer_id: int | None = None
) -> TopUpRequest:
    locked.state = state
    locked.decided_at = timezone.now()
    locked.decision_reason = reason
    locked.transfer_id = transfer_id
    locked.save(update_fields=["state", "decided_at", "decision_reason", "transfer"])
    return locked
