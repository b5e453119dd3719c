"""Card codes and serials: digits, check digits, and the HMAC that stands for a code.

The check digit is Damm's (H. M. Damm, Total anti-symmetrische Quasigruppen, 2004): it finds every
single wrong digit and every swap of neighbours.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING

from points_payment.errors import WrongCheckDigit

if TYPE_CHECKING:
    from marketplace.env import CardKeys

CODE_DIGITS = 18
SERIAL_DIGITS = 11
GROUP_DIGITS = 3

_DAMM = (
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
#: Arabic-Indic and Persian digits, as Iraqi keyboards write them.
_TO_ASCII = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
#: What people put between groups: any space, any dash, and the marks that bidirectional text brings along.
_BETWEEN = re.compile(
    r"[\s\-_.\u00ad\u2010-\u2015\u2212\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)
_CHARACTERS = re.compile(r"[0-9]+")


def damm(digits: str) -> str:
    """The check digit of some digits; of digits that end in theirs, ``"0"``."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return str(interim)


def ascii_digits(text: str) -> str:
    """What a person typed, as plain digits without anything between; other characters stay."""
    return _BETWEEN.sub("", text.translate(_TO_ASCII))


def normalise_code(text: str, *, digits: int = CODE_DIGITS) -> str:
    """A code as it was printed.

    Raises:
        WrongCheckDigit: it is mistyped: too short, too long, no digits, or its check digit is wrong.
    """
    code = ascii_digits(text)
    if len(code) != digits or not _CHARACTERS.fullmatch(code) or damm(code) != "0":
        raise WrongCheckDigit
    return code


def new_code(*, digits: int = CODE_DIGITS) -> str:
    """Random digits and their check digit."""
    body = str(secrets.randbelow(10 ** (digits - 1))).zfill(digits - 1)
    return body + damm(body)


def in_groups(code: str) -> str:
    """``123 456 789 …`` as it is printed."""
    return " ".join(code[start : start + GROUP_DIGITS] for start in range(0, len(code), GROUP_DIGITS))


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
    value = code.encode("ascii")
    for version in sorted(keys.by_version):
        if first_version <= version <= last_version:
            value = hmac.new(keys.by_version[version], value, hashlib.sha256).digest()
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
