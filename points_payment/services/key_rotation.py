"""Bringing cards under the newest key: HMAC(new, HMAC(old, code)), since nobody knows their codes.

Chunk by chunk, each a transaction of its own that finds its work by what is left of it: it can be
stopped anywhere and run again, beside redemption, which looks a code up under all of its nestings.
Locks: a batch before its cards, as for every change of many cards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min, QuerySet

from points_payment.codes import card_digest, nest_hmac
from points_payment.errors import CardKeyMissing
from points_payment.kinds import CardState
from points_payment.models import Card
from points_payment.retry import retry_on_conflict
from points_payment.services.card_states import lock_batch

CARDS_PER_CHUNK = 2_000
#: Cards in these states can be redeemed, now or some day.
LIVE = (CardState.STOCKED, CardState.ACTIVE, CardState.FROZEN)

WRITE = """
UPDATE points_payment_card c SET code_hmac = u.code_hmac, last_key_version = %s, digest = u.digest
FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS u (id, code_hmac, digest) WHERE c.id = u.id
"""


@dataclass(frozen=True, slots=True)
class KeyStatus:
    #: Under an older key still.
    cards_to_rotate: int
    #: The newest key's.
    current_version: int
    #: Cards that may be redeemed some day need every key from this one on; None: there are no such cards.
    oldest_needed_version: int | None

    @property
    def retirable_versions(self) -> list[int]:
        """Keys that may leave ``CARD_KEYS``: no card of use was ever made under them."""
        oldest = self.oldest_needed_version or self.current_version
        return [version for version in sorted(settings.CARD_KEYS.by_version) if version < oldest]


def key_status() -> KeyStatus:
    """How far rotation is, and which keys are still needed."""
    current = settings.CARD_KEYS.current
    oldest = Card.objects.filter(state__in=LIVE).aggregate(oldest=Min("first_key_version"))["oldest"]
    return KeyStatus(
        cards_to_rotate=_behind(current).count(), current_version=current, oldest_needed_version=oldest
    )


def rotate_card_keys() -> Iterator[int]:
    """Bring every unredeemed card under the newest key; yields how many were, chunk by chunk.

    Raises:
        CardKeyMissing: this process lacks a key that cards were made or rotated under; nothing is changed.
    """
    require_all_keys()
    current = settings.CARD_KEYS.current
    for batch_id in _behind(current).order_by("batch_id").values_list("batch_id", flat=True).distinct():
        after = 0
        while chunk := _rotate_chunk(batch_id, after=after, current=current):
            cards, after = chunk
            yield cards


def require_all_keys() -> None:
    """Refuse to touch anything while a key is missing: a forgotten line in the settings.

    Raises:
        CardKeyMissing: naming the versions.
    """
    cards = Card.objects.filter(state__in=LIVE)
    used = {
        version
        for column in ("first_key_version", "last_key_version")
        for version in cards.order_by().values_list(column, flat=True).distinct()
    }
    if missing := sorted(used - set(settings.CARD_KEYS.by_version)):
        raise CardKeyMissing(missing)


def _behind(current: int) -> QuerySet[Card]:
    return Card.objects.filter(last_key_version__lt=current).exclude(state=CardState.REDEEMED)


@retry_on_conflict
@transaction.atomic
def _rotate_chunk(batch_id: int, *, after: int, current: int) -> tuple[int, int] | None:
    """The next cards of a batch; how many, and the last one's id. None: there are no more."""
    lock_batch(batch_id)
    cards = list(
        _behind(current)
        .select_for_update(no_key=True)
        .filter(batch_id=batch_id, pk__gt=after)
        .order_by("pk")[:CARDS_PER_CHUNK]
    )
    if not cards:
        return None
    hmacs = [
        nest_hmac(
            bytes(card.code_hmac), keys=settings.CARD_KEYS, after_version=card.last_key_version,
            last_version=current,
        )
        for card in cards
    ]  # fmt: skip
    digests = [
        card_digest(
            number=card.number, batch_id=card.batch_id, first_key_version=card.first_key_version,
            last_key_version=current, last_four=card.last_four, hmac_bytes=hmac_bytes,
        )
        for card, hmac_bytes in zip(cards, hmacs, strict=True)
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [current, [card.pk for card in cards], hmacs, digests])
    return len(cards), cards[-1].pk
