"""The top-up desk: points for a verified caller, and a second person above the operator's limit.

Locks: idempotency key, proposal, request, operator, verification, then those of ``top_up``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from points_payment.errors import InvalidAmount, OverLimit, SamePerson, WrongProposalState, WrongRequestState
from points_payment.kinds import OperatorLimit, ProposalState
from points_payment.models import CallerVerification, TopUpProposal, TopUpRequest
from points_payment.retry import retry_on_conflict
from points_payment.services.idempotency import claim, hash_request, record_result
from points_payment.services.operators import lock_operator, require_within_limits
from points_payment.services.topup_requests import fulfil_request, lock_taken_request
from points_payment.services.topups import require_top_up_allowed, top_up
from points_payment.services.verification import use_verification

if TYPE_CHECKING:
    from marketplace.users.models import User


@dataclass(frozen=True, slots=True)
class Added:
    """Either the points were added, or they wait for somebody else's approval."""

    transfer_id: int | None
    proposal_id: int | None


@retry_on_conflict
@transaction.atomic
def add_points(
    *,
    operator: User,
    customer: User,
    amount_points: int,
    reason: str,
    reference: str,
    idempotency_key: str,
    request: TopUpRequest | None = None,
) -> Added:
    """Top up a caller whom this operator verified, once for each key; above their limit, propose it.

    ``request`` is the customer's, which the operator has taken, and is fulfilled by this.

    Raises:
        InvalidAmount, OwnWallet, OverLimit, IdempotencyConflict: as ``top_up`` does.
        CallerNotVerified: the caller has to be verified first, and once for each top-up.
        WrongRequestState: the request is another customer's, or the operator does not have it.
    """
    require_top_up_allowed(operator=operator, customer=customer, amount_points=amount_points)
    request_id = request.pk if request else None
    claimed = claim(
        key=f"{operator.pk}:{idempotency_key}",
        request_hash=hash_request("add", customer.pk, amount_points, reason, reference, request_id),
        scope="top-up-desk",
    )
    if not claimed.is_new:
        return _read(claimed.result)
    locked_request = _lock_request(request, operator=operator, customer=customer)
    locked = lock_operator(operator_id=operator.pk)
    verification = use_verification(operator=operator, customer=customer)
    try:
        require_within_limits(locked, customer_id=customer.pk, amount_points=amount_points, is_approved=False)
    except OverLimit as over:
        if over.limit != OperatorLimit.MOVEMENT:
            raise
        # What no approval would lift is said at once, not to the second person.
        require_within_limits(locked, customer_id=customer.pk, amount_points=amount_points, is_approved=True)
        proposal = TopUpProposal.objects.create(
            proposed_by=operator, customer=customer, amount_points=amount_points, reason=reason,
            reference=reference, verification=verification, request=locked_request,
            limit_points=over.limit_points,
        )  # fmt: skip
        record_result(claimed=claimed, result=f"proposal:{proposal.pk}")
        return Added(transfer_id=None, proposal_id=proposal.pk)
    transfer_id = _top_up(
        operator=operator, customer=customer, amount_points=amount_points, reason=reason, reference=reference,
        key=f"top-up:{claimed.id}", verification=verification, approved_by=None, request=locked_request,
    )  # fmt: skip
    record_result(claimed=claimed, result=f"transfer:{transfer_id}")
    return Added(transfer_id=transfer_id, proposal_id=None)


@retry_on_conflict
@transaction.atomic
def approve_top_up(*, proposal: TopUpProposal, actor: User) -> TopUpProposal:
    """Let a top-up above its operator's limit pass; its other limits hold now as ever.

    Raises:
        SamePerson: who proposed it cannot approve it.
        OwnWallet: the points would come to who approves.
        WrongProposalState: it was decided or withdrawn before.
        OverLimit: the operator's day, customer's day or cash leaves less; nothing was written.
    """
    locked = _lock(proposal)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    request = None
    if locked.request_id is not None:
        request = TopUpRequest.objects.select_for_update(no_key=True).get(pk=locked.request_id)
    transfer_id = _top_up(
        operator=locked.proposed_by, customer=locked.customer, amount_points=locked.amount_points,
        reason=locked.reason, reference=locked.reference, key=f"top-up-proposal:{locked.pk}",
        verification=locked.verification, approved_by=actor, request=request,
    )  # fmt: skip
    return _decide(locked, ProposalState.DONE, actor=actor, transfer_id=transfer_id)


@retry_on_conflict
@transaction.atomic
def refuse_top_up(*, proposal: TopUpProposal, actor: User, reason: str) -> TopUpProposal:
    """Say no to somebody else's top-up above the limit.

    Raises:
        InvalidAmount: no reason was given.
        SamePerson: who proposed it withdraws it instead.
        WrongProposalState: it was decided or withdrawn before.
    """
    if not reason.strip():
        raise InvalidAmount(reason)
    locked = _lock(proposal)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    return _decide(locked, ProposalState.REFUSED, actor=actor, reason=reason.strip())


@retry_on_conflict
@transaction.atomic
def withdraw_top_up(*, proposal: TopUpProposal, actor: User) -> TopUpProposal:
    """Take one's own proposal back.

    Raises:
        SamePerson: somebody else proposed it.
        WrongProposalState: it was decided or withdrawn before.
    """
    locked = _lock(proposal)
    if locked.proposed_by_id != actor.pk:
        raise SamePerson
    return _decide(locked, ProposalState.WITHDRAWN, actor=actor)


def _read(result: str) -> Added:
    kind, _colon, pk = result.partition(":")
    return Added(
        transfer_id=int(pk) if kind == "transfer" else None,
        proposal_id=int(pk) if kind == "proposal" else None,
    )


def _lock_request(request: TopUpRequest | None, *, operator: User, customer: User) -> TopUpRequest | None:
    if request is None:
        return None
    locked = lock_taken_request(request, operator_id=operator.pk)
    if locked.customer_id != customer.pk:
        raise WrongRequestState(locked.state)
    return locked


def _top_up(
    *,
    operator: User,
    customer: User,
    amount_points: int,
    reason: str,
    reference: str,
    key: str,
    verification: CallerVerification,
    approved_by: User | None,
    request: TopUpRequest | None,
) -> int:
    transfer = top_up(
        operator=operator, customer=customer, amount_points=amount_points, reason=reason,
        reference=reference, idempotency_key=key, verification=verification, approved_by=approved_by,
    )  # fmt: skip
    if request is not None:
        fulfil_request(request, transfer_id=transfer.pk)
    return transfer.pk


def _lock(proposal: TopUpProposal) -> TopUpProposal:
    locked = TopUpProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
    if locked.state != ProposalState.WAITING:
        raise WrongProposalState(locked.state)
    return locked


def _decide(
    proposal: TopUpProposal,
    state: ProposalState,
    *,
    actor: User,
    reason: str = "",
    transfer_id: int | None = None,
) -> TopUpProposal:
    proposal.state = state
    proposal.decided_by = actor
    proposal.decided_at = timezone.now()
    proposal.decision_reason = reason
    proposal.transfer_id = transfer_id
    proposal.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "transfer"])
    return proposal
