"""Numbers under which the state knows a vendor; its invoices carry them. Nobody checks that they exist."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_CHARACTERS = 40
#: What stands between digits and letters.
BETWEEN = frozenset(" -/.()")
ASCII_DIGITS = frozenset("0123456789")


def validate_official_number(text: str) -> None:
    """Digits (ASCII ones), letters of any script, and what stands between them.

    Raises:
        ValidationError: it holds something else, or neither a digit nor a letter.
    """
    meaningful = [character for character in text if character not in BETWEEN]
    if not meaningful or not all(map(_may_stand, meaningful)):
        raise ValidationError(
            _("Write digits and letters; between them only spaces, hyphens, dots, slashes or brackets."),
            code="no_official_number",
        )


def _may_stand(character: str) -> bool:
    return character in ASCII_DIGITS or unicodedata.category(character).startswith("L")
