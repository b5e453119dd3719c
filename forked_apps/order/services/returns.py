"""Goods that go back: asked for by the buyer, answered and inspected by the vendor, settled in points.

Whoever is asked and stays silent agrees: a vendor that does not answer, or does not look at what came back,
in time; a buyer who does not send what may be sent. Locks: the vendor order, then the return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from forked_apps.order.dispute_errors import DisputeOpen
from forked_apps.order.errors import (
    DeductionTooHigh,
    IllegalReturnStep,
    NotReturnable,
    PiecesNotThere,
    ReturnOpen,
)
from forked_apps.order.models import ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import (
    NEXT_OF_RETURN,
    Return,
    ReturnLine,
    ReturnMessage,
    ReturnPhoto,
    ReturnReason,
    ReturnState,
    Side,
)
from forked_apps.order.services.delivery import has_open_dispute, has_open_return, release_part
from forked_apps.order.services.delivery_charge import charge_left, pieces_ordered
from forked_apps.order.services.dispute_steps import follow_return
from forked_apps.order.services.parts import (
    allocation_references,
    check_pieces,
    lock_part,
    move,
    pieces_of,
    points_of_pieces,
    put_back_in_stock,
    reduce_lines,
    settled_points,
)
from forked_apps.order.status import WITH_THE_BUYER
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue, enqueue_many
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

_S, _R = VendorOrderStatus, ReturnState

#: After delivery, for the buyer to ask.
RETURN_DAYS = 7
ANSWER_WITHIN = timedelta(hours=72)
SEND_WITHIN = timedelta(days=14)
#: Once it was sent: for the way, and for a look at it.
INSPECT_WITHIN = timedelta(days=10)
MOST_PHOTOS = 5
MOST_AT_ONCE = 500


# The buyer --------------------------------------------------------------------------------
def returnable_pieces(vendor_order: VendorOrder, *, now: datetime | None = None) -> dict[int, int]:
    """Pieces that the buyer may still ask to return, by line id."""
    delivered = vendor_order.delivered_at
    if vendor_order.status not in WITH_THE_BUYER or delivered is None:
        return {}
    if (now or timezone.now()) > delivered + timedelta(days=RETURN_DAYS):
        return {}
    return {pk: pieces.kept for pk, pieces in pieces_of(vendor_order).items() if pieces.kept}


@retry_on_conflict
@transaction.atomic
def open_return(
    *,
    customer: User,
    vendor_order: VendorOrder,
    quantities: Mapping[int, int],
    reason: ReturnReason,
    description: str,
    photos: Sequence[ContentFile[bytes]] = (),
) -> Return:
    """Ask the vendor to take pieces back; until it is settled, their points stay where they are.

    ``photos`` were checked by ``marketplace.uploads.clean_picture``.

    Raises:
        VendorOrder.DoesNotExist: it is someone else's.
        NotReturnable: it has not arrived, or too long ago.
        PiecesNotThere: the buyer has fewer of them.
        ReturnOpen: an earlier return is not settled.
        DisputeOpen: a problem with this order is not settled.
    """
    locked = lock_part(vendor_order, customer=customer)
    there = returnable_pieces(locked)
    if not there:
        raise NotReturnable
    check_pieces(quantities, there)
    if has_open_return(locked):
        raise ReturnOpen
    if has_open_dispute(locked):
        raise DisputeOpen
    one = _write_return(locked, quantities, reason=reason, description=description)
    for photo in photos[:MOST_PHOTOS]:
        ReturnPhoto.objects.create(of=one, file=photo)
    _tell(one)
    return one


def open_agreed_return(
    part: VendorOrder, quantities: Mapping[int, int], *, reason: ReturnReason, description: str, answer: str
) -> Return:
    """A return that nobody has to approve any more: offered by the vendor, or decided by the marketplace.

    The caller holds the vendor order's lock and knows that the pieces are with the buyer.
    """
    one = _write_return(part, quantities, reason=reason, description=description)
    one.answer = answer[:500]
    return _enter(one, _R.APPROVED, answer_by=timezone.now() + SEND_WITHIN)


@retry_on_conflict
@transaction.atomic
def withdraw_return(*, customer: User, asked: Return) -> Return:
    """The buyer keeps it after all.

    Raises:
        Return.DoesNotExist: it is someone else's.
        IllegalReturnStep: it is on its way back, or settled.
    """
    _part, one = _lock(asked, customer=customer)
    return _enter(one, _R.WITHDRAWN)


@retry_on_conflict
@transaction.atomic
def send_return(*, customer: User, asked: Return, carrier: str, tracking_code: str) -> Return:
    """The buyer gave it to a courier.

    Raises:
        Return.DoesNotExist: it is someone else's.
        IllegalReturnStep: it is not to be sent.
    """
    _part, one = _lock(asked, customer=customer)
    one.carrier, one.tracking_code = carrier, tracking_code
    return _enter(one, _R.SENT, answer_by=timezone.now() + INSPECT_WITHIN)


# The vendor -------------------------------------------------------------------------------
@retry_on_conflict
@transaction.atomic
def approve_return(*, vendor: Partner, asked: Return, answer: str) -> Return:
    """The vendor will take it back; ``answer`` says how to send it.

    Raises:
        Return.DoesNotExist: it is another vendor's.
        IllegalReturnStep: it was answered or withdrawn.
    """
    _part, one = _lock(asked, vendor=vendor)
    one.answer = answer
    return _enter(one, _R.APPROVED, answer_by=timezone.now() + SEND_WITHIN)


@retry_on_conflict
@transaction.atomic
def refuse_return(*, vendor: Partner, asked: Return, answer: str) -> Return:
    """The vendor says no, and why.

    Raises:
        Return.DoesNotExist: it is another vendor's.
        IllegalReturnStep: it was answered or withdrawn.
    """
    _part, one = _lock(asked, vendor=vendor)
    one.answer = answer
    return _enter(one, _R.REFUSED)


@retry_on_conflict
@transaction.atomic
def settle_return(
    *,
    vendor: Partner,
    actor: User,
    asked: Return,
    accepted: Mapping[int, int],
    restocked: Mapping[int, int] | None = None,
    deducted_points: int = 0,
    answer: str,
) -> Return:
    """Pay back what came back, after a look at it, or without wanting it: pieces by line id.

    ``deducted_points`` of what the pieces cost stay with the vendor, for goods that came back worn. Where
    it is the vendor's fault, the same share of the delivery charge goes back as of the goods. Nothing
    accepted means that it is refused.

    Raises:
        Return.DoesNotExist: it is another vendor's.
        IllegalReturnStep: it is settled, or nothing was sent of which some is to be refused.
        PiecesNotThere: more pieces than were asked for, or restocked than accepted.
        DeductionTooHigh: more than these pieces cost.
    """
    part, one = _lock(asked, vendor=vendor)
    return _settle(
        part,
        one,
        actor=actor,
        accepted=dict(accepted),
        restocked=dict(restocked or {}),
        deducted_points=deducted_points,
        answer=answer,
    )


# Both -------------------------------------------------------------------------------------
@transaction.atomic
def write_return_message(*, asked: Return, side: Side, author: User, text: str) -> ReturnMessage:
    """Say something about a return; the other side is told."""
    message = ReturnMessage.objects.create(of=asked, side=side, author=author, text=text)
    enqueue(topic="return.message", payload={"message_id": message.pk})
    return message


# Nobody -----------------------------------------------------------------------------------
def settle_silent_returns(*, now: datetime | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Do the next step in the place of who did not do it in time; how many returns moved."""
    now = now or timezone.now()
    late = Return.objects.filter(answer_by__lt=now).order_by("answer_by", "pk")[:limit]
    return sum(_in_their_place(one, now=now) for one in list(late))


