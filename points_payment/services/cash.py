"""Cash goes from whoever took it (at the top-up desk, from shops) to the platform, between two people.

Locks: the hand-in, then the row of whoever holds the cash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from points_payment.errors import InvalidAmount, MoreThanHeld, SamePerson, WrongProposalState
from points_payment.kinds import CASH_KINDS, AccountKind, ProposalState, TransferKind
from points_payment.models import CashHandIn
from points_payment.retry import retry_on_conflict
from points_payment.services.idempotency import claim, hash_request, record_result
from points_payment.services.ledger import Posting, post_transfer
from points_payment.services.operators import held_points, lock_operator

if TYPE_CHECKING:
    from marketplace.users.models import User


def handed_over_points(*, person_id: int, kind: AccountKind = AccountKind.OPERATOR) -> int:
    """Cash that a person has handed over and nobody has confirmed yet."""
    waiting = CashHandIn.objects.filter(
        proposed_by_id=person_id, account_kind=kind, state=ProposalState.WAITING
    ).aggregate(points=Sum("amount_points"))
    return waiting["points"] or 0


@retry_on_conflict
@transaction.atomic
def hand_in_cash(
    *, person: User, kind: AccountKind, amount_points: int, reference: str, idempotency_key: str
) -> CashHandIn:
    """Say that one hands cash over; the books move when somebody else has counted it.

    Raises:
        InvalidAmount: not above 0, or not of an account of cash.
        MoreThanHeld: more than is held by the books and not handed over yet.
        IdempotencyConflict: the key was used for another hand-in.
    """
    if amount_points <= 0 or kind not in CASH_KINDS:
        raise InvalidAmount(amount_points)
    claimed = claim(
        key=f"{person.pk}:{idempotency_key}",
        request_hash=hash_request("hand-in", kind, amount_points, reference),
        scope="cash-hand-in",
    )
    if not claimed.is_new:
        return CashHandIn.objects.get(pk=int(claimed.result))
    lock_operator(operator_id=person.pk)
    held = held_points(person_id=person.pk, kind=kind) - handed_over_points(person_id=person.pk, kind=kind)
    if amount_points > held:
        raise MoreThanHeld(held_points=max(held, 0))
    hand_in = CashHandIn.objects.create(
        proposed_by=person, account_kind=kind, amount_points=amount_points, reference=reference
    )
    record_result(claimed=claimed, result=str(hand_in.pk))
    return hand_in


@retry_on_conflict
@transaction.atomic
def confirm_hand_in(*, hand_in: CashHandIn, actor: User) -> CashHandIn:
    """The cash was counted and is right: from the person's account to the platform's cash.

    Raises:
        SamePerson: nobody confirms their own cash.
        WrongProposalState: it was decided or withdrawn before.
        MoreThanHeld: a reversal has taken some of that cash out again; nothing was written.
    """
    locked = _lock(hand_in)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    lock_operator(operator_id=locked.proposed_by_id)
    kind = AccountKind(locked.account_kind)
    held = held_points(person_id=locked.proposed_by_id, kind=kind)
    if locked.amount_points > held:
        raise MoreThanHeld(held_points=held)
    posted = post_transfer(
        kind=TransferKind.CASH_HANDED_IN,
        idempotency_key=f"cash-hand-in:{locked.pk}",
        reference=locked.reference,
        actor_id=actor.pk,
        postings=[
            Posting(kind, locked.proposed_by_id, locked.amount_points),
            Posting(AccountKind.CASH, 0, -locked.amount_points),
        ],
    )
    return _decide(locked, ProposalState.DONE, actor=actor, transfer_id=posted.transfer_id)


@retry_on_conflict
@transaction.atomic
def refuse_hand_in(*, hand_in: CashHandIn, actor: User, reason: str) -> CashHandIn:
    """The cash is not there, or not right: it stays with the person.

    Raises:
        InvalidAmount: no reason was given.
        SamePerson: who handed it over withdraws it instead.
        WrongProposalState: it was decided or withdrawn before.
    """
    if not reason.strip():
        raise InvalidAmount(reason)
    locked = _lock(hand_in)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    return _decide(locked, ProposalState.REFUSED, actor=actor, reason=reason.strip())


@retry_on_conflict
@transaction.atomic
def withdraw_hand_in(*, hand_in: CashHandIn, actor: User) -> CashHandIn:
    """Keep one's cash after all.

    Raises:
        SamePerson: somebody else handed it over.
        WrongProposalState: it was decided or withdrawn before.
    """
    locked = _lock(hand_in)
    if locked.proposed_by_id != actor.pk:
        raise SamePerson
    return _decide(locked, ProposalState.WITHDRAWN, actor=actor)


def _lock(hand_in: CashHandIn) -> CashHandIn:
    locked = CashHandIn.objects.select_for_update(no_key=True).get(pk=hand_in.pk)
    if locked.state != ProposalState.WAITING:
        raise WrongProposalState(locked.state)
    return locked


def _decide(
    hand_in: CashHandIn,
    state: ProposalState,
    *,
    actor: User,
    reason: str = "",
    transfer_id: int | None = None,
) -> CashHandIn:
    hand_in.state = state
    hand_in.decided_by = actor
    hand_in.decided_at = timezone.now()
    hand_in.decision_reason = reason
    hand_in.transfer_id = transfer_id
    hand_in.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "transfer"])
    return hand_in
