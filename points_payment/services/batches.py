"""Batches of scratch cards, from the draft to the end of their life.

Locks: a batch before its cards.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q
from django.utils import timezone
from psycopg.errors import UniqueViolation

from points_payment.codes import (
    CODE_DIGITS,
    card_digest,
    code_hmac,
    in_groups,
    new_code,
    serial_of,
)
from points_payment.errors import InvalidAmount, RangeOverlaps, SamePerson, WrongBatchState
from points_payment.kinds import AccountKind, BatchState, CardState, TransferKind
from points_payment.models import Batch, BatchEvent, Card, CardReplacement
from points_payment.retry import retry_on_conflict
from points_payment.services.card_states import WORTH
from points_payment.services.consignments import lock_open, void_consignments
from points_payment.services.ledger import Posting, post_transfer

if TYPE_CHECKING:
    from marketplace.users.models import User

MAX_FACE_VALUE_POINTS = 1_000_000
MAX_CARDS = 1_000_000
#: The marketplace's own counter, which owes what is activated as a whole batch.
OWN_SHOP_ID = 0
#: Serialises the numbering of cards, which has no gaps.
NUMBERING_LOCK = 7_311_001
#: Two codes of 17 random digits collide once in a blue moon; then all are drawn again.
DRAWS = 3

#: The cards exist and were never active.
READY = frozenset({BatchState.EXPORTED, BatchState.RECEIVED, BatchState.STOCKED})

#: From which states a batch may come to another; the only table of its kind.
TRANSITIONS: dict[BatchState, frozenset[BatchState]] = {
    BatchState.APPROVED: frozenset({BatchState.DRAFT}),
    BatchState.EXPORTED: frozenset({BatchState.APPROVED}),
    BatchState.RECEIVED: frozenset({BatchState.EXPORTED}),
    BatchState.ACTIVE: READY | {BatchState.FROZEN},
    BatchState.FROZEN: frozenset({BatchState.ACTIVE}),
    BatchState.VOID: frozenset(
        READY | {BatchState.DRAFT, BatchState.APPROVED, BatchState.ACTIVE, BatchState.FROZEN}
    ),
    BatchState.EXPIRED: READY | {BatchState.ACTIVE, BatchState.FROZEN},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IssuedCodes:
    """The plain codes of a batch, in memory alone: 8 bytes a card, and gone with this object."""

    batch: Batch
    first_number: int
    codes: array[int]

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of serial and code, the code in groups."""
        for place, code in enumerate(self.codes):
            yield serial_of(self.first_number + place), in_groups(str(code).zfill(self.batch.code_digits))

    def csv_lines(self) -> Iterator[bytes]:
        """The file for the printer, line by line."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(("serial", "code", "points", "last_day"))
        for serial, code in self:
            # As text: a spreadsheet would round 18 digits; the groups keep it from reading a number.
            writer.writerow((serial, code, self.batch.face_value_points, self.batch.expires_on.isoformat()))
            yield buffer.getvalue().encode("ascii")
            buffer.seek(0)
            buffer.truncate()

    def write_encrypted(self, target: IO[bytes], *, recipient: str) -> None:
        """Write the file encrypted to the printer's public key (age1…), without holding it in memory.

        Raises:
            ValueError: the recipient is no age public key.
        """
        import pyrage  # type: ignore[import-untyped]

        key = parse_recipient(recipient)
        pyrage.encrypt_io(_Lines(self.csv_lines()), target, [key])


class _Lines(io.RawIOBase):
    """Lines as a file to read from."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._rest = b""

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while len(self._rest) < len(buffer) and (line := next(self._lines, None)) is not None:
            self._rest += line
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def parse_recipient(text: str) -> object:
    """An age public key.

    Raises:
        ValueError: it is none.
    """
    from pyrage import RecipientError, x25519

    try:
        return x25519.Recipient.from_str(text.strip())
    except RecipientError as error:
        raise ValueError("Not an age public key.") from error


