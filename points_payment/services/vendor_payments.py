"""Money that a vendor who owes brings: one person takes it, another counts it, and only then it counts.

Locks: the payment, then the vendor's balance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import (
    InvalidAmount,
    Overpaid,
    OwnVendor,
    ReasonMissing,
    SamePerson,
    WrongProposalState,
)
from points_payment.kinds import AccountKind, ProposalState, TransferKind
from points_payment.models import VendorBalance, VendorPayment
from points_payment.retry import retry_on_conflict
from points_payment.services.debts import review_debt
from points_payment.services.idempotency import claim, hash_request, record_result
from points_payment.services.ledger import Posting, post_transfer
from points_payment.services.vendor_funds import funds_of, lock_vendor_balance
from points_payment.vendors import works_for

if TYPE_CHECKING:
    from marketplace.users.models import User

TOPIC = "vendor.paid_in"


@retry_on_conflict
@transaction.atomic
def record_vendor_payment(
    *, vendor_id: int, amount_points: int, reference: str, actor: User, idempotency_key: str
) -> VendorPayment:
    """Write down what a vendor has brought; it counts when somebody else has confirmed it.

    The same key again gives the first one.

    Raises:
        InvalidAmount: not at least 1 point.
        ReasonMissing: no number of a receipt was given.
        OwnVendor: the actor works for the vendor.
        Overpaid: more than the vendor owes, less what waits to be confirmed.
        IdempotencyConflict: the key was used for another payment.
    """
    if amount_points < 1:
        raise InvalidAmount(amount_points)
    if not reference.strip():
        raise ReasonMissing
    if works_for(user_id=actor.pk, vendor_id=vendor_id):
        raise OwnVendor
    claimed = claim(
        key=f"{actor.pk}:{idempotency_key}",
        request_hash=hash_request("vendor-payment", vendor_id, amount_points, reference),
        scope="vendor-payment",
    )
    if not claimed.is_new:
        return VendorPayment.objects.get(pk=int(claimed.result))
    lock_vendor_balance(vendor_id=vendor_id)
    waiting = VendorPayment.objects.filter(vendor_id=vendor_id, state=ProposalState.WAITING)
    owed = funds_of(vendor_id=vendor_id).owed_points - sum(waiting.values_list("amount_points", flat=True))
    if amount_points > owed:
        raise Overpaid(owed_points=max(0, owed))
    payment = VendorPayment.objects.create(
        vendor_id=vendor_id, amount_points=amount_points, reference=reference.strip(), proposed_by=actor
    )
    record_result(claimed=claimed, result=str(payment.pk))
    return payment


@retry_on_conflict
@transaction.atomic
def confirm_vendor_payment(*, payment: VendorPayment, actor: User) -> VendorPayment:
    """The money was counted and is right: the vendor owes less by it.

    What sales have filled meanwhile is the vendor's own again: it becomes payable.

    Raises:
        SamePerson, OwnVendor: who took it, or works for the vendor, cannot.
        WrongProposalState: it was decided or withdrawn before.
    """
    locked = _lock(payment)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    if works_for(user_id=actor.pk, vendor_id=locked.vendor_id):
        raise OwnVendor
    VendorBalance.objects.bulk_create([VendorBalance(vendor_id=locked.vendor_id)], ignore_conflicts=True)
    lock_vendor_balance(vendor_id=locked.vendor_id)
    filled = min(locked.amount_points, funds_of(vendor_id=locked.vendor_id).owed_points)
    posted = post_transfer(
        kind=TransferKind.VENDOR_PAYMENT,
        idempotency_key=f"vendor-payment:{locked.pk}",
        reference=locked.reference,
        actor_id=actor.pk,
        postings=[
            Posting(AccountKind.CASH, 0, -locked.amount_points),
            Posting(AccountKind.VENDOR_RECEIVABLE, locked.vendor_id, filled),
            Posting(AccountKind.VENDOR_PAYABLE, locked.vendor_id, locked.amount_points - filled),
        ],
    )
    _decide(locked, ProposalState.DONE, actor=actor, transfer_id=posted.transfer_id)
    review_debt(vendor_id=locked.vendor_id)
    enqueue(topic=TOPIC, payload={"payment_id": locked.pk})
    return locked


@retry_on_conflict
@transaction.atomic
def refuse_vendor_payment(*, payment: VendorPayment, actor: User, reason: str) -> VendorPayment:
    """The money is not there, or not right.

    Raises:
        ReasonMissing: no reason was given.
        SamePerson: who took it withdraws it instead.
        WrongProposalState: it was decided or withdrawn before.
    """
    if not reason.strip():
        raise ReasonMissing
    locked = _lock(payment)
    if locked.proposed_by_id == actor.pk:
        raise SamePerson
    return _decide(locked, ProposalState.REFUSED, actor=actor, reason=reason.strip())


@retry_on_conflict
@transaction.atomic
def withdraw_vendor_payment(*, payment: VendorPayment, actor: User) -> VendorPayment:
    """Take one's own note back: it was mistyped, or the vendor took the money home.

    Raises:
        SamePerson: somebody else took it.
        WrongProposalState: it was decided or withdrawn before.
    """
    locked = _lock(payment)
    if locked.proposed_by_id != actor.pk:
        raise SamePerson
    return _decide(locked, ProposalState.WITHDRAWN, actor=actor)


def _lock(payment: VendorPayment) -> VendorPayment:
    locked = VendorPayment.objects.select_for_update(no_key=True).get(pk=payment.pk)
    if locked.state != ProposalState.WAITING:
        raise WrongProposalState(locked.state)
    return locked


def _decide(
    payment: VendorPayment,
    state: ProposalState,
    *,
    actor: User,
    reason: str = "",
    transfer_id: int | None = None,
) -> VendorPayment:
    payment.state, payment.decided_by, payment.decided_at = state, actor, timezone.now()
    payment.decision_reason, payment.transfer_id = reason, transfer_id
    payment.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "transfer"])
    return payment
