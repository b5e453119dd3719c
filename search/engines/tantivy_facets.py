"""Counts of one search on tantivy: as few passes over what it found as there are filters to leave out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import tantivy
from haystack.constants import DJANGO_CT
from tantivy import Occur, Query

from search.engines.query_language import Condition
from search.engines.ranges import NumberRange, NumberRanges, fitted_bounds, ranges_of_steps
from search.engines.reading import DEFAULT_FACET_VALUES, FEW_VALUES
from search.engines.schema import Column, Kind, Schema, Unanswerable, read_set, read_step
from search.engines.tantivy_queries import NOTHING, Narrowing, QueryBuilder, narrowed_by

#: Tantivy counts each segment by itself: with all its values the sums are exact.
ALL_SEGMENT_VALUES = 65_000
#: Where what was found has more different sets of values, values are counted one by one.
MOST_SETS = 2_000

#: How many were found, among the names of facets.
_FOUND = " found"
#: What is of each half.
_HALVES = " halves"
#: Every document has one.
_COUNT = {"value_count": {"field": DJANGO_CT}}


@dataclass(frozen=True, slots=True)
class Counts:
    """Of each facet; ``found`` is how many documents there are, None where every facet left a filter out."""

    fields: dict[str, Any]
    found: int | None


class FacetCounter:
    """Facets that leave out the same filters are counted together."""

    def __init__(
        self,
        schema: Schema,
        builder: QueryBuilder,
        searcher: tantivy.Searcher,
        base: Query,
        narrow: Mapping[frozenset[str], Narrowing],
        *,
        yes_or_no: tuple[Column, bool] | None = None,
    ) -> None:
        """``yes_or_no``: the column and value of a narrowing that leaves one of two values."""
        self.schema = schema
        self.builder = builder
        self.searcher = searcher
        self.base = base
        self.narrow = narrow
        self.yes_or_no = yes_or_no

    def narrowed(self, *, but_by: str | None = None) -> Query:
        """The query with every narrowing, or with all but those by one field alone."""
        left_out = None if but_by is None else frozenset([but_by])
        return narrowed_by(self.base, [each for fields, each in self.narrow.items() if fields != left_out])

    def count(self, facets: Mapping[str, Mapping[str, Any]]) -> Counts:
        groups: dict[str | None, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for name, options in facets.items():
            field = self.schema.same_field(name)
            alone = options.get("disjunctive") and frozenset([field]) in self.narrow
            groups[field if alone else None][name] = options
        counted: dict[str, Any] = {}
        documents: dict[str | None, int] = {}
        if self.yes_or_no is not None and {None, self.yes_or_no[0].name} <= groups.keys():
            column, wanted = self.yes_or_no
            counted, documents[None] = self._count_both(
                column, wanted, groups.pop(column.name), groups.pop(None)
            )
        for but_by, group in groups.items():
            fields, documents[but_by] = self._count_group(self.narrowed(but_by=but_by), group)
            counted |= fields
        return Counts({name: counted[name] for name in facets}, documents.get(None))

    def _count_group(
        self, query: Query, facets: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, Any], int]:
        columns = self._countable(facets)
        found = self.searcher.aggregate(query, _wanted_of(columns, facets) | {_FOUND: _COUNT})
        return self._read(query, columns, facets, found), int(found[_FOUND]["value"])

    def _count_both(
        self,
        column: Column,
        wanted: bool,
        own: Mapping[str, Mapping[str, Any]],
        others: Mapping[str, Mapping[str, Any]],
    ) -> tuple[dict[str, Any], int]:
        """The column's own two counts and, within the wanted one, all others: one pass instead of two."""
        unfiltered, query = self.narrowed(but_by=column.name), self.narrowed()
        columns = self._countable(others)
        half = wanted if column.name == self.schema.halving else None
        apart = {
            name: each
            for name, each in columns.items()
            if half is not None and _is_kept_apart(each, others[name])
        }
        within = _wanted_of({name: columns[name] for name in columns if name not in apart}, others)
        asked = _wanted_of(apart, others)
        if within or not apart:
            asked[_HALVES] = {**_terms(column, 2), "aggs": within}
        answer = self.searcher.aggregate(unfiltered, asked)
        halves = self._halves(unfiltered, column, apart, answer)
        found = next((half for half in halves["buckets"] if bool(half["key"]) is wanted), None)
        if found is None:
            empty = self.searcher.aggregate(NOTHING, within) if within else {}
            found = {**empty, "doc_count": 0}
        counted = {name: self._values(unfiltered, column, options, halves) for name, options in own.items()}
        counted |= self._read(query, columns, others, {**answer, **found}, half=half)
        return counted, int(found["doc_count"])

    def _halves(
        self, query: Query, column: Column, apart: Mapping[str, Column], answer: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """How many of what was found are of each half: every set says of which it is."""
        if _HALVES in answer:
            return dict(answer[_HALVES])
        for each in apart.values():
            if each.sets and not answer[each.sets_name]["sum_other_doc_count"]:
                counts: dict[bool | None, int] = defaultdict(int)
                for bucket in answer[each.sets_name]["buckets"]:
                    counts[read_set(bucket["key"])[0]] += bucket["doc_count"]
                return {"buckets": [{"key": half, "doc_count": count} for half, count in counts.items()]}
        return dict(self.searcher.aggregate(query, {_HALVES: _terms(column, 2)})[_HALVES])

    def _read(
        self,
        query: Query,
        columns: Mapping[str, Column],
        facets: Mapping[str, Mapping[str, Any]],
        found: Mapping[str, Any],
        *,
        half: bool | None = None,
    ) -> dict[str, Any]:
        """``half``: of sets and steps, those of one half alone."""
        counted: dict[str, Any] = {name: [] for name in facets}
        fitted: dict[str, _Fitted] = {}
        for name, column in columns.items():
            options = facets[name]
            if steps := options.get("steps"):
                counted[name] = self._reaching(query, column, steps, found.get(name))
            elif not options.get("ranges"):
                values = found[column.sets_name if column.sets else name]
                counted[name] = self._values(query, column, options, values, half=half)
            elif column.has_steps:
                counted[name] = _ranges_of_steps(name, options, found, half=half)
            else:
                fitted[name] = _fit(name, found)
        return counted | self._count_fitted(query, columns, fitted)

    def _countable(self, names: Iterable[str]) -> dict[str, Column]:
        columns = {}
        for name in names:
            try:
                column = self.schema.column(self.schema.same_field(name))
            except Unanswerable:
                continue
            if column.kind not in {Kind.TEXT, Kind.STORED}:
                columns[name] = column
        return columns

    # Values ---------------------------------------------------------------------------------
    def _values(
        self,
        query: Query,
        column: Column,
        options: Mapping[str, Any],
        found: Mapping[str, Any],
        *,
        half: bool | None = None,
    ) -> list[tuple[Any, int]]:
        size = _size(options)
        if not column.sets:
            values = _counts(column, found)
        elif found["sum_other_doc_count"]:
            one_by_one = self.searcher.aggregate(query, {"values": _terms(column, size)})
            values = _counts(column, one_by_one["values"])
        else:
            values = _counts_of_sets(found, self.schema.sets[column.sets_name].index(column), half)
        by_count = sorted(values, key=lambda pair: (-pair[1], pair[0]))[:size]
        if options.get("order") == "term":
            by_count.sort(key=lambda pair: pair[0])
        if options.get("missing"):
            present = Query.exists_query(column.full_name)
            without = Query.boolean_query([(Occur.Must, query), (Occur.MustNot, present)])
            by_count.append((None, count_matches(self.searcher, without)))
        return by_count

    # Numbers --------------------------------------------------------------------------------
    def _reaching(
        self, query: Query, column: Column, steps: Sequence[Any], found: Mapping[str, Any] | None
    ) -> list[tuple[Any, int]]:
        """How many reach each step."""
        if found is None:
            return [(step, self._at_least(query, column, step)) for step in steps]
        between = {bucket.get("from", -math.inf): int(bucket["doc_count"]) for bucket in found["buckets"]}
        least = {step: _bound(column, step) for step in steps}
        return [(step, sum(count for low, count in between.items() if low >= least[step])) for step in steps]

    def _at_least(self, query: Query, column: Column, step: Any) -> int:
        reaching = self.builder.build(Condition(column.full_name, "gte", step))
        return count_matches(self.searcher, narrowed_by(query, [(Occur.Must, reaching)]))

    def _count_fitted(
        self, query: Query, columns: Mapping[str, Column], fitted: Mapping[str, _Fitted]
    ) -> dict[str, NumberRanges]:
        wanted = {
            name: {"range": {"field": columns[name].full_name, "ranges": _between_bounds(fit.bounds)}}
            for name, fit in fitted.items()
            if fit.bounds
        }
        found = self.searcher.aggregate(query, wanted) if wanted else {}
        counted = {}
        for name, fit in fitted.items():
            counts = tuple(
                (NumberRange(bucket.get("from"), bucket.get("to")), int(bucket["doc_count"]))
                for bucket in found.get(name, {}).get("buckets", ())
            )
            counted[name] = NumberRanges(counts, fit.values)
        return counted


# What to ask, and how to read what comes back -----------------------------------------------------
def _is_kept_apart(column: Column, options: Mapping[str, Any]) -> bool:
    """Whether what is counted of a half can be told from what is counted of both."""
    if options.get("steps"):
        return False
    if options.get("ranges"):
        return column.has_steps and not options.get("few_values", True)
    return bool(column.sets)


def _wanted_of(columns: Mapping[str, Column], facets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for name, column in columns.items():
        wanted |= _wanted(name, column, facets[name])
    return wanted


def _wanted(name: str, column: Column, options: Mapping[str, Any]) -> dict[str, Any]:
    if steps := options.get("steps"):
        return _wanted_steps(name, column, steps)
    if parts := options.get("ranges"):
        return _wanted_ranges(name, column, parts, options)
    if column.sets:
        terms = {"field": column.sets_name, "size": MOST_SETS, "segment_size": ALL_SEGMENT_VALUES}
        return {column.sets_name: {"terms": terms}}
    return {name: _terms(column, _size(options))}


def _wanted_steps(name: str, column: Column, steps: Sequence[Any]) -> dict[str, Any]:
    # A document with several numbers would stand in several ranges: there each step is asked for alone.
    if column.many or column.kind not in {Kind.INTEGER, Kind.FLOAT}:
        return {}
    bounds = sorted({_bound(column, step) for step in steps})
    return {name: {"range": {"field": column.full_name, "ranges": _between_bounds(bounds)}}}


def _wanted_ranges(name: str, column: Column, parts: int, options: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if column.has_steps:
        terms = {"field": column.steps_name, "size": ALL_SEGMENT_VALUES, "segment_size": ALL_SEGMENT_VALUES}
        wanted[f"{name} steps"] = {"terms": terms}
    else:
        percents = {"field": column.full_name, "percents": _percents(parts)}
        wanted[f"{name} quantiles"] = {"percentiles": percents}
        wanted[f"{name} stats"] = {"stats": {"field": column.full_name}}
    if options.get("few_values", True):
        wanted[f"{name} values"] = _terms(column, FEW_VALUES + 1)
    return wanted


def _terms(column: Column, size: int) -> dict[str, Any]:
    return {"terms": {"field": column.full_name, "size": size, "segment_size": ALL_SEGMENT_VALUES}}


def _size(options: Mapping[str, Any]) -> int:
    return int(options.get("size") or DEFAULT_FACET_VALUES)


def _percents(parts: int) -> list[float]:
    return [100 / parts * number for number in range(1, parts)]


def _counts(column: Column, found: Mapping[str, Any]) -> list[tuple[Any, int]]:
    return [
        (bool(bucket["key"]) if column.kind is Kind.BOOLEAN else bucket["key"], bucket["doc_count"])
        for bucket in found["buckets"]
    ]


def _counts_of_sets(found: Mapping[str, Any], place: int, half: bool | None) -> list[tuple[Any, int]]:
    counts: dict[str, int] = defaultdict(int)
    for bucket in found["buckets"]:
        of_half, values = read_set(bucket["key"])
        if half is None or of_half is half:
            for value in values[place]:
                counts[value] += bucket["doc_count"]
    return list(counts.items())


@dataclass(frozen=True, slots=True)
class _Fitted:
    bounds: list[float]
    values: tuple[tuple[float, int], ...]


def _fit(name: str, found: Mapping[str, Any]) -> _Fitted:
    stats = found[f"{name} stats"]
    # Tantivy gives them in no order.
    quantiles = sorted(found[f"{name} quantiles"]["values"].values()) if stats["count"] else []
    bounds = fitted_bounds(quantiles, lowest=stats["min"] or 0, highest=stats["max"] or 0)
    return _Fitted(bounds, _few_values(name, found))


def _few_values(name: str, found: Mapping[str, Any]) -> tuple[tuple[float, int], ...]:
    buckets = found.get(f"{name} values", {}).get("buckets", ())
    values = sorted((float(bucket["key"]), bucket["doc_count"]) for bucket in buckets)
    return tuple(values) if len(values) <= FEW_VALUES else ()


def _ranges_of_steps(
    name: str, options: Mapping[str, Any], found: Mapping[str, Any], *, half: bool | None
) -> NumberRanges:
    """Ranges of numbers whose step was indexed: known from the same pass as everything else."""
    by_step = _count_steps(found[f"{name} steps"], half)
    return replace(ranges_of_steps(by_step, _percents(options["ranges"])), values=_few_values(name, found))


def _count_steps(found: Mapping[str, Any], half: bool | None) -> dict[int, int]:
    by_step: dict[int, int] = defaultdict(int)
    for bucket in found["buckets"]:
        of_half, step = read_step(int(bucket["key"]))
        if half is None or of_half is half:
            by_step[step] += int(bucket["doc_count"])
    return by_step


def _bound(column: Column, number: float) -> float:
    """Of a bound for whole numbers tantivy cuts off what is behind the point; they begin with the next."""
    return float(math.ceil(number) if column.kind is Kind.INTEGER else number)


def _between_bounds(bounds: list[float]) -> list[dict[str, float]]:
    inner = [{"from": low, "to": high} for low, high in pairwise(bounds)]
    return [{"to": bounds[0]}, *inner, {"from": bounds[-1]}]


# Passes -------------------------------------------------------------------------------------------
def count_matches(searcher: tantivy.Searcher, query: Query) -> int:
    # A search would score all of them.
    return int(searcher.aggregate(query, {_FOUND: _COUNT})[_FOUND]["value"])
