"""The end of the way: goods are handed over, or refused at the door, and what was kept is paid for.

After delivery the points wait out a reserve (``forked_apps.order.reserve``); then they are the vendor's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from forked_apps.order.dispute_errors import DisputeOpen
from forked_apps.order.dispute_models import OPEN_DISPUTES, Dispute, DisputeReason
from forked_apps.order.errors import HandoverLocked, ReturnOpen, WrongHandoverCode
from forked_apps.order.handover import MOST_FAILURES, is_handover_code
from forked_apps.order.models import DeliveryProof, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.numbers import shipping_reference
from forked_apps.order.reserve import ASSUMED_AFTER, release_day
from forked_apps.order.return_models import OPEN_RETURNS
from forked_apps.order.services.parts import (
    allocation_references,
    check_pieces,
    lock_part,
    move,
    pieces_of,
    put_back_in_stock,
    reduce_lines,
)
from forked_apps.order.status import check_step
from forked_apps.partner.models import Partner
from forked_apps.payment.sources import source_of
from marketplace.outbox.services import enqueue, enqueue_many
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

_S = VendorOrderStatus
IN_RESERVE = (_S.DELIVERED, _S.PARTLY_RETURNED)
#: Looked after in one call, so that a task ends.
MOST_AT_ONCE = 500


def hand_over(
    *,
    vendor: Partner,
    actor: User,
    vendor_order: VendorOrder,
    code: str,
    refused: Mapping[int, int] | None = None,
    reason: str = "",
) -> VendorOrder:
    """The buyer gave the courier their code: it arrived, but for the pieces (by line id) that were refused.

    Refused pieces are paid back at once and are in stock again; the delivery charge stays the vendor's.

    Raises:
        IllegalStep: it is not on its way, or arrived already.
        WrongHandoverCode: the code is another one; it was counted.
        HandoverLocked: too many wrong codes were typed for this order.
        PiecesNotThere: more is refused than was sent.
    """
    _check_code(vendor=vendor, vendor_order=vendor_order, code=code)
    return _hand_over(
        vendor=vendor, actor=actor, vendor_order=vendor_order, refused=dict(refused or {}), reason=reason
    )


@retry_on_conflict
def _check_code(*, vendor: Partner, vendor_order: VendorOrder, code: str) -> None:
    """A transaction of its own: a wrong code stays counted, whatever happens next."""
    with transaction.atomic():
        locked = lock_part(vendor_order, vendor=vendor)
        check_step(locked.status, _S.DELIVERED)
        if locked.handover_failures >= MOST_FAILURES:
            raise HandoverLocked
        is_right = is_handover_code(locked, code)
        if not is_right:
            locked.handover_failures += 1
            locked.save(update_fields=["handover_failures"])
    if not is_right:
        raise WrongHandoverCode(left=MOST_FAILURES - locked.handover_failures)


@retry_on_conflict
@transaction.atomic
def _hand_over(
    *, vendor: Partner, actor: User, vendor_order: VendorOrder, refused: dict[int, int], reason: str
) -> VendorOrder:
    locked = lock_part(vendor_order, vendor=vendor)
    check_step(locked.status, _S.DELIVERED)
    arrived = {pk: pieces.arrived for pk, pieces in pieces_of(locked).items() if pieces.arrived}
    if not refused:
        return _deliver(locked, proof=DeliveryProof.CODE, actor=actor)
    check_pieces(refused, arrived)
    effects = reduce_lines(locked, refused, kind=ReductionKind.REFUSED, actor=actor, reason=reason)
    if refused == arrived:
        move(locked, to=_S.REFUSED, actor=actor, note=reason)
        release_part(
            locked, [shipping_reference(locked.number)] if locked.shipping_points else [], actor=actor
        )
    else:
        _deliver(locked, proof=DeliveryProof.CODE, actor=actor)
    put_back_in_stock(refused)
    enqueue_many(effects)
    return locked


@transaction.atomic
def mark_delivered(*, vendor: Partner, actor: User, vendor_order: VendorOrder) -> VendorOrder:
    """The vendor says that it arrived, without the buyer's code.

    Raises:
        IllegalStep: not everything was shipped.
    """
    return _deliver(lock_part(vendor_order, vendor=vendor), proof=DeliveryProof.VENDOR, actor=actor)


def assume_deliveries(*, now: datetime | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Take as delivered what nobody has spoken of for long after its day; both sides are told. How many."""
    now = now or timezone.now()
    late = VendorOrder.objects.filter(
        status=_S.SHIPPED, deliver_until__lt=timezone.localdate(now) - ASSUMED_AFTER
    ).order_by("deliver_until", "pk")
    # A parcel that was sent late gets as long as any other.
    late = late.exclude(parcels__shipped_at__gt=now - ASSUMED_AFTER)
    late = late.exclude(Exists(_said_to_be_missing().filter(vendor_order=OuterRef("pk"))))
    return _each(late[:limit], _assume)


