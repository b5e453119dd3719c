"""Making the cards of a batch: codes are drawn, and what stands for them is stored by COPY.

Block by block, so that memory stays small; the plain codes are what is kept longest, one byte a symbol.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from psycopg.errors import UniqueViolation

from points_payment.code_blocks import CARDS_PER_BLOCK, draw_codes, lay, serials
from points_payment.codes import SERIAL_DIGITS, card_digest, code_hmac, in_groups, serial_of
from points_payment.kinds import CardState
from points_payment.models import Batch

#: Two codes collide once in a blue moon; then all are drawn again.
DRAWS = 3
COLUMNS = "number, batch_id, code_hmac, first_key_version, last_key_version, last_four, digest, state"
#: What a binary COPY begins and ends with: https://www.postgresql.org/docs/current/sql-copy.html
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"
LAST_SYMBOLS = 4
HMAC_BYTES = 32

#: Told how many cards are made so far.
Progress = Callable[[int], None]


def no_progress(cards: int) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class IssuedCodes:
    """The plain codes of a batch, in memory alone: gone with this object."""

    batch: Batch
    first_number: int
    #: One after the other, without anything between; never shown, not even in a traceback.
    plain: bytes = field(repr=False)

    def __len__(self) -> int:
        return len(self.plain) // self.batch.code_digits

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Pairs of serial and code, the code in groups."""
        width = self.batch.code_digits
        for place in range(len(self)):
            code = self.plain[place * width : (place + 1) * width].decode("ascii")
            yield serial_of(self.first_number + place), in_groups(code)

    def csv_blocks(self) -> Iterator[bytes]:
        """The file for the printer, a block of lines at a time.

        Codes are in groups: a spreadsheet would take a plain one for a number, and round it.
        """
        yield b"serial,code,points,last_day\r\n"
        width = self.batch.code_digits
        form = in_groups("?" * width).encode("ascii")
        head = b"?" * SERIAL_DIGITS + b","
        tail = f",{self.batch.face_value_points},{self.batch.expires_on.isoformat()}\r\n".encode("ascii")
        line_width = len(head + form + tail)
        for place in range(0, len(self), CARDS_PER_BLOCK):
            cards = min(CARDS_PER_BLOCK, len(self) - place)
            lines = bytearray((head + form + tail) * cards)
            lay(lines, line_width, 0, serials(self.first_number + place, cards), SERIAL_DIGITS)
            codes = self.plain[place * width : (place + cards) * width]
            symbols = (at for at, character in enumerate(form, len(head)) if character == ord("?"))
            for column, at in enumerate(symbols):
                lay(lines, line_width, at, codes[column::width], 1)
            yield bytes(lines)

    def write_encrypted(self, target: IO[bytes], *, recipient: str) -> None:
        """Write the list encrypted to the printer's public key (age1…), without holding it in memory.

        Raises:
            ValueError: the recipient is no age public key.
        """
        import pyrage  # type: ignore[import-untyped]

        key = parse_recipient(recipient)
        pyrage.encrypt_io(io.BufferedReader(_Blocks(self.csv_blocks())), target, [key])


class _Blocks(io.RawIOBase):
    """Blocks of bytes as a file to read from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
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


def draw_and_store_cards(batch: Batch, *, first_number: int, progress: Progress, draws: int = DRAWS) -> bytes:
    """Make all cards of a locked batch; the plain codes.

    Raises:
        UniqueViolation: codes collided every time.
    """
    try:
        with transaction.atomic():
            plain = _copy_cards(batch, first_number=first_number, progress=progress)
    except UniqueViolation:
        if draws == 1:
            raise
        return draw_and_store_cards(batch, first_number=first_number, progress=progress, draws=draws - 1)
    if batch.number_of_cards > CARDS_PER_BLOCK:
        # Until autovacuum comes by, the planner would take the table for as small as it was.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE points_payment_card")
    return plain


def _copy_cards(batch: Batch, *, first_number: int, progress: Progress) -> bytes:
    drawn = []
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY points_payment_card ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(COPY_HEADER)
        for place in range(0, batch.number_of_cards, CARDS_PER_BLOCK):
            cards = min(CARDS_PER_BLOCK, batch.number_of_cards - place)
            codes = draw_codes(batch.code_format, cards)
            copy.write(_rows(batch, codes, first_number=first_number + place, cards=cards))
            drawn.append(codes)
            progress(place + cards)
        copy.write(COPY_TRAILER)
    return b"".join(drawn)


def _rows(batch: Batch, codes: bytes, *, first_number: int, cards: int) -> bytes:
    """A block of rows as a binary COPY wants them: all fields of all rows are of the same length."""
    keys, version, width = settings.CARD_KEYS, settings.CARD_KEYS.current, batch.code_digits
    last_fours, hmacs, digests = [], [], []
    for place in range(cards):
        code = codes[place * width : (place + 1) * width].decode("ascii")
        stored = code_hmac(code, keys=keys, first_version=version, last_version=version)
        hmacs.append(stored)
        last_fours.append(code[-LAST_SYMBOLS:])
        digests.append(
            card_digest(
                number=first_number + place, batch_id=batch.pk, first_key_version=version,
                last_key_version=version, last_four=code[-LAST_SYMBOLS:], hmac_bytes=stored,
            )
        )  # fmt: skip
    numbers = array("q", range(first_number, first_number + cards))
    numbers.byteswap()
    small = version.to_bytes(2, "big")
    fields = (
        numbers.tobytes(), batch.pk.to_bytes(8, "big") * cards, b"".join(hmacs), small * cards, small * cards,
        "".join(last_fours).encode("ascii"), b"".join(digests), CardState.STOCKED.encode("ascii") * cards,
    )  # fmt: skip
    return _binary_rows(fields, cards)


def _binary_rows(fields: tuple[bytes, ...], rows: int) -> bytes:
    widths = [len(values) // rows for values in fields]
    template = len(fields).to_bytes(2, "big")
    starts = []
    for width in widths:
        template += width.to_bytes(4, "big")
        starts.append(len(template))
        template += bytes(width)
    block = bytearray(template * rows)
    for start, width, values in zip(starts, widths, fields, strict=True):
        lay(block, len(template), start, values, width)
    return bytes(block)
