"""Words that the shop does not know, and the known ones that were probably meant, in whichever script."""

from __future__ import annotations

from dataclasses import replace

from haystack.query import SQ, SearchQuerySet

from search.analysis import LANGUAGES, folded_words, query_words
from search.analysis.sounds import script_of
from search.analysis.vocabulary import MOST_ALTERNATIVES, Part
from search.directory import Directory
from search.engines.query import Typed

#: Words of other products that share a document with a near one stand among them in the counts.
MOST_NEAR_WORDS = 1_000
MOST_WORDS = 6
SHORTEST_WORD = 3
#: As the engines have it: from so many letters on two of them may be wrong.
LONG_WORD = 8
#: Fields whose words are compared as they are written; how a word sounds proves nothing of its spelling.
_WRITTEN = ("text", *(f"{kind}_{language}" for kind in ("title", "body") for language in LANGUAGES))


def did_you_mean(text: str, directory: Directory) -> str:
    """The query with its unknown words put right, if something is found by it; else nothing.

    Only whole words of titles, brands, categories and the vocabulary are proposed.
    """
    typed = query_words(text)[:MOST_WORDS]
    put_right = [_as_known(word, directory) for word in typed]
    if not any(known and known != word for known, word in zip(put_right, typed, strict=True)):
        return ""
    # A word that nothing is near to is left out: "wodn tabel" is about tables at least.
    corrected = " ".join(known for known in put_right if known)
    return corrected if _count(corrected, directory) else ""


def read_typed(text: str, directory: Directory) -> tuple[list[Part], str]:
    """What a person typed; where an unknown word only finds what sounds like it, with what it was meant for.

    "labtop" sounds like لابتوب, which stands in titles of bags: laptops are looked for as well. The second is
    the text as it was meant; empty where every word is known, and where nothing is found: see
    ``no_results`` for that.
    """
    parts = [_meant(part, directory) for part in directory.understand(text)]
    if all(nearest == "" for _, nearest in parts) or not _count(text, directory):
        return [part for part, _ in parts], ""
    words = [nearest or part.alternatives[0] for part, nearest in parts if part.kind == "words"]
    read = [_with_meant(part, nearest, directory) for part, nearest in parts]
    return directory.preferring(read), " ".join(words)


def _meant(part: Part, directory: Directory) -> tuple[Part, str]:
    word = part.alternatives[0]
    if part.kind != "words" or len(part.alternatives) > 1 or is_written(word, directory):
        return part, ""
    return part, nearest_word(word, directory)


def _with_meant(part: Part, nearest: str, directory: Directory) -> Part:
    if not nearest:
        return part
    same = directory.vocabulary.same_as([nearest])
    return replace(part, alternatives=(*part.alternatives, nearest, *same)[:MOST_ALTERNATIVES])


def _as_known(word: str, directory: Directory) -> str:
    if not _count(word, directory):
        return nearest_word(word, directory)
    return word if is_written(word, directory) else nearest_word(word, directory) or word


def _count(text: str, directory: Directory) -> int:
    return SearchQuerySet().filter(content=Typed.read(text, directory.vocabulary)).count()


def is_written(word: str, directory: Directory) -> bool:
    """Whether a product has the word in some inflection, or the vocabulary knows it; codes are not judged."""
    if not word.isalpha() or len(word) < SHORTEST_WORD or directory.vocabulary.same_as([word]):
        return True
    anywhere = SQ()
    for field in _WRITTEN:
        anywhere |= SQ(**{field: word})
    return SearchQuerySet().filter(anywhere).count() > 0


def nearest_word(word: str, directory: Directory) -> str:
    """The most frequent whole word of the shop that differs by a letter or two; empty if there is none."""
    folded = folded_words(word)
    if len(folded) != 1 or len(folded[0]) < SHORTEST_WORD:
        return ""
    (typed,) = folded
    counted = _words_near(typed)
    near = [
        (distance, other)
        for other in dict.fromkeys((*counted, *directory.known_words))
        if other != typed and (distance := _distance(typed, other)) <= _farthest(typed)
    ]
    least = min((distance for distance, _ in near), default=0)
    nearest = [other for distance, other in near if distance == least]
    if written := [(-counted[other], other) for other in nearest if other in counted]:
        return min(written)[1]
    # What a category is called stands in no title, and yet it finds all of its products.
    found = [(-count, other) for other in nearest if (count := _count(other, directory))]
    return min(found)[1] if found else ""


def _words_near(typed: str) -> dict[str, int]:
    """Words of titles and brands, with how many products have them."""
    found = SearchQuerySet().filter(words__fuzzy=typed).facet("words", size=MOST_NEAR_WORDS)
    found.query.set_limits(0, 0)
    counted = dict(found.facet_counts().get("fields", {}).get("words", ()))
    return {word: count for word, count in counted.items() if not word.isdigit()}


def _farthest(typed: str) -> int:
    return 1 if len(typed) < LONG_WORD else 2


def _distance(typed: str, other: str) -> int:
    most = _farthest(typed)
    if abs(len(other) - len(typed)) > most or script_of(other) != script_of(typed):
        return most + 1
    return edits(typed, other, most=most)


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