@transaction.atomic
def draft_batch(
    *, face_value_points: int, number_of_cards: int, expires_on: date, note: str, actor: User
) -> Batch:
    """Ask for a batch of cards; another person approves it.

    Raises:
        InvalidAmount: value, number or last day lie outside their limits.
    """
    if not 0 < face_value_points <= MAX_FACE_VALUE_POINTS:
        raise InvalidAmount(face_value_points)
    if not 0 < number_of_cards <= MAX_CARDS:
        raise InvalidAmount(number_of_cards)
    if expires_on <= timezone.localdate():
        raise InvalidAmount(expires_on)
    batch = Batch.objects.create(
        face_value_points=face_value_points,
        number_of_cards=number_of_cards,
        code_digits=CODE_DIGITS,
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
    locked = _lock_batch(batch, wanted=BatchState.APPROVED)
    require_other_person(locked, actor)
    return enter_state(locked, BatchState.APPROVED, actor=actor)


@retry_on_conflict
@transaction.atomic
def issue_codes_once(*, batch: Batch, actor: User) -> IssuedCodes:
    """Make the codes of an approved batch, store their HMACs, and hand out the codes: now or never.

    Should they get lost on the way, the batch can only be voided.

    Raises:
        WrongBatchState: it is not approved, or its codes were made before.
    """
    locked = _lock_batch(batch, wanted=BatchState.EXPORTED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
    first_number = (Batch.objects.aggregate(last=Max("last_number"))["last"] or 0) + 1
    codes = _draw_cards(locked, first_number=first_number, draws=DRAWS)
    locked.first_number, locked.last_number = first_number, first_number + locked.number_of_cards - 1
    return IssuedCodes(
        batch=enter_state(locked, BatchState.EXPORTED, actor=actor, card_state=CardState.STOCKED),
        first_number=first_number,
        codes=codes,
    )


def _draw_cards(batch: Batch, *, first_number: int, draws: int) -> array[int]:
    codes = array("Q", (int(new_code(digits=batch.code_digits)) for _ in range(batch.number_of_cards)))
    try:
        with transaction.atomic():
            _copy_cards(batch, codes, first_number=first_number)
    except UniqueViolation:
        if draws == 1:
            raise
        return _draw_cards(batch, first_number=first_number, draws=draws - 1)
    return codes


def _copy_cards(batch: Batch, codes: array[int], *, first_number: int) -> None:
    keys = settings.CARD_KEYS
    version = keys.current
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY points_payment_card (number, batch_id, code_hmac, first_key_version, last_key_version,"
            " last_four, digest, state) FROM STDIN"
        ) as copy,
    ):
        for number, value in enumerate(codes, first_number):
            code = str(value).zfill(batch.code_digits)
            hmac_bytes = code_hmac(code, keys=keys, first_version=version, last_version=version)
            last_four = code[-4:]
            digest = card_digest(
                number=number, batch_id=batch.pk, first_key_version=version, last_key_version=version,
                last_four=last_four, hmac_bytes=hmac_bytes,
            )  # fmt: skip
            copy.write_row(
                (number, batch.pk, hmac_bytes, version, version, last_four, digest, CardState.STOCKED.value)
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
    locked = _lock_batch(batch, wanted=BatchState.ACTIVE, but_not=BatchState.FROZEN)
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
    locked = _lock_batch(batch, wanted=BatchState.FROZEN)
    return enter_state(locked, BatchState.FROZEN, actor=actor, reason=reason)


@retry_on_conflict
@transaction.atomic
def unfreeze_batch(*, batch: Batch, actor: User, reason: str = "") -> Batch:
    """Let a frozen batch be redeemed again.

    Raises:
        WrongBatchState: it is not frozen.
        SamePerson: as for activation.
    """
    locked = _lock_batch(batch, wanted=BatchState.ACTIVE)
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
    locked = _lock_batch(batch, wanted=BatchState.VOID)
    void_consignments(
        locked, lock_open(Q(batch=locked)), key=f"batch:{locked.pk}:void-consigned",
        reference=f"batch-{locked.pk}", actor_id=actor.pk, reason=reason,
    )  # fmt: skip
    cards = Card.objects.filter(batch=locked)
    worth = cards.filter(state__in=WORTH).update(state=CardState.VOID)
    cards.filter(state=CardState.STOCKED).update(state=CardState.VOID)
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


def _lock_batch(batch: Batch, *, wanted: BatchState, but_not: BatchState | None = None) -> Batch:
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
