"""Reading where cards are, for the pages of who sends them and who helps with one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from points_payment.codes import number_of, serial_of
from points_payment.kinds import AccountKind, CardState, EventScope, ReplacementState, TransferKind
from points_payment.models import (
    Batch,
    BatchEvent,
    Card,
    CardReplacement,
    Consignment,
    Entry,
    Shop,
)
from points_payment.models.supply import GONE
from points_payment.services.card_states import WORTH, Span, held_numbers
from points_payment.services.consignments import span_of, span_of_batch

#: Longer lists of free ranges help nobody.
MOST_RANGES = 20

#: Runs of cards within some ranges that are or were active, and so cannot be sent.
USED = """
SELECT min(number), max(number) FROM (
    SELECT card.number, card.number - row_number() OVER (ORDER BY card.number) AS run
    FROM unnest(%s::bigint[], %s::bigint[]) AS gap (first, last)
    JOIN points_payment_card card ON card.number BETWEEN gap.first AND gap.last
    WHERE card.batch_id = %s AND card.state NOT IN ('stocked', 'void')
) used GROUP BY run ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Range:
    """Neighbouring cards, both ends included."""

    first_number: int
    last_number: int

    @property
    def cards(self) -> int:
        return self.last_number - self.first_number + 1

    @property
    def first_serial(self) -> str:
        return serial_of(self.first_number)

    @property
    def last_serial(self) -> str:
        return serial_of(self.last_number)


def free_in_batch(batch: Batch) -> list[Range]:
    """What of a batch can be sent to somebody: nothing if it has no codes yet, or was activated whole."""
    if batch.first_number is None or _was_activated_whole(batch):
        return []
    return _free(span_of_batch(batch), Consignment.objects.filter(batch=batch, parent=None))


def free_in_consignment(consignment: Consignment) -> list[Range]:
    """What of a distributor's cards can be sent on to shops."""
    return _free(span_of(consignment), Consignment.objects.filter(parent=consignment))


def _was_activated_whole(batch: Batch) -> bool:
    events = BatchEvent.objects.filter(batch=batch, scope=EventScope.BATCH, card_state=CardState.ACTIVE)
    return events.exists()


def _free(span: Span, sent: QuerySet[Consignment]) -> list[Range]:
    taken = sent.exclude(state__in=GONE).values_list("first_number", "last_number")
    gaps = _without([Range(span.first_number, span.last_number)], taken.order_by("first_number"))
    if not gaps:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            USED, [[gap.first_number for gap in gaps], [gap.last_number for gap in gaps], span.batch_id]
        )
        used = cursor.fetchall()
    return _without(gaps, used)


def _without(ranges: Iterable[Range], taken: Iterable[tuple[int, int]]) -> list[Range]:
    """Ranges less what is taken; both in order and without overlaps."""
    left, taken = [], list(taken)
    for one in ranges:
        start = one.first_number
        for first, last in taken:
            if last < start or first > one.last_number:
                continue
            if start < first:
                left.append(Range(start, first - 1))
            start = last + 1
        if start <= one.last_number:
            left.append(Range(start, one.last_number))
    return left


# A consignment -------------------------------------------------------------------------------

#: Cards that a step changes, by its name; sending and coming back of what was never active changes none.
TOUCHED: Mapping[str, Collection[CardState]] = {
    "activate": (CardState.STOCKED,),
    "freeze": (CardState.ACTIVE,),
    "unfreeze": (CardState.FROZEN,),
    "return": WORTH,
    "void": (*WORTH, CardState.STOCKED),
}


@dataclass(frozen=True, slots=True)
class StepPreview:
    """What a step would be about, before anyone says yes."""

    range: Range
    #: So many of the range's cards change.
    cards: int
    value_points: int
    #: What the shop would owe more, or less if negative.
    owed_points: int


def preview_step(*, step: str, consignment: Consignment, within: Range | None = None) -> StepPreview:
    """How many cards and points a step with a consignment, or a part of its range, is about."""
    part = within or Range(consignment.first_number, consignment.last_number)
    counts = states_between(consignment.batch_id, part)
    if step == "unfreeze":
        # Cards that were frozen one by one stay so.
        counts[CardState.FROZEN] = counts.get(CardState.FROZEN, 0) - len(held_numbers(span_of(consignment)))
    value = consignment.batch.face_value_points
    cards = sum(counts.get(state, 0) for state in TOUCHED[step])
    worth = sum(counts.get(state, 0) for state in WORTH)
    owed = {"activate": cards, "return": -worth, "void": -worth}.get(step, 0)
    return StepPreview(range=part, cards=cards, value_points=cards * value, owed_points=owed * value)


def states_between(batch_id: int, part: Range) -> dict[str, int]:
    """How many cards of a range are in which state."""
    cards = Card.objects.filter(batch_id=batch_id, number__range=(part.first_number, part.last_number))
    return dict(cards.values_list("state").annotate(Count("id")).order_by())


def consignments_with_people() -> QuerySet[Consignment]:
    """Consignments with what a list of them shows."""
    return Consignment.objects.select_related("batch", "shop", "distributor", "parent__distributor")


# Shops -----------------------------------------------------------------------------------------


def owed_by_shops(shop_ids: Collection[int]) -> dict[int, int]:
    """What shops owe, by id."""
    entries = Entry.objects.filter(account__kind=AccountKind.SHOP, account__owner_id__in=shop_ids)
    sums = entries.values_list("account__owner_id").annotate(points=-Sum("amount_points")).order_by()
    return dict(sums)


def shops_exist() -> bool:
    return Shop.objects.exists()


def payments_of(shop_id: int) -> QuerySet[Entry]:
    """A shop's payments, newest first, as entries of its account."""
    return (
        Entry.objects.filter(
            account__kind=AccountKind.SHOP,
            account__owner_id=shop_id,
            transfer__kind=TransferKind.SHOP_PAYMENT,
        )
        .select_related("transfer__actor")
        .order_by("-id")
    )


# One card --------------------------------------------------------------------------------------


def card_of(serial: str) -> Card:
    """The card with this serial, in any spelling.

    Raises:
        WrongCheckDigit: the serial is mistyped.
        Card.DoesNotExist: no card has it.
    """
    return Card.objects.select_related("batch").get(number=number_of(serial))


def consignments_of_card(card: Card) -> QuerySet[Consignment]:
    """Where a card was sent, newest first."""
    return consignments_with_people().filter(
        batch_id=card.batch_id, first_number__lte=card.number, last_number__gte=card.number
    )


def events_of_card(card: Card) -> QuerySet[BatchEvent]:
    """All that happened to a card by itself, with its range and with its batch, oldest first."""
    about = Q(first_number=None) | Q(first_number__lte=card.number, last_number__gte=card.number)
    return BatchEvent.objects.filter(about, batch_id=card.batch_id).select_related(
        "actor", "consignment__shop"
    )


def replacements_waiting() -> int:
    return CardReplacement.objects.filter(state=ReplacementState.REQUESTED).count()


def replacement_requests() -> QuerySet[CardReplacement]:
    """Requests to replace cards, those that wait first."""
    requests = CardReplacement.objects.select_related("card__batch", "requested_by", "decided_by", "new_card")
    return requests.order_by(F("decided_at").desc(nulls_first=True), "-id")
