"""What a vendor earned leaves the books when the marketplace has paid it, and comes back if it bounced.

Locks: the vendor's balance, then its debt. One person orders a payout, another one confirms it.
"""

from __future__ import annotations

from django.db import transaction

from points_payment.errors import InsufficientPoints, InvalidAmount, NotReversible, SamePerson
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Entry, Transfer
from points_payment.retry import retry_on_conflict
from points_payment.services.debts import review_debt
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import Posted, Posting, find_posted, post_transfer
from points_payment.services.vendor_funds import funds_of, lock_vendor_balance


@retry_on_conflict
@transaction.atomic
def pay_out(
    *,
    vendor_id: int,
    amount_points: int,
    actor_id: int,
    approved_by_id: int,
    reference: str,
    idempotency_key: str,
    was_ordered: bool = False,
) -> Posted:
    """Record that a vendor was paid: payable to payouts. The same key again gives the first answer.

    ``was_ordered``: its points were kept for it, and the caller looks at the vendor's debt when it has
    written down that they are not any more.

    Raises:
        InvalidAmount: not at least 1 point.
        SamePerson: who orders a payout cannot confirm it.
        InsufficientPoints: more than can be paid out to this vendor.
        IdempotencyConflict: the key was used for another payout.
    """
    if amount_points < 1:
        raise InvalidAmount(amount_points)
    if actor_id == approved_by_id:
        raise SamePerson
    request_hash = hash_request("pay_out", vendor_id, amount_points, actor_id, approved_by_id, reference)
    available = lock_vendor_balance(vendor_id=vendor_id)
    if not was_ordered:
        available = funds_of(vendor_id=vendor_id).unordered_points
    if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
        return Posted(earlier.pk, is_new=False)
    if available < amount_points:
        raise InsufficientPoints(needed_points=amount_points, available_points=available)
    posted = post_transfer(
        kind=TransferKind.PAYOUT,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=reference,
        actor_id=actor_id,
        # A transfer names one person; who confirmed it has to be found as well.
        reason=f"confirmed by {approved_by_id}",
        postings=[
            Posting(AccountKind.VENDOR_PAYABLE, vendor_id, -amount_points),
            Posting(AccountKind.PAYOUTS, 0, amount_points),
        ],
    )
    if not was_ordered:
        review_debt(vendor_id=vendor_id)
    return posted


@retry_on_conflict
@transaction.atomic
def return_payout(*, transfer_id: int, actor_id: int, reason: str, idempotency_key: str) -> Posted:
    """A payout came back (a closed account, a wrong number): the vendor has it again, whole and once.

    Raises:
        NotReversible: it is no payout, or it came back before.
        IdempotencyConflict: the key was used for another request.
    """
    request_hash = hash_request("return_payout", transfer_id, actor_id, reason)
    payout = Transfer.objects.filter(pk=transfer_id, kind=TransferKind.PAYOUT).first()
    if payout is None:
        raise NotReversible(transfer_id)
    paid = Entry.objects.select_related("account").get(
        transfer=payout, account__kind=AccountKind.VENDOR_PAYABLE
    )
    # Not the payout's own row: in production nobody may lock transfers, which takes the right to change them.
    lock_vendor_balance(vendor_id=paid.account.owner_id)
    if earlier := find_posted(idempotency_key=idempotency_key, request_hash=request_hash):
        return Posted(earlier.pk, is_new=False)
    if Transfer.objects.filter(reverses=payout).exists():
        raise NotReversible(transfer_id)
    posted = post_transfer(
        kind=TransferKind.PAYOUT_RETURNED,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
        reference=payout.reference,
        actor_id=actor_id,
        reason=reason,
        reverses_id=payout.pk,
        postings=[
            Posting(AccountKind.PAYOUTS, 0, paid.amount_points),
            Posting(AccountKind.VENDOR_PAYABLE, paid.account.owner_id, -paid.amount_points),
        ],
    )
    review_debt(vendor_id=paid.account.owner_id)
    return posted
