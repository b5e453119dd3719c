"""What a person may be about to search for: products, categories, brands, vendors, and what others asked.

What has been typed last is the beginning of a word, and is compared with whole words as they stand in
titles and names: "wirel" is the beginning of "wireless" and of nothing else. Names of the vocabulary count in
every script: who types سامس is about to write Samsung.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import itemgetter
from typing import TypeVar
from urllib.parse import quote_plus

from django.db.models import F, Sum
from django.urls import reverse
from django.utils import timezone
from haystack.query import SQ, SearchQuerySet

from forked_apps.partner.models import Partner
from search.analysis import folded_words, query_words
from search.analysis.sounds import script_of
from search.analysis.vocabulary import Vocabulary
from search.cards import ProductCard, unpack_card
from search.directory import Directory, without_article
from search.engines.query import Typed
from search.models import QueryCount

Row = TypeVar("Row")

LONGEST_TEXT = 100
MOST_PRODUCTS = 5
#: Products that are called the same are one suggestion: so many are looked at to find different ones.
MOST_PRODUCTS_READ = 20
#: Shorter beginnings are the beginning of too much to be looked for in other scripts.
SHORTEST_OTHER_SCRIPT = 3
MOST_OTHER_SCRIPT = 6
MOST_OTHERS = 3
MOST_QUERIES = 4
#: Of brands among the products that begin so.
MOST_BRANDS_COUNTED = 200

#: A query is shown to others when so many searches asked it and found something.
LEAST_SEARCHES = 3
POPULAR_DAYS = 90
MOST_POPULAR = 5_000
KEPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``kind``: query, category, brand, vendor."""

    kind: str
    text: str
    url: str
    #: A category's parent.
    within: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    text: str
    entries: Sequence[Suggestion] = ()
    cards: Sequence[ProductCard] = ()

    @property
    def count(self) -> int:
        return len(self.entries) + len(self.cards)


def suggest(text: str, directory: Directory, language: str) -> Suggestions:
    text = text.replace("\x00", "").strip()[:LONGEST_TEXT]
    typed = folded_words(text)
    if not typed:
        return Suggestions(text)
    kept = _kept_names(directory)
    others = _in_other_scripts(typed[-1], kept.other_scripts)
    cards, brands = _found(_products(text, SQ(words__startswith=typed[-1]), directory), language)
    if not cards and others:
        anyhow = SQ()
        for word in others:
            anyhow |= SQ(words__startswith=word)
        cards, brands = _found(_products(text, anyhow, directory), language)
    readings = [typed, *([*typed[:-1], word] for word in others)]
    entries = [
        *(Suggestion("query", query, _search_url(q=query)) for query in _popular(kept.queries, typed)),
        *_categories(directory, readings, language),
        *(
            Suggestion("brand", name, _search_url(brand=name))
            for name in [name for name in brands if _begins_as_one(name, readings)][:MOST_OTHERS]
        ),
        *_vendors(kept.vendors, typed),
    ]
    return Suggestions(text, entries, cards)


def _products(text: str, last: SQ, directory: Directory) -> SearchQuerySet:
    """All words but the last one, and one that begins like the last; exactly that one is best."""
    *before, _ = query_words(text) or [text]
    found = SearchQuerySet().filter(last)
    if before:
        found = found.filter(content=Typed.read(" ".join(before), directory.vocabulary))
    return found.order_by("-by_featured") if not before else found


def _found(products: SearchQuerySet, language: str) -> tuple[list[ProductCard], list[str]]:
    """The first products with different titles, and brands of all."""
    found = products.facet("brand", size=MOST_BRANDS_COUNTED)
    cards: dict[str, ProductCard] = {}
    for result in found[:MOST_PRODUCTS_READ]:
        if result:
            card = unpack_card(result.card, language=language)
            cards.setdefault(card.title, card)
    brands = [name for name, _ in found.facet_counts().get("fields", {}).get("brand", ())]
    return list(cards.values())[:MOST_PRODUCTS], brands


def _search_url(**query: str) -> str:
    (pair,) = query.items()
    return f"{reverse('search:search')}?{pair[0]}={quote_plus(pair[1])}"


# Names --------------------------------------------------------------------------------------------
def begins_so(name: str, typed: Sequence[str]) -> bool:
    """Whether words of the name in a row begin with what was typed; all but the last are whole."""
    theirs = folded_words(name)
    *whole, beginning = typed
    for place in range(len(theirs) - len(whole)):
        behind = theirs[place + len(whole)]
        if theirs[place : place + len(whole)] == tuple(whole) and without_article(behind).startswith(
            without_article(beginning)
        ):
            return True
    return False


def _begins_as_one(name: str, readings: Iterable[Sequence[str]]) -> bool:
    return any(begins_so(name, reading) for reading in readings)


