"""Where a search finds nothing: the words that were meant, what has some of them, and where to look on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from django.urls import reverse
from haystack.query import SQ, SearchQuerySet

from search.analysis import query_words
from search.analysis.letters import fold_text, words
from search.analysis.sorani import join_sorani
from search.analysis.vocabulary import understand
from search.cards import ProductCard, unpack_card
from search.directory import CategoryNode, Directory
from search.engines.query import Typed

MOST_CARDS = 8
MOST_CATEGORIES = 4
#: Words of other products that share a document with a near one stand among them in the counts.
MOST_NEAR_WORDS = 1_000
MOST_WORDS = 6
SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class Instead:
    #: What was probably meant, and its address; empty if there is no such word.
    corrected: str
    corrected_url: str
    #: Of the corrected words if there are any, else products with some of the words, else popular ones.
    kind: str
    cards: Sequence[ProductCard]
    #: Where such products are: pairs of name and address.
    categories: Sequence[tuple[str, str]]


def find_instead(text: str, directory: Directory, language: str) -> Instead | None:
    """The way on from a search without results; None where there were no words."""
    if not text.strip():
        return None
    corrected = did_you_mean(text, directory)
    kind, found = "corrected", _typed(corrected, directory) if corrected else None
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
    return found if found.count() else None


def _nearest(directory: Directory, counts: dict[str, int]) -> list[CategoryNode]:
    """The deepest categories that most of what was found is in."""
    deepest = [
        (count, node)
        for pk, count in counts.items()
        if (node := directory.categories.get(int(pk))) and node.is_public and not node.children
    ]
    return [node for _, node in sorted(deepest, key=lambda pair: -pair[0])[:MOST_CATEGORIES]]


# Spelling -----------------------------------------------------------------------------------------
def did_you_mean(text: str, directory: Directory) -> str:
    """The query with its unknown words put right, if something is found by it; else nothing.

    Only whole words of titles and brands are proposed, in whichever script they were typed.
    """
    typed = query_words(text)[:MOST_WORDS]
    put_right = [_known_or_nearest(word, directory) for word in typed]
    if put_right == typed or not all(put_right):
        return ""
    corrected = " ".join(put_right)
    return corrected if _typed(corrected, directory).count() else ""


def _known_or_nearest(word: str, directory: Directory) -> str:
    if _typed(word, directory).count():
        return word
    return nearest_word(word)


def nearest_word(word: str) -> str:
    """The most frequent whole word of the shop that differs by a letter or two; empty if there is none."""
    folded = words(fold_text(join_sorani(word)))
    if len(folded) != 1 or len(folded[0]) < SHORTEST_WORD:
        return ""
    (typed,) = folded
    found = SearchQuerySet().filter(words__fuzzy=typed).facet("words", size=MOST_NEAR_WORDS)
    found.query.set_limits(0, 0)
    counted = found.facet_counts().get("fields", {}).get("words", ())
    farthest = 1 if len(typed) < LONG_WORD else 2
    near = [
        (distance, -count, other)
        for other, count in counted
        if not other.isdigit()
        and abs(len(other) - len(typed)) <= farthest
        and (distance := edits(typed, other, most=farthest)) <= farthest
    ]
    return min(near)[2] if near else ""


#: As the engines have it: from so many letters on two of them may be wrong.
LONG_WORD = 8


def edits(one: str, other: str, *, most: int) -> int:
    """Letters to insert, drop, change or swap with their neighbour; ``most + 1`` stands for more."""
    before_last: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, theirs in enumerate(other, 1):
            cost = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (letter != theirs))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == theirs:
                cost = min(cost, before_last[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before_last, last = last, now
    return min(last[-1], most + 1)
