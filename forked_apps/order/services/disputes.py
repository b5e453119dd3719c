"""Something is wrong with an order: the buyer says so, the vendor answers, and if they do not agree the buyer
asks the marketplace.

Times and the table of states: ``forked_apps.order.dispute_rules``. What the marketplace does is in
``arbitration``, what time does in ``dispute_deadlines``. Locks: the vendor order, then the dispute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from forked_apps.order.dispute_errors import (
    AlreadyDecided,
    AppealTimeOver,
    DisputeOpen,
    IllegalDisputeStep,
    NotDisputable,
    OfferChanged,
    TooEarlyToEscalate,
)
from forked_apps.order.dispute_models import (
    Dispute,
    DisputeLine,
    DisputeMessage,
    DisputePhoto,
    DisputeReason,
    DisputeState,
    DisputeStep,
    Remedy,
    RemedyKind,
)
from forked_apps.order.dispute_rules import (
    answer_within,
    check_dispute_step,
    decide_within,
    evidence_within,
    lapse_after,
    reasons_now,
    replace_within,
)
from forked_apps.order.errors import ReturnOpen
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import Side
from forked_apps.order.services.delivery import has_open_dispute, has_open_return
from forked_apps.order.services.dispute_steps import enter, lock_dispute, log
from forked_apps.order.services.parts import check_pieces, deductions_left, lock_part, pieces_of
from forked_apps.order.services.remedies import pay_back, send_back_first, write_remedy
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from django.core.files.base import ContentFile

    from marketplace.users.models import User

    Photos = Sequence[ContentFile[bytes]]

_D, _K = DisputeState, RemedyKind
MOST_PHOTOS = 5


# The buyer --------------------------------------------------------------------------------
def disputable_pieces(part: VendorOrder) -> dict[int, int]:
    """Pieces of which the buyer has not everything back, by line id."""
    deducted = deductions_left(part)
    there = {}
    for pk, pieces in pieces_of(part).items():
        number = pieces.to_ship + pieces.kept + (pieces.returned if pk in deducted else 0)
        if number:
            there[pk] = number
    return there


@retry_on_conflict
@transaction.atomic
def open_dispute(
    *,
    customer: User,
    vendor_order: VendorOrder,
    quantities: Mapping[int, int],
    reason: DisputeReason,
    description: str,
    photos: Photos = (),
    now: datetime | None = None,
) -> Dispute:
    """Tell the vendor that something is wrong; until it is settled, the points stay where they are.

    ``photos`` were checked by ``marketplace.uploads.clean_picture``.

    Raises:
        VendorOrder.DoesNotExist: it is someone else's.
        DisputeOpen, ReturnOpen: something about it is not settled.
        NotDisputable: it is too early or too late for this reason.
        PiecesNotThere: the points of so many pieces are back already.
        AlreadyDecided: the marketplace decided about these goods before.
    """
    now = now or timezone.now()
    locked = lock_part(vendor_order, customer=customer)
    if has_open_dispute(locked):
        raise DisputeOpen
    if has_open_return(locked):
        raise ReturnOpen
    if reason not in reasons_now(locked, now=now):
        raise NotDisputable
    check_pieces(quantities, disputable_pieces(locked))
    if _was_decided(locked, quantities, reason):
        raise AlreadyDecided
    escalate_from = now + answer_within()
    one = Dispute.objects.create(
        vendor_order=locked,
        number=f"{locked.number}-D{locked.disputes.count() + 1}",
        reason=reason,
        description=description,
        escalate_from=escalate_from,
        deadline=escalate_from,
        is_late=locked.status == VendorOrderStatus.COMPLETED,
        opened_at=now,
    )
    DisputeLine.objects.bulk_create(
        DisputeLine(of=one, line_id=line_id, quantity=pieces)
        for line_id, pieces in sorted(quantities.items())
    )
    _keep_photos(one, photos)
    log(one, DisputeStep.OPENED, old="", side=Side.BUYER, actor=customer, now=now)
    return one


def _was_decided(part: VendorOrder, quantities: Mapping[int, int], reason: DisputeReason) -> bool:
    decided = Remedy.objects.filter(
        of__vendor_order=part, of__dispute_lines__line__in=list(quantities), side=Side.MARKETPLACE
    )
    last = decided.order_by("-created_at").first()
    if last is None:
        return False
    # What a later return was refused or deducted is another matter.
    return reason != DisputeReason.RETURN or not part.returns.filter(closed_at__gt=last.created_at).exists()


@retry_on_conflict
@transaction.atomic
def accept_offer(*, customer: User, dispute: Dispute, offer_id: int, now: datetime | None = None) -> Dispute:
    """The buyer takes what the vendor offers: points move at once, or the goods go on their way.

    Raises:
        Dispute.DoesNotExist: it is someone else's.
        OfferChanged: the vendor offers something else by now.
        IllegalDisputeStep: no offer stands.
    """
    part, one = lock_dispute(dispute, customer=customer)
    if one.state != _D.OFFERED:
        raise IllegalDisputeStep(old=one.state, new=_D.AGREED)
    offer = one.remedies.filter(side=Side.VENDOR).latest("created_at", "pk")
    if offer.pk != offer_id:
        raise OfferChanged
    who = {"side": Side.BUYER, "actor": customer, "now": now}
    if offer.kind == _K.RETURN:
        one.agreed_return = send_back_first(part, one, offer)
        return enter(one, _D.RETURNING, DisputeStep.ACCEPTED, **who)  # type: ignore[arg-type]
    if offer.kind == _K.REPLACEMENT:
        one.escalate_from = (now or timezone.now()) + replace_within()
        return enter(one, _D.REPLACING, DisputeStep.ACCEPTED, deadline=one.escalate_from, **who)  # type: ignore[arg-type]
    paid = pay_back(part, one, offer, actor=customer)
    return enter(one, _D.AGREED, DisputeStep.ACCEPTED, points=paid.total_points, **who)  # type: ignore[arg-type]


@retry_on_conflict
@transaction.atomic
def confirm_replacement(*, customer: User, dispute: Dispute) -> Dispute:
    """What the vendor sent again arrived.

    Raises:
        Dispute.DoesNotExist: it is someone else's.
        IllegalDisputeStep: no replacement was agreed.
    """
    _part, one = lock_dispute(dispute, customer=customer)
    if one.state != _D.REPLACING:
        raise IllegalDisputeStep(old=one.state, new=_D.AGREED)
    return enter(one, _D.AGREED, DisputeStep.REPLACED, side=Side.BUYER, actor=customer)


@retry_on_conflict
@transaction.atomic
def withdraw_dispute(*, customer: User, dispute: Dispute) -> Dispute:
    """The buyer is content after all; no point moves.

    Raises:
        Dispute.DoesNotExist: it is someone else's.
        IllegalDisputeStep: it is decided, or over.
    """
    _part, one = lock_dispute(dispute, customer=customer)
    if one.state == _D.RETURNING:
        # Its return is withdrawn instead, and ends it.
        raise IllegalDisputeStep(old=one.state, new=_D.WITHDRAWN)
    return enter(one, _D.WITHDRAWN, DisputeStep.WITHDRAWN, side=Side.BUYER, actor=customer)


@retry_on_conflict
@transaction.atomic
def escalate_dispute(
    *,
    customer: User,
    dispute: Dispute,
    text: str = "",
    photos: Photos = (),
    now: datetime | None = None,
) -> Dispute:
    """Ask the marketplace to decide; what is said with it is the buyer's evidence.

    Raises:
        Dispute.DoesNotExist: it is someone else's.
        IllegalDisputeStep: the marketplace is asked already, or it is over.
        TooEarlyToEscalate: the vendor still has time.
    """
    now = now or timezone.now()
    _part, one = lock_dispute(dispute, customer=customer)
    check_dispute_step(one.state, _D.EVIDENCE)
    if one.state == _D.DECIDING:
        # That step is the staff's.
        raise IllegalDisputeStep(old=one.state, new=_D.EVIDENCE)
    if now < one.escalate_from:
        raise TooEarlyToEscalate
    one.awaits_buyer, one.awaits_vendor = not text, True
    if text:
        _say(
            one,
            side=Side.BUYER,
            author=customer,
            text=text,
            photos=photos,
            is_evidence=True,
            is_told=False,
            now=now,
        )
    return enter(
        one,
        _D.EVIDENCE,
        DisputeStep.ESCALATED,
        side=Side.BUYER,
        actor=customer,
        deadline=now + evidence_within(),
        now=now,
    )


# The vendor -------------------------------------------------------------------------------
@retry_on_conflict
@transaction.atomic
def make_offer(
    *,
    vendor: Partner,
    actor: User,
    dispute: Dispute,
    kind: RemedyKind,
    reason: str,
    points: Mapping[int, int] | None = None,
    shipping_points: int = 0,
    now: datetime | None = None,
) -> Remedy:
    """The vendor says what it would do; ``points`` by line id for a part. The buyer accepts it or does not.

    Raises:
        Dispute.DoesNotExist: it is another vendor's.
        IllegalDisputeStep: the marketplace decides already, or it is over.
        RemedyNotPossible, IllegalRemedy: it could not be carried out.
    """
    now = now or timezone.now()
    part, one = lock_dispute(dispute, vendor=vendor)
    check_dispute_step(one.state, _D.OFFERED)
    remedy = write_remedy(
        part, one, side=Side.VENDOR, kind=kind, reason=reason, actor=actor, points=points,
        shipping_points=shipping_points,
    )  # fmt: skip
    # Whoever got an offer late has time to think it over.
    deadline = one.escalate_from if now < one.escalate_from else now + lapse_after()
    enter(one, _D.OFFERED, DisputeStep.OFFERED, side=Side.VENDOR, actor=actor, deadline=deadline, now=now)
    return remedy


@retry_on_conflict
@transaction.atomic
def refuse_dispute(
    *, vendor: Partner, actor: User, dispute: Dispute, reason: str, now: datetime | None = None
) -> Dispute:
    """The vendor sees no fault, and says why; the buyer may ask the marketplace at once.

    Raises:
        Dispute.DoesNotExist: it is another vendor's.
        IllegalDisputeStep: it is refused already, the marketplace decides, or it is over.
    """
    now = now or timezone.now()
    _part, one = lock_dispute(dispute, vendor=vendor)
    check_dispute_step(one.state, _D.REFUSED)
    _say(one, side=Side.VENDOR, author=actor, text=reason, is_told=False, now=now)
    one.escalate_from = min(one.escalate_from, now)
    return enter(
        one,
        _D.REFUSED,
        DisputeStep.REFUSED,
        side=Side.VENDOR,
        actor=actor,
        deadline=now + lapse_after(),
        now=now,
    )


# Both -------------------------------------------------------------------------------------
@retry_on_conflict
@transaction.atomic
def write_dispute_message(
    *,
    dispute: Dispute,
    side: Side,
    author: User,
    text: str,
    photos: Photos = (),
    now: datetime | None = None,
) -> DisputeMessage:
    """Say something; where the marketplace waits for this side, it is its evidence. The other side is told.

    Raises:
        IllegalDisputeStep: it is over.
    """
    _part, one = lock_dispute(dispute)
    if not one.is_open:
        raise IllegalDisputeStep(old=one.state, new=one.state)
    is_evidence = one.awaits(side)
    message = _say(one, side=side, author=author, text=text, photos=photos, is_evidence=is_evidence, now=now)
    if is_evidence:
        _has_spoken(one, side=side, author=author, now=now or timezone.now())
    return message


@retry_on_conflict
@transaction.atomic
def appeal_dispute(
    *,
    dispute: Dispute,
    actor: User,
    text: str,
    photos: Photos = (),
    customer: User | None = None,
    vendor: Partner | None = None,
    now: datetime | None = None,
) -> Dispute:
    """Ask once for another decision, with something new; ``customer`` or ``vendor`` says who.

    Raises:
        Dispute.DoesNotExist: it is someone else's.
        IllegalDisputeStep: nothing is decided, it was appealed before, or it is over.
        AppealTimeOver: the decision is about to be carried out.
    """
    now = now or timezone.now()
    if (customer is None) == (vendor is None):
        raise TypeError("An appeal is the customer's or the vendor's.")
    _part, one = lock_dispute(dispute, customer=customer, vendor=vendor)
    check_dispute_step(one.state, _D.APPEALED)
    if one.deadline is not None and now > one.deadline:
        raise AppealTimeOver
    side = Side.BUYER if customer is not None else Side.VENDOR
    one.appealed_by = side
    _say(one, side=side, author=actor, text=text, photos=photos, is_evidence=True, is_told=False, now=now)
    return enter(
        one,
        _D.APPEALED,
        DisputeStep.APPEALED,
        side=side,
        actor=actor,
        deadline=now + decide_within(),
        now=now,
    )


def _has_spoken(one: Dispute, *, side: Side, author: User, now: datetime) -> None:
    if side == Side.BUYER:
        one.awaits_buyer = False
    else:
        one.awaits_vendor = False
    if one.awaits_buyer or one.awaits_vendor:
        one.save(update_fields=["awaits_buyer", "awaits_vendor"])
        log(one, DisputeStep.GAVE_EVIDENCE, side=side, actor=author, now=now)
    else:
        enter(
            one, _D.DECIDING, DisputeStep.READY, side=side, actor=author, deadline=now + decide_within(),
            now=now,
        )  # fmt: skip


def _say(
    one: Dispute,
    *,
    side: Side,
    author: User,
    text: str,
    photos: Photos = (),
    is_evidence: bool = False,
    is_told: bool = True,
    now: datetime | None = None,
) -> DisputeMessage:
    """``is_told``: not where a step that goes with it says more."""
    message = DisputeMessage.objects.create(
        of=one, side=side, author=author, text=text, is_evidence=is_evidence, created_at=now or timezone.now()
    )
    _keep_photos(one, photos, message=message)
    if is_told:
        enqueue(topic="dispute.message", payload={"message_id": message.pk})
    return message


def _keep_photos(one: Dispute, photos: Photos, *, message: DisputeMessage | None = None) -> None:
    for photo in photos[:MOST_PHOTOS]:
        DisputePhoto.objects.create(of=one, message=message, file=photo)
