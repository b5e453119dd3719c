"""Card codes and serials: their symbols, their check symbols, and the HMAC that stands for a code.

A code of digits ends in Damm's check digit (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004).
A code of Crockford's base 32 (https://www.crockford.com/base32.html) ends in a check symbol from the
same idea over the field GF(32): ``interim = 2 * interim + symbol``, which is a totally anti-symmetric
quasigroup because 2 is neither 0 nor 1. Crockford's own check symbols go beyond his 32, and ISO 7064's
MOD 37,36 beyond those that people can tell apart. Both find every single wrong symbol and every swap
of neighbours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from points_payment.errors import WrongCheckDigit
from points_payment.kinds import CodeAlphabet

if TYPE_CHECKING:
    from marketplace.env import CardKeys

CODE_DIGITS = 18
LEAST_CODE_DIGITS, MOST_CODE_DIGITS = 16, 24
CODE_SYMBOLS = 16
SERIAL_DIGITS = 11
#: Without I, L, O and U: the first three are read as 1 and 0, the last makes words.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SYMBOLS = {CodeAlphabet.DIGITS: "0123456789", CodeAlphabet.CROCKFORD: CROCKFORD}

DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
#: Twice each element of GF(32), by the primitive polynomial x^5 + x^2 + 1.
DOUBLED = tuple((value << 1) ^ (0b100101 if value & 0b10000 else 0) for value in range(32))
#: Arabic-Indic and Persian digits, as Iraqi keyboards write them.
_TO_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
#: What people put between groups: any space, any dash, and the marks that bidirectional text brings along.
_BETWEEN = re.compile(
    r"[\s\-_.\u00ad\u2010-\u2015\u2212\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)
_CHARACTERS = re.compile(r"[0-9]+")
#: What people read for a symbol that Crockford's alphabet leaves out.
_LOOK_ALIKES = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class CodeFormat:
    """Symbols and length of a batch's codes, the check symbol included."""

    alphabet: CodeAlphabet
    length: int

    def accepts(self, code: str) -> bool:
        """Whether this is a code as it was printed, its check symbol right."""
        symbols = SYMBOLS[self.alphabet]
        return (
            len(code) == self.length
            and all(symbol in symbols for symbol in code)
            and CHECKS[self.alphabet](code) == "0"
        )


STANDARD_FORMAT = CodeFormat(CodeAlphabet.DIGITS, CODE_DIGITS)
CODE_FORMATS = (
    *(CodeFormat(CodeAlphabet.DIGITS, length) for length in range(LEAST_CODE_DIGITS, MOST_CODE_DIGITS + 1)),
    CodeFormat(CodeAlphabet.CROCKFORD, CODE_SYMBOLS),
)


def damm(digits: str) -> str:
    """The check digit of some digits; of digits that end in theirs, ``"0"``."""
    interim = 0
    for digit in digits:
        interim = DAMM[interim][int(digit)]
    return str(interim)


def crockford_check(symbols: str) -> str:
    """The check symbol of some symbols of base 32; of symbols that end in theirs, ``"0"``."""
    interim = 0
    for symbol in symbols:
        interim = DOUBLED[interim] ^ CROCKFORD.index(symbol)
    return CROCKFORD[DOUBLED[interim]]


CHECKS = {CodeAlphabet.DIGITS: damm, CodeAlphabet.CROCKFORD: crockford_check}


def ascii_digits(text: str) -> str:
    """What a person typed, as plain digits without anything between; other characters stay."""
    return _BETWEEN.sub("", text.translate(_TO_ASCII))


def plain_symbols(text: str) -> str:
    """What a person typed of a code: digits of any script as 0 to 9, letters as they were printed."""
    symbols = "".join(_plain(character) for character in _BETWEEN.sub("", text))
    return symbols.upper().translate(_LOOK_ALIKES)


def _plain(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def normalise_code(text: str) -> str:
    """A code as it was printed, whatever its format.

    Raises:
        WrongCheckDigit: it is mistyped: of no known length, other symbols, or its check symbol is wrong.
    """
    code = plain_symbols(text)
    if not any(formats_of(code)):
        raise WrongCheckDigit
    return code


def formats_of(code: str) -> Iterator[CodeFormat]:
    """The formats that a plain code may have: 16 digits can be of either alphabet."""
    return (code_format for code_format in CODE_FORMATS if code_format.accepts(code))


def new_code(code_format: CodeFormat = STANDARD_FORMAT) -> str:
    """One random code; a batch's are drawn by ``code_blocks``."""
    symbols = SYMBOLS[code_format.alphabet]
    body = "".join(secrets.choice(symbols) for _ in range(code_format.length - 1))
    return body + CHECKS[code_format.alphabet](body)


def in_groups(code: str) -> str:
    """``123 456 789 …`` as it is printed: groups of four where they come out even, else of three."""
    size = 3 if len(code) % 4 else 4
    return " ".join(code[start : start + size] for start in range(0, len(code), size))


def serial_of(number: int) -> str:
    """The printed serial of a card's number: 10 digits and a check digit of its own."""
    body = str(number).zfill(SERIAL_DIGITS - 1)
    return body + damm(body)


def number_of(serial: str) -> int:
    """The number behind a serial, in any spelling.

    Raises:
        WrongCheckDigit: it is mistyped.
    """
    digits = ascii_digits(serial)
    if len(digits) < SERIAL_DIGITS or not _CHARACTERS.fullmatch(digits) or damm(digits) != "0":
        raise WrongCheckDigit
    return int(digits[:-1])


def code_hmac(code: str, *, keys: CardKeys, first_version: int, last_version: int) -> bytes:
    """What stands for a code: its HMAC, run through every key from the first version to the last.

    Rotation nests, since codes are not known any more: HMAC(new, HMAC(old, code)).
    """
    return nest_hmac(
        code.encode("ascii"), keys=keys, after_version=first_version - 1, last_version=last_version
    )


def nest_hmac(value: bytes, *, keys: CardKeys, after_version: int, last_version: int) -> bytes:
    """A value run through every key that comes after a version, up to another one."""
    for version in sorted(keys.by_version):
        if after_version < version <= last_version:
            value = hmac.digest(keys.by_version[version], value, "sha256")
    return value


def candidate_hmacs(code: str, *, keys: CardKeys) -> list[bytes]:
    """Every HMAC under which a card with this code may be stored, whenever it was made or rotated."""
    versions = sorted(keys.by_version)
    return [
        code_hmac(code, keys=keys, first_version=first, last_version=last)
        for first in versions
        for last in versions
        if first <= last
    ]


def card_digest(
    *,
    number: int,
    batch_id: int,
    first_key_version: int,
    last_key_version: int,
    last_four: str,
    hmac_bytes: bytes,
) -> bytes:
    """What the proof compares a card's row with; ``points_payment.proof`` makes the same in SQL."""
    text = f"{number}|{batch_id}|{first_key_version}|{last_key_version}|{last_four}|{hmac_bytes.hex()}"
    return hashlib.sha256(text.encode("ascii")).digest()


def redeem_fragment(code: str) -> str:
    """The end of the redeem page's address that fills a code in: browsers send it to no server."""
    return f"#c={ascii_digits(code)}"


def redeem_url(code: str, *, origin: str) -> str:
    """What a printed QR code says; ``origin`` is the shop's (``https://nuqta.example``)."""
    from django.urls import reverse

    return origin + reverse("wallet:redeem") + redeem_fragment(code)
