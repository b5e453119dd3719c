"""Changing the states of many cards at once, with the events that a proof can replay.

Whoever changes cards holds their batch's lock, so that events stand in the order of what they did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db import connection

from points_payment.kinds import BatchState, CardState, EventScope
from points_payment.models import Batch, BatchEvent, Card

#: Activated and not redeemed: their value stands on the batch's account.
WORTH = (CardState.ACTIVE, CardState.FROZEN)

#: Runs of neighbouring cards in the range that are neither in the state nor redeemed.
GAPS = """
SELECT min(number), max(number) FROM (
    SELECT number, number - row_number() OVER (ORDER BY number) AS run
    FROM points_payment_card
    WHERE batch_id = %s AND number BETWEEN %s AND %s AND state <> %s AND state <> 'redeemed'
) gap GROUP BY run ORDER BY 1
"""

#: Of each card that was ever frozen or thawed by itself, what happened last.
HELD = """
SELECT number FROM (
    SELECT DISTINCT ON (first_number) first_number AS number, card_state
    FROM points_payment_batchevent
    WHERE batch_id = %s AND scope = 'card' AND first_number BETWEEN %s AND %s
    ORDER BY first_number, id DESC
) last WHERE card_state = 'frozen'
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers of one batch's cards, both ends included."""

    batch_id: int
    first_number: int
    last_number: int

    @property
    def cards(self) -> int:
        """How many; not above 0 where there are none."""
        return self.last_number - self.first_number + 1

    def __contains__(self, other: Span) -> bool:
        return (
            self.batch_id == other.batch_id
            and self.first_number <= other.first_number
            and other.last_number <= self.last_number
        )


def lock_batch(batch_id: int) -> Batch:
    """Lock a batch, and with it the states of all of its cards but for redemption."""
    return Batch.objects.select_for_update(no_key=True).get(pk=batch_id)


def move_cards(
    span: Span, *, given: Collection[CardState], to: CardState, but_not: Collection[int] = ()
) -> int:
    """Bring the range's cards in one of the ``given`` states to another; how many there were."""
    cards = Card.objects.filter(
        batch_id=span.batch_id, number__range=(span.first_number, span.last_number), state__in=list(given)
    )
    if but_not:
        cards = cards.exclude(number__in=list(but_not))
    return cards.update(state=to)


def held_numbers(span: Span) -> list[int]:
    """Cards in the range that someone froze one by one, and nobody let go since."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [span.batch_id, span.first_number, span.last_number])
        return [number for (number,) in cursor.fetchall()]


def record_cards(
    batch: Batch,
    span: Span,
    *,
    to: CardState,
    actor_id: int | None,
    reason: str,
    scope: EventScope = EventScope.RANGE,
    consignment_id: int | None = None,
    transfer_id: int | None = None,
) -> None:
    """Write down that the range's cards are in this state now: one event, or several around exceptions."""
    BatchEvent.objects.bulk_create(
        BatchEvent(
            batch=batch,
            state=BatchState(batch.state),
            card_state=to,
            first_number=first,
            last_number=last,
            scope=scope,
            consignment_id=consignment_id,
            transfer_id=transfer_id,
            actor_id=actor_id,
            reason=reason,
        )
        for first, last in _runs(span, to)
    )


def _runs(span: Span, state: CardState) -> Iterator[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(GAPS, [span.batch_id, span.first_number, span.last_number, state.value])
        gaps = cursor.fetchall()
    start = span.first_number
    for first, last in gaps:
        if start < first:
            yield start, first - 1
        start = last + 1
    if start <= span.last_number:
        yield start, span.last_number
