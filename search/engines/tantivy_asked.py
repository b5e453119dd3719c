"""One search on tantivy, and what is remembered of searches until the next commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

import tantivy
from haystack.utils import get_model_ct
from tantivy import Occur, Query

from search.engines.reading import read_narrowings, read_or_words
from search.engines.schema import Column, Schema
from search.engines.tantivy_facets import Counts, FacetCounter
from search.engines.tantivy_queries import (
    HeadlineBuilder,
    Lexicon,
    MatchBuilder,
    Narrowing,
    QueryBuilder,
    narrowed_by,
)

#: Searches of which the counts are remembered, and pages of which the hits are.
MOST_REMEMBERED = 200

#: A score and where the document is.
Hit = tuple[float, Any]
Answer = TypeVar("Answer")


class Answers(Generic[Answer]):
    """What was asked lately, and what it was answered."""

    def __init__(self) -> None:
        self._known: dict[object, Answer] = {}

    def get(self, key: object, ask: Callable[[], Answer]) -> Answer:
        found = self._known.get(key)
        if found is None:
            found = ask()
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = found
        return found


class Kept:
    """What one state of the index has told: true until the next commit."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self.searcher = searcher
        self.lexicon = Lexicon(searcher)
        self.counts: Answers[Counts] = Answers()
        self.pages: Answers[tuple[list[Hit], int]] = Answers()


class Asked:
    """One search: its conditions as queries, each made when it is needed."""

    def __init__(
        self,
        schema: Schema,
        kept: Kept,
        query_string: str,
        narrow: tuple[str, ...],
        models: Iterable[Any] | None,
    ) -> None:
        self.schema = schema
        self.kept = kept
        self.tree = read_or_words(query_string)
        self.key = (query_string, frozenset(narrow), frozenset(map(get_model_ct, models or ())))
        self._narrow = read_narrowings(schema, narrow, models)

    @cached_property
    def _matcher(self) -> MatchBuilder:
        return MatchBuilder(self.schema, self.kept.lexicon)

    @cached_property
    def _narrowings(self) -> dict[frozenset[str], Narrowing]:
        return {fields: self._matcher.narrowing(node) for fields, node in self._narrow.items()}

    @cached_property
    def _yes_or_no(self) -> tuple[Column, bool] | None:
        """Of the narrowings that leave one of two values, the one by halves before others."""
        chosen = [each for node in self._narrow.values() if (each := self._matcher.yes_or_no(node))]
        chosen.sort(key=lambda each: each[0].name != self.schema.halving)
        return chosen[0] if chosen else None

    @cached_property
    def _counter(self) -> FacetCounter:
        return FacetCounter(
            self.schema,
            self._matcher,
            self.kept.searcher,
            self._matcher.build(self.tree),
            self._narrowings,
            yes_or_no=self._yes_or_no,
        )

    @property
    def half(self) -> tuple[Column, bool] | None:
        """The half that results are narrowed to."""
        chosen = self._yes_or_no
        return chosen if chosen is not None and chosen[0].name == self.schema.halving else None

    @property
    def weight(self) -> str | None:
        """The field of weights; none where all that are wanted have the same.

        However the best are looked for, it must be the same scores that are compared: of two that differ
        in the last digit, a weight makes one.
        """
        return None if self.schema.weight_is_by_half and self.half is not None else self.schema.weight

    # As queries -----------------------------------------------------------------------------
    @property
    def matching(self) -> Query:
        """What is found, in no order."""
        return self._counter.narrowed()

    def matching_too(self, query_string: str) -> Query:
        too = self._matcher.build(read_or_words(query_string))
        return narrowed_by(self.matching, [(Occur.Must, too)])

    @property
    def ranking(self) -> Query:
        """What is found, with how well it matches."""
        return self._narrowed(QueryBuilder(self.schema, self.kept.lexicon))

    @property
    def ranking_of_both_halves(self) -> Query:
        """The same, without narrowing to a half."""
        return self._narrowed(QueryBuilder(self.schema, self.kept.lexicon), with_half=False)

    def rankings_of_headlines(self) -> Iterator[tuple[Query, float]]:
        """Of both halves what headlines find, less before more; and the most that all else can score."""
        for own_only in (True, False):
            builder = HeadlineBuilder(self.schema, self.kept.lexicon, own_only=own_only)
            if (ceiling := builder.ceiling_of_others(self.tree)) is not None:
                yield self._narrowed(builder, with_half=False), ceiling

    def _narrowed(self, builder: QueryBuilder, *, with_half: bool = True) -> Query:
        left_out = None if with_half or self.half is None else frozenset([self.half[0].name])
        narrowings = [each for fields, each in self._narrowings.items() if fields != left_out]
        return narrowed_by(builder.build(self.tree), narrowings)

    # Counts ---------------------------------------------------------------------------------
    def count(self, facets: Mapping[str, Mapping[str, Any]]) -> Counts:
        """The next page, or another order, has the same counts."""
        key = (*self.key, json.dumps(facets, sort_keys=True, default=str))
        return self.kept.counts.get(key, lambda: self._counter.count(facets))
