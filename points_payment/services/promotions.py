"""Points that the marketplace gives away: promotional, and gone when their day has come."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction

from points_payment.errors import InvalidAmount
from points_payment.kinds import AccountKind, TransferKind
from points_payment.retry import retry_on_conflict
from points_payment.services.ledger import NewLot, Posted, Posting, post_transfer

PromotionKind = Literal[TransferKind.VOUCHER, TransferKind.REFERRAL, TransferKind.GOODWILL]


@retry_on_conflict
@transaction.atomic
def give_promotional_points(
    *,
    kind: PromotionKind,
    customer_id: int,
    amount_points: int,
    expires_at: datetime | None,
    reference: str,
    reason: str,
    actor_id: int | None,
    idempotency_key: str,
    request_hash: str | None = None,
) -> Posted:
    """Credit promotional points, which are spent before paid ones.

    ``request_hash`` is for a caller whose request says more than the credit: when it expires, for instance.

    Raises:
        InvalidAmount: not at least 1.
        IdempotencyConflict: the key was used for another gift.
    """
    if amount_points < 1:
        raise InvalidAmount(amount_points)
    return post_transfer(
        kind=kind,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=reference,
        actor_id=actor_id,
        reason=reason,
        postings=[
            Posting(AccountKind.PROMOTIONS, 0, -amount_points),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer_id, amount_points),
        ],
        new_lot=NewLot(expires_at=expires_at),
    )
