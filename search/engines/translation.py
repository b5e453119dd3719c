"""Trees of conditions to the queries of an engine: all that engines do in the same way.

An engine says how its queries are written; what is looked for, where, and what each way is worth is said
here, so that one finds what the other does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from search.analysis import analyse, query_terms, query_words
from search.analysis.vocabulary import Part
from search.engines.query_language import CONTENT, And, Condition, Everything, Node, Not, Nothing, Or
from search.engines.reading import (
    GUESS_BOOST,
    LONGEST_QUERY,
    MOST_WORDS,
    PREFERRED_SCORE,
    SYNONYM_BOOST,
    TIE_BREAKER,
    columns_for,
    read_parts,
)
from search.engines.schema import Column, Kind, Schema, Unanswerable

#: A query of an engine.
Q = TypeVar("Q")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a word: a document whose column has all of these terms."""

    column: Column
    terms: tuple[str, ...]
    #: Whether the last term is the beginning of one.
    is_prefix: bool = False


Worth = tuple[Way, float]


@dataclass(frozen=True, slots=True)
class PartWays:
    """How a part of a question is found, each way with what it is worth."""

    #: The word itself.
    own: list[Worth]
    #: Others of one word that mean the same.
    same: list[Worth]
    #: Those of several words, with where to look for them.
    several: list[tuple[str, Sequence[Column], float]]


