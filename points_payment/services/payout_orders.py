"""A payout from the wish to the receipt: asked for, ordered by one person, confirmed by another, or not.

What is asked for is not kept; what is ordered is: refunds and corrections leave it alone, so that money which
somebody is handing over is still there when the second person confirms it.

Locks: the payout, then the vendor's balance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import (
    DestinationHeld,
    InsufficientPoints,
    InvalidAmount,
    OwnVendor,
    ReasonMissing,
    RequestWaiting,
    SamePerson,
    WrongDestinationState,
    WrongPayoutState,
)
from points_payment.kinds import PayoutState
from points_payment.models import Payout, PayoutDestination
from points_payment.payout_methods import payout_method
from points_payment.retry import retry_on_conflict
from points_payment.services.debts import review_debt
from points_payment.services.idempotency import claim, hash_request, record_result
from points_payment.services.payouts import pay_out, return_payout
from points_payment.services.vendor_funds import VendorFunds, funds_of, lock_vendor_balance
from points_payment.vendors import works_for

if TYPE_CHECKING:
    from marketplace.users.models import User

TOPIC = "payout.changed"
SUBMIT_TOPIC = "payout.submit"


@retry_on_conflict
@transaction.atomic
def request_payout(
    *, vendor_id: int, destination: PayoutDestination, amount_points: int, actor: User, idempotency_key: str
) -> Payout:
    """The vendor asks to be paid. One request at a time; the same key again gives the first answer.

    Raises:
        InvalidAmount: not at least 1 point.
        WrongDestinationState: the destination was refused or taken away.
        RequestWaiting: it has asked before, and nobody decided yet.
        InsufficientPoints: more than is payable, less what is ordered and what the vendor owes.
        IdempotencyConflict: the key was used for another request.
    """
    if amount_points < 1:
        raise InvalidAmount(amount_points)
    claimed = claim(
        key=f"{vendor_id}:{idempotency_key}",
        request_hash=hash_request("request", destination.pk, amount_points, actor.pk),
        scope="payout-request",
    )
    if not claimed.is_new:
        return Payout.objects.get(pk=int(claimed.result))
    funds = _lock_funds(vendor_id)
    known = _live_destination(vendor_id=vendor_id, destination=destination)
    if funds.requested_points:
        raise RequestWaiting
    if amount_points > funds.requestable_points:
        raise InsufficientPoints(needed_points=amount_points, available_points=funds.requestable_points)
    payout = _new(known, amount_points=amount_points, requested_by=actor)
    record_result(claimed=claimed, result=str(payout.pk))
    return payout


@retry_on_conflict
@transaction.atomic
def withdraw_payout_request(*, vendor_id: int, payout: Payout, actor: User) -> Payout:
    """The vendor wants it no more; possible until somebody has ordered it.

    Raises:
        WrongPayoutState: it was ordered, decided or withdrawn before.
    """
    locked = _lock(payout, PayoutState.REQUESTED, vendor_id=vendor_id)
    return _end(locked, PayoutState.WITHDRAWN, actor=actor)


@retry_on_conflict
@transaction.atomic
def order_payout(*, payout: Payout, actor: User) -> Payout:
    """Say that what a vendor asked for is to be paid now; its points are kept for it from here on.

    Raises:
        WrongPayoutState: it was ordered, decided or withdrawn before.
        SamePerson, OwnVendor: who asked for it, or works for the vendor, cannot.
        DestinationHeld: nobody had a second look, or it is too new.
        InsufficientPoints: refunds have taken some of it meanwhile.
    """
    locked = _lock(payout, PayoutState.REQUESTED)
    _refuse_own(locked.vendor_id, actor)
    if locked.requested_by_id == actor.pk:
        raise SamePerson
    funds = _lock_funds(locked.vendor_id)
    _require_usable(locked.destination_id)
    _require_orderable(funds, locked.amount_points)
    locked.state = PayoutState.ORDERED
    locked.ordered_by, locked.ordered_at = actor, timezone.now()
    locked.save(update_fields=["state", "ordered_by", "ordered_at"])
    _send_on_its_way(locked)
    return locked


@retry_on_conflict
@transaction.atomic
def order_payout_to(
    *, destination: PayoutDestination, amount_points: int, actor: User, idempotency_key: str
) -> Payout:
    """Order a payout that nobody asked for. The same key again gives the first one.

    Raises:
        InvalidAmount, WrongDestinationState, DestinationHeld, OwnVendor, InsufficientPoints: as above.
        SamePerson: who added the destination pays nothing to it.
        IdempotencyConflict: the key was used for another order.
    """
    if amount_points < 1:
        raise InvalidAmount(amount_points)
    vendor_id = destination.vendor_id
    _refuse_own(vendor_id, actor)
    claimed = claim(
        key=f"{actor.pk}:{idempotency_key}",
        request_hash=hash_request("order", destination.pk, amount_points),
        scope="payout-order",
    )
    if not claimed.is_new:
        return Payout.objects.get(pk=int(claimed.result))
    funds = _lock_funds(vendor_id)
    known = _live_destination(vendor_id=vendor_id, destination=destination)
    if known.created_by_id == actor.pk:
        raise SamePerson
    _require_usable(known.pk)
    _require_orderable(funds, amount_points)
    payout = _new(
        known, amount_points=amount_points, ordered_by=actor, ordered_at=timezone.now(),
        state=PayoutState.ORDERED,
    )  # fmt: skip
    record_result(claimed=claimed, result=str(payout.pk))
    _send_on_its_way(payout)
    return payout


@retry_on_conflict
@transaction.atomic
def confirm_payout(*, payout: Payout, actor: User, paid_reference: str) -> Payout:
    """The vendor has the money: the points leave the books.

    ``paid_reference`` is the number of the bank's transfer, or of the receipt that was signed.

    Raises:
        ReasonMissing: no number was given.
        WrongPayoutState: it was not ordered, or was decided before.
        SamePerson, OwnVendor: who asked for it or ordered it, or works for the vendor, cannot.
    """
    if not paid_reference.strip():
        raise ReasonMissing
    locked = _lock(payout, PayoutState.ORDERED)
    if actor.pk in {locked.ordered_by_id, locked.requested_by_id}:
        raise SamePerson
    _refuse_own(locked.vendor_id, actor)
    assert locked.ordered_by_id is not None
    posted = pay_out(
        vendor_id=locked.vendor_id,
        amount_points=locked.amount_points,
        actor_id=locked.ordered_by_id,
        approved_by_id=actor.pk,
        reference=locked.reference,
        idempotency_key=f"payout:{locked.pk}",
        was_ordered=True,
    )
    locked.state, locked.transfer_id = PayoutState.PAID, posted.transfer_id
    locked.confirmed_by, locked.confirmed_at = actor, timezone.now()
    locked.paid_reference = paid_reference.strip()
    locked.save(update_fields=["state", "transfer", "confirmed_by", "confirmed_at", "paid_reference"])
    review_debt(vendor_id=locked.vendor_id)
    _tell(locked)
    return locked


@retry_on_conflict
@transaction.atomic
def reject_payout(*, payout: Payout, actor: User, reason: str) -> Payout:
    """It is not paid, and the vendor reads why. Of an ordered one, only if no money was handed over.

    Raises:
        ReasonMissing: no reason was given.
        OwnVendor: the actor works for the vendor.
        WrongPayoutState: it was confirmed, decided or withdrawn before.
    """
    if not reason.strip():
        raise ReasonMissing
    locked = _lock(payout, PayoutState.REQUESTED, PayoutState.ORDERED)
    _refuse_own(locked.vendor_id, actor)
    _lock_funds(locked.vendor_id)
    _end(locked, PayoutState.REJECTED, actor=actor, reason=reason)
    # What was kept for it may be set against a debt again.
    review_debt(vendor_id=locked.vendor_id)
    _tell(locked)
    return locked


@retry_on_conflict
@transaction.atomic
def record_payout_returned(*, payout: Payout, actor: User, reason: str) -> Payout:
    """The money came back (a closed account, a wrong number): it is the vendor's in the books again.

    Raises:
        ReasonMissing: no reason was given.
        OwnVendor: the actor works for the vendor.
        WrongPayoutState: it was not paid, or came back before.
    """
    if not reason.strip():
        raise ReasonMissing
    locked = _lock(payout, PayoutState.PAID)
    _refuse_own(locked.vendor_id, actor)
    assert locked.transfer_id is not None
    posted = return_payout(
        transfer_id=locked.transfer_id,
        actor_id=actor.pk,
        reason=reason.strip(),
        idempotency_key=f"payout-returned:{locked.pk}",
    )
    locked.return_transfer_id = posted.transfer_id
    _end(locked, PayoutState.RETURNED, actor=actor, reason=reason)
    _tell(locked)
    return locked


@transaction.atomic
def submit_payout(*, payout_id: int) -> None:
    """Hand an ordered payout to its method, after the commit; a person's method does nothing."""
    payout = Payout.objects.select_for_update(no_key=True).get(pk=payout_id)
    if payout.state == PayoutState.ORDERED and not payout.gateway_reference:
        payout.gateway_reference = payout_method(payout.method).submit(payout)
        payout.save(update_fields=["gateway_reference"])


