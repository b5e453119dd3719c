"""Where a search finds nothing: the words that were meant, what has some of them, and where to look on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from django.urls import reverse
from haystack.query import SQ, SearchQuerySet

from search.analysis.vocabulary import understand
from search.cards import ProductCard, unpack_card
from search.directory import CategoryNode, Directory
from search.engines.query import Typed
from search.spelling import did_you_mean

MOST_CARDS = 8
MOST_CATEGORIES = 4


@dataclass(frozen=True, slots=True)
class Instead:
    #: What was probably meant, and its address; empty if there is no such word.
    corrected: str
    corrected_url: str
    #: Of the words themselves outside of the category in view if they are there, of the corrected words if
    #: there are any, else products with some of the words, else popular ones.
    kind: str
    cards: Sequence[ProductCard]
    #: How many there are of them in the whole shop.
    count: int
    #: Where such products are: pairs of name and address.
    categories: Sequence[tuple[str, str]]


def find_instead(text: str, directory: Directory, language: str, *, is_within: bool) -> Instead | None:
    """The way on from a search without results; None where there were no words.

    ``is_within``: only a part of the shop was searched.
    """
    if not text.strip():
        return None
    kind, found = "everywhere", _if_any(_typed(text, directory)) if is_within else None
    corrected = did_you_mean(text, directory) if found is None else ""
    if found is None and corrected:
        kind, found = "corrected", _typed(corrected, directory)
    if found is None:
        kind, found = "some", _with_some_words(text, directory)
    if found is None:
        kind, found = "popular", SearchQuerySet().order_by("-by_sales")
    found = found.facet("category")
    cards = [unpack_card(result.card, language=language) for result in found[:MOST_CARDS] if result]
    counts = dict(found.facet_counts().get("fields", {}).get("category", ()))
    return Instead(
        corrected=corrected,
        corrected_url=f"{reverse('search:search')}?q={quote_plus(corrected)}" if corrected else "",
        kind=kind,
        cards=cards,
        count=len(found),
        categories=[
            (node.name(language), node.url)
            for node in _nearest(directory, counts if kind != "popular" else {})
        ],
    )


def _typed(text: str, directory: Directory) -> SearchQuerySet:
    return SearchQuerySet().filter(content=Typed.read(text, directory.vocabulary))


def _with_some_words(text: str, directory: Directory) -> SearchQuerySet | None:
    """Documents with any of the words; those with more of them stand first, by relevance."""
    parts = [part for part in understand(text, directory.vocabulary) if part.kind != "without"]
    if len(parts) < 2:
        return None
    any_part = SQ(content=Typed(parts[:1]))
    for part in parts[1:]:
        any_part |= SQ(content=Typed([part]))
    found = SearchQuerySet().filter(any_part)
    return _if_any(found)


def _if_any(found: SearchQuerySet) -> SearchQuerySet | None:
    return found if found.count() else None


def _nearest(directory: Directory, counts: dict[str, int]) -> list[CategoryNode]:
    """The deepest categories that most of what was found is in."""
    deepest = [
        (count, node)
        for pk, count in counts.items()
        if (node := directory.categories.get(int(pk))) and node.is_public and not node.children
    ]
    return [node for _, node in sorted(deepest, key=lambda pair: -pair[0])[:MOST_CATEGORIES]]
