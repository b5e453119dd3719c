"""What every change of consignments needs: their locks, their events, and what their shops owe.

Below ``services.batches`` and ``services.ranges``, which decide; whoever calls holds the batch's lock.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from points_payment.kinds import AccountKind, CardState, ConsignmentState, TransferKind
from points_payment.models import Batch, Card, Consignment, ConsignmentEvent
from points_payment.services.card_states import WORTH, Span, move_cards
from points_payment.services.ledger import Posting, post_transfer

#: The consignment still has cards that could be sold.
OPEN = (ConsignmentState.SENT, ConsignmentState.ACTIVE, ConsignmentState.FROZEN)


CLOSED_FOR = """
SELECT EXISTS (
    SELECT 1 FROM points_payment_consignment
    WHERE int8range(first_number, last_number, '[]') @> %s::bigint
      AND (state IN ('frozen', 'void', 'expired') OR shop_id IS NOT NULL AND state = 'sent')
)
"""


def is_open(card: Card) -> bool:
    """Whether no range that the card lies in keeps it from being redeemed. One query, by index."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSED_FOR, [card.number])
        return not cursor.fetchone()[0]


def span_of(consignment: Consignment) -> Span:
    return Span(consignment.batch_id, consignment.first_number, consignment.last_number)


def span_of_batch(batch: Batch) -> Span:
    """All cards of a batch whose codes were made."""
    assert batch.first_number is not None
    return Span(batch.pk, batch.first_number, batch.first_number + batch.number_of_cards - 1)


def reference_of(consignment: Consignment) -> str:
    """How a transfer names a consignment."""
    return f"consignment-{consignment.pk}"


def lock_open(of: Q) -> list[Consignment]:
    """Lock the open ones among these consignments, by id."""
    locked = Consignment.objects.select_for_update(no_key=True, of=("self",))
    return list(locked.filter(of, state__in=OPEN).order_by("id"))


def record_consignment(
    consignment: Consignment,
    state: ConsignmentState,
    *,
    cards: int,
    actor_id: int | None,
    reason: str,
    owed_points: int = 0,
    transfer_id: int | None = None,
) -> Consignment:
    """Bring a locked consignment into a state and write down what that changed."""
    consignment.state = state
    consignment.save(update_fields=["state", "activated_at"])
    ConsignmentEvent.objects.create(
        consignment=consignment,
        state=state,
        cards=cards,
        owed_points=owed_points,
        transfer_id=transfer_id,
        actor_id=actor_id,
        reason=reason,
    )
    return consignment


def void_consignments(
    batch: Batch, consignments: Iterable[Consignment], *, key: str, reference: str, actor_id: int, reason: str
) -> None:
    """Take the value of locked consignments' cards back from their shops, in one transfer."""
    worth = {
        one: move_cards(span_of(one), given=WORTH, to=CardState.VOID) if one.activated_at else 0
        for one in consignments
    }
    transfer_id = owe_no_more(
        batch, worth, kind=TransferKind.CARD_VOID, key=key, reference=reference, actor_id=actor_id,
        reason=reason,
    )  # fmt: skip
    for one, cards in worth.items():
        record_consignment(
            one, ConsignmentState.VOID, cards=cards, owed_points=-cards * batch.face_value_points,
            transfer_id=transfer_id if cards else None, actor_id=actor_id, reason=reason,
        )  # fmt: skip


def owe_no_more(
    batch: Batch,
    cards: dict[Consignment, int],
    *,
    kind: TransferKind,
    key: str,
    reference: str,
    actor_id: int,
    reason: str,
) -> int | None:
    """Move the value of so many cards of each consignment from the batch back to its shop."""
    if not sum(cards.values()):
        return None
    value = batch.face_value_points
    return post_transfer(
        kind=kind,
        idempotency_key=key,
        reference=reference,
        actor_id=actor_id,
        reason=reason,
        postings=[
            Posting(AccountKind.BATCH, batch.pk, -sum(cards.values()) * value),
            *(
                Posting(AccountKind.SHOP, one.shop_id, count * value)
                for one, count in cards.items()
                if one.shop_id is not None
            ),
        ],
    ).transfer_id  # fmt: skip
