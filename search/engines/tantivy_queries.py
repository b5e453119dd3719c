"""Trees of conditions as tantivy's queries: to rank what they find, or only to know which documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

import tantivy
from haystack.constants import DJANGO_CT
from tantivy import Occur, Query

from search.analysis import query_words
from search.analysis.vocabulary import Part
from search.engines.query_language import CONTENT, And, Condition, Node
from search.engines.reading import (
    LONG_WORD,
    LONGEST_QUERY,
    MOST_WORDS,
    SYNONYM_BOOST,
    TIE_BREAKER,
    read_parts,
)
from search.engines.schema import Column, Kind, Schema, Unanswerable
from search.engines.translation import PartWays, Translator, Way, best_ways

#: Terms of which one searcher's answer is remembered.
MOST_KNOWN_TERMS = 100_000

#: Tantivy refuses patterns of more than 1,000 bytes and signs, where a letter may take four bytes.
LONGEST_PART = 120

#: Tantivy's BM25, which cannot be set.
BM25_K1 = 1.2

#: Finds nothing, and is known to.
NOTHING = Query.empty_query()

Narrowing = tuple[Occur, Query]


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


class QueryBuilder(Translator[Query]):
    """Queries that say how well a document matches."""

    EVERYTHING = Query.all_query()
    NOTHING = NOTHING

    def __init__(self, schema: Schema, lexicon: Lexicon | None = None) -> None:
        """With a ``lexicon``, terms that its index lacks are left out: nothing is found by them."""
        super().__init__(schema)
        self.lexicon = lexicon

    def has(self, column: Column, term: str) -> bool:
        return self.lexicon is None or self.lexicon.has(column.name, term)

    # How well -------------------------------------------------------------------------------
    def _by_rank(self, ways: PartWays) -> list[Query]:
        return super()._by_rank(self.levelled(ways))

    def levelled(self, ways: PartWays) -> PartWays:
        """What means the same scores as if it was as frequent as the word: a rare synonym is no better."""
        most = SYNONYM_BOOST * max(
            (self.ceiling(*each) for each in self._headlines_and_others(ways)[0]), default=0
        )
        if not most:
            return ways

        def level(worth: float, ceiling: float) -> float:
            return worth * min(1.0, most / ceiling) if ceiling else worth

        return PartWays(
            ways.own,
            [(way, level(worth, self.ceiling(way, worth))) for way, worth in ways.same],
            [
                (text, theirs, level(worth, self.ceiling_of_words(text, theirs, worth)))
                for text, theirs, worth in ways.several
            ],
        )

    def ceiling(self, way: Way, worth: float) -> float:
        """The most that a document can score by one way; 0 where nobody knows."""
        if self.lexicon is None or not all(self.has(way.column, term) for term in way.terms):
            return 0.0
        return worth * sum(self.lexicon.ceiling(way.column.name, term) for term in way.terms)

    def ceiling_of_words(self, text: str, columns: Sequence[Column], worth: float) -> float:
        total = 0.0
        for word in query_words(text[:LONGEST_QUERY])[:MOST_WORDS]:
            each = [self.ceiling(*way) for way in best_ways(self._ways(word, columns))]
            total += max(each, default=0.0) * (1 - TIE_BREAKER) + sum(each) * TIE_BREAKER
        return worth * total

    # Narrowing ------------------------------------------------------------------------------
    def narrowing(self, node: Node) -> Narrowing:
        """What results are narrowed by: what they must match or, where fewer have it, must not."""
        chosen = self.yes_or_no(node)
        if chosen is not None and self._has_most(*chosen):
            column, wanted = chosen
            return Occur.MustNot, self.equal(column, not wanted)
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

    # Put together ---------------------------------------------------------------------------
    def all_of(self, queries: Sequence[Query]) -> Query:
        return Query.boolean_query([(Occur.Must, query) for query in queries])

    def any_of(self, queries: Sequence[Query]) -> Query:
        return Query.boolean_query([(Occur.Should, query) for query in queries])

    def best_of(self, queries: Sequence[Query], *, tie_breaker: float) -> Query:
        return Query.disjunction_max_query(list(queries), tie_breaker)

    def but_not(self, query: Query) -> Query:
        return Query.boolean_query([(Occur.Must, self.EVERYTHING), (Occur.MustNot, query)])

    def worth(self, query: Query, worth: float) -> Query:
        return Query.boost_query(query, worth)

    def worth_always(self, query: Query, worth: float) -> Query:
        return Query.const_score_query(query, worth)

    def question(self, must: Sequence[Query], without: Sequence[Query], preferred: Sequence[Query]) -> Query:
        return Query.boolean_query(
            [
                *((Occur.Must, query) for query in must),
                *((Occur.MustNot, query) for query in without),
                *((Occur.Should, query) for query in preferred),
            ]
        )

    # Terms ----------------------------------------------------------------------------------
    def term(self, column: Column, term: str) -> Query:
        return Query.term_query(self.schema.tantivy, column.name, term)

    def term_that_begins(self, column: Column, beginning: str) -> Query:
        return self._like(column, beginning, before="", after=".*")

    def terms_in_a_row(self, column: Column, terms: Sequence[str]) -> Query:
        in_a_row: list[str | tuple[int, str]] = list(terms)
        return Query.phrase_query(self.schema.tantivy, column.name, in_a_row)

    # Values ---------------------------------------------------------------------------------
    def without_value(self, column: Column) -> Query:
        return self.but_not(Query.exists_query(column.full_name))

    def equal(self, column: Column, value: Any) -> Query:
        if isinstance(value, list):
            return self.is_in(column, value)
        if column.kind is Kind.KEYED_NUMBERS:
            return self._number_range(column, value, value)
        if column.kind in {Kind.SORT_KEY, Kind.WEIGHT, Kind.STORED}:
            raise Unanswerable(column.name)
        return Query.term_query(self.schema.tantivy, column.full_name, column.value(value), "basic")

    def is_in(self, column: Column, values: Any) -> Query:
        matches = []
        for value in values if isinstance(values, list) else [values]:
            try:
                matches.append(self.equal(column, value))
            except Unanswerable:
                continue
        return self._any_of(matches)

    def between(
        self, column: Column, low: Any, high: Any, *, with_low: bool = True, with_high: bool = True
    ) -> Query:
        if column.kind is Kind.KEYED_NUMBERS:
            return self._number_range(column, low, high, with_low=with_low, with_high=with_high)
        if low is None and high is None and column.kind is not Kind.STORED:
            return Query.exists_query(column.full_name)
        if column.range_type is None:
            raise Unanswerable(column.name)
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
        lower = "*" if low is None else _in_digits(column.value(low))
        upper = "*" if high is None else _in_digits(column.value(high))
        if lower == upper == "*":
            return Query.exists_query(column.full_name)
        opening, closing = "[" if with_low else "{", "]" if with_high else "}"
        return self.parse(f"{column.full_name}:{opening}{lower} TO {upper}{closing}")

    def value_with(self, column: Column, part: str, *, at_start: bool = False, at_end: bool = False) -> Query:
        return self._like(column, part, before="" if at_start else ".*", after="" if at_end else ".*")

    def _like(self, column: Column, part: str, *, before: str, after: str) -> Query:
        if len(part) > LONGEST_PART:
            raise Unanswerable(column.name)
        return Query.regex_query(self.schema.tantivy, column.name, before + _escape_regex(part) + after)

    def near(self, column: Column, word: str) -> Query:
        if len(word) > LONGEST_PART:
            raise Unanswerable(column.name)
        distance = 2 if len(word) >= LONG_WORD else 1
        return Query.fuzzy_term_query(self.schema.tantivy, column.name, word, distance=distance)

    def parse(self, text: str) -> Query:
        return self.schema.parser.parse_query(text)


class HeadlineBuilder(QueryBuilder):
    """Of one word only what needs no body: fewer documents, and the best if nothing else can score as much.

    ``own_only``: nor what means the same.
    """

    def __init__(self, schema: Schema, lexicon: Lexicon, *, own_only: bool) -> None:
        super().__init__(schema, lexicon)
        self.own_only = own_only

    def levelled(self, ways: PartWays) -> PartWays:
        found = super().levelled(ways)
        return PartWays(
            [(way, worth) for way, worth in found.own if not self.schema.is_body(way.column)],
            [
                (way, worth)
                for way, worth in found.same
                if not (self.own_only or self.schema.is_body(way.column))
            ],
            [] if self.own_only else found.several,
        )

    def ceiling_of_others(self, node: Node) -> float | None:
        """The most that anything can score by other ways; None where nobody knows, or headlines cannot do."""
        match node:
            case Condition(field=field, lookup="text", value=value) if field == CONTENT:
                parts = read_parts(value)
                if len(parts) == 1 and parts[0].kind == "words":
                    return self._ceiling_of_part(parts[0])
            case And(children=(child,)):
                return self.ceiling_of_others(child)
        return None

    def _ceiling_of_part(self, part: Part) -> float | None:
        ways = super().levelled(self._ways_of_part(part, self.schema.text_columns))
        headlines, _ = self._headlines_and_others(ways)
        if not any(self.ceiling(*each) for each in headlines):
            return None
        others = [*ways.own, *ways.same]
        left_out = [
            self.ceiling(way, worth)
            for way, worth in others
            if self.schema.is_body(way.column) or (self.own_only and (way, worth) in ways.same)
        ]
        if self.own_only:
            left_out += [self.ceiling_of_words(*each) for each in ways.several]
        return max(left_out, default=0.0)


class MatchBuilder(QueryBuilder):
    """The same documents, without how well they match: all that counting asks for."""

    def _content(self, condition: Condition, columns: Sequence[Column]) -> Query:
        names = {column.name for column in columns}
        return super()._content(condition, [column for column in columns if column.within not in names])

    def _by_rank(self, ways: PartWays) -> list[Query]:
        return self._side_by_side(ways)

    def worth(self, query: Query, worth: float) -> Query:
        return query

    def best_of(self, queries: Sequence[Query], *, tie_breaker: float) -> Query:
        return self.any_of(queries)


def _in_digits(number: float) -> str:
    """All digits that tell the number from others, without an exponent."""
    return f"{Decimal(repr(number)):f}"


def _escape_regex(text: str) -> str:
    return "".join(f"\\{c}" if c in r"\.+*?()|[]{}^$#&-~/" else c for c in text)


def narrowed_by(base: Query, narrowings: Sequence[Narrowing]) -> Query:
    if not narrowings:
        return base
    # Narrowing says which documents, not how well they match.
    clauses = [(occur, Query.const_score_query(query, 0.0)) for occur, query in narrowings]
    return Query.boolean_query([(Occur.Must, base), *clauses])
