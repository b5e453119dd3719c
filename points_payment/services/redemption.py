"""A scratch card becomes points in a wallet, once.

Locks: a card before the wallet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from points_payment.codes import candidate_hmacs
from points_payment.errors import CardNotRedeemable
from points_payment.kinds import AccountKind, BatchState, CardState, TransferKind
from points_payment.models import Batch, Card, Entry, Transfer, Wallet
from points_payment.retry import retry_on_conflict
from points_payment.services.attempts import Attempt, reserve_attempt, settle_attempt
from points_payment.services.code_reading import read_code
from points_payment.services.consignments import is_open
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import NewLot, Posting, find_posted, post_transfer

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Stands in for the card that a code has not, so that it is refused by the same queries as any other.
NO_CARD = Card(number=0, batch_id=0, state=CardState.VOID)


@dataclass(frozen=True, slots=True)
class Redemption:
    amount_points: int
    #: The wallet's, after the card.
    balance_points: int
    transfer_id: int
    #: Of promotional points.
    expires_at: datetime | None = None


def redeem_card(*, customer: User, code: str, idempotency_key: str, attempt: Attempt) -> Redemption:
    """Add a card's value to the customer's paid points, once.

    Not to be called inside a transaction: attempts are counted in one of their own. The same key
    again gives the first answer.

    Raises:
        WrongCheckDigit: mistyped; it cost no attempt.
        TooManyAttempts: wait until ``retry_at``.
        CardNotRedeemable: any other reason, and none is named.
        IdempotencyConflict: the key was used for another code or customer.
    """
    plain = read_code(code)
    hmacs = candidate_hmacs(plain, keys=settings.CARD_KEYS)
    # Of an HMAC, never of the code: whoever reads the database must not be able to try codes out.
    request_hash = hash_request("redeem", customer.pk, hmacs[0].hex())
    if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
        return _redemption_of(earlier)
    reserved = reserve_attempt(customer_id=customer.pk, attempt=attempt)
    try:
        redemption = _redeem(
            customer_id=customer.pk, hmacs=hmacs, idempotency_key=idempotency_key, request_hash=request_hash
        )
    except CardNotRedeemable:
        settle_attempt(reserved=reserved, redeemed=False)
        raise
    settle_attempt(reserved=reserved, redeemed=True)
    return redemption


@retry_on_conflict
@transaction.atomic
def _redeem(*, customer_id: int, hmacs: list[bytes], idempotency_key: str, request_hash: str) -> Redemption:
    # Every refusal takes the same steps, whatever its reason: time must not tell one from another.
    card = lock_card(hmacs=hmacs) or NO_CARD
    # Read after the lock: a batch that was frozen meanwhile counts.
    batch = Batch.objects.filter(pk=card.batch_id).first()
    may_be_redeemed = is_open(card)
    if (
        batch is None
        or card.state != CardState.ACTIVE
        or batch.state != BatchState.ACTIVE
        or batch.expires_on < timezone.localdate()
        or not may_be_redeemed
    ):
        # The same request a moment ago, which was under way when this one began?
        if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
            return _redemption_of(earlier)
        raise CardNotRedeemable
    posted = post_transfer(
        kind=TransferKind.CARD_REDEMPTION,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=card.serial,
        actor_id=customer_id,
        postings=[
            Posting(AccountKind.BATCH, batch.pk, -batch.face_value_points),
            Posting(AccountKind.CUSTOMER_PAID, customer_id, batch.face_value_points),
        ],
        new_lot=NewLot(),
    )
    card.state = CardState.REDEEMED
    card.redemption_id = posted.transfer_id
    card.save(update_fields=["state", "redemption"])
    return Redemption(
        amount_points=batch.face_value_points,
        balance_points=Wallet.objects.get(user_id=customer_id).spendable_points,
        transfer_id=posted.transfer_id,
    )


def lock_card(*, hmacs: list[bytes]) -> Card | None:
    """Lock the card that is stored under one of these HMACs."""
    return Card.objects.select_for_update(no_key=True).filter(code_hmac__in=hmacs).first()


def _redemption_of(transfer: Transfer) -> Redemption:
    amount = Entry.objects.get(transfer=transfer, account__kind=AccountKind.CUSTOMER_PAID)
    wallet = Wallet.objects.get(user=transfer.actor)
    return Redemption(
        amount_points=amount.amount_points, balance_points=wallet.spendable_points, transfer_id=transfer.pk
    )
