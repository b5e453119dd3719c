"""Batches of scratch cards, from the draft to the end of their life.

Locks: a batch before its cards.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from points_payment.codes import CODE_FORMATS, STANDARD_FORMAT, CodeFormat
from points_payment.errors import (
    InvalidAmount,
    RangeOverlaps,
    SamePerson,
    UnknownCodeFormat,
    WrongBatchState,
)
from points_payment.kinds import AccountKind, BatchState, CardState, TransferKind
from points_payment.models import Batch, BatchEvent, Card, CardReplacement
from points_payment.retry import retry_on_conflict
from points_payment.services.card_files import discard_production
from points_payment.services.card_states import WORTH
from points_payment.services.consignments import lock_open, void_consignments
from points_payment.services.issuing import IssuedCodes, Progress, draw_and_store_cards, no_progress
from points_payment.services.ledger import Posting, post_transfer

if TYPE_CHECKING:
    from marketplace.users.models import User

MAX_FACE_VALUE_POINTS = 1_000_000
MAX_CARDS = 1_000_000
#: The marketplace's own counter, which owes what is activated as a whole batch.
OWN_SHOP_ID = 0
#: Serialises the numbering of cards, which has no gaps.
NUMBERING_LOCK = 7_311_001

#: The cards exist and were never active.
READY = frozenset({BatchState.EXPORTED, BatchState.RECEIVED, BatchState.STOCKED})

#: From which states a batch may come to another; the only table of its kind.
TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    BatchState.APPROVED: frozenset({BatchState.DRAFT}),
    BatchState.GENERATED: frozenset({BatchState.APPROVED}),
    BatchState.EXPORTED: frozenset({BatchState.APPROVED, BatchState.GENERATED}),
    BatchState.RECEIVED: frozenset({BatchState.EXPORTED}),
    BatchState.ACTIVE: READY | {BatchState.FROZEN},
    BatchState.FROZEN: frozenset({BatchState.ACTIVE}),
    BatchState.VOID: frozenset(
        READY
        | {
            BatchState.DRAFT,
            BatchState.APPROVED,
            BatchState.GENERATED,
            BatchState.ACTIVE,
            BatchState.FROZEN,
        }
    ),
    BatchState.EXPIRED: READY | {BatchState.GENERATED, BatchState.ACTIVE, BatchState.FROZEN},
}  # fmt: skip


@transaction.atomic
def draft_batch(
    *,
    face_value_points: int,
    number_of_cards: int,
    expires_on: date,
    note: str,
    actor: User,
    code_format: CodeFormat = STANDARD_FORMAT,
) -> Batch:
    """Ask for a batch of cards; another person approves it.

    Raises:
        InvalidAmount: value, number or last day lie outside their limits.
        UnknownCodeFormat: codes of such a length or alphabet are not made.
    """
    if code_format not in CODE_FORMATS:
        raise UnknownCodeFormat
    if not 0 < face_value_points <= MAX_FACE_VALUE_POINTS:
        raise InvalidAmount(face_value_points)
    if not 0 < number_of_cards <= MAX_CARDS:
        raise InvalidAmount(number_of_cards)
    if expires_on <= timezone.localdate():
        raise InvalidAmount(expires_on)
    batch = Batch.objects.create(
        face_value_points=face_value_points,
        number_of_cards=number_of_cards,
        code_digits=code_format.length,
        code_alphabet=code_format.alphabet,
        expires_on=expires_on,
        note=note,
        drafted_by=actor,
    )
    BatchEvent.objects.create(batch=batch, state=BatchState.DRAFT, actor=actor, reason=note)
    return batch


@retry_on_conflict
@transaction.atomic
def approve_batch(*, batch: Batch, actor: User) -> Batch:
    """The second person's yes.

    Raises:
        SamePerson: the one who drafted it cannot approve it.
        WrongBatchState: it is no draft.
    """
    locked = lock_batch_for(batch, wanted=BatchState.APPROVED)
    require_other_person(locked, actor)
    return enter_state(locked, BatchState.APPROVED, actor=actor)


@retry_on_conflict
@transaction.atomic
def issue_codes_once(
    *, batch: Batch, actor: User, for_release: bool = False, progress: Progress = no_progress
) -> IssuedCodes:
    """Make the codes of an approved batch, store their HMACs, and hand out the codes: now or never.

    Should they get lost on the way, the batch can only be voided. ``for_release``: the codes go into a file
    that a second person lets out, so the batch counts as exported only then (``services.production``).

    Raises:
        WrongBatchState: it is not approved, or its codes were made before.
    """
    state = BatchState.GENERATED if for_release else BatchState.EXPORTED
    locked = lock_batch_for(batch, wanted=state, but_not=BatchState.GENERATED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    first_number = (Batch.objects.aggregate(last=Max("last_number"))["last"] or 0) + 1
    plain = draw_and_store_cards(locked, first_number=first_number, progress=progress)
    locked.first_number, locked.last_number = first_number, first_number + locked.number_of_cards - 1
    return IssuedCodes(
        batch=enter_state(locked, state, actor=actor, card_state=CardState.STOCKED),
        first_number=first_number,
        plain=plain,
    )


@retry_on_conflict
@transaction.atomic
def activate_batch(*, batch: Batch, actor: User) -> Batch:
    """Let the cards be redeemed: the shop owes their value from now on, the platform owes it to holders.

    Raises:
        SamePerson: the one who drafted it cannot activate it.
        WrongBatchState: its codes were not made, or it is active or gone.
        RangeOverlaps: some of it was sent to distributors or shops; then each range is activated.
    """
    locked = lock_batch_for(batch, wanted=BatchState.ACTIVE, but_not=BatchState.FROZEN)
    require_other_person(locked, actor)
    if sent := lock_open(Q(batch=locked)):
        raise RangeOverlaps(consignment_id=sent[0].pk)
    active = Card.objects.filter(batch=locked, state=CardState.STOCKED).update(state=CardState.ACTIVE)
    posted = post_transfer(
        kind=TransferKind.CARD_ACTIVATION,
        idempotency_key=f"batch:{locked.pk}:activate",
        reference=f"batch-{locked.pk}",
        actor_id=actor.pk,
        postings=[
            Posting(AccountKind.SHOP, OWN_SHOP_ID, -active * locked.face_value_points),
            Posting(AccountKind.BATCH, locked.pk, active * locked.face_value_points),
        ],
    )
    return enter_state(
        locked, BatchState.ACTIVE, actor=actor, card_state=CardState.ACTIVE, transfer_id=posted.transfer_id
    )


@retry_on_conflict
@transaction.atomic
def freeze_batch(*, batch: Batch, actor: User, reason: str = "") -> Batch:
    """Stop redemption of the whole batch, for a while.

    Raises:
        WrongBatchState: it is not active.
    """
    locked = lock_batch_for(batch, wanted=BatchState.FROZEN)
    return enter_state(locked, BatchState.FROZEN, actor=actor, reason=reason)


@retry_on_conflict
@transaction.atomic
def unfreeze_batch(*, batch: Batch, actor: User, reason: str = "") -> Batch:
    """Let a frozen batch be redeemed again.

    Raises:
        WrongBatchState: it is not frozen.
        SamePerson: as for activation.
    """
    locked = lock_batch_for(batch, wanted=BatchState.ACTIVE)
    if locked.state != BatchState.FROZEN:
        raise WrongBatchState(state=locked.state, wanted=BatchState.ACTIVE)
    require_other_person(locked, actor)
    return enter_state(locked, BatchState.ACTIVE, actor=actor, reason=reason)


@retry_on_conflict
@transaction.atomic
def void_batch(*, batch: Batch, actor: User, reason: str = "") -> Batch:
    """End a batch for good: cards that nobody redeemed are worth nothing, and no shop owes them any more.

    Raises:
        WrongBatchState: it is void or expired already.
    """
    locked = lock_batch_for(batch, wanted=BatchState.VOID)
    void_consignments(
        locked, lock_open(Q(batch=locked)), key=f"batch:{locked.pk}:void-consigned",
        reference=f"batch-{locked.pk}", actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    cards = Card.objects.filter(batch=locked)
    worth = cards.filter(state__in=WORTH).update(state=CardState.VOID)
    cards.filter(state=CardState.STOCKED).update(state=CardState.VOID)
    discard_production(locked)
    transfer_id = None
    if worth:
        replaced = CardReplacement.objects.filter(new_card__batch=locked).exists()
        # The shop sold the card that was replaced, and goes on owing it.
        account = AccountKind.BREAKAGE if replaced else AccountKind.SHOP
        transfer_id = post_transfer(
            kind=TransferKind.CARD_VOID,
            idempotency_key=f"batch:{locked.pk}:void",
            reference=f"batch-{locked.pk}",
            actor_id=actor.pk,
            reason=reason,
            postings=[
                Posting(AccountKind.BATCH, locked.pk, -worth * locked.face_value_points),
                Posting(account, OWN_SHOP_ID, worth * locked.face_value_points),
            ],
        ).transfer_id
    return enter_state(
        locked,
        BatchState.VOID,
        actor=actor,
        card_state=CardState.VOID,
        reason=reason,
        transfer_id=transfer_id,
    )


def lock_batch_for(batch: Batch, *, wanted: BatchState, but_not: BatchState | None = None) -> Batch:
    """Lock a batch that may come to a state.

    Raises:
        WrongBatchState: it may not, from where it is.
    """
    locked = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if locked.state not in TRANSITIONS[wanted] or locked.state == but_not:
        raise WrongBatchState(state=locked.state, wanted=wanted)
    return locked


def require_other_person(batch: Batch, actor: User) -> None:
    """Who drafted a batch lets none of it be redeemed.

    Raises:
        SamePerson: the actor did.
    """
    if batch.drafted_by_id == actor.pk:
        raise SamePerson


def enter_state(
    batch: Batch,
    state: BatchState,
    *,
    actor: User | None,
    card_state: CardState | None = None,
    reason: str = "",
    transfer_id: int | None = None,
) -> Batch:
    """Bring a locked batch into a state, whoever decided that it may; ``card_state``: of all its cards."""
    batch.state = state
    batch.save(update_fields=["state", "first_number", "last_number"])
    BatchEvent.objects.create(
        batch=batch,
        state=state,
        card_state=card_state or "",
        first_number=batch.first_number,
        last_number=batch.last_number,
        actor=actor,
        reason=reason,
        transfer_id=transfer_id,
    )
    return batch
