"""Trees of conditions to tantivy's queries: to rank what they find, or only to know which documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import tantivy
from haystack.constants import DJANGO_CT
from tantivy import Occur, Query

from search.analysis import analyse, query_terms, query_words
from search.analysis.vocabulary import Part
from search.engines.query_language import (
    CONTENT,
    And,
    Condition,
    Everything,
    Node,
    Not,
    Nothing,
    Or,
)
from search.engines.reading import (
    GUESS_BOOST,
    LONG_WORD,
    LONGEST_QUERY,
    MOST_WORDS,
    PREFERRED_SCORE,
    SYNONYM_BOOST,
    TIE_BREAKER,
    columns_for,
    read_parts,
)
from search.engines.schema import Column, Kind, Schema, Unanswerable

#: Terms of which one searcher's answer is remembered.
MOST_KNOWN_TERMS = 100_000

#: Tantivy's BM25, which cannot be set.
BM25_K1 = 1.2

#: Finds nothing, and is known to.
NOTHING = Query.empty_query()

Narrowing = tuple[Occur, Query]

_OCCURS = {
    "words": Occur.Must,
    "joined": Occur.Must,
    "phrase": Occur.Must,
    "without": Occur.MustNot,
    "prefer": Occur.Should,
}


class Lexicon:
    """How frequent terms are in a searcher's index. A question is mostly guesses that no document answers."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self.searcher = searcher
        self._frequencies: dict[tuple[str, str], int] = {}

    def has(self, column: str, term: str) -> bool:
        return self.frequency(column, term) > 0

    def frequency(self, column: str, term: str) -> int:
        found = self._frequencies.get((column, term))
        if found is None:
            if len(self._frequencies) >= MOST_KNOWN_TERMS:
                self._frequencies.clear()
            found = self._frequencies[column, term] = self.searcher.doc_freq(column, term)
        return found

    @cached_property
    def documents(self) -> int:
        """How many there are to tantivy's frequencies, which know of removed ones until segments merge."""
        return sum(count for _, count in self.searcher.terms_with_prefix(DJANGO_CT, ""))

    def ceiling(self, column: str, term: str) -> float:
        """The most that a document can score by this term: BM25's weight of a term without end."""
        frequency = self.frequency(column, term)
        if not frequency:
            return 0.0
        rarity = math.log(1 + (max(0, self.documents - frequency) + 0.5) / (frequency + 0.5))
        return (1 + BM25_K1) * rarity


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a word: a document whose column has all of these terms."""

    column: Column
    terms: tuple[str, ...]
    #: Whether the last term is the beginning of one.
    is_prefix: bool = False


class QueryBuilder:
    """Queries that say how well a document matches."""

    def __init__(self, schema: Schema, lexicon: Lexicon | None = None) -> None:
        """With a ``lexicon``, terms that its index lacks are left out: nothing is found by them."""
        self.schema = schema
        self.lexicon = lexicon

    def build(self, node: Node) -> Query:
        match node:
            case Everything():
                return Query.all_query()
            case Nothing():
                return Query.empty_query()
            case And(children=children):
                return Query.boolean_query([(Occur.Must, self.build(child)) for child in children])
            case Or(children=children):
                return Query.boolean_query([(Occur.Should, self.build(child)) for child in children])
            case Not(child=child):
                return Query.boolean_query(
                    [(Occur.Must, Query.all_query()), (Occur.MustNot, self.build(child))]
                )
            case Condition():
                try:
                    return self._condition(node)
                except Unanswerable:
                    return Query.empty_query()

    def narrowing(self, node: Node) -> Narrowing:
        """What results are narrowed by: what they must match or, where fewer have it, must not."""
        chosen = self.yes_or_no(node)
        if chosen is not None and self._has_most(*chosen):
            column, wanted = chosen
            return Occur.MustNot, self._equal(column, not wanted)
        return Occur.Must, self.build(node)

    def yes_or_no(self, node: Node) -> tuple[Column, bool] | None:
        """The column and its value, where the choice is between the two that every document has one of."""
        match node:
            case And(children=(Condition(field=field, lookup="content" | "exact", value=bool(wanted)),)):
                column = self.schema.columns.get(field)
                if column is not None and column.required:
                    return column, wanted
        return None

    def _has_most(self, column: Column, wanted: bool) -> bool:
        if self.lexicon is None:
            return False
        have = self.lexicon.searcher.doc_freq
        return have(column.name, wanted) > have(column.name, not wanted)

    def _condition(self, condition: Condition) -> Query:
        if condition.field == CONTENT:
            return self._content(condition, self.schema.text_columns)
        column = self.schema.column(condition.field)
        if condition.value is None:
            present = Query.exists_query(column.full_name)
            return Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, present)])
        if column.kind is Kind.TEXT:
            return self._content(condition, [column])
        lookup = _LOOKUPS.get(condition.lookup)
        if lookup is None:
            raise Unanswerable(condition.lookup)
        return lookup(self, column, condition.value)

    # Text -----------------------------------------------------------------------------------
    def _content(self, condition: Condition, columns: Sequence[Column]) -> Query:
        value = condition.value
        if condition.lookup == "text":
            return self._typed(value, columns)
        texts = [str(item) for item in value] if isinstance(value, list) else [str(value)]
        if condition.lookup == "exact":
            return _any_of([self._phrase(text, columns) for text in texts])
        last_is_prefix = condition.lookup == "startswith"
        return _any_of([self._words(text, columns, last_is_prefix=last_is_prefix) for text in texts])

    def _typed(self, value: Any, columns: Sequence[Column]) -> Query:
        """What a person typed: words with their synonyms, "phrases" and -words to be without."""
        parts = read_parts(value)
        clauses: list[tuple[Occur, Query]] = []
        for part in parts:
            query = self._part(part, columns, is_all=len(parts) == 1)
            if query is None:
                continue
            if part.kind == "joined":
                if len(clauses) < 2:
                    continue
                apart, clauses = Query.boolean_query(clauses[-2:]), clauses[:-2]
                query = Query.disjunction_max_query([apart, Query.boost_query(query, SYNONYM_BOOST)], 0.0)
            clauses.append((_OCCURS[part.kind], query))
        if not any(occur is Occur.Must for occur, _ in clauses):
            is_blank = not value if isinstance(value, list) else not str(value).strip()
            whole = Query.all_query() if clauses or is_blank else Query.empty_query()
            clauses.append((Occur.Must, whole))
        return Query.boolean_query(clauses)

    def _part(self, part: Part, columns: Sequence[Column], *, is_all: bool) -> Query | None:
        if part.kind == "prefer":
            field, *values = part.alternatives
            wanted = self.build(Condition(field, "in", values))
            return Query.const_score_query(wanted, PREFERRED_SCORE)
        if part.kind == "phrase":
            return _any_of([self._phrase(text, columns) for text in part.alternatives])
        single, several = self._ways_of_part(part, columns)
        phrases = [
            self._worth(query, worth)
            for text, theirs, worth in several
            if (query := self._all_words(text, theirs)) is not None
        ]
        if not single and not phrases:
            return None
        one = self._headline_or_body(single) if is_all else self._any_way(single)
        return self._best_of([one, *phrases])

    def _ways_of_part(
        self, part: Part, columns: Sequence[Column]
    ) -> tuple[list[tuple[Way, float]], list[tuple[str, Sequence[Column], float]]]:
        """Ways of alternatives of one word, and alternatives of several words; each with what it is worth."""
        first, *others = part.alternatives
        # A synonym is worth less than the word itself, and is looked for in the languages of its script.
        same = [(text, columns_for(text, columns), SYNONYM_BOOST) for text in others]
        single: list[tuple[Way, float]] = []
        several = []
        for text, theirs, worth in [(first, columns, 1.0), *same]:
            words = query_words(text[:LONGEST_QUERY])
            if len(words) == 1:
                single += [(way, worth * each) for way, each in self._ways(words[0], theirs)]
            else:
                several.append((text, theirs, worth))
        return single, several

    def _all_words(
        self, text: str, columns: Sequence[Column], *, last_is_prefix: bool = False
    ) -> Query | None:
        words = query_words(text[:LONGEST_QUERY])[:MOST_WORDS]
        found = [
            self._word(word, columns, is_prefix=last_is_prefix and number == len(words) - 1)
            for number, word in enumerate(words)
        ]
        each = [query for query in found if query is not None]
        if any(query is NOTHING for query in each):
            return NOTHING
        return _all_of(each) if each else None

    def _words(self, text: str, columns: Sequence[Column], *, last_is_prefix: bool = False) -> Query:
        found = self._all_words(text, columns, last_is_prefix=last_is_prefix)
        if found is not None:
            return found
        return Query.empty_query() if text.strip() else Query.all_query()

    def _word(self, word: str, columns: Sequence[Column], *, is_prefix: bool) -> Query | None:
        """The word in any of the fields, by the rules of each; None if it has no letters or digits."""
        ways = list(self._ways(word, columns, is_prefix=is_prefix))
        return self._any_way(ways) if ways else None

    def _any_way(self, ways: Iterable[tuple[Way, float]]) -> Query:
        found = [
            self._worth(query, worth)
            for way, worth in _best_ways(ways)
            if (query := self._find(way)) is not NOTHING
        ]
        return self._together(found)

    def _headline_or_body(self, ways: Sequence[tuple[Way, float]]) -> Query:
        """Each counts by itself, so that headlines alone can tell which documents are best."""
        in_body = [(way, worth) for way, worth in ways if self.schema.is_body(way.column)]
        in_headline = [(way, worth) for way, worth in ways if not self.schema.is_body(way.column)]
        return self._best_of([self._any_way(in_headline), self._any_way(in_body)])

    # How well -------------------------------------------------------------------------------
    def _worth(self, query: Query, worth: float) -> Query:
        return query if query is NOTHING or worth == 1 else Query.boost_query(query, worth)

    def _together(self, queries: Sequence[Query]) -> Query:
        """The best of them, and a little for every other.

        Terms stand side by side in one union, whichever word or language they are of: tantivy goes through
        a union of terms alone several times faster than through one that holds anything else.
        """
        if len(queries) <= 1:
            return queries[0] if queries else NOTHING
        return Query.disjunction_max_query(list(queries), TIE_BREAKER)

    def _best_of(self, queries: Iterable[Query]) -> Query:
        found = [query for query in queries if query is not NOTHING]
        if len(found) <= 1:
            return found[0] if found else NOTHING
        return Query.disjunction_max_query(found, 0.0)

    def _ways(
        self, word: str, columns: Sequence[Column], *, is_prefix: bool = False
    ) -> Iterator[tuple[Way, float]]:
        """How the word is found, with what each way is worth; none for a word without letters or digits."""
        for column in columns:
            first, *guesses = query_terms(word, column.language) or [[]]
            if first:
                yield Way(column, tuple(first), is_prefix), column.boost
                for term in (term for terms in guesses for term in terms):
                    yield Way(column, (term,)), column.boost * GUESS_BOOST

    def _find(self, way: Way) -> Query:
        """What has all terms of a way."""
        whole = way.terms[:-1] if way.is_prefix else way.terms
        if not all(self._has(way.column, term) for term in whole):
            return NOTHING
        parts = [self._term(way.column, term) for term in whole]
        if way.is_prefix:
            pattern = _escape_regex(way.terms[-1]) + ".*"
            parts.append(Query.regex_query(self.schema.tantivy, way.column.name, pattern))
        return _all_of(parts)

    def _has(self, column: Column, term: str) -> bool:
        return self.lexicon is None or self.lexicon.has(column.name, term)

    def _phrase(self, text: str, columns: Sequence[Column]) -> Query:
        matches = []
        for column in columns:
            terms: list[str | tuple[int, str]] = list(
                analyse(text[:LONGEST_QUERY], column.language)[:MOST_WORDS]
            )
            if len(terms) == 1:
                matches.append(self._term(column, str(terms[0])))
            elif terms:
                matches.append(Query.phrase_query(self.schema.tantivy, column.name, terms))
        return _any_of(matches)

    def _term(self, column: Column, term: str) -> Query:
        return Query.term_query(self.schema.tantivy, column.name, term)

    # Values ---------------------------------------------------------------------------------
    def _equal(self, column: Column, value: Any) -> Query:
        if isinstance(value, list):
            return self._in(column, value)
        if column.kind is Kind.KEYED_NUMBERS:
            return self._number_range(column, value, value)
        if column.kind in {Kind.SORT_KEY, Kind.WEIGHT, Kind.STORED}:
            raise Unanswerable(column.name)
        return Query.term_query(self.schema.tantivy, column.full_name, column.value(value), "basic")

    def _in(self, column: Column, values: Any) -> Query:
        matches = []
        for value in values if isinstance(values, list) else [values]:
            try:
                matches.append(self._equal(column, value))
            except Unanswerable:
                continue
        return _any_of(matches)

    def _between(
        self, column: Column, low: Any, high: Any, *, with_low: bool = True, with_high: bool = True
    ) -> Query:
        if column.kind is Kind.KEYED_NUMBERS:
            return self._number_range(column, low, high, with_low=with_low, with_high=with_high)
        if column.range_type is None:
            raise Unanswerable(column.name)
        if low is None and high is None:
            return Query.exists_query(column.name)
        return Query.range_query(
            self.schema.tantivy,
            column.name,
            column.range_type,
            None if low is None else self._bound(column, low, up=with_low),
            None if high is None else self._bound(column, high, up=not with_high),
            include_lower=with_low,
            include_upper=with_high,
        )

    def _bound(self, column: Column, value: Any, *, up: bool) -> Any:
        """A bound may lie between two whole numbers, or beyond all of them."""
        if column.kind is not Kind.INTEGER:
            return column.value(value)
        try:
            number = float(value)
            if not math.isfinite(number):
                raise Unanswerable(value)
            whole = int(value) if number.is_integer() else (math.ceil(number) if up else math.floor(number))
        except (ValueError, TypeError, OverflowError) as error:
            raise Unanswerable(column.name) from error
        return max(-(2**63), min(2**63 - 1, whole))

    def _number_range(
        self, column: Column, low: Any, high: Any, *, with_low: bool = True, with_high: bool = True
    ) -> Query:
        # Tantivy's Python API has no range of a JSON path, only its query parser has. What goes into
        # the string is a checked name and two numbers written here.
        lower = "*" if low is None else f"{column.value(low):.6f}"
        upper = "*" if high is None else f"{column.value(high):.6f}"
        if lower == upper == "*":
            return Query.exists_query(column.full_name)
        opening, closing = "[" if with_low else "{", "]" if with_high else "}"
        return self.parse(f"{column.full_name}:{opening}{lower} TO {upper}{closing}")

    def _like(self, column: Column, pattern: str) -> Query:
        if column.kind is not Kind.EXACT:
            raise Unanswerable(column.name)
        return Query.regex_query(self.schema.tantivy, column.name, pattern)

    def _fuzzy(self, column: Column, value: Any) -> Query:
        if column.kind is not Kind.EXACT:
            raise Unanswerable(column.name)
        word = column.value(value)
        return Query.fuzzy_term_query(
            self.schema.tantivy, column.name, word, distance=2 if len(word) >= LONG_WORD else 1
        )

    def parse(self, text: str) -> Query:
        return self.schema.parser.parse_query(text)


class HeadlineBuilder(QueryBuilder):
    """Of one word, or what means the same, only what needs no body: fewer documents.

    They are the best of all if they score more than a body can.
    """

    def _headline_or_body(self, ways: Sequence[tuple[Way, float]]) -> Query:
        return self._any_way([(way, worth) for way, worth in ways if not self.schema.is_body(way.column)])

    def ceiling_of_others(self, node: Node) -> float | None:
        """What a document that this finds not, or finds for less, can score at most; None if nobody knows."""
        match node:
            case Condition(field=field, lookup="text", value=value) if field == CONTENT:
                parts = read_parts(value)
                if len(parts) == 1 and parts[0].kind == "words":
                    single, _ = self._ways_of_part(parts[0], self.schema.text_columns)
                    return self._ceiling([each for each in single if self.schema.is_body(each[0].column)])
            case And(children=(child,)):
                return self.ceiling_of_others(child)
        return None

    def _ceiling(self, ways: Iterable[tuple[Way, float]]) -> float:
        assert self.lexicon is not None
        each = [
            worth * sum(self.lexicon.ceiling(way.column.name, term) for term in way.terms)
            for way, worth in _best_ways(ways)
            if all(self._has(way.column, term) for term in way.terms)
        ]
        return max(each, default=0.0) * (1 - TIE_BREAKER) + sum(each) * TIE_BREAKER


class MatchBuilder(QueryBuilder):
    """The same documents, without how well they match: all that counting asks for."""

    def _content(self, condition: Condition, columns: Sequence[Column]) -> Query:
        names = {column.name for column in columns}
        return super()._content(condition, [column for column in columns if column.within not in names])

    def _headline_or_body(self, ways: Sequence[tuple[Way, float]]) -> Query:
        return self._any_way(ways)

    def _worth(self, query: Query, worth: float) -> Query:
        return query

    def _together(self, queries: Sequence[Query]) -> Query:
        return _any_of(queries)

    def _best_of(self, queries: Iterable[Query]) -> Query:
        return _any_of([query for query in queries if query is not NOTHING])


def _best_ways(ways: Iterable[tuple[Way, float]]) -> list[tuple[Way, float]]:
    """The same term may be asked for by several synonyms: the best of them counts."""
    best: dict[tuple[str, tuple[str, ...], bool], tuple[Way, float]] = {}
    for way, worth in ways:
        key = way.column.name, way.terms, way.is_prefix
        if key not in best or worth > best[key][1]:
            best[key] = way, worth
    return list(best.values())


def _range(builder: QueryBuilder, column: Column, value: Any) -> Query:
    if not isinstance(value, list) or len(value) != 2:
        raise Unanswerable(column.name)
    return builder._between(column, *value)


_LOOKUPS: dict[str, Callable[[QueryBuilder, Column, Any], Query]] = {
    "content": QueryBuilder._equal,
    "exact": QueryBuilder._equal,
    "text": QueryBuilder._equal,
    "in": QueryBuilder._in,
    "range": _range,
    "gt": lambda b, c, v: b._between(c, v, None, with_low=False),
    "gte": lambda b, c, v: b._between(c, v, None),
    "lt": lambda b, c, v: b._between(c, None, v, with_high=False),
    "lte": lambda b, c, v: b._between(c, None, v),
    "startswith": lambda b, c, v: b._like(c, _escape_regex(c.value(v)) + ".*"),
    "endswith": lambda b, c, v: b._like(c, ".*" + _escape_regex(c.value(v))),
    "contains": lambda b, c, v: b._like(c, ".*" + _escape_regex(c.value(v)) + ".*"),
    "fuzzy": QueryBuilder._fuzzy,
}


def _escape_regex(text: str) -> str:
    return "".join(f"\\{c}" if c in r"\.+*?()|[]{}^$#&-~/" else c for c in text[:LONGEST_QUERY])


def narrowed_by(base: Query, narrowings: Sequence[Narrowing]) -> Query:
    if not narrowings:
        return base
    # Narrowing says which documents, not how well they match.
    clauses = [(occur, Query.const_score_query(query, 0.0)) for occur, query in narrowings]
    return Query.boolean_query([(Occur.Must, base), *clauses])


def _any_of(queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries]) if queries else NOTHING


def _all_of(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, q) for q in queries])
