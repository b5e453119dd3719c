"""Codes of vouchers: what campaigns advertise, and what is made in bulk.

A shared code has 4 to 11 Latin letters and digits (``EID2027``). A code that is made has 12 symbols of
Crockford's base 32, which has no I, L, O, U: 55 random bits and a check symbol. Neither is ever digits
alone, which are cards; nor has one 16 symbols, which cards may have too.

The check symbol is the remainder of a polynomial over GF(32): like Damm's digit it finds every wrong
symbol and every swap of neighbours.
"""

from __future__ import annotations

import re
import secrets

from points_payment.codes import ascii_digits
from points_payment.errors import WrongCheckDigit

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MADE_SYMBOLS = 12
GROUP_SYMBOLS = 4
MIN_SHARED_SYMBOLS, MAX_SHARED_SYMBOLS = 4, 11

_VOUCHER = re.compile(r"(?=.*[A-Z])[0-9A-Z]{4,12}")
_SHARED = re.compile(r"(?=.*[A-Z])[0-9A-Z]{4,11}")
_MADE = re.compile(rf"(?=.*[A-Z])[{SYMBOLS}]{{{MADE_SYMBOLS}}}")
#: What people read for a digit: Crockford's base 32 has none of these letters.
_MISREAD = str.maketrans("OIL", "011")
#: x^5 + x^2 + 1, by which GF(32) is made.
_POLYNOMIAL = 0b100101
_BITS = 5


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value >> _BITS else value


def check_symbol(symbols: str) -> str:
    """The check symbol of some symbols."""
    interim = 0
    for symbol in symbols:
        interim = _doubled(interim ^ SYMBOLS.index(symbol))
    return SYMBOLS[interim]


def is_voucher_code(text: str) -> bool:
    """Whether this has the shape of a voucher's code; everything else is a card's."""
    return _VOUCHER.fullmatch(_tidy(text)) is not None


def normalise_voucher_code(text: str) -> str:
    """A code as it is stored.

    Raises:
        WrongCheckDigit: it is mistyped: no shape of a code, or its check symbol is wrong.
    """
    code = _tidy(text)
    if _SHARED.fullmatch(code):
        return code
    code = code.translate(_MISREAD)
    if not _MADE.fullmatch(code) or check_symbol(code[:-1]) != code[-1]:
        raise WrongCheckDigit
    return code


def is_shared_code(text: str) -> bool:
    """Whether a campaign may advertise this code."""
    return _SHARED.fullmatch(_tidy(text)) is not None


def new_voucher_code() -> str:
    """Random symbols and their check symbol; at least one is a letter."""
    while True:
        bits = secrets.randbits(_BITS * (MADE_SYMBOLS - 1))
        body = "".join(SYMBOLS[bits >> _BITS * place & 31] for place in range(MADE_SYMBOLS - 1))
        if _MADE.fullmatch(code := body + check_symbol(body)):
            return code


def shown_voucher_code(code: str) -> str:
    """``7K2M-QX9T-40BD`` as it is printed; a shared code as it is."""
    if len(code) != MADE_SYMBOLS:
        return code
    return "-".join(code[start : start + GROUP_SYMBOLS] for start in range(0, len(code), GROUP_SYMBOLS))


def _tidy(text: str) -> str:
    return ascii_digits(text).upper()