class Translator(ABC, Generic[Q]):
    """What a tree of conditions asks for, as queries of one engine."""

    #: What finds everything, and what is known to find nothing.
    EVERYTHING: ClassVar[Any]
    NOTHING: ClassVar[Any]

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    # What an engine writes ------------------------------------------------------------------
    @abstractmethod
    def all_of(self, queries: Sequence[Q]) -> Q: ...

    @abstractmethod
    def any_of(self, queries: Sequence[Q]) -> Q: ...

    @abstractmethod
    def best_of(self, queries: Sequence[Q], *, tie_breaker: float) -> Q:
        """The best of two or more, and a share of every other."""

    @abstractmethod
    def but_not(self, query: Q) -> Q: ...

    @abstractmethod
    def worth(self, query: Q, worth: float) -> Q: ...

    @abstractmethod
    def worth_always(self, query: Q, worth: float) -> Q:
        """Worth the same however well it matches."""

    @abstractmethod
    def question(self, must: Sequence[Q], without: Sequence[Q], preferred: Sequence[Q]) -> Q: ...

    @abstractmethod
    def term(self, column: Column, term: str) -> Q: ...

    @abstractmethod
    def term_that_begins(self, column: Column, beginning: str) -> Q: ...

    @abstractmethod
    def terms_in_a_row(self, column: Column, terms: Sequence[str]) -> Q: ...

    @abstractmethod
    def without_value(self, column: Column) -> Q: ...

    @abstractmethod
    def equal(self, column: Column, value: Any) -> Q: ...

    @abstractmethod
    def is_in(self, column: Column, values: Any) -> Q: ...

    @abstractmethod
    def between(
        self, column: Column, low: Any, high: Any, *, with_low: bool = True, with_high: bool = True
    ) -> Q: ...

    @abstractmethod
    def value_with(self, column: Column, part: str, *, at_start: bool = False, at_end: bool = False) -> Q:
        """A value that has this part: at its start, at its end, or anywhere."""

    @abstractmethod
    def near(self, column: Column, word: str) -> Q:
        """A value that differs in a letter, or in two if it is long."""

    # Conditions -----------------------------------------------------------------------------
    def build(self, node: Node) -> Q:
        match node:
            case Everything():
                return self._everything
            case Nothing():
                return self._nothing
            case And(children=children):
                return self.all_of([self.build(child) for child in children])
            case Or(children=children):
                return self._any_of([self.build(child) for child in children])
            case Not(child=child):
                return self.but_not(self.build(child))
            case Condition():
                try:
                    return self._condition(node)
                except Unanswerable:
                    return self._nothing

    @property
    def _everything(self) -> Q:
        found: Q = self.EVERYTHING
        return found

    @property
    def _nothing(self) -> Q:
        found: Q = self.NOTHING
        return found

    def _condition(self, condition: Condition) -> Q:
        if condition.field == CONTENT:
            return self._content(condition, self.schema.text_columns)
        column = self.schema.column(condition.field)
        if condition.value is None:
            if column.kind in {Kind.TEXT, Kind.STORED}:
                # Which documents have any is known of values alone.
                raise Unanswerable(column.name)
            return self.without_value(column)
        if column.kind is Kind.TEXT:
            return self._content(condition, [column])
        if column.kind in {Kind.KEYED, Kind.KEYED_NUMBERS} and not column.path:
            raise Unanswerable(column.name)
        lookup = _LOOKUPS.get(condition.lookup)
        if lookup is None:
            raise Unanswerable(condition.lookup)
        found: Q = lookup(self, column, condition.value)
        return found

    # Text -----------------------------------------------------------------------------------
    def _content(self, condition: Condition, columns: Sequence[Column]) -> Q:
        value = condition.value
        if condition.lookup == "text":
            return self._typed(value, columns)
        texts = [str(item) for item in value] if isinstance(value, list) else [str(value)]
        if condition.lookup == "exact":
            return self._any_of([self._phrase(text, columns) for text in texts])
        last_is_prefix = condition.lookup == "startswith"
        return self._any_of([self._words(text, columns, last_is_prefix=last_is_prefix) for text in texts])

    def _typed(self, value: Any, columns: Sequence[Column]) -> Q:
        """What a person typed: words with their synonyms, "phrases" and -words to be without."""
        return self._of_parts(value, read_parts(value), columns)

    def _of_parts(self, value: Any, parts: Sequence[Part], columns: Sequence[Column]) -> Q:
        must: list[Q] = []
        without: list[Q] = []
        preferred: list[Q] = []
        places = {"without": without, "prefer": preferred}
        for part in parts:
            query = self._part(part, columns, is_all=len(parts) == 1)
            if query is None:
                continue
            if part.kind == "joined":
                if len(must) < 2:
                    continue
                apart, must[-2:] = self.all_of(must[-2:]), []
                query = self.best_of([apart, self._worth(query, SYNONYM_BOOST)], tie_breaker=0.0)
            places.get(part.kind, must).append(query)
        if not must:
            is_blank = not value if isinstance(value, list) else not str(value).strip()
            must = [self._everything if without or preferred or is_blank else self._nothing]
        return self.question(must, without, preferred)

    def _part(self, part: Part, columns: Sequence[Column], *, is_all: bool) -> Q | None:
        if part.kind == "prefer":
            field, *values = part.alternatives
            return self.worth_always(self.build(Condition(field, "in", values)), PREFERRED_SCORE)
        if part.kind == "phrase":
            return self._any_of([self._phrase(text, columns) for text in part.alternatives])
        ways = self._ways_of_part(part, columns)
        found = self._by_rank(ways) if is_all else self._side_by_side(ways)
        return self._best_of(found) if found else None

    def _side_by_side(self, ways: PartWays) -> list[Q]:
        single = [*ways.own, *ways.same]
        return [*([self._any_way(single)] if single else []), *self._of_several_words(ways)]

    def _of_several_words(self, ways: PartWays) -> list[Q]:
        return [
            self._worth(query, worth)
            for text, theirs, worth in ways.several
            if (query := self._all_words(text, theirs)) is not None
        ]

    def _ways_of_part(self, part: Part, columns: Sequence[Column]) -> PartWays:
        first, *others = part.alternatives
        # A synonym is worth less than the word itself, and is looked for in the languages of its script.
        same = [(text, columns_for(text, columns), SYNONYM_BOOST) for text in others]
        found = PartWays([], [], [])
        for text, theirs, worth in [(first, columns, 1.0), *same]:
            words = query_words(text[:LONGEST_QUERY])
            if len(words) == 1:
                ways = [(way, worth * each) for way, each in self._ways(words[0], theirs)]
                (found.own if text is first else found.same).extend(ways)
            elif words:
                found.several.append((text, theirs, worth))
        return found

    def _by_rank(self, ways: PartWays) -> list[Q]:
        """Each counts by itself, so that the first of them can tell alone which documents are best."""
        headlines, others = self._headlines_and_others(ways)
        return [
            *([self._any_way(headlines)] if headlines else []),
            *(self._worth(self._find(way), worth) for way, worth in others),
            *self._of_several_words(ways),
        ]

    def _headlines_and_others(self, ways: PartWays) -> tuple[list[Worth], list[Worth]]:
        """The word itself in headlines, and all other ways; each where it is worth more."""
        headlines: list[Worth] = []
        others: list[Worth] = []
        own = {id(way) for way, _ in ways.own}
        for way, worth in best_ways([*ways.own, *ways.same]):
            is_headline = id(way) in own and not self.schema.is_body(way.column)
            (headlines if is_headline else others).append((way, worth))
        return headlines, others

    def _all_words(self, text: str, columns: Sequence[Column], *, last_is_prefix: bool = False) -> Q | None:
        words = query_words(text[:LONGEST_QUERY])[:MOST_WORDS]
        found = [
            self._word(word, columns, is_prefix=last_is_prefix and number == len(words) - 1)
            for number, word in enumerate(words)
        ]
        each = [query for query in found if query is not None]
        if any(query is self.NOTHING for query in each):
            return self._nothing
        if len(each) <= 1:
            return each[0] if each else None
        return self.all_of(each)

    def _words(self, text: str, columns: Sequence[Column], *, last_is_prefix: bool = False) -> Q:
        found = self._all_words(text, columns, last_is_prefix=last_is_prefix)
        if found is not None:
            return found
        return self._nothing if text.strip() else self._everything

    def _word(self, word: str, columns: Sequence[Column], *, is_prefix: bool) -> Q | None:
        """The word in any of the fields, by the rules of each; None if it has no letters or digits."""
        ways = list(self._ways(word, columns, is_prefix=is_prefix))
        return self._any_way(ways) if ways else None

    def _ways(self, word: str, columns: Sequence[Column], *, is_prefix: bool = False) -> Iterator[Worth]:
        """How the word is found, with what each way is worth; none for a word without letters or digits."""
        for column in columns:
            first, *guesses = query_terms(word, column.language) or [[]]
            if first:
                yield Way(column, tuple(first), is_prefix), column.boost
                for term in (term for terms in guesses for term in terms):
                    yield Way(column, (term,)), column.boost * GUESS_BOOST

    def _any_way(self, ways: Iterable[Worth]) -> Q:
        found = [self._worth(self._find(way), worth) for way, worth in best_ways(ways)]
        return self._together([query for query in found if query is not self.NOTHING])

    def _find(self, way: Way) -> Q:
        """What has all terms of a way."""
        whole = way.terms[:-1] if way.is_prefix else way.terms
        if not all(self.has(way.column, term) for term in whole):
            return self._nothing
        parts = [self.term(way.column, term) for term in whole]
        if way.is_prefix:
            parts.append(self.term_that_begins(way.column, way.terms[-1]))
        return parts[0] if len(parts) == 1 else self.all_of(parts)

    def has(self, column: Column, term: str) -> bool:
        """Whether any document may have the term."""
        return True

    def _phrase(self, text: str, columns: Sequence[Column]) -> Q:
        matches = []
        for column in columns:
            terms = analyse(text[:LONGEST_QUERY], column.language)[:MOST_WORDS]
            if len(terms) == 1:
                matches.append(self.term(column, str(terms[0])))
            elif terms:
                matches.append(self.terms_in_a_row(column, terms))
        return self._any_of(matches)

    # How well -------------------------------------------------------------------------------
    def _any_of(self, queries: Sequence[Q]) -> Q:
        if len(queries) <= 1:
            return queries[0] if queries else self._nothing
        return self.any_of(queries)

    def _worth(self, query: Q, worth: float) -> Q:
        return query if query is self.NOTHING or worth == 1 else self.worth(query, worth)

    def _together(self, queries: Sequence[Q]) -> Q:
        """The best of them, and a little for every other.

        Terms stand side by side in one union, whichever word or language they are of: tantivy goes through
        a union of terms alone several times faster than through one that holds anything else.
        """
        if len(queries) <= 1:
            return queries[0] if queries else self._nothing
        return self.best_of(queries, tie_breaker=TIE_BREAKER)

    def _best_of(self, queries: Iterable[Q]) -> Q:
        found = [query for query in queries if query is not self.NOTHING]
        if len(found) <= 1:
            return found[0] if found else self._nothing
        return self.best_of(found, tie_breaker=0.0)

    # Values ---------------------------------------------------------------------------------
    def _range(self, column: Column, value: Any) -> Q:
        if not isinstance(value, list) or len(value) != 2:
            raise Unanswerable(column.name)
        return self.between(column, *value)

    def _value_with(self, column: Column, value: Any, *, at_start: bool = False, at_end: bool = False) -> Q:
        if column.kind is not Kind.EXACT:
            raise Unanswerable(column.name)
        return self.value_with(column, column.value(value)[:LONGEST_QUERY], at_start=at_start, at_end=at_end)

    def _near(self, column: Column, value: Any) -> Q:
        if column.kind is not Kind.EXACT:
            raise Unanswerable(column.name)
        return self.near(column, column.value(value))