@transaction.atomic
def _assume(vendor_order: VendorOrder) -> bool:
    locked = lock_part(vendor_order)
    if locked.status != _S.SHIPPED or is_said_to_be_missing(locked):
        return False
    _deliver(locked, proof=DeliveryProof.ASSUMED, actor=None)
    return True


def complete_due(*, today: date | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Let vendors have what waited out its reserve; how many vendor orders are complete now."""
    due = VendorOrder.objects.filter(status__in=IN_RESERVE, release_on__lte=today or timezone.localdate())
    due = due.exclude(returns__state__in=OPEN_RETURNS).exclude(disputes__state__in=OPEN_DISPUTES)
    due = due.order_by("release_on", "pk")
    return _each(due[:limit], _complete)


@retry_on_conflict
@transaction.atomic
def _complete(vendor_order: VendorOrder) -> bool:
    locked = lock_part(vendor_order)
    if locked.status not in IN_RESERVE or has_open_return(locked) or has_open_dispute(locked):
        return False
    _finish(locked, actor=None)
    return True


def _each(vendor_orders: Iterable[VendorOrder], work: Callable[[VendorOrder], bool]) -> int:
    """Each in a transaction of its own: what goes wrong with one keeps no other waiting."""
    return sum(work(vendor_order) for vendor_order in list(vendor_orders))


@retry_on_conflict
@transaction.atomic
def complete_vendor_order(*, vendor_order: VendorOrder, actor: User | None) -> VendorOrder:
    """The customer keeps what was delivered: what escrow holds for it goes to the vendor, less commission.

    Raises:
        IllegalStep: it was not delivered, or is complete already.
        ReturnOpen: the buyer wants to send some of it back.
        DisputeOpen: the buyer says that something is wrong with it.
    """
    locked = lock_part(vendor_order)
    if has_open_return(locked):
        raise ReturnOpen
    if has_open_dispute(locked):
        raise DisputeOpen
    return _finish(locked, actor=actor)


def has_open_return(locked: VendorOrder) -> bool:
    return locked.returns.filter(state__in=OPEN_RETURNS).exists()


def has_open_dispute(locked: VendorOrder) -> bool:
    return locked.disputes.filter(state__in=OPEN_DISPUTES).exists()


def is_said_to_be_missing(locked: VendorOrder) -> bool:
    """Whether the buyer says that it did not arrive, and nobody has settled that."""
    return _said_to_be_missing().filter(vendor_order=locked).exists()


def _said_to_be_missing() -> QuerySet[Dispute]:
    return Dispute.objects.filter(state__in=OPEN_DISPUTES, reason=DisputeReason.NOT_DELIVERED)


def _finish(locked: VendorOrder, *, actor: User | None) -> VendorOrder:
    move(locked, to=_S.COMPLETED, actor=actor)
    release_part(locked, allocation_references(locked), actor=actor)
    return locked


def release_part(locked: VendorOrder, references: list[str], *, actor: User | None) -> None:
    """What escrow still holds of these is the vendor's, less commission; done once.

    Nothing while something is said to be wrong with it: the end of the dispute asks again.
    """
    if has_open_dispute(locked):
        return
    source_of(locked.order).release(
        order=locked.order, references=references, actor_id=actor.pk if actor else None
    )


def _deliver(locked: VendorOrder, *, proof: DeliveryProof, actor: User | None) -> VendorOrder:
    locked.delivered_at, locked.delivery_proof = timezone.now(), proof
    locked.release_on = release_day(
        vendor=locked.vendor, proof=proof, delivered_on=timezone.localdate(locked.delivered_at)
    )
    move(locked, to=_S.DELIVERED, actor=actor)
    enqueue(topic="vendor_order.delivered", payload={"vendor_order_id": locked.pk})
    return locked
