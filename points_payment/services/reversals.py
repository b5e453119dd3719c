"""A mistaken top-up is taken back, as far as the customer has not spent it.

What is left of exactly its lot goes; what was spent stays spent. The cash goes back to the customer: out of
the operator's drawer, and what they have handed in since out of the platform's cash.
Locks: the operator, then the wallet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from marketplace.users.permissions import PlatformPermission
from points_payment.errors import InvalidAmount, NothingLeftToReverse, NotReversible, TooLateToReverse
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Lot, TopUp, Transfer
from points_payment.retry import retry_on_conflict
from points_payment.services.ledger import LotChange, Posting, post_transfer
from points_payment.services.operators import held_points, lock_operator
from points_payment.services.wallets import lock_wallet

if TYPE_CHECKING:
    from marketplace.users.models import User

#: The operator corrects their own slip; after that a supervisor who is somebody else.
OWN_REVERSAL = timedelta(minutes=15)
ANY_REVERSAL = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Reversed:
    transfer_id: int
    amount_points: int
    #: Of the top-up, and gone for good.
    spent_points: int


@dataclass(frozen=True, slots=True)
class Reversible:
    """How a top-up stands; the numbers of now."""

    left_points: int
    spent_points: int


def reversible_until(*, top_up: TopUp, actor: User) -> datetime | None:
    """Until when this person may reverse it; None: never."""
    if top_up.operator_id == actor.pk:
        return top_up.created_at + OWN_REVERSAL
    if actor.has_perm(PlatformPermission.TOP_UPS_SUPERVISE.full_name):
        return top_up.created_at + ANY_REVERSAL
    return None


def what_is_left(*, top_up: TopUp) -> Reversible:
    left = Lot.objects.values_list("remaining_points", flat=True).get(transfer_id=top_up.pk)
    return Reversible(left_points=left, spent_points=top_up.amount_points - left)


@retry_on_conflict
@transaction.atomic
def reverse_top_up(*, top_up: TopUp, actor: User, reason: str) -> Reversed:
    """Take back what is left of a top-up, once, and tell the customer.

    Raises:
        InvalidAmount: no reason was given.
        TooLateToReverse: this person may not, or no longer.
        NotReversible: it was reversed before.
        NothingLeftToReverse: all of it was spent.
    """
    if not reason.strip():
        raise InvalidAmount(reason)
    until = reversible_until(top_up=top_up, actor=actor)
    if until is None or timezone.now() > until:
        raise TooLateToReverse
    lock_operator(operator_id=top_up.operator_id)
    if Transfer.objects.filter(reverses_id=top_up.pk).exists():
        raise NotReversible(top_up.pk)
    # Whoever spends locks the wallet too: the lot stands still from here on.
    lock_wallet(customer_id=top_up.customer_id)
    lot = Lot.objects.get(transfer_id=top_up.pk)
    amount_points = lot.remaining_points
    if not amount_points:
        raise NothingLeftToReverse
    from_drawer = min(amount_points, held_points(person_id=top_up.operator_id))
    posted = post_transfer(
        kind=TransferKind.TOP_UP_REVERSAL,
        idempotency_key=f"top-up-reversal:{top_up.pk}",
        reference=top_up.reference,
        actor_id=actor.pk,
        reason=reason.strip(),
        reverses_id=top_up.pk,
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, top_up.customer_id, -amount_points),
            Posting(AccountKind.OPERATOR, top_up.operator_id, from_drawer),
            Posting(AccountKind.CASH, 0, amount_points - from_drawer),
        ],
        lot_changes=[LotChange(lot.pk, -amount_points)],
    )
    enqueue(
        topic="top_up.reversed",
        payload={
            "user_id": top_up.customer_id,
            "amount_points": amount_points,
            "transfer_id": posted.transfer_id,
        },
    )
    return Reversed(
        transfer_id=posted.transfer_id,
        amount_points=amount_points,
        spent_points=top_up.amount_points - amount_points,
    )
