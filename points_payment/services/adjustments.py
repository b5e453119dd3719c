"""Corrections of the books that no other service makes: one person proposes, another carries out.

The other side of each is the account ``adjustments``, which shows what was ever corrected.
Locks: the key, the adjustment, then the wallet or the vendor's balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import (
    InsufficientPoints,
    InvalidAmount,
    OwnWallet,
    SamePerson,
    WrongAdjustmentState,
)
from points_payment.kinds import ADJUSTABLE_KINDS, AccountKind, AdjustmentState, TransferKind
from points_payment.models import Adjustment
from points_payment.retry import retry_on_conflict
from points_payment.services.debts import review_debt
from points_payment.services.idempotency import claim, hash_request, record_result
from points_payment.services.ledger import LotChange, NewLot, Posting, post_transfer
from points_payment.services.vendor_funds import funds_of, lock_vendor_balance
from points_payment.services.wallets import lock_spendable_lots, plan_spending

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Of one adjustment, so that a slip of the finger stays small.
MAX_ADJUSTMENT_POINTS = 10_000_000


@retry_on_conflict
@transaction.atomic
def propose_adjustment(
    *,
    account_kind: AccountKind,
    owner_id: int,
    amount_points: int,
    reason: str,
    actor: User,
    idempotency_key: str | None = None,
) -> Adjustment:
    """Ask for a correction: points added to the account, or taken from it where negative.

    The same key again gives the first proposal: two would be carried out twice.

    Raises:
        InvalidAmount: 0, too much, without a reason, or of an account that is not corrected by hand.
        OwnWallet: nobody proposes a correction of their own wallet.
        IdempotencyConflict: the key was used for another proposal.
    """
    if not 0 < abs(amount_points) <= MAX_ADJUSTMENT_POINTS:
        raise InvalidAmount(amount_points)
    if account_kind not in ADJUSTABLE_KINDS or not reason.strip():
        raise InvalidAmount(account_kind)
    _refuse_own_wallet(account_kind, owner_id, actor)
    claimed = None
    if idempotency_key is not None:
        request_hash = hash_request(account_kind, owner_id, amount_points, reason.strip(), actor.pk)
        claimed = claim(key=idempotency_key, request_hash=request_hash, scope="adjustment")
        if not claimed.is_new:
            return Adjustment.objects.get(pk=claimed.result)
    proposed = Adjustment.objects.create(
        account_kind=account_kind,
        owner_id=owner_id,
        amount_points=amount_points,
        reason=reason.strip(),
        proposed_by=actor,
    )
    if claimed is not None:
        record_result(claimed=claimed, result=str(proposed.pk))
    return proposed


@retry_on_conflict
@transaction.atomic
def approve_adjustment(*, adjustment: Adjustment, actor: User) -> Adjustment:
    """Carry out what somebody else proposed.

    Raises:
        SamePerson: who proposed it cannot carry it out.
        OwnWallet: nobody carries out a correction of their own wallet.
        WrongAdjustmentState: it was decided or withdrawn before.
        InsufficientPoints: the account holds less than is to be taken; nothing was written.
    """
    locked = _lock(adjustment)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    _refuse_own_wallet(locked.account_kind, locked.owner_id, actor)
    if locked.account_kind == AccountKind.VENDOR_PAYABLE:
        # Before anything is posted, whatever its sign: what it comes to may end a debt.
        lock_vendor_balance(vendor_id=locked.owner_id)
    if locked.amount_points < 0:
        lot_changes = _taken(locked)
        new_lot = None
    else:
        lot_changes = []
        new_lot = NewLot() if locked.account_kind == AccountKind.CUSTOMER_PAID else None
    posted = post_transfer(
        kind=TransferKind.ADJUSTMENT,
        idempotency_key=f"adjustment:{locked.pk}",
        reference=f"adjustment-{locked.pk}",
        actor_id=actor.pk,
        reason=locked.reason,
        postings=[
            Posting(AccountKind(locked.account_kind), locked.owner_id, locked.amount_points),
            Posting(AccountKind.ADJUSTMENTS, 0, -locked.amount_points),
        ],
        lot_changes=lot_changes,
        new_lot=new_lot,
    )
    if locked.account_kind == AccountKind.CUSTOMER_PAID:
        enqueue(
            topic="points.added" if locked.amount_points > 0 else "points.corrected",
            payload={
                "user_id": locked.owner_id,
                "amount_points": abs(locked.amount_points),
                "transfer_id": posted.transfer_id,
            },
        )
    if locked.account_kind == AccountKind.VENDOR_PAYABLE:
        review_debt(vendor_id=locked.owner_id)
    return _decide(locked, AdjustmentState.DONE, actor=actor, transfer_id=posted.transfer_id)


@retry_on_conflict
@transaction.atomic
def refuse_adjustment(*, adjustment: Adjustment, actor: User, reason: str) -> Adjustment:
    """Say no to what somebody else proposed.

    Raises:
        SamePerson: who proposed it withdraws it instead.
        WrongAdjustmentState: it was decided or withdrawn before.
    """
    locked = _lock(adjustment)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    return _decide(locked, AdjustmentState.REFUSED, actor=actor, reason=reason)


@retry_on_conflict
@transaction.atomic
def withdraw_adjustment(*, adjustment: Adjustment, actor: User) -> Adjustment:
    """Take one's own proposal back.

    Raises:
        SamePerson: somebody else proposed it.
        WrongAdjustmentState: it was decided or withdrawn before.
    """
    locked = _lock(adjustment)
    if locked.proposed_by_id != actor.pk:
        raise SamePerson
    return _decide(locked, AdjustmentState.WITHDRAWN, actor=actor)


def _lock(adjustment: Adjustment) -> Adjustment:
    locked = Adjustment.objects.select_for_update(no_key=True).get(pk=adjustment.pk)
    if locked.state != AdjustmentState.PROPOSED:
        raise WrongAdjustmentState(locked.state)
    return locked


def _refuse_own_wallet(account_kind: str, owner_id: int, actor: User) -> None:
    if account_kind == AccountKind.CUSTOMER_PAID and owner_id == actor.pk:
        raise OwnWallet(actor.pk)


def _taken(adjustment: Adjustment) -> Sequence[LotChange]:
    """See under its lock that the account holds enough; the lots that a wallet's points come from."""
    needed = -adjustment.amount_points
    if adjustment.account_kind == AccountKind.VENDOR_PAYABLE:
        # What was ordered to be paid out may be in somebody's hand already.
        available = funds_of(vendor_id=adjustment.owner_id).unordered_points
        if available < needed:
            raise InsufficientPoints(needed_points=needed, available_points=available)
        return []
    paid = [lot for lot in lock_spendable_lots(customer_id=adjustment.owner_id) if not lot.is_promotional]
    return plan_spending(lots=paid, needed_points=needed).lot_changes


def _decide(
    adjustment: Adjustment,
    state: AdjustmentState,
    *,
    actor: User,
    reason: str = "",
    transfer_id: int | None = None,
) -> Adjustment:
    adjustment.state = state
    adjustment.decided_by = actor
    adjustment.decided_at = timezone.now()
    adjustment.decision_reason = reason
    adjustment.transfer_id = transfer_id
    adjustment.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "transfer"])
    return adjustment
