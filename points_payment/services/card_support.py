"""The desk that helps with one card: freezing it, and replacing a damaged one. Nobody sees its code.

A replacement is a batch of one card, which the first person drafted and the second one let go: the
value moves from the old card's batch to the new one's, and the shop that sold the old card goes on
owing it. Locks: the card's batch, the request, the card.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone

from points_payment.codes import plain_symbols
from points_payment.errors import CardNotFreezable, CardNotReplaceable, SamePerson, WrongLastFour
from points_payment.kinds import (
    AccountKind,
    BatchState,
    CardState,
    EventScope,
    ReplacementState,
    TransferKind,
)
from points_payment.models import Batch, Card, CardReplacement
from points_payment.retry import retry_on_conflict
from points_payment.services.batches import (
    approve_batch,
    draft_batch,
    enter_state,
    issue_codes_once,
    require_other_person,
)
from points_payment.services.card_states import Span, held_numbers, lock_batch, move_cards, record_cards
from points_payment.services.consignments import is_open
from points_payment.services.ledger import Posting, post_transfer

if TYPE_CHECKING:
    from marketplace.users.models import User

logger = logging.getLogger("nuqta.points")


@dataclass(frozen=True, slots=True)
class NewCard:
    """What replaces a damaged card; the code exists here, and nowhere after that."""

    card: Card
    serial: str
    #: In groups, as it is printed.
    code: str


@retry_on_conflict
@transaction.atomic
def freeze_card(*, card: Card, actor: User, reason: str) -> Card:
    """Let nobody redeem this one card until someone lets it go again.

    Raises:
        CardNotFreezable: it is not active.
    """
    batch, locked = _lock_card(card)
    if locked.state != CardState.ACTIVE:
        raise CardNotFreezable
    return _move(batch, locked, given=CardState.ACTIVE, to=CardState.FROZEN, actor_id=actor.pk, reason=reason)


@retry_on_conflict
@transaction.atomic
def unfreeze_card(*, card: Card, actor: User, reason: str) -> Card:
    """Let a card that was frozen by itself be redeemed again.

    Raises:
        CardNotFreezable: it is not frozen, its range is, or it is to be replaced.
        SamePerson: who drafted the batch lets none of it be redeemed.
    """
    batch, locked = _lock_card(card)
    require_other_person(batch, actor)
    waiting = CardReplacement.objects.filter(card=locked, state=ReplacementState.REQUESTED)
    if not _is_held(locked) or not is_open(locked) or waiting.exists():
        raise CardNotFreezable
    return _move(batch, locked, given=CardState.FROZEN, to=CardState.ACTIVE, actor_id=actor.pk, reason=reason)


@retry_on_conflict
@transaction.atomic
def request_replacement(
    *, card: Card, actor: User, reason: str, proof_seen: str, last_four: str
) -> CardReplacement:
    """Ask for a new card in place of a damaged one, which is frozen until someone else has decided.

    ``last_four``: what can still be read of the code's end, in any spelling of digits.

    Raises:
        CardNotReplaceable: it is redeemed, void, expired, never active, of a frozen range, or asked for.
        WrongLastFour: the digits are another card's.
    """
    batch, locked = _lock_card(card)
    if not _is_replaceable(locked, batch) or _requests(locked).exists():
        raise CardNotReplaceable
    if plain_symbols(last_four) != locked.last_four:
        logger.warning("replacement of card %s: wrong last digits, by user %s", locked.serial, actor.pk)
        raise WrongLastFour
    if locked.state == CardState.ACTIVE:
        _move(batch, locked, given=CardState.ACTIVE, to=CardState.FROZEN, actor_id=actor.pk, reason=reason)
    return CardReplacement.objects.create(
        card=locked, reason=reason, proof_seen=proof_seen, requested_by=actor
    )


@retry_on_conflict
@transaction.atomic
def approve_replacement(*, replacement: CardReplacement, actor: User, answer: str = "") -> NewCard:
    """Make the old card void and a new one active, of the same value and last day. The code: now or never.

    Raises:
        SamePerson: who asked does not approve.
        CardNotReplaceable: it was decided already, or the card's batch or range is not active any more.
    """
    batch, asked, old = _lock_request(replacement, actor)
    if not _is_replaceable(old, batch) or batch.expires_on <= timezone.localdate():
        raise CardNotReplaceable
    new_batch = draft_batch(
        face_value_points=batch.face_value_points, number_of_cards=1, expires_on=batch.expires_on,
        note=old.serial, actor=asked.requested_by,
    )  # fmt: skip
    approve_batch(batch=new_batch, actor=actor)
    issued = issue_codes_once(batch=new_batch, actor=actor)
    ((serial, code),) = issued
    transfer_id = post_transfer(
        kind=TransferKind.CARD_REPLACEMENT,
        idempotency_key=f"replacement:{asked.pk}",
        reference=old.serial,
        actor_id=actor.pk,
        reason=asked.reason,
        postings=[
            Posting(AccountKind.BATCH, batch.pk, -batch.face_value_points),
            Posting(AccountKind.BATCH, new_batch.pk, batch.face_value_points),
        ],
    ).transfer_id
    _move(
        batch, old, given=CardState.FROZEN, to=CardState.VOID, actor_id=actor.pk, reason=asked.reason,
        transfer_id=transfer_id,
    )  # fmt: skip
    Card.objects.filter(batch=new_batch, state=CardState.STOCKED).update(state=CardState.ACTIVE)
    enter_state(
        lock_batch(new_batch.pk), BatchState.ACTIVE, actor=actor, card_state=CardState.ACTIVE,
        transfer_id=transfer_id,
    )  # fmt: skip
    asked.new_card = Card.objects.get(batch=new_batch)
    asked.transfer_id = transfer_id
    _decide(asked, ReplacementState.APPROVED, actor=actor, answer=answer)
    return NewCard(card=asked.new_card, serial=serial, code=code)


@retry_on_conflict
@transaction.atomic
def refuse_replacement(*, replacement: CardReplacement, actor: User, answer: str) -> CardReplacement:
    """Say no. The card stays frozen until someone lets it go.

    Raises:
        SamePerson: who asked does not decide.
        CardNotReplaceable: it was decided already.
    """
    _batch, asked, _card = _lock_request(replacement, actor)
    return _decide(asked, ReplacementState.REFUSED, actor=actor, answer=answer)


def _lock_request(replacement: CardReplacement, actor: User) -> tuple[Batch, CardReplacement, Card]:
    batch = lock_batch(replacement.card.batch_id)
    asked = CardReplacement.objects.select_for_update(no_key=True, of=("self",)).get(pk=replacement.pk)
    if asked.state != ReplacementState.REQUESTED:
        raise CardNotReplaceable
    if asked.requested_by_id == actor.pk:
        raise SamePerson
    return batch, asked, Card.objects.select_for_update(no_key=True).get(pk=asked.card_id)


def _decide(asked: CardReplacement, state: ReplacementState, *, actor: User, answer: str) -> CardReplacement:
    asked.state, asked.decided_by, asked.decided_at, asked.answer = state, actor, timezone.now(), answer
    asked.save(update_fields=["state", "decided_by", "decided_at", "answer", "new_card", "transfer"])
    return asked


def _requests(card: Card) -> models.QuerySet[CardReplacement]:
    """Those that stand: waiting or approved."""
    return CardReplacement.objects.filter(card=card).exclude(state=ReplacementState.REFUSED)


def _is_replaceable(card: Card, batch: Batch) -> bool:
    return (
        batch.state == BatchState.ACTIVE
        and batch.expires_on >= timezone.localdate()
        and (card.state == CardState.ACTIVE or _is_held(card))
        and is_open(card)
    )


def _is_held(card: Card) -> bool:
    """Whether the card is frozen, and by itself."""
    return card.state == CardState.FROZEN and bool(held_numbers(_span(card)))


def _span(card: Card) -> Span:
    return Span(card.batch_id, card.number, card.number)


def _lock_card(card: Card) -> tuple[Batch, Card]:
    batch = lock_batch(card.batch_id)
    return batch, Card.objects.select_for_update(no_key=True).get(pk=card.pk)


def _move(
    batch: Batch,
    card: Card,
    *,
    given: CardState,
    to: CardState,
    actor_id: int,
    reason: str,
    transfer_id: int | None = None,
) -> Card:
    move_cards(_span(card), given=[given], to=to)
    record_cards(
        batch, _span(card), to=to, actor_id=actor_id, reason=reason, scope=EventScope.CARD,
        transfer_id=transfer_id,
    )  # fmt: skip
    card.state = to
    return card
