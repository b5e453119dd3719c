"""An operator takes cash and adds points to a customer's wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from marketplace.outbox.services import enqueue
from points_payment.errors import InvalidAmount, OwnWallet
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import TopUp, Transfer
from points_payment.retry import retry_on_conflict
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import NewLot, Posting, post_transfer

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Of one movement, so that a slip of the finger stays small.
MAX_TOP_UP_POINTS = 10_000_000


@retry_on_conflict
@transaction.atomic
def top_up(
    *, operator: User, customer: User, amount_points: int, reason: str, reference: str, idempotency_key: str
) -> Transfer:
    """Add paid points; the operator's account shows the cash that they took.

    The same key again gives the first transfer back.

    Raises:
        InvalidAmount: not between 1 and MAX_TOP_UP_POINTS.
        OwnWallet: the operator is the customer.
        IdempotencyConflict: the key was used for another top-up.
    """
    if not 0 < amount_points <= MAX_TOP_UP_POINTS:
        raise InvalidAmount(amount_points)
    if operator.pk == customer.pk:
        raise OwnWallet(operator.pk)
    posted = post_transfer(
        kind=TransferKind.TOP_UP,
        idempotency_key=idempotency_key,
        request_hash=hash_request("top_up", operator.pk, customer.pk, amount_points, reason, reference),
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
    if posted.is_new:
        TopUp.objects.create(
            transfer=transfer,
            operator=operator,
            customer=customer,
            amount_points=amount_points,
            reason=reason,
            reference=reference,
            created_at=transfer.created_at,
        )
        enqueue(
            topic="points.added",
            payload={"user_id": customer.pk, "amount_points": amount_points, "transfer_id": transfer.pk},
        )
    return transfer
