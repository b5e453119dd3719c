"""What engines share in reading a query: parts, and which languages a text can be of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from haystack.constants import DJANGO_CT
from haystack.utils import get_model_ct

from search.analysis import PLAIN
from search.analysis.vocabulary import Part, understand
from search.engines.query_language import (
    CONTENT,
    And,
    Condition,
    Node,
    Nothing,
    QuerySyntaxError,
    fields_of,
    read_query,
)
from search.engines.schema import Column, Schema

#: What one search gives back at most; Haystack asks for everything where it was told no limit.
MOST_RESULTS = 10_000
DEFAULT_FACET_VALUES = 1_000
#: Up to so many different numbers are offered one by one, more only as ranges.
FEW_VALUES = 12
#: A person's question has fewer words and letters.
MOST_WORDS = 24
LONGEST_QUERY = 512
#: How much of a word's match in other fields is added to that in the best one.
TIE_BREAKER = 0.1
#: From so many letters on two of them may be wrong.
LONG_WORD = 8

#: How much a match is worth of one by the word itself.
SYNONYM_BOOST = 0.5
GUESS_BOOST = 0.5
#: What a preferred document's score grows by: more than words can be worth.
PREFERRED_SCORE = 60.0

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
            case ["words" | "joined" | "phrase" | "without" | "prefer" as kind, list(texts)] if texts:
                parts.append(Part(kind, tuple(str(text) for text in texts)))
    return parts


def columns_for(text: str, columns: Sequence[Column]) -> Sequence[Column]:
    """Those whose language the text, a synonym, can be of. Sounds are for what was typed alone."""
    # Latin names stand in titles of every language, Arabic letters never in English ones.
    languages = _LATIN_LANGUAGES if text.isascii() else _ARABIC_LANGUAGES
    return [column for column in columns if column.language in languages]


def read_or_words(query_string: str) -> Node:
    """The tree of a query; where it is none, a search for its words."""
    try:
        return read_query(query_string)
    except QuerySyntaxError:
        # Words of somebody who knows no syntax, by way of raw_search.
        return Condition(CONTENT, "text", query_string)


def read_narrowings(
    schema: Schema, narrow: Iterable[str], models: Iterable[Any] | None
) -> dict[frozenset[str], Node]:
    """What results are narrowed by, put together by the fields that it is about."""
    by_fields: dict[frozenset[str], list[Node]] = defaultdict(list)
    for text in narrow:
        try:
            node: Node = read_query(text)
        except QuerySyntaxError:
            # A filter that cannot be read lets nothing through; it never falls away.
            node = Nothing()
        by_fields[frozenset(schema.same_field(name) for name in fields_of(node))].append(node)
    if models:
        labels = [get_model_ct(model) for model in models]
        by_fields[frozenset([DJANGO_CT])].append(Condition(DJANGO_CT, "in", labels))
    return {fields: And(tuple(nodes)) for fields, nodes in by_fields.items()}