def _in_other_scripts(beginning: str, names: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Words of other scripts that mean what a word of the vocabulary means that begins so."""
    beginning = without_article(beginning)
    if len(beginning) < SHORTEST_OTHER_SCRIPT:
        return []
    found: dict[str, None] = {}
    for others in _beginning_with(names, beginning):
        found |= dict.fromkeys(others)
    return list(found)[:MOST_OTHER_SCRIPT]


def _vendors(words_of_names: Sequence[tuple[str, tuple[str, int]]], typed: Sequence[str]) -> list[Suggestion]:
    begun = set(_beginning_with(words_of_names, without_article(typed[-1])))
    named = [(name, pk) for name, pk in sorted(begun) if begins_so(name, typed)][:MOST_OTHERS]
    if not named:
        return []
    # The names are up to a minute old; whoever was suspended meanwhile is not proposed.
    selling = set(
        Partner.objects.selling().filter(pk__in=[pk for _, pk in named]).values_list("pk", flat=True)
    )
    return [Suggestion("vendor", name, _search_url(vendor=str(pk))) for name, pk in named if pk in selling]


def _categories(directory: Directory, readings: Sequence[Sequence[str]], language: str) -> list[Suggestion]:
    found = []
    begun = {
        pk
        for *_, beginning in readings
        for pk in _beginning_with(directory.words_of_names, without_article(beginning))
    }
    for node in sorted((directory.categories[pk] for pk in begun), key=lambda node: node.path):
        if any(_begins_as_one(name, readings) for name in dict.fromkeys(node.names.values())):
            within = node.parent.name(language) if node.parent else ""
            found.append(Suggestion("category", node.name(language), node.url, within))
            if len(found) == MOST_OTHERS:
                break
    return found


def _beginning_with(rows: Sequence[tuple[str, Row]], beginning: str) -> Iterator[Row]:
    """What stands beside the words that begin so; the rows are sorted by their words."""
    place = bisect_left(rows, beginning, key=itemgetter(0))
    while place < len(rows) and rows[place][0].startswith(beginning):
        yield rows[place][1]
        place += 1


# Kept in the process ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    #: Folded words and words as typed, sorted by the former; with how often they were asked.
    queries: Sequence[tuple[str, str, int]]
    #: Words of vendors' names, sorted, with the vendor's name and id.
    vendors: Sequence[tuple[str, tuple[str, int]]]
    vocabulary: Vocabulary
    #: Words of the vocabulary, sorted, with what means the same in other scripts.
    other_scripts: Sequence[tuple[str, Sequence[str]]]


_lock = threading.Lock()
_kept: _Kept | None = None


def _kept_names(directory: Directory) -> _Kept:
    """Names that change seldom; read again after a minute, and when staff change synonyms."""
    global _kept
    kept, vocabulary = _kept, directory.vocabulary
    if kept is None or kept.until < time.monotonic() or kept.vocabulary is not vocabulary:
        is_known = kept is not None and kept.vocabulary is vocabulary
        others = kept.other_scripts if kept and is_known else _other_scripts(vocabulary)
        with _lock:
            until = time.monotonic() + KEPT_SECONDS
            kept = _kept = _Kept(until, _read_popular(), _read_vendors(), vocabulary, others)
    return kept


def forget() -> None:
    global _kept
    _kept = None


def _other_scripts(vocabulary: Vocabulary) -> list[tuple[str, Sequence[str]]]:
    found: dict[str, dict[str, None]] = {}
    for group in vocabulary.groups_of_single_words():
        for word in group:
            others = dict.fromkeys(other for other in group if script_of(other) != script_of(word))
            if others:
                found.setdefault(word, {}).update(others)
    return sorted((word, tuple(others)) for word, others in found.items())


def _read_vendors() -> list[tuple[str, tuple[str, int]]]:
    return sorted(
        (without_article(word), vendor)
        for vendor in Partner.objects.selling().values_list("name", "pk")
        for word in folded_words(vendor[0])
    )


def _read_popular() -> list[tuple[str, str, int]]:
    since = timezone.localdate() - timedelta(days=POPULAR_DAYS)
    rows = (
        QueryCount.objects.filter(day__gte=since)
        .values("query")
        .annotate(asked=Sum("searches"), empty=Sum("without_results"))
        .filter(asked__gte=LEAST_SEARCHES, empty__lt=F("asked"))
        .order_by("-asked", "query")[:MOST_POPULAR]
    )
    # Folded words are shown: what one person typed, with its capitals, is theirs.
    return sorted((row["query"], row["query"], row["asked"]) for row in rows)


def _popular(queries: Sequence[tuple[str, str, int]], typed: Sequence[str]) -> list[str]:
    beginning = " ".join(typed)
    place = bisect_left(queries, (beginning,))
    found = []
    while place < len(queries) and queries[place][0].startswith(beginning):
        found.append(queries[place])
        place += 1
    most_asked = sorted(found, key=lambda row: (-row[2], row[0]))
    return [shown for query, shown, _ in most_asked if query != beginning][:MOST_QUERIES]