@retry_on_conflict
@transaction.atomic
def _in_their_place(late: Return, *, now: datetime) -> bool:
    part, one = _lock(late)
    if one.answer_by is None or one.answer_by >= now:
        return False
    if one.state == _R.REQUESTED:
        _enter(one, _R.APPROVED, answer_by=now + SEND_WITHIN)
    elif one.state == _R.APPROVED:
        _enter(one, _R.WITHDRAWN)
    else:
        accepted = {line.line_id: line.quantity for line in one.return_lines.all()}
        _settle(part, one, actor=None, accepted=accepted, restocked={}, deducted_points=0, answer="")
    return True


# How it is done ---------------------------------------------------------------------------
def _lock(
    asked: Return, *, vendor: Partner | None = None, customer: User | None = None
) -> tuple[VendorOrder, Return]:
    found = Return.objects.filter(pk=asked.pk)
    if vendor is not None:
        found = found.filter(vendor_order__vendor=vendor)
    if customer is not None:
        found = found.filter(vendor_order__order__user=customer)
    part = lock_part(found.select_related("vendor_order").get().vendor_order)
    return part, Return.objects.select_for_update(no_key=True, of=("self",)).get(pk=asked.pk)


def _write_return(
    part: VendorOrder, quantities: Mapping[int, int], *, reason: ReturnReason, description: str
) -> Return:
    one = Return.objects.create(
        vendor_order=part,
        number=f"{part.number}-R{part.returns.count() + 1}",
        reason=reason,
        description=description,
        answer_by=timezone.now() + ANSWER_WITHIN,
    )
    ReturnLine.objects.bulk_create(
        ReturnLine(of=one, line_id=line_id, quantity=pieces) for line_id, pieces in sorted(quantities.items())
    )
    return one


