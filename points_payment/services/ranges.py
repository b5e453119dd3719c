"""Ranges of a batch's cards on their way to shops: sent, activated, frozen, returned, void, expired.

A shop owes the face value of the cards that were activated for it; it has no margin here. Cards that
come back or are void are owed no more, redeemed ones always are.

Locks: batch, consignments by id, cards. Redemption takes a card's lock only, and looks at the range
after that (``consignments.is_open``), so it never waits the other way round.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from points_payment.errors import (
    CardsNotStocked,
    HolderInactive,
    InvalidAmount,
    Overpaid,
    PartsLeft,
    RangeOutside,
    RangeOverlaps,
    WrongBatchState,
    WrongRangeState,
)
from points_payment.kinds import (
    AccountKind,
    BatchState,
    CardState,
    ConsignmentState,
    TransferKind,
)
from points_payment.models import Batch, Card, Consignment, Distributor, Shop
from points_payment.models.supply import GONE
from points_payment.retry import retry_on_conflict
from points_payment.selectors import account_points
from points_payment.services.batches import TRANSITIONS, enter_state, require_other_person
from points_payment.services.card_states import (
    WORTH,
    Span,
    held_numbers,
    lock_batch,
    move_cards,
    record_cards,
)
from points_payment.services.consignments import (
    OPEN,
    lock_open,
    owe_no_more,
    record_consignment,
    reference_of,
    span_of,
    span_of_batch,
    void_consignments,
)
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import Posting, find_posted, post_transfer

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Cards of such a batch are here, and may be sent on.
CONSIGNABLE = frozenset({BatchState.RECEIVED, BatchState.STOCKED, BatchState.ACTIVE})
#: Cards of such a batch may become active.
ACTIVATABLE = frozenset({BatchState.EXPORTED, *CONSIGNABLE})


# Sending --------------------------------------------------------------------------------


@retry_on_conflict
@transaction.atomic
def receive_batch(*, batch: Batch, actor: User, reason: str = "") -> Batch:
    """The printed cards arrived and were counted.

    Raises:
        WrongBatchState: its codes did not go to the printer, or it was received before.
    """
    locked = lock_batch(batch.pk)
    if locked.state not in TRANSITIONS[BatchState.RECEIVED]:
        raise WrongBatchState(state=locked.state, wanted=BatchState.RECEIVED)
    return enter_state(locked, BatchState.RECEIVED, actor=actor, reason=reason)


@retry_on_conflict
@transaction.atomic
def consign_range(
    *,
    batch: Batch,
    first_number: int,
    last_number: int,
    actor: User,
    distributor: Distributor | None = None,
    shop: Shop | None = None,
    parent: Consignment | None = None,
    reason: str = "",
) -> Consignment:
    """Send a range of cards that were never active to a distributor or a shop; nobody owes anything yet.

    ``parent`` is the distributor's consignment that a shop gets its part of.

    Raises:
        WrongBatchState: its cards have not arrived, or are gone.
        WrongRangeState: the distributor's consignment is frozen or gone.
        HolderInactive: who should get them gets no new cards.
        RangeOutside: the numbers are not the batch's, or not the distributor's.
        RangeOverlaps: some of them were sent before.
        CardsNotStocked: some of them are or were active.
    """
    locked = lock_batch(batch.pk)
    if locked.state not in CONSIGNABLE or locked.expires_on < timezone.localdate():
        raise WrongBatchState(state=locked.state, wanted=BatchState.STOCKED)
    span = Span(locked.pk, first_number, last_number)
    if parent is not None:
        parent = _lock_consignment(parent, given=(ConsignmentState.SENT,))
        if parent.distributor_id is None:
            raise WrongRangeState(state=parent.state, wanted=ConsignmentState.SENT)
    holder = shop if parent is not None else shop or distributor
    if holder is None or not type(holder).objects.filter(pk=holder.pk, is_active=True).exists():
        raise HolderInactive
    outer = span_of(parent) if parent else span_of_batch(locked)
    if span.cards < 1 or span not in outer:
        raise RangeOutside(first_number=outer.first_number, last_number=outer.last_number)
    if other := overlapping(span, within_parts=parent is not None):
        raise RangeOverlaps(consignment_id=other.pk)
    used = Card.objects.filter(batch=locked, number__range=(first_number, last_number)).exclude(
        state__in=[CardState.STOCKED, CardState.VOID]
    )
    if count := used.count():
        raise CardsNotStocked(cards=count)
    sent = Consignment.objects.create(
        batch=locked,
        parent=parent,
        distributor=None if shop else distributor,
        shop=shop,
        first_number=first_number,
        last_number=last_number,
    )
    record_consignment(sent, ConsignmentState.SENT, cards=span.cards, actor_id=actor.pk, reason=reason)
    return sent


def overlapping(span: Span, *, within_parts: bool) -> Consignment | None:
    """A consignment that holds some of these cards already, among the parts of others or not."""
    return (
        Consignment.objects.filter(
            parent__isnull=not within_parts,
            batch_id=span.batch_id,
            first_number__lte=span.last_number,
            last_number__gte=span.first_number,
        )
        .exclude(state__in=GONE)
        .order_by("first_number")
        .first()
    )


# Activating -----------------------------------------------------------------------------


@retry_on_conflict
@transaction.atomic
def deliver_and_activate_range(
    *,
    consignment: Consignment,
    actor: User,
    reason: str = "",
    first_number: int | None = None,
    last_number: int | None = None,
) -> Consignment:
    """The shop got its cards: they can be redeemed, and the shop owes their face value.

    Of a part of the range, if numbers are given: the rest stays on its way, as consignments of their own.

    Raises:
        WrongRangeState: it is not on its way to a shop, or the distributor's range is frozen.
        WrongBatchState: the batch is frozen or gone, or its last day is over.
        SamePerson: who drafted the batch activates none of it.
        RangeOutside: the numbers are not the consignment's.
        CardsNotStocked: none of its cards can become active.
    """
    batch, one = _begin(
        consignment, given=(ConsignmentState.SENT,), wanted=ConsignmentState.ACTIVE,
        first_number=first_number, last_number=last_number, actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    require_other_person(batch, actor)
    if batch.state not in ACTIVATABLE or batch.expires_on < timezone.localdate():
        raise WrongBatchState(state=batch.state, wanted=BatchState.ACTIVE)
    if one.shop_id is None:
        raise WrongRangeState(state=one.state, wanted=ConsignmentState.ACTIVE)
    if batch.state != BatchState.ACTIVE:
        enter_state(batch, BatchState.ACTIVE, actor=actor, reason=reason)
    active = move_cards(span_of(one), given=[CardState.STOCKED], to=CardState.ACTIVE)
    if not active:
        raise CardsNotStocked(cards=one.cards)
    value = active * batch.face_value_points
    posted = post_transfer(
        kind=TransferKind.CARD_ACTIVATION,
        idempotency_key=f"consignment:{one.pk}:activate",
        reference=reference_of(one),
        actor_id=actor.pk,
        reason=reason,
        postings=[
            Posting(AccountKind.SHOP, one.shop_id, -value),
            Posting(AccountKind.BATCH, batch.pk, value),
        ],
    )
    record_cards(
        batch, span_of(one), to=CardState.ACTIVE, actor_id=actor.pk, reason=reason, consignment_id=one.pk,
        transfer_id=posted.transfer_id,
    )  # fmt: skip
    one.activated_at = timezone.now()
    return record_consignment(
        one, ConsignmentState.ACTIVE, cards=active, owed_points=value, transfer_id=posted.transfer_id,
        actor_id=actor.pk, reason=reason,
    )  # fmt: skip


# Freezing -------------------------------------------------------------------------------


@retry_on_conflict
@transaction.atomic
def freeze_range(
    *,
    consignment: Consignment,
    actor: User,
    reason: str,
    first_number: int | None = None,
    last_number: int | None = None,
) -> Consignment:
    """Let no card of the range be redeemed: it was stolen, or lost on its way.

    A distributor's range is frozen with all of its parts. When this returns, no redemption of one of
    its cards is under way.

    Raises:
        WrongRangeState: it is frozen or gone.
        RangeOutside, PartsLeft: as for the other steps with a part of a range.
    """
    batch, one = _begin(
        consignment, given=(ConsignmentState.SENT, ConsignmentState.ACTIVE), wanted=ConsignmentState.FROZEN,
        first_number=first_number, last_number=last_number, actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    frozen = 0
    for part in _activated_within(one):
        frozen += move_cards(span_of(part), given=[CardState.ACTIVE], to=CardState.FROZEN)
        record_cards(
            batch, span_of(part), to=CardState.FROZEN, actor_id=actor.pk, reason=reason, consignment_id=one.pk
        )
    return record_consignment(one, ConsignmentState.FROZEN, cards=frozen, actor_id=actor.pk, reason=reason)


@retry_on_conflict
@transaction.atomic
def unfreeze_range(*, consignment: Consignment, actor: User, reason: str) -> Consignment:
    """The range is where it belongs: what was active in it is again, but for cards frozen one by one.

    Raises:
        WrongRangeState: it is not frozen, or the distributor's range around it is.
        SamePerson: who drafted the batch lets none of it be redeemed.
    """
    batch, one = _begin(
        consignment, given=(ConsignmentState.FROZEN,), wanted=ConsignmentState.ACTIVE, actor_id=actor.pk,
        reason=reason,
    )  # fmt: skip
    require_other_person(batch, actor)
    thawed = 0
    for part in _activated_within(one):
        if part.pk != one.pk and part.state == ConsignmentState.FROZEN:
            continue
        thawed += move_cards(
            span_of(part), given=[CardState.FROZEN], to=CardState.ACTIVE, but_not=held_numbers(span_of(part))
        )
        record_cards(
            batch, span_of(part), to=CardState.ACTIVE, actor_id=actor.pk, reason=reason, consignment_id=one.pk
        )
    before = ConsignmentState.ACTIVE if one.activated_at else ConsignmentState.SENT
    return record_consignment(one, before, cards=thawed, actor_id=actor.pk, reason=reason)


def _activated_within(consignment: Consignment) -> list[Consignment]:
    """The consignment itself, or its parts, as far as a shop holds them and their cards were activated."""
    if consignment.shop_id is not None:
        return [consignment] if consignment.activated_at else []
    return [part for part in _lock_parts(consignment) if part.activated_at]


# Coming back, and the end ---------------------------------------------------------------


@retry_on_conflict
@transaction.atomic
def return_range(
    *,
    consignment: Consignment,
    actor: User,
    reason: str,
    first_number: int | None = None,
    last_number: int | None = None,
) -> Consignment:
    """The cards came back unsold: they are not active any more, owed no more, and may be sent again.

    Redeemed cards stay owed. Cards that were frozen one by one come back too, but become void.

    Raises:
        WrongRangeState: it is frozen (look into that first) or gone.
        PartsLeft: shops still hold parts of it.
        RangeOutside: the numbers are not the consignment's.
    """
    batch, one = _begin(
        consignment, given=(ConsignmentState.SENT, ConsignmentState.ACTIVE), wanted=ConsignmentState.RETURNED,
        first_number=first_number, last_number=last_number, actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    if _lock_parts(one):
        raise PartsLeft
    # Frozen ones are suspicious: they come back, but are never sold again.
    held = held_numbers(span_of(one)) if one.activated_at else []
    back = move_cards(span_of(one), given=[CardState.ACTIVE], to=CardState.STOCKED)
    back += move_cards(span_of(one), given=[CardState.FROZEN], to=CardState.VOID)
    transfer_id = owe_no_more(
        batch, {one: back}, kind=TransferKind.CARD_RETURN, key=f"consignment:{one.pk}:return",
        reference=reference_of(one), actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    if back:
        record_cards(
            batch, span_of(one), to=CardState.STOCKED, actor_id=actor.pk, reason=reason,
            consignment_id=one.pk, transfer_id=transfer_id,
        )  # fmt: skip
        for number in held:
            record_cards(
                batch, Span(batch.pk, number, number), to=CardState.VOID, actor_id=actor.pk, reason=reason,
                consignment_id=one.pk, transfer_id=transfer_id,
            )  # fmt: skip
    return record_consignment(
        one, ConsignmentState.RETURNED, cards=back, owed_points=-back * batch.face_value_points,
        transfer_id=transfer_id, actor_id=actor.pk, reason=reason,
    )  # fmt: skip


@retry_on_conflict
@transaction.atomic
def void_range(
    *,
    consignment: Consignment,
    actor: User,
    reason: str,
    first_number: int | None = None,
    last_number: int | None = None,
) -> Consignment:
    """Make the range's unredeemed cards worthless for good; the shop owes them no more.

    A distributor's range goes with all of its parts.

    Raises:
        WrongRangeState: it is gone.
        RangeOutside, PartsLeft: as for the other steps with a part of a range.
    """
    batch, one = _begin(
        consignment, given=OPEN, wanted=ConsignmentState.VOID, first_number=first_number,
        last_number=last_number, actor_id=actor.pk, reason=reason, even_within_frozen=True,
    )  # fmt: skip
    void_consignments(
        batch, [one, *_lock_parts(one)], key=f"consignment:{one.pk}:void", reference=reference_of(one),
        actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    move_cards(span_of(one), given=[CardState.STOCKED], to=CardState.VOID)
    record_cards(
        batch, span_of(one), to=CardState.VOID, actor_id=actor.pk, reason=reason, consignment_id=one.pk
    )
    one.refresh_from_db()
    return one


@retry_on_conflict
def expire_cards(*, today: date | None = None) -> int:
    """End the batches whose last day is over: what nobody redeemed is nobody's any more.

    Each batch in a transaction of its own; run again, it finds nothing to do. The shops go on owing
    what they sold. Returns how many cards expired.
    """
    day = today or timezone.localdate()
    due = Batch.objects.filter(expires_on__lt=day, state__in=TRANSITIONS[BatchState.EXPIRED])
    return sum(_expire_batch(batch_id, day) for batch_id in due.order_by("id").values_list("id", flat=True))


@transaction.atomic
def _expire_batch(batch_id: int, day: date) -> int:
    batch = lock_batch(batch_id)
    if batch.state not in TRANSITIONS[BatchState.EXPIRED] or batch.expires_on >= day:
        return 0
    span = span_of_batch(batch)
    worth = move_cards(span, given=WORTH, to=CardState.EXPIRED)
    rest = move_cards(span, given=[CardState.STOCKED], to=CardState.EXPIRED)
    transfer_id = None
    if worth:
        transfer_id = post_transfer(
            kind=TransferKind.CARD_EXPIRY,
            idempotency_key=f"batch:{batch.pk}:expire",
            reference=f"batch-{batch.pk}",
            postings=[
                Posting(AccountKind.BATCH, batch.pk, -worth * batch.face_value_points),
                Posting(AccountKind.BREAKAGE, 0, worth * batch.face_value_points),
            ],
        ).transfer_id
    enter_state(batch, BatchState.EXPIRED, actor=None, transfer_id=transfer_id)
    record_cards(batch, span, to=CardState.EXPIRED, actor_id=None, reason="", transfer_id=transfer_id)
    for one in lock_open(Q(batch=batch)):
        record_consignment(one, ConsignmentState.EXPIRED, cards=one.cards, actor_id=None, reason="")
    return worth + rest


# Payments -------------------------------------------------------------------------------


def owed_by(shop_id: int) -> int:
    """What a shop owes, in points; negative if it has paid for cards that came back since."""
    return -account_points(kind=AccountKind.SHOP, owner_id=shop_id)


@retry_on_conflict
@transaction.atomic
def record_shop_payment(
    *, shop: Shop, amount_points: int, reference: str, actor: User, idempotency_key: str, reason: str = ""
) -> int:
    """The shop paid in cash to ``actor``, who owes it to the platform from now on. Returns the transfer.

    Raises:
        InvalidAmount: the amount is not above 0, or there is no reference.
        Overpaid: the shop owes less.
        IdempotencyConflict: the key was used for another payment.
    """
    if amount_points <= 0 or not reference.strip():
        raise InvalidAmount(amount_points)
    key = f"shop-payment:{actor.pk}:{idempotency_key}"
    request_hash = hash_request("shop-payment", shop.pk, amount_points, reference, actor.pk, reason)
    # One payment at a time, or two could pay one debt.
    locked = Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    if earlier := find_posted(idempotency_key=key, request_hash=request_hash):
        return earlier.pk
    owed = owed_by(locked.pk)
    if amount_points > owed:
        raise Overpaid(owed_points=max(owed, 0))
    return post_transfer(
        kind=TransferKind.SHOP_PAYMENT,
        idempotency_key=key,
        request_hash=request_hash,
        reference=reference,
        actor_id=actor.pk,
        reason=reason,
        postings=[
            Posting(AccountKind.COLLECTIONS, actor.pk, -amount_points),
            Posting(AccountKind.SHOP, locked.pk, amount_points),
        ],
    ).transfer_id


# Locks, pieces and events ----------------------------------------------------------------


def _begin(
    consignment: Consignment,
    *,
    given: Collection[ConsignmentState],
    wanted: ConsignmentState,
    actor_id: int,
    reason: str,
    first_number: int | None = None,
    last_number: int | None = None,
    even_within_frozen: bool = False,
) -> tuple[Batch, Consignment]:
    """Lock batch and consignment, check its state, and cut out the part that is meant."""
    batch = lock_batch(consignment.batch_id)
    one = _lock_consignment(consignment, given=given, wanted=wanted)
    if (
        not even_within_frozen
        and one.parent is not None
        and one.parent.state == ConsignmentState.FROZEN
        and wanted != ConsignmentState.FROZEN
    ):
        raise WrongRangeState(state=one.parent.state, wanted=wanted)
    span = Span(batch.pk, first_number or one.first_number, last_number or one.last_number)
    if span.cards < 1 or span not in span_of(one):
        raise RangeOutside(first_number=one.first_number, last_number=one.last_number)
    if span != span_of(one):
        one = _cut_out(batch, one, span, actor_id=actor_id, reason=reason)
    return batch, one


def _cut_out(batch: Batch, whole: Consignment, span: Span, *, actor_id: int, reason: str) -> Consignment:
    """Split a consignment into pieces of the same state, one of them ``span``: ranges never change."""
    if _lock_parts(whole):
        raise PartsLeft
    state = ConsignmentState(whole.state)
    owed = {
        piece: _owed_for(piece, batch) if whole.activated_at else 0
        for piece in (
            Span(batch.pk, whole.first_number, span.first_number - 1),
            span,
            Span(batch.pk, span.last_number + 1, whole.last_number),
        )
        if piece.cards > 0
    }
    record_consignment(
        whole, ConsignmentState.SPLIT, cards=whole.cards, owed_points=-sum(owed.values()), actor_id=actor_id,
        reason=reason,
    )  # fmt: skip
    made = {}
    for piece, points in owed.items():
        made[piece] = Consignment.objects.create(
            batch=batch,
            parent_id=whole.parent_id,
            split_from=whole,
            distributor_id=whole.distributor_id,
            shop_id=whole.shop_id,
            first_number=piece.first_number,
            last_number=piece.last_number,
            activated_at=whole.activated_at,
        )
        record_consignment(
            made[piece], state, cards=piece.cards, owed_points=points, actor_id=actor_id, reason=reason
        )
    return made[span]


def _owed_for(span: Span, batch: Batch) -> int:
    """What an activated range's shop owes for these cards: of all but what was never active."""
    cards = Card.objects.filter(batch=batch, number__range=(span.first_number, span.last_number))
    replaced = Q(state=CardState.VOID, replacements__transfer__isnull=False)
    sold = cards.filter(Q(state__in=[*WORTH, CardState.REDEEMED]) | replaced)
    return sold.count() * batch.face_value_points


def _lock_consignment(
    consignment: Consignment,
    *,
    given: Collection[ConsignmentState],
    wanted: ConsignmentState = ConsignmentState.SENT,
) -> Consignment:
    locked = Consignment.objects.select_for_update(no_key=True, of=("self",)).get(pk=consignment.pk)
    if locked.state not in given:
        raise WrongRangeState(state=locked.state, wanted=wanted)
    return locked


def _lock_parts(consignment: Consignment) -> list[Consignment]:
    """What shops still hold of a distributor's consignment."""
    return lock_open(Q(parent=consignment)) if consignment.shop_id is None else []
