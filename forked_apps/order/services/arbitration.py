"""The marketplace decides between a buyer and a vendor, and carries out what is final.

Until a decision cannot be appealed any more no point moves: escrow keeps what it holds, and what the vendor
has already stays the vendor's. Then beat carries it out; after an appeal, the second decision at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from forked_apps.order.dispute_errors import (
    IllegalDisputeStep,
    OwnDispute,
    SamePersonDecides,
)
from forked_apps.order.dispute_models import (
    WITH_STAFF,
    Dispute,
    DisputeMessage,
    DisputeState,
    DisputeStep,
    Remedy,
    RemedyKind,
)
from forked_apps.order.dispute_rules import appeal_within, check_dispute_step, evidence_within
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import Side
from forked_apps.order.services.dispute_steps import enter, lock_dispute
from forked_apps.order.services.remedies import pay_back, send_back_first, write_remedy
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

_D, _K = DisputeState, RemedyKind


@retry_on_conflict
@transaction.atomic
def ask_for_evidence(
    *,
    actor: User,
    dispute: Dispute,
    sides: Collection[Side],
    question: str,
    now: datetime | None = None,
) -> Dispute:
    """Ask one side, or both, for more; they have as long as the first time.

    Raises:
        IllegalDisputeStep: it does not wait for a first decision.
        OwnDispute: the person is the buyer, or works for the vendor.
    """
    now = now or timezone.now()
    part, one = lock_dispute(dispute)
    _check_no_party(part, actor)
    if one.state != _D.DECIDING:
        raise IllegalDisputeStep(old=one.state, new=_D.EVIDENCE)
    one.awaits_buyer, one.awaits_vendor = Side.BUYER in sides, Side.VENDOR in sides
    message = DisputeMessage.objects.create(
        of=one, side=Side.MARKETPLACE, author=actor, text=question, created_at=now
    )
    enqueue(topic="dispute.message", payload={"message_id": message.pk})
    return enter(
        one,
        _D.EVIDENCE,
        DisputeStep.ASKED,
        side=Side.MARKETPLACE,
        actor=actor,
        deadline=now + evidence_within(),
        now=now,
    )


@retry_on_conflict
@transaction.atomic
def decide_dispute(
    *,
    actor: User,
    dispute: Dispute,
    kind: RemedyKind,
    reason: str,
    points: Mapping[int, int] | None = None,
    shipping_points: int = 0,
    now: datetime | None = None,
) -> Dispute:
    """Decide; ``points`` by line id for a part. Both sides read the reason.

    The first decision waits for an appeal; the one after an appeal is final and carried out at once.

    Raises:
        IllegalDisputeStep: it does not wait for a decision.
        SamePersonDecides: the person decided about it before.
        OwnDispute: the person is the buyer, or works for the vendor.
        RemedyNotPossible, IllegalRemedy: it could not be carried out.
    """
    now = now or timezone.now()
    part, one = lock_dispute(dispute)
    if one.state not in WITH_STAFF:
        raise IllegalDisputeStep(old=one.state, new=_D.DECIDED)
    _check_no_party(part, actor)
    decisions = one.remedies.filter(side=Side.MARKETPLACE)
    if one.appealed_by and decisions.filter(actor=actor).exists():
        raise SamePersonDecides
    remedy = write_remedy(
        part, one, side=Side.MARKETPLACE, kind=kind, reason=reason, actor=actor, points=points,
        shipping_points=shipping_points,
    )  # fmt: skip
    if one.appealed_by:
        return carry_out(part, one, remedy, step=DisputeStep.CARRIED_OUT, actor=actor, now=now)
    return enter(
        one,
        _D.DECIDED,
        DisputeStep.DECIDED,
        side=Side.MARKETPLACE,
        actor=actor,
        deadline=now + appeal_within(),
        now=now,
    )


def decide_for_silent_vendor(part: VendorOrder, one: Dispute, *, now: datetime) -> Dispute:
    """Nobody decides here but the rules: who is asked and stays silent agrees. It may be appealed too."""
    remedy = write_remedy(part, one, side=Side.MARKETPLACE, kind=_K.REFUND, reason="", actor=None)
    if one.appealed_by:
        return carry_out(part, one, remedy, step=DisputeStep.CARRIED_OUT, actor=None, now=now)
    return enter(one, _D.DECIDED, DisputeStep.DECIDED, deadline=now + appeal_within(), now=now)


def carry_out(
    part: VendorOrder,
    one: Dispute,
    remedy: Remedy,
    *,
    step: DisputeStep,
    actor: User | None,
    now: datetime | None = None,
) -> Dispute:
    """Do what was decided for good; the caller holds both locks."""
    side = Side.MARKETPLACE if actor is not None else None
    if remedy.kind == _K.NOTHING:
        return enter(one, _D.FOR_VENDOR, step, side=side, actor=actor, now=now)
    if remedy.kind == _K.RETURN:
        check_dispute_step(one.state, _D.RETURNING)
        one.agreed_return = send_back_first(part, one, remedy)
        return enter(one, _D.RETURNING, step, side=side, actor=actor, now=now)
    paid = pay_back(part, one, remedy, actor=actor)
    return enter(one, _D.FOR_BUYER, step, side=side, actor=actor, points=paid.total_points, now=now)


def last_decision(one: Dispute) -> Remedy:
    return one.remedies.filter(side=Side.MARKETPLACE).latest("created_at", "pk")


def _check_no_party(part: VendorOrder, actor: User) -> None:
    # Members are the portal's, above this package; the relation is known by its name alone.
    works_there = Partner.objects.filter(pk=part.vendor_id, members__user=actor, members__is_active=True)
    if part.order.user_id == actor.pk or works_there.exists():
        raise OwnDispute