def _enter(one: Return, state: ReturnState, *, answer_by: datetime | None = None) -> Return:
    if state not in NEXT_OF_RETURN[_R(one.state)]:
        raise IllegalReturnStep(old=one.state, new=state)
    one.state, one.answer_by = state, answer_by
    if not one.is_open:
        one.closed_at = timezone.now()
    one.save()
    _tell(one)
    if not one.is_open:
        follow_return(one)
    return one


def _settle(
    part: VendorOrder,
    one: Return,
    *,
    actor: User | None,
    accepted: dict[int, int],
    restocked: dict[int, int],
    deducted_points: int,
    answer: str,
) -> Return:
    accepted = {pk: pieces for pk, pieces in accepted.items() if pieces}
    restocked = {pk: pieces for pk, pieces in restocked.items() if pieces}
    asked_for = {line.line_id: line for line in one.return_lines.all()}
    one.answer = answer
    if not accepted:
        _write_pieces(asked_for, {}, {})
        # Unseen goods are refused by ``refuse_return``; seen ones here.
        return _enter(one, _R.REJECTED)
    check_pieces(accepted, {pk: line.quantity for pk, line in asked_for.items()})
    if any(pieces > accepted.get(pk, 0) for pk, pieces in restocked.items()):
        raise PiecesNotThere(line_ids=list(restocked))
    worth = _worth(part, accepted)
    if not 0 <= deducted_points <= worth:
        raise DeductionTooHigh(most_points=worth)
    one.refunded_points = worth - deducted_points + (shipping := _shipping_share(part, one, worth, accepted))
    _enter(one, _R.REFUNDED)
    effects = reduce_lines(
        part,
        accepted,
        kind=ReductionKind.RETURNED,
        actor=actor,
        reason=one.number,
        shipping_points=shipping,
        deducted_points=deducted_points,
    )
    _write_pieces(asked_for, accepted, restocked)
    if not any(pieces.kept for pieces in pieces_of(part).values()):
        move(part, to=_S.RETURNED, actor=actor, note=one.number)
        # The way there, and what was deducted, is the vendor's.
        release_part(part, allocation_references(part), actor=actor)
    elif part.status != _S.COMPLETED:
        move(part, to=_S.PARTLY_RETURNED, actor=actor, note=one.number)
    if restocked:
        put_back_in_stock(restocked)
    # What a return has to say it says itself.
    enqueue_many(message for message in effects if message[0] != "vendor_order.reduced")
    return one


def _worth(part: VendorOrder, pieces: Mapping[int, int]) -> int:
    """What so many pieces of each line cost, of what was not settled before."""
    known, settled = pieces_of(part), settled_points(part)
    return sum(
        points_of_pieces(
            line, reduced=known[line.pk].reduced, settled=settled.get(line.pk, 0), pieces=pieces[line.pk]
        )
        for line in part.lines.all()
        if line.pk in pieces
    )


def _shipping_share(part: VendorOrder, one: Return, worth: int, accepted: Mapping[int, int]) -> int:
    """Of the delivery charge, as much as of the goods; all returns together never more than all of it.

    Goods that the buyer has for nothing count by the piece.
    """
    if not one.is_vendors_fault:
        return 0
    faults = [reason for reason in ReturnReason if Return(reason=reason).is_vendors_fault]
    before = part.lines.filter(
        reductions__kind=ReductionKind.RETURNED,
        reductions__reason__in=part.returns.filter(reason__in=faults).values("number"),
    ).aggregate(
        points=Sum("reductions__refunded_points", default=0) + Sum("reductions__deducted_points", default=0),
        pieces=Sum("reductions__quantity", default=0),
    )
    if part.goods_points:
        share = share_of_charge(
            charge_points=part.shipping_points, goods_points=part.goods_points, before=before["points"],
            worth=worth,
        )  # fmt: skip
    else:
        share = share_of_charge(
            charge_points=part.shipping_points, goods_points=pieces_ordered(part), before=before["pieces"],
            worth=sum(accepted.values()),
        )  # fmt: skip
    # A dispute may have given some of it back before.
    return min(share, charge_left(part))


def share_of_charge(*, charge_points: int, goods_points: int, before: int, worth: int) -> int:
    """Of a delivery charge, for goods of ``worth`` points after others of ``before``; any steps add up."""
    return charge_points * (before + worth) // goods_points - charge_points * before // goods_points


def _write_pieces(
    asked_for: Mapping[int, ReturnLine], accepted: Mapping[int, int], restocked: Mapping[int, int]
) -> None:
    for line_id, line in asked_for.items():
        line.accepted, line.restocked = accepted.get(line_id, 0), restocked.get(line_id, 0)
    ReturnLine.objects.bulk_update(asked_for.values(), ["accepted", "restocked"])


def _tell(one: Return) -> None:
    enqueue(topic="return.changed", payload={"return_id": one.pk, "state": one.state})