# Parts --------------------------------------------------------------------------------------


def _lock(payout: Payout, *states: PayoutState, vendor_id: int | None = None) -> Payout:
    of_vendor = {} if vendor_id is None else {"vendor_id": vendor_id}
    locked = Payout.objects.select_for_update(no_key=True).get(pk=payout.pk, **of_vendor)
    if locked.state not in states:
        raise WrongPayoutState(locked.state)
    return locked


def _lock_funds(vendor_id: int) -> VendorFunds:
    lock_vendor_balance(vendor_id=vendor_id)
    return funds_of(vendor_id=vendor_id)


def _live_destination(*, vendor_id: int, destination: PayoutDestination) -> PayoutDestination:
    known = PayoutDestination.objects.get(pk=destination.pk, vendor_id=vendor_id)
    if not known.is_live:
        raise WrongDestinationState(known.state)
    return known


def _require_usable(destination_id: int) -> None:
    # Nobody can take it away between this look and the order.
    destination = PayoutDestination.objects.select_for_update(no_key=True).get(pk=destination_id)
    if not destination.is_live:
        raise WrongDestinationState(destination.state)
    if not destination.is_usable:
        raise DestinationHeld(usable_from=destination.usable_from)


def _require_orderable(funds: VendorFunds, amount_points: int) -> None:
    if amount_points > funds.orderable_points:
        raise InsufficientPoints(needed_points=amount_points, available_points=funds.orderable_points)


def _refuse_own(vendor_id: int, actor: User) -> None:
    if works_for(user_id=actor.pk, vendor_id=vendor_id):
        raise OwnVendor


def _new(destination: PayoutDestination, **facts: object) -> Payout:
    copied = {name: getattr(destination, name) for name in ("method", "provider", "number", "holder_name")}
    return Payout.objects.create(vendor_id=destination.vendor_id, destination=destination, **copied, **facts)


def _end(locked: Payout, state: PayoutState, *, actor: User, reason: str = "") -> Payout:
    locked.state, locked.ended_by, locked.ended_at = state, actor, timezone.now()
    locked.end_reason = reason.strip()
    locked.save(update_fields=["state", "ended_by", "ended_at", "end_reason", "return_transfer"])
    return locked


def _send_on_its_way(payout: Payout) -> None:
    enqueue(topic=SUBMIT_TOPIC, payload={"payout_id": payout.pk})
    _tell(payout)


def _tell(payout: Payout) -> None:
    enqueue(topic=TOPIC, payload={"payout_id": payout.pk, "state": payout.state})
