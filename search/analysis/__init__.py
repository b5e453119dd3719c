"""Text becomes terms here, once for documents and queries, whatever engine stores the terms.

Every engine is given words with spaces between them and splits at spaces alone, so that all of
them find the same. A language has its own rules; a document's fields are one per language, and a
query is read by the rules of each field that it is looked for in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from search.analysis.arabic import arabic_guesses, arabic_term
from search.analysis.english import english_term
from search.analysis.letters import fold_text, words
from search.analysis.sorani import join_sorani, sorani_guesses, sorani_term
from search.analysis.sounds import document_sounds, query_sounds

#: Kept beside the index: another number means that its terms were made by other rules.
VERSION = 5

LANGUAGES = ("ar", "ckb", "en")
#: Names, codes and brands, which belong to no language: letters are folded, nothing is cut off.
PLAIN = "plain"
#: How words sound, for those who write a name in another script: see ``sounds``.
SOUND = "sound"

#: Longer words are not words; nobody types them and engines refuse them.
LONGEST_WORD = 64
SHORT_TEXT = 40


def _plain_term(word: str) -> str:
    return word


_TERM_OF: dict[str, Callable[[str], str]] = {
    "ar": arabic_term,
    "ckb": sorani_term,
    "en": english_term,
    PLAIN: _plain_term,
}


@lru_cache(maxsize=100_000)
def _term(word: str, language: str) -> str:
    return _TERM_OF[language](word)


def _folded_words(text: str, language: str) -> Iterator[str]:
    if language == "ckb":
        text = join_sorani(text)
    for word in words(fold_text(text)):
        yield word[:LONGEST_WORD]


def _joined_names(text: str) -> Iterator[str]:
    """ "Ray-Ban" sounds as one word."""
    return ("".join(match.groups()) for match in _HYPHENATED.finditer(fold_text(text)))


_HYPHENATED = re.compile(r"\b([a-z]+)-([a-z]+)\b")


@lru_cache(maxsize=20_000)
def folded_words(text: str) -> tuple[str, ...]:
    """Words as people see them, whatever their language, with letters folded and nothing cut off."""
    return tuple(words(fold_text(join_sorani(text))))


def analyse(text: str, language: str) -> list[str]:
    """The terms of a text in one language, in order; ``language`` is one of LANGUAGES, PLAIN or SOUND."""
    if language == SOUND:
        named = (*_folded_words(text, "ckb"), *_joined_names(text))
        return list(dict.fromkeys(row for word in named for row in document_sounds(word)))
    if len(text) <= SHORT_TEXT:
        return list(_short_terms(text, language))
    return _terms(text, language)


def _terms(text: str, language: str) -> list[str]:
    return [term for word in _folded_words(text, language) if (term := _term(word, language))]


@lru_cache(maxsize=50_000)
def _short_terms(text: str, language: str) -> tuple[str, ...]:
    # Names of brands, words of queries: asked for again and again.
    return tuple(_terms(text, language))


def query_terms(word: str, language: str) -> list[list[str]]:
    """What a word of a query is looked for as: any of these, each of them all of its terms.

    The first is what ``analyse`` makes of it; the others are guesses, worth less than it.
    """
    if language == SOUND:
        folded = list(_folded_words(word, "ckb"))
        return [[row] for row in query_sounds(folded[0])] if len(folded) == 1 else []
    terms = analyse(word, language)
    if not terms:
        return []
    if language not in _GUESSES or len(terms) > 1:
        return [terms]
    (folded_word,) = _folded_words(word, language)
    return [terms, *([guess] for guess in _guesses(folded_word, language))]


_GUESSES: dict[str, Callable[[str], list[str]]] = {"ar": arabic_guesses, "ckb": sorani_guesses}


@lru_cache(maxsize=20_000)
def _guesses(word: str, language: str) -> tuple[str, ...]:
    return tuple(_GUESSES[language](word))


#: Words that a query may leave out of account when it has others. Documents keep them, for phrases.
_LEFT_OUT = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "for",
        "with",
        "and",
        "or",
        "in",
        "on",
        "to",
        "from",
        "by",
        "في",
        "من",
        "على",
        "مع",
        "و",
        "او",
        "الى",
        "عن",
        "ل",
        "ب",
        "لە",
        "بۆ",
        "بە",
        "لەگەڵ",
        "یان",
        "بۆ",
    ]
)

_QUERY_WORD = re.compile(r"[^\s,;:!?()\[\]{}\"“”«»،؛؟]+")


def query_words(text: str) -> list[str]:
    """What a person typed, as single words, each to be looked for in every language.

    Words are split here as little as possible: each language's own rules come after.
    """
    found = _QUERY_WORD.findall(text)
    kept = [word for word in found if word.casefold() not in _LEFT_OUT]
    return kept or found
