"""Codes and serials by the block: what ``codes`` does for one, done for thousands at once.

A block is fixed-width cells, one after the other. Its columns are slices with a stride, so each step of
a check digit is a few operations on whole columns instead of one for each card; a million codes take
half a second. ``tests/points_payment/test_code_formats.py`` compares both ways.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from points_payment.codes import CROCKFORD, DAMM, DOUBLED, SERIAL_DIGITS, CodeFormat
from points_payment.kinds import CodeAlphabet

CARDS_PER_BLOCK = 10_000

#: From the bytes 0 to 249 to their last decimal digit; the other bytes are left out, so no digit is likelier.
_TO_DIGITS = bytes(byte % 10 for byte in range(256))
_LEFT_OUT = bytes(range(250, 256))
_TO_BASE_32 = bytes(byte % 32 for byte in range(256))
_SYMBOLS = CROCKFORD.encode("ascii").ljust(256, b"?")
_VALUES = bytes(max(0, byte - ord("0")) % 10 for byte in range(256))

#: Ten times the next state of Damm's automaton, by ten times the state plus the digit.
_DAMM_TIMES_TEN = bytes(10 * digit for row in DAMM for digit in row).ljust(256, b"\0")
_TENTHS = bytes(byte // 10 for byte in range(256))
_DOUBLED = bytes(DOUBLED).ljust(256, b"\0")


def draw_codes(code_format: CodeFormat, number: int) -> bytes:
    """So many random codes with their check symbols, each as long as the format says."""
    width = code_format.length - 1
    if code_format.alphabet == CodeAlphabet.DIGITS:
        values = _random_digits(number * width)
        checks = _damm_column(values, width)
    else:
        values = secrets.token_bytes(number * width).translate(_TO_BASE_32)
        checks = _crockford_column(values, width)
    cells = bytearray(number * code_format.length)
    lay(cells, code_format.length, 0, values.translate(_SYMBOLS), width)
    lay(cells, code_format.length, width, checks.translate(_SYMBOLS), 1)
    return bytes(cells)


def serials(first_number: int, number: int) -> bytes:
    """The serials of neighbouring cards."""
    width = SERIAL_DIGITS - 1
    bodies = b"".join(b"%010d" % value for value in range(first_number, first_number + number))
    cells = bytearray(number * SERIAL_DIGITS)
    lay(cells, SERIAL_DIGITS, 0, bodies, width)
    checks = _damm_column(bodies.translate(_VALUES), width)
    lay(cells, SERIAL_DIGITS, width, checks.translate(_SYMBOLS), 1)
    return bytes(cells)


def lay(rows: bytearray, row_width: int, at: int, cells: bytes, cell_width: int) -> None:
    """Write one cell into each row, at the same place of all."""
    for place in range(cell_width):
        rows[at + place :: row_width] = cells[place::cell_width]


def _random_digits(count: int) -> bytes:
    digits = b""
    while len(digits) < count:
        # One byte in 43 is left out; a little more than that is drawn for it.
        draw = secrets.token_bytes((count - len(digits)) * 41 // 40 + 64)
        digits += draw.translate(_TO_DIGITS, delete=_LEFT_OUT)
    return digits[:count]


def _damm_column(digits: bytes, width: int) -> bytes:
    interim = bytes(len(digits) // width)
    for place in range(width):
        # No byte overflows: ten times a digit and a digit are 99 at most.
        interim = _by_byte(int.__add__, interim, digits[place::width]).translate(_DAMM_TIMES_TEN)
    return interim.translate(_TENTHS)


def _crockford_column(values: bytes, width: int) -> bytes:
    interim = bytes(len(values) // width)
    for place in range(width):
        interim = _by_byte(int.__xor__, interim, values[place::width]).translate(_DOUBLED)
    return interim


def _by_byte(operation: Callable[[int, int], int], one: bytes, other: bytes) -> bytes:
    """Add or xor two columns, each taken as one long number: what no byte carries over to the next."""
    result = operation(int.from_bytes(one, "little"), int.from_bytes(other, "little"))
    return result.to_bytes(len(one), "little")
