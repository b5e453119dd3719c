"""Requests to OpenSearch, as plain dictionaries: no network here, so all of it is tried without a server.

Written against the documentation of OpenSearch 2 and 3 (Query DSL, aggregations, mappings).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from haystack.constants import DJANGO_CT, DJANGO_ID, ID

from search.analysis import analyse
from search.engines.query_language import Condition
from search.engines.reading import DEFAULT_FACET_VALUES, FEW_VALUES, LONG_WORD, read_parts
from search.engines.schema import I64, Column, Kind, Schema, Unanswerable
from search.engines.translation import Translator

Body = dict[str, Any]

EVERYTHING: Body = {"match_all": {}}
NOTHING: Body = {"match_none": {}}
#: Shards count by themselves and give their most frequent values: with all of them sums are exact.
ALL_SHARD_VALUES = 65_000
#: How deep pages may go; OpenSearch's own limit is 10,000.
DEEPEST_RESULT = 10_000_000
MOST_FIELDS = 5_000
#: A server refuses a query of more than 1,024 look-ups in all (``indices.query.bool.max_clause_count``).
MOST_CLAUSES = 900


# The index ----------------------------------------------------------------------------------------
_TYPES: dict[Kind, Body] = {
    # Text comes analysed, as terms with spaces between them; the analyser only splits.
    Kind.TEXT: {"type": "text", "analyzer": "whitespace"},
    Kind.EXACT: {"type": "keyword"},
    Kind.INTEGER: {"type": "long"},
    Kind.SORT_KEY: {"type": "long", "index": False},
    Kind.FLOAT: {"type": "double"},
    Kind.WEIGHT: {"type": "double", "index": False},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "date"},
    Kind.KEYED: {"type": "object", "dynamic": True},
    Kind.KEYED_NUMBERS: {"type": "object", "dynamic": True},
    Kind.STORED: {"type": "keyword", "index": False, "doc_values": False},
}


def index_body(schema: Schema, *, shards: int, replicas: int) -> Body:
    identity = {name: {"type": "keyword"} for name in (ID, DJANGO_CT, DJANGO_ID)}
    fields = {
        column.name: _TYPES[column.kind] | ({"copy_to": column.within} if column.within else {})
        for column in schema.columns.values()
        if column.name not in identity
    }
    return {
        "settings": {
            "index": {
                "number_of_shards": shards,
                "number_of_replicas": replicas,
                "max_result_window": DEEPEST_RESULT,
                "mapping": {"total_fields": {"limit": MOST_FIELDS}},
            }
        },
        "mappings": {
            # A field that the schema lacks is a mistake, but for keys of keyed fields.
            "dynamic": "strict",
            "dynamic_templates": [
                {
                    column.name: {
                        "path_match": f"{column.name}.*",
                        "mapping": {"type": "double" if column.kind is Kind.KEYED_NUMBERS else "keyword"},
                    }
                }
                for column in schema.columns.values()
                if column.kind in {Kind.KEYED, Kind.KEYED_NUMBERS}
            ],
            "properties": {**identity, **fields},
        },
    }


def source_of(schema: Schema, prepared: Mapping[str, Any]) -> Body:
    """A prepared document as OpenSearch keeps it."""
    source: Body = {name: str(prepared[name]) for name in (ID, DJANGO_CT, DJANGO_ID)}
    for name, value in prepared.items():
        column = schema.columns.get(name)
        if column is None or value is None or name in source:
            continue
        if column.kind in {Kind.KEYED, Kind.KEYED_NUMBERS}:
            if keyed := schema.keyed_values(column, value):
                source[name] = keyed
            continue
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        written = [_written(column, item) for item in dict.fromkeys(values) if item is not None]
        if written:
            source[name] = written if len(written) > 1 else written[0]
    return source


def _written(column: Column, item: Any) -> Any:
    if column.kind is Kind.TEXT:
        return " ".join(analyse(str(item), column.language))
    return _json(column.value(item))


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


# Queries ------------------------------------------------------------------------------------------
class QueryWriter(Translator[Body]):
    """Trees of conditions as OpenSearch's queries."""

    EVERYTHING = EVERYTHING
    NOTHING = NOTHING

    def _typed(self, value: Any, columns: Sequence[Column]) -> Body:
        """In full; of a question too long for the server its own words alone."""
        parts = read_parts(value)
        found = self._of_parts(value, parts, columns)
        if clauses_of(found) <= MOST_CLAUSES:
            return found
        bare = [
            part if part.kind == "prefer" else replace(part, alternatives=part.alternatives[:1])
            for part in parts
        ]
        return self._of_parts(value, bare, columns)

    # Put together ---------------------------------------------------------------------------
    def all_of(self, queries: Sequence[Body]) -> Body:
        return {"bool": {"must": list(queries)}}

    def any_of(self, queries: Sequence[Body]) -> Body:
        return {"bool": {"should": list(queries), "minimum_should_match": 1}}

    def best_of(self, queries: Sequence[Body], *, tie_breaker: float) -> Body:
        return {"dis_max": {"queries": list(queries), "tie_breaker": tie_breaker}}

    def but_not(self, query: Body) -> Body:
        return {"bool": {"must_not": [query]}}

    def worth(self, query: Body, worth: float) -> Body:
        return {"bool": {"must": [query], "boost": worth}}

    def worth_always(self, query: Body, worth: float) -> Body:
        return {"constant_score": {"filter": query, "boost": worth}}

    def question(self, must: Sequence[Body], without: Sequence[Body], preferred: Sequence[Body]) -> Body:
        given = {"must": must, "must_not": without, "should": preferred}
        return {"bool": {occurs: list(queries) for occurs, queries in given.items() if queries}}

    # Terms ----------------------------------------------------------------------------------
    def term(self, column: Column, term: str) -> Body:
        return _term(column.name, term)

    def term_that_begins(self, column: Column, beginning: str) -> Body:
        return {"prefix": {column.name: {"value": beginning}}}

    def terms_in_a_row(self, column: Column, terms: Sequence[str]) -> Body:
        return {"match_phrase": {column.name: {"query": " ".join(terms)}}}

    # Values ---------------------------------------------------------------------------------
    def without_value(self, column: Column) -> Body:
        return self.but_not({"exists": {"field": column.full_name}})

    def equal(self, column: Column, value: Any) -> Body:
        if isinstance(value, list):
            return self.is_in(column, value)
        if column.kind in {Kind.SORT_KEY, Kind.WEIGHT, Kind.STORED}:
            raise Unanswerable(column.name)
        return _term(column.full_name, _json(column.value(value)))

    def is_in(self, column: Column, values: Any) -> Body:
        if column.kind in {Kind.SORT_KEY, Kind.WEIGHT, Kind.STORED}:
            raise Unanswerable(column.name)
        known = []
        for value in values if isinstance(values, list) else [values]:
            try:
                known.append(_json(column.value(value)))
            except Unanswerable:
                continue
        return {"terms": {column.full_name: known}} if known else NOTHING

    def between(
        self, column: Column, low: Any, high: Any, *, with_low: bool = True, with_high: bool = True
    ) -> Body:
        # Sort keys are kept for sorting alone: the server refuses to search what is not indexed.
        if column.kind in {Kind.SORT_KEY, Kind.WEIGHT, Kind.STORED}:
            raise Unanswerable(column.name)
        if low is None and high is None:
            return {"exists": {"field": column.full_name}}
        if column.range_type is None and column.kind is not Kind.KEYED_NUMBERS:
            raise Unanswerable(column.name)
        bounds = {}
        if low is not None:
            bounds["gte" if with_low else "gt"] = _bound(column, low)
        if high is not None:
            bounds["lte" if with_high else "lt"] = _bound(column, high)
        return {"range": {column.full_name: bounds}}

    def value_with(self, column: Column, part: str, *, at_start: bool = False, at_end: bool = False) -> Body:
        if at_start:
            return {"prefix": {column.full_name: {"value": part}}}
        pattern = "*" + escape_wildcards(part) + ("" if at_end else "*")
        return {"wildcard": {column.full_name: {"value": pattern}}}

    def near(self, column: Column, word: str) -> Body:
        wrong = 2 if len(word) >= LONG_WORD else 1
        return {"fuzzy": {column.full_name: {"value": word, "fuzziness": wrong, "max_expansions": 500}}}


