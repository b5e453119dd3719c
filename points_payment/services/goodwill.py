"""A member of staff says sorry with promotional points."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import InvalidAmount, OwnWallet
from points_payment.kinds import TransferKind
from points_payment.retry import retry_on_conflict
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import Posted
from points_payment.services.promotions import give_promotional_points

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Of one gift, so that a slip of the finger or of the heart stays small.
MAX_GOODWILL_POINTS = 100_000
#: How long a gift lasts unless somebody says otherwise, and at the most.
USUAL_GOODWILL_DAYS = 90
LONGEST_GOODWILL_DAYS = 366


@retry_on_conflict
@transaction.atomic
def give_goodwill(
    *,
    customer: User,
    amount_points: int,
    last_day: date,
    reason: str,
    actor: User,
    idempotency_key: str,
) -> Posted:
    """Give promotional points that can be spent until the end of ``last_day``; the customer is told.

    The same key again gives the first gift.

    Raises:
        InvalidAmount: not between 1 and MAX_GOODWILL_POINTS, without a reason, or the last day is over or
            too far away.
        OwnWallet: the giver is the customer.
        IdempotencyConflict: the key was used for another gift.
    """
    if not 0 < amount_points <= MAX_GOODWILL_POINTS or not reason.strip():
        raise InvalidAmount(amount_points)
    if not 0 <= (last_day - timezone.localdate()).days <= LONGEST_GOODWILL_DAYS:
        raise InvalidAmount(last_day)
    if customer.pk == actor.pk:
        raise OwnWallet(actor.pk)
    posted = give_promotional_points(
        kind=TransferKind.GOODWILL,
        customer_id=customer.pk,
        amount_points=amount_points,
        expires_at=timezone.make_aware(datetime.combine(last_day + timedelta(days=1), time.min)),
        reference="",
        reason=reason.strip(),
        actor_id=actor.pk,
        idempotency_key=idempotency_key,
        request_hash=hash_request("goodwill", customer.pk, amount_points, last_day, reason.strip(), actor.pk),
    )
    if posted.is_new:
        enqueue(
            topic="points.added",
            payload={
                "user_id": customer.pk,
                "amount_points": amount_points,
                "transfer_id": posted.transfer_id,
            },
        )
    return posted
