"""What every step of a dispute needs: its locks (the vendor order, then the dispute), its state, its history.

Below the services that decide (``disputes``, ``arbitration``, ``dispute_deadlines``) and below ``returns``,
since some disputes end with one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from forked_apps.order.dispute_models import Dispute, DisputeEvent, DisputeState, DisputeStep
from forked_apps.order.dispute_rules import check_dispute_step, decide_within
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.numbers import shipping_reference
from forked_apps.order.return_models import Return, ReturnState, Side
from forked_apps.order.services.delivery import release_part
from forked_apps.order.services.parts import allocation_references, lock_part
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue

if TYPE_CHECKING:
    from marketplace.users.models import User

_D = DisputeState


def lock_dispute(
    dispute: Dispute, *, vendor: Partner | None = None, customer: User | None = None
) -> tuple[VendorOrder, Dispute]:
    """This vendor's or this customer's, with its vendor order, as both are now.

    Raises:
        Dispute.DoesNotExist: it is someone else's.
    """
    found = Dispute.objects.filter(pk=dispute.pk)
    if vendor is not None:
        found = found.filter(vendor_order__vendor=vendor)
    if customer is not None:
        found = found.filter(vendor_order__order__user=customer)
    part = lock_part(found.select_related("vendor_order").get().vendor_order)
    locked = Dispute.objects.select_for_update(no_key=True, of=("self",)).get(pk=dispute.pk)
    locked.vendor_order = part
    return part, locked


def enter(
    one: Dispute,
    state: DisputeState,
    step: DisputeStep,
    *,
    side: Side | None = None,
    actor: User | None = None,
    deadline: datetime | None = None,
    points: int = 0,
    now: datetime | None = None,
) -> Dispute:
    """Go to that state and write down who brought it there; once it is over, what was held goes on its way.

    Raises:
        IllegalDisputeStep: the table of steps has no such step.
    """
    check_dispute_step(one.state, state)
    old = one.state
    one.state, one.deadline = state, deadline
    if state != _D.EVIDENCE:
        one.awaits_buyer = one.awaits_vendor = False
    if not one.is_open:
        one.closed_at = now or timezone.now()
    one.save()
    log(one, step, old=old, side=side, actor=actor, points=points, now=now)
    if not one.is_open:
        _release_what_is_over(one.vendor_order, actor=actor)
    return one


def log(
    one: Dispute,
    step: DisputeStep,
    *,
    old: str | None = None,
    side: Side | None = None,
    actor: User | None = None,
    points: int = 0,
    now: datetime | None = None,
) -> DisputeEvent:
    """Write a line of its history; both sides are told what concerns them."""
    event = DisputeEvent.objects.create(
        of=one,
        step=step,
        old_state=one.state if old is None else old,
        new_state=one.state,
        side=side or "",
        actor=actor,
        points=points,
        created_at=now or timezone.now(),
    )
    until = timezone.localdate(one.deadline).isoformat() if one.deadline else ""
    enqueue(topic="dispute.event", payload={"event_id": event.pk, "until": until})
    return event


def follow_return(ended: Return) -> None:
    """The return that a dispute waits for is over; its caller holds the vendor order's lock."""
    found = Dispute.objects.filter(agreed_return=ended, state=_D.RETURNING)
    one = found.select_for_update(no_key=True, of=("self",)).first()
    if one is None:
        return
    one.vendor_order = ended.vendor_order
    if ended.state == ReturnState.REFUNDED:
        one.refunded_points += ended.refunded_points
        was_decided = one.remedies.filter(side=Side.MARKETPLACE).exists()
        state = _D.FOR_BUYER if was_decided else _D.AGREED
        enter(one, state, DisputeStep.RETURN_ENDED, points=ended.refunded_points)
    elif ended.state == ReturnState.WITHDRAWN:
        # The buyer keeps it, or did not send it in time.
        enter(one, _D.WITHDRAWN, DisputeStep.RETURN_ENDED)
    else:
        deadline = timezone.now() + decide_within()
        enter(one, _D.DECIDING, DisputeStep.RETURN_ENDED, side=Side.VENDOR, deadline=deadline)


def _release_what_is_over(part: VendorOrder, *, actor: User | None) -> None:
    """Where nothing is with the buyer any more, no reserve lets the rest go: the way, and deductions."""
    if part.status == VendorOrderStatus.RETURNED:
        release_part(part, allocation_references(part), actor=actor)
    elif part.status == VendorOrderStatus.REFUSED and part.shipping_points:
        release_part(part, [shipping_reference(part.number)], actor=actor)