_LEAVES = frozenset({"term", "prefix", "match_phrase", "terms", "range", "exists", "wildcard", "fuzzy"})


def clauses_of(body: Any) -> int:
    """How many look-ups a query is made of, all nested ones counted, as the server counts them."""
    if isinstance(body, list):
        return sum(clauses_of(item) for item in body)
    if not isinstance(body, dict):
        return 0
    return sum(1 if name in _LEAVES else clauses_of(inner) for name, inner in body.items())


def _term(field: str, value: Any) -> Body:
    return {"term": {field: {"value": value}}}


def _bound(column: Column, value: Any) -> Any:
    """A bound of whole numbers may lie between two of them, or beyond all."""
    if column.kind is not Kind.INTEGER:
        return _json(column.value(value))
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Unanswerable(column.name) from error
    if not math.isfinite(number):
        raise Unanswerable(column.name)
    if abs(number) > I64:
        return I64 if number > 0 else -I64
    return int(value) if number.is_integer() else number


def escape_wildcards(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?\\" else letter for letter in text)


# Searches -----------------------------------------------------------------------------------------
class SearchWriter:
    """One search: hits narrowed after counting, so that a facet may be counted without its own filter."""

    def __init__(self, schema: Schema, base: Body, narrow: Mapping[frozenset[str], Body]) -> None:
        self.schema = schema
        self.base = base
        self.narrow = narrow
        self.writer = QueryWriter(schema)

    def body(
        self,
        *,
        start: int,
        size: int,
        sort_by: Sequence[str] = (),
        facets: Mapping[str, Mapping[str, Any]] | None = None,
        query_facets: Sequence[Body] = (),
        stats: Sequence[str] = (),
    ) -> Body:
        body: Body = {
            "from": start,
            "size": size,
            "track_total_hits": True,
            "_source": [ID, DJANGO_CT, DJANGO_ID, *(column.name for column in self.schema.stored_columns)],
            "query": self.base,
        }
        keys = [key for name in sort_by if (key := self._sort_key(name)) is not None]
        if keys:
            body["sort"] = [*keys, {ID: {"order": "asc"}}]
        else:
            # Relevance counts for more where the document itself does; ties stand by their ids.
            body["query"] = self._weighed(self.base)
            body["sort"] = [{"_score": {"order": "desc"}}, {ID: {"order": "asc"}}]
            body["track_scores"] = True
        if self.narrow:
            body["post_filter"] = _filtered(list(self.narrow.values()))
        counted = {
            **self._facet_counts(facets or {}),
            **self._query_counts(query_facets),
            **{f"stats {name}": self._narrowed_stats(name) for name in stats},
        }
        if counted:
            body["aggs"] = counted
        return body

    def _weighed(self, query: Body) -> Body:
        if self.schema.weight is None:
            return query
        # As tantivy weighs: by the logarithm of two and the weight, so that a half is not half as good.
        factor = {"field": self.schema.weight, "missing": 1.0, "modifier": "log2p"}
        functions = [{"field_value_factor": factor}]
        return {"function_score": {"query": query, "functions": functions, "boost_mode": "multiply"}}

    def _sort_key(self, name: str) -> Body | None:
        try:
            column = self.schema.column(name.lstrip("-+"))
        except Unanswerable:
            return None
        if column.path or column.kind in {Kind.TEXT, Kind.STORED}:
            return None
        return {column.name: {"order": "desc" if name.startswith("-") else "asc", "missing": "_last"}}

    # Counts ---------------------------------------------------------------------------------
    def _within(self, name: str, options: Mapping[str, Any], counts: Body) -> Body:
        own = frozenset([self.schema.same_field(name)]) if options.get("disjunctive") else None
        others = [query for fields, query in self.narrow.items() if fields != own]
        return {"filter": _filtered(others), "aggs": counts}

    def _facet_counts(self, facets: Mapping[str, Mapping[str, Any]]) -> Body:
        found: Body = {}
        for name, options in facets.items():
            try:
                column = self.schema.column(self.schema.same_field(name))
            except Unanswerable:
                continue
            if column.kind not in {Kind.TEXT, Kind.STORED}:
                found[f"facet {name}"] = self._within(name, options, self._counts_of(column, options))
        return found

    def _counts_of(self, column: Column, options: Mapping[str, Any]) -> Body:
        field = column.full_name
        if steps := options.get("steps"):
            reaching = [self.writer.build(Condition(field, "gte", step)) for step in steps]
            return {f"step {number}": {"filter": query} for number, query in enumerate(reaching)}
        if parts := options.get("ranges"):
            percents = [100 / parts * number for number in range(1, parts)]
            ranged: Body = {
                "quantiles": {"percentiles": {"field": field, "percents": percents, "keyed": False}},
                "stats": {"stats": {"field": field}},
            }
            if options.get("few_values", True):
                few = {"field": field, "size": FEW_VALUES + 1, "shard_size": ALL_SHARD_VALUES}
                ranged["values"] = {"terms": few}
            return ranged
        size = int(options.get("size") or DEFAULT_FACET_VALUES)
        counts: Body = {
            "values": {"terms": {"field": field, "size": size, "shard_size": max(size, ALL_SHARD_VALUES)}}
        }
        if options.get("missing"):
            counts["missing"] = {"missing": {"field": field}}
        return counts

    def range_counts(self, bounds: Mapping[str, tuple[Mapping[str, Any], Sequence[float]]]) -> Body:
        """A second request: counts in ranges that the first one's quantiles were fitted to."""
        counted = {}
        for name, (options, inner) in bounds.items():
            column = self.schema.column(self.schema.same_field(name))
            ranges = [
                {"to": inner[0]},
                *({"from": low, "to": high} for low, high in pairwise(inner)),
                {"from": inner[-1]},
            ]
            counts = {"ranges": {"range": {"field": column.full_name, "ranges": ranges}}}
            counted[f"facet {name}"] = self._within(name, options, counts)
        return {"size": 0, "track_total_hits": False, "query": self.base, "aggs": counted}

    def _query_counts(self, query_facets: Sequence[Body]) -> Body:
        every = list(self.narrow.values())
        return {
            f"query {number}": {"filter": _filtered([*every, query])}
            for number, query in enumerate(query_facets)
        }

    def _narrowed_stats(self, name: str) -> Body:
        counts = {"stats": {"stats": {"field": self.schema.column(name).name}}}
        return {"filter": _filtered(list(self.narrow.values())), "aggs": counts}


def _filtered(queries: Sequence[Body]) -> Body:
    return {"bool": {"filter": list(queries)}} if queries else EVERYTHING