def best_ways(ways: Iterable[Worth]) -> list[Worth]:
    """The same term may be asked for by several synonyms: the best of them counts."""
    best: dict[tuple[str, tuple[str, ...], bool], Worth] = {}
    for way, worth in ways:
        key = way.column.name, way.terms, way.is_prefix
        if key not in best or worth > best[key][1]:
            best[key] = way, worth
    return list(best.values())


_LOOKUPS: dict[str, Callable[[Translator[Any], Column, Any], Any]] = {
    "content": lambda t, column, value: t.equal(column, value),
    "exact": lambda t, column, value: t.equal(column, value),
    "text": lambda t, column, value: t.equal(column, value),
    "in": lambda t, column, value: t.is_in(column, value),
    "range": Translator._range,
    "gt": lambda t, column, value: t.between(column, value, None, with_low=False),
    "gte": lambda t, column, value: t.between(column, value, None),
    "lt": lambda t, column, value: t.between(column, None, value, with_high=False),
    "lte": lambda t, column, value: t.between(column, None, value),
    "startswith": lambda t, column, value: t._value_with(column, value, at_start=True),
    "endswith": lambda t, column, value: t._value_with(column, value, at_end=True),
    "contains": lambda t, column, value: t._value_with(column, value),
    "fuzzy": Translator._near,
}
