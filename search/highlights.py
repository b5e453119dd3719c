"""Which words of a title are what was searched for. Pieces of text, never markup: templates escape them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from search.analysis import LANGUAGES, PLAIN, SOUND, analyse, query_terms, query_words
from search.analysis.vocabulary import Vocabulary, understand
from search.cards import ProductCard

_PIECES = re.compile(r"([^\s,;:!?()\[\]{}\"“”«»،؛؟/]+)")
_RULES = (*LANGUAGES, PLAIN)


@lru_cache(maxsize=50_000)
def _terms(word: str) -> frozenset[tuple[str, str]]:
    found = {(language, term) for language in _RULES for term in analyse(word, language)}
    return frozenset(found | {(SOUND, row) for row in analyse(word, SOUND)})


@dataclass(frozen=True, slots=True)
class Highlighter:
    wanted: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, text: str, vocabulary: Vocabulary) -> Highlighter:
        wanted: set[tuple[str, str]] = set()
        for part in understand(text, vocabulary) if text else ():
            if part.kind == "without":
                continue
            for number, phrase in enumerate(part.alternatives):
                for word in query_words(phrase):
                    # What a synonym sounds like was not looked for.
                    for language in (*_RULES, SOUND) if number == 0 else _RULES:
                        wanted |= {
                            (language, term) for terms in query_terms(word, language) for term in terms
                        }
        return cls(frozenset(wanted))

    def on(self, card: ProductCard) -> ProductCard:
        """The card with its title in pieces."""
        if not self.wanted:
            return card
        pieces = tuple(
            (piece, bool(number % 2) and not self.wanted.isdisjoint(_terms(piece)))
            for number, piece in enumerate(_PIECES.split(card.title))
            if piece
        )
        return replace(card, title_pieces=pieces) if any(is_match for _, is_match in pieces) else card
