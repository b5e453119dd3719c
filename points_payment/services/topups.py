"""An operator takes cash and adds points to a customer's wallet.

Staff pages come by ``services.desk``, which asks for the caller's verification first.
Locks: the operator, then the wallet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from marketplace.outbox.services import enqueue
from points_payment.errors import InvalidAmount, OwnWallet, SamePerson
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import CallerVerification, TopUp, Transfer
from points_payment.retry import retry_on_conflict
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import NewLot, Posting, find_posted, post_transfer
from points_payment.services.operators import lock_operator, require_within_limits

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Of one movement, whoever approves it, so that a slip of the finger stays small.
MAX_TOP_UP_POINTS = 10_000_000


@retry_on_conflict
@transaction.atomic
def top_up(
    *,
    operator: User,
    customer: User,
    amount_points: int,
    reason: str,
    reference: str,
    idempotency_key: str,
    verification: CallerVerification | None = None,
    approved_by: User | None = None,
) -> Transfer:
    """Add paid points; the operator's account shows the cash that they took.

    The same key again gives the first transfer back. ``approved_by`` lets pass what is above the
    operator's limit for one top-up, and nothing else.

    Raises:
        InvalidAmount: not between 1 and MAX_TOP_UP_POINTS.
        OwnWallet: the operator, or who approves, is the customer.
        SamePerson: operators approve nothing of their own.
        OverLimit: a limit of the operator leaves less.
        IdempotencyConflict: the key was used for another top-up.
    """
    require_top_up_allowed(operator=operator, customer=customer, amount_points=amount_points)
    if approved_by is not None and approved_by.pk in {operator.pk, customer.pk}:
        raise SamePerson if approved_by.pk == operator.pk else OwnWallet(approved_by.pk)
    request_hash = hash_request("top_up", operator.pk, customer.pk, amount_points, reason, reference)
    locked = lock_operator(operator_id=operator.pk)
    if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
        return earlier
    require_within_limits(
        locked,
        customer_id=customer.pk,
        amount_points=amount_points,
        is_approved=approved_by is not None,
    )
    posted = post_transfer(
        kind=TransferKind.TOP_UP,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=reference,
        actor_id=operator.pk,
        reason=reason,
        postings=[
            Posting(AccountKind.OPERATOR, operator.pk, -amount_points),
            Posting(AccountKind.CUSTOMER_PAID, customer.pk, amount_points),
        ],
        new_lot=NewLot(),
    )
    transfer = Transfer.objects.get(pk=posted.transfer_id)
    TopUp.objects.create(
        transfer=transfer,
        operator=operator,
        customer=customer,
        amount_points=amount_points,
        reason=reason,
        reference=reference,
        verification=verification,
        approved_by=approved_by,
        created_at=transfer.created_at,
    )
    enqueue(
        topic="points.added",
        payload={"user_id": customer.pk, "amount_points": amount_points, "transfer_id": transfer.pk},
    )
    return transfer


def require_top_up_allowed(*, operator: User, customer: User, amount_points: int) -> None:
    """What no limit and no approval changes.

    Raises:
        InvalidAmount, OwnWallet: as ``top_up`` does.
    """
    if not 0 < amount_points <= MAX_TOP_UP_POINTS:
        raise InvalidAmount(amount_points)
    if operator.pk == customer.pk:
        raise OwnWallet(operator.pk)
