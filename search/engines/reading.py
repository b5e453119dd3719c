"""What engines share in reading a query: parts, and which languages a text can be of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search.analysis import PLAIN
from search.analysis.vocabulary import Part, understand
from search.engines.schema import Column

#: How much a match is worth of one by the word itself.
SYNONYM_BOOST = 0.6
GUESS_BOOST = 0.5

_LATIN_LANGUAGES = frozenset({PLAIN, "en", "ar", "ckb"})
_ARABIC_LANGUAGES = frozenset({PLAIN, "ar", "ckb"})


def read_parts(value: Any) -> list[Part]:
    """Of the condition ``text``: what a person typed, or the parts that it was read to.

    Parts come from our own side of the connection, but a raw query may carry anything.
    """
    if not isinstance(value, list):
        return understand(str(value))
    parts = []
    for item in value:
        match item:
            case ["words" | "phrase" | "without" as kind, list(texts)] if texts:
                parts.append(Part(kind, tuple(str(text) for text in texts)))
    return parts


def columns_for(text: str, columns: Sequence[Column], *, typed: str) -> Sequence[Column]:
    """Those whose language the text, a synonym, can be of. Sounds are for what was typed alone."""
    if text == typed.replace(" ", ""):
        return columns
    # Latin names stand in titles of every language, Arabic letters never in English ones.
    languages = _LATIN_LANGUAGES if text.isascii() else _ARABIC_LANGUAGES
    return [column for column in columns if column.language in languages]
