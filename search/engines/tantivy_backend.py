"""Haystack on tantivy, in the shop's own processes: nothing to install, nothing to run beside."""

from __future__ import annotations

import logging
import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import tantivy
from django.db import connections as db_connections
from haystack import connections
from haystack.backends import BaseEngine, BaseSearchBackend, log_query
from haystack.constants import DJANGO_CT, DJANGO_ID, ID
from haystack.models import SearchResult
from haystack.utils import get_identifier, get_model_ct
from tantivy import Occur, Query

from search.analysis import analyse, query_terms, query_words
from search.analysis.vocabulary import Part
from search.engines.documents import documents_of, prepared_documents, rows_of, schema_of
from search.engines.query import SearchQuery
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
from search.engines.ranges import NumberRange, NumberRanges, fitted_bounds
from search.engines.reading import (
    DEFAULT_FACET_VALUES,
    FEW_VALUES,
    GUESS_BOOST,
    LONG_WORD,
    LONGEST_QUERY,
    MOST_RESULTS,
    MOST_WORDS,
    PREFERRED_SCORE,
    SYNONYM_BOOST,
    TIE_BREAKER,
    columns_for,
    read_narrowings,
    read_or_words,
    read_parts,
)
from search.engines.schema import Column, Kind, Schema, Unanswerable
from search.engines.storage import IndexIsBusy, IndexStorage, NotBuilt, storage_at

logger = logging.getLogger("nuqta.search")

#: Tantivy counts each segment by itself: with all its values the sums are exact.
ALL_SEGMENT_VALUES = 65_000


_OCCURS = {
    "words": Occur.Must,
    "joined": Occur.Must,
    "phrase": Occur.Must,
    "without": Occur.MustNot,
    "prefer": Occur.Should,
}


class QueryBuilder:
    """Trees of conditions to tantivy's queries."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

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
            query = self._part(part, columns)
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

    def _part(self, part: Part, columns: Sequence[Column]) -> Query | None:
        if part.kind == "prefer":
            field, *values = part.alternatives
            wanted = self.build(Condition(field, "in", values))
            return Query.const_score_query(wanted, PREFERRED_SCORE)
        if part.kind == "phrase":
            return _any_of([self._phrase(text, columns) for text in part.alternatives])
        first, *others = part.alternatives
        found = self._all_words(first, columns)
        # A synonym is worth less than the word itself, and is looked for in the languages of its script.
        same = [
            Query.boost_query(query, SYNONYM_BOOST)
            for text in others
            if (query := self._all_words(text, columns_for(text, columns))) is not None
        ]
        matches = [found, *same] if found is not None else same
        if len(matches) <= 1:
            return matches[0] if matches else None
        return Query.disjunction_max_query(matches, 0.0)

    def _all_words(
        self, text: str, columns: Sequence[Column], *, last_is_prefix: bool = False
    ) -> Query | None:
        words = query_words(text[:LONGEST_QUERY])[:MOST_WORDS]
        found = [
            self._word(word, columns, is_prefix=last_is_prefix and number == len(words) - 1)
            for number, word in enumerate(words)
        ]
        each = [(Occur.Must, query) for query in found if query is not None]
        if len(each) <= 1:
            return each[0][1] if each else None
        return Query.boolean_query(each)

    def _words(self, text: str, columns: Sequence[Column], *, last_is_prefix: bool = False) -> Query:
        found = self._all_words(text, columns, last_is_prefix=last_is_prefix)
        if found is not None:
            return found
        return Query.empty_query() if text.strip() else Query.all_query()

    def _word(self, word: str, columns: Sequence[Column], *, is_prefix: bool) -> Query | None:
        """The word in any of the fields, by the rules of each; None if it has no letters or digits."""
        matches = []
        for column in columns:
            first, *guesses = query_terms(word, column.language) or [[]]
            if not first:
                continue
            parts = [(Occur.Must, self._term(column, term)) for term in first]
            if is_prefix:
                pattern = _escape_regex(first[-1]) + ".*"
                parts[-1] = (Occur.Must, Query.regex_query(self.schema.tantivy, column.name, pattern))
            matches.append(
                Query.boost_query(Query.boolean_query(parts) if len(parts) > 1 else parts[0][1], column.boost)
            )
            boost = column.boost * GUESS_BOOST
            matches += [
                Query.boost_query(self._term(column, term), boost) for terms in guesses for term in terms
            ]
        return Query.disjunction_max_query(matches, TIE_BREAKER) if matches else None

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

    @cached_property
    def _parser(self) -> tantivy.Index:
        return tantivy.Index(self.schema.tantivy)

    def parse(self, text: str) -> Query:
        return self._parser.parse_query(text)


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


def _any_of(queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return (
        Query.boolean_query([(Occur.Should, query) for query in queries]) if queries else Query.empty_query()
    )


class FacetCounter:
    """Counts of one search. Facets that leave out the same filters are counted together."""

    def __init__(
        self,
        backend: TantivyBackend,
        searcher: tantivy.Searcher,
        base: Query,
        narrow: Mapping[frozenset[str], Query],
    ) -> None:
        self.schema = backend.schema
        self.builder = backend.builder
        self.searcher = searcher
        self.base = base
        self.narrow = narrow

    def narrowed(self, *, but_by: str | None = None) -> Query:
        """The query with every narrowing, or with all but those by one field alone."""
        left_out = None if but_by is None else frozenset([but_by])
        return _all_of(self.base, [query for fields, query in self.narrow.items() if fields != left_out])

    def count(self, facets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        groups: dict[str | None, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        for name, options in facets.items():
            field = self.schema.same_field(name)
            alone = options.get("disjunctive") and frozenset([field]) in self.narrow
            groups[field if alone else None][name] = options
        counted: dict[str, Any] = {}
        for but_by, group in groups.items():
            counted |= self._count_group(self.narrowed(but_by=but_by), group)
        return {name: counted[name] for name in facets}

    def _count_group(self, query: Query, facets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        columns: dict[str, Column] = {}
        wanted: dict[str, Any] = {}
        stepped: dict[str, Any] = {}
        for name, options in facets.items():
            try:
                column = self.schema.column(self.schema.same_field(name))
            except Unanswerable:
                continue
            if column.kind in {Kind.TEXT, Kind.STORED}:
                continue
            if steps := options.get("steps"):
                stepped[name] = [(step, self._at_least(query, column, step)) for step in steps]
                continue
            columns[name] = column
            if parts := options.get("ranges"):
                step = 100 / parts
                percents = [step * number for number in range(1, parts)]
                wanted[f"{name} quantiles"] = {
                    "percentiles": {"field": column.full_name, "percents": percents}
                }
                wanted[f"{name} stats"] = {"stats": {"field": column.full_name}}
                if options.get("few_values", True):
                    terms = {
                        "field": column.full_name,
                        "size": FEW_VALUES + 1,
                        "segment_size": ALL_SEGMENT_VALUES,
                    }
                    wanted[f"{name} values"] = {"terms": terms}
            else:
                size = int(options.get("size") or DEFAULT_FACET_VALUES)
                terms = {"field": column.full_name, "size": size, "segment_size": ALL_SEGMENT_VALUES}
                wanted[name] = {"terms": terms}
        found = self.searcher.aggregate(query, wanted) if wanted else {}
        counted: dict[str, Any] = {}
        ranged: dict[str, _Fitted] = {}
        for name in facets:
            if name in stepped:
                counted[name] = stepped[name]
            elif name not in columns:
                counted[name] = []
            elif facets[name].get("ranges"):
                stats = found[f"{name} stats"]
                # Tantivy gives them in no order.
                by_percent = found[f"{name} quantiles"]["values"] if stats["count"] else {}
                quantiles = sorted(by_percent.values())
                bounds = fitted_bounds(quantiles, lowest=stats["min"] or 0, highest=stats["max"] or 0)
                buckets = found.get(f"{name} values", {}).get("buckets", ())
                values = sorted((float(bucket["key"]), bucket["doc_count"]) for bucket in buckets)
                ranged[name] = _Fitted(stats, bounds, tuple(values) if len(values) <= FEW_VALUES else ())
            else:
                counted[name] = self._values(columns[name], found[name]["buckets"], facets[name], query)
        return counted | self._count_ranges(query, columns, ranged)

    def _at_least(self, query: Query, column: Column, step: Any) -> int:
        reaching = self.builder.build(Condition(column.full_name, "gte", step))
        return count_hits(self.searcher, _all_of(query, [reaching]))

    def _values(
        self, column: Column, buckets: list[dict[str, Any]], options: Mapping[str, Any], query: Query
    ) -> list[tuple[Any, int]]:
        values: list[tuple[Any, int]] = [
            (bool(bucket["key"]) if column.kind is Kind.BOOLEAN else bucket["key"], bucket["doc_count"])
            for bucket in buckets
        ]
        if options.get("order") == "term":
            values.sort(key=lambda pair: pair[0])
        else:
            values.sort(key=lambda pair: (-pair[1], pair[0]))
        if options.get("missing"):
            without = Query.boolean_query(
                [(Occur.Must, query), (Occur.MustNot, Query.exists_query(column.full_name))]
            )
            values.append((None, count_hits(self.searcher, without)))
        return values

    def _count_ranges(
        self, query: Query, columns: Mapping[str, Column], ranged: Mapping[str, _Fitted]
    ) -> dict[str, NumberRanges]:
        wanted = {
            name: {"range": {"field": columns[name].full_name, "ranges": _between_bounds(fitted.bounds)}}
            for name, fitted in ranged.items()
            if fitted.bounds
        }
        found = self.searcher.aggregate(query, wanted) if wanted else {}
        counted = {}
        for name, fitted in ranged.items():
            counts = tuple(
                (NumberRange(bucket.get("from"), bucket.get("to")), int(bucket["doc_count"]))
                for bucket in found.get(name, {}).get("buckets", ())
            )
            counted[name] = NumberRanges(fitted.stats["min"], fitted.stats["max"], counts, fitted.values)
        return counted


@dataclass(frozen=True, slots=True)
class _Fitted:
    stats: Mapping[str, Any]
    bounds: list[float]
    values: tuple[tuple[float, int], ...]


def count_of(hits: tantivy.SearchResult) -> int:
    # Missing from tantivy's stubs.
    return int(hits.count)  # type: ignore[attr-defined]


def count_hits(searcher: tantivy.Searcher, query: Query) -> int:
    # limit=0 panics.
    return count_of(searcher.search(query, limit=1))


def _between_bounds(bounds: list[float]) -> list[dict[str, float]]:
    inner = [{"from": low, "to": high} for low, high in pairwise(bounds)]
    return [{"to": bounds[0]}, *inner, {"from": bounds[-1]}]


def _all_of(base: Query, others: Sequence[Query]) -> Query:
    if not others:
        return base
    # Narrowing says which documents, not how well they match.
    must = [(Occur.Must, base)]
    must += [(Occur.Must, Query.const_score_query(query, 0.0)) for query in others]
    return Query.boolean_query(must)


class TantivyBackend(BaseSearchBackend):
    """See ``search.engines.query.SearchQuery`` for what it offers beyond Haystack."""

    def __init__(self, connection_alias: str, **options: Any) -> None:
        super().__init__(connection_alias, **options)
        self.path = Path(options["PATH"])
        self.wait_seconds = float(options.get("WAIT_SECONDS", 60))
        #: Whether a search that finds no index of this schema has it built.
        self.builds_itself = bool(options.get("BUILDS_ITSELF"))
        self.log = logger

    # The index ------------------------------------------------------------------------------
    @cached_property
    def schema(self) -> Schema:
        return schema_of(self.connection_alias)

    @cached_property
    def builder(self) -> QueryBuilder:
        return QueryBuilder(self.schema)

    @property
    def storage(self) -> IndexStorage:
        return storage_at(
            self.path, self.schema.tantivy, self.schema.fingerprint, wait_seconds=self.wait_seconds
        )

    @property
    def is_built(self) -> bool:
        """Whether there is an index of the schema that this release has."""
        return self.storage.is_built

    @property
    def state(self) -> object:
        """Changes whenever what a search would find may have changed."""
        self.storage.searcher()
        return self.storage._seen

    # Writing --------------------------------------------------------------------------------
    def update(self, index: Any, iterable: Iterable[Any], commit: bool = True) -> None:
        """Write documents of these objects, all of them or, if anything fails, none."""
        objects = list(iterable)
        documents = dict(prepared_documents(index, objects))
        with self.storage.writing() as writer:
            self._write(writer, [get_identifier(obj) for obj in objects], documents)
            self.storage.note_changed([get_identifier(obj) for obj in objects])

    def rewrite(self, identifiers: Sequence[str]) -> None:
        """Make the documents of these objects as the database has them now; those that it lacks go.

        Reading happens while nobody else writes: of two changes at once the later one stays.
        """
        with self.storage.writing() as writer:
            self._write(writer, identifiers, documents_of(identifiers, alias=self.connection_alias))
            self.storage.note_changed(list(identifiers))

    def _write(
        self,
        writer: tantivy.IndexWriter,
        identifiers: Iterable[str],
        documents: Mapping[str, Mapping[str, Any]],
    ) -> None:
        for identifier in identifiers:
            writer.delete_documents_by_term(ID, identifier)
        for document in documents.values():
            writer.add_document(self.schema.document(document))

    def remove(self, obj_or_string: Any, commit: bool = True) -> None:
        identifier = get_identifier(obj_or_string)
        if not self.is_built:
            return
        with self.storage.writing() as writer:
            writer.delete_documents_by_term(ID, identifier)
            self.storage.note_changed([identifier])

    def clear(self, models: Iterable[Any] | None = None, commit: bool = True) -> None:
        with self.storage.writing() as writer:
            if models is None:
                writer.delete_all_documents()
                return
            for model in models:
                writer.delete_documents_by_term(DJANGO_CT, get_model_ct(model))

    def _build_in_background(self) -> None:
        """After a release with another schema, or on a machine that lost its index: once a process."""
        if not self.builds_itself or self.storage.root in _building:
            return
        _building.add(self.storage.root)
        threading.Thread(target=self._build_if_missing, name="search-rebuild", daemon=True).start()

    def _build_if_missing(self) -> None:
        try:
            self.rebuild(only_if_missing=True)
        except IndexIsBusy:
            logger.info("Another process is building the search index.")
        except Exception:
            logger.exception("The search index could not be built.")
        finally:
            _building.discard(self.storage.root)
            db_connections.close_all()

    def rebuild(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        only_if_missing: bool = False,
        processes: int = 1,
    ) -> int:
        """Build a new index beside the one in use and swap; the number of documents.

        More ``processes`` than one are for commands, which have no thread and no transaction open.
        ``progress`` is told documents done and objects in all. What others change meanwhile is in both.

        Raises:
            IndexIsBusy: another rebuild is running.
        """
        indexes = connections[self.connection_alias].get_unified_index().get_indexes()
        querysets = [(index, index.build_queryset(using=self.connection_alias)) for index in indexes.values()]
        total = sum(queryset.count() for _, queryset in querysets)
        done = 0
        with self.storage.rebuilding(only_if_missing=only_if_missing) as rebuild:
            if rebuild is None:
                return 0
            with rebuild.filling() as writer:
                for index, queryset in querysets:
                    for rows in rows_of(
                        index, queryset, self.schema, size=self.batch_size, processes=processes
                    ):
                        for row in rows:
                            writer.add_document(self.schema.unpack(row))
                        done += len(rows)
                        if progress:
                            progress(done, total)
            with rebuild.catching_up() as (writer, changed):
                self._write(writer, changed, documents_of(changed, alias=self.connection_alias))
        return done

    def stored(self, field: str) -> dict[str, str | None]:
        """A stored field of every document, by identifier.

        Raises:
            NotBuilt: there is no index.
        """
        searcher = self.storage.searcher()
        hits = searcher.search(Query.all_query(), limit=max(1, searcher.num_docs), count=False).hits
        found = {}
        for _, address in hits:
            document = searcher.doc(address)
            found[str(document.get_first(ID))] = self.schema.stored_values(document)[field]
        return found

    # Searching ------------------------------------------------------------------------------
    @log_query
    def search(self, query_string: str, **kwargs: Any) -> dict[str, Any]:
        try:
            searcher = self.storage.searcher()
        except NotBuilt:
            self._build_in_background()
            return {"results": [], "hits": 0, "facets": {}, "stats": {}, "spelling_suggestion": None}
        narrow = self._narrow_queries(kwargs.get("narrow_queries") or (), kwargs.get("models"))
        counter = FacetCounter(self, searcher, self.builder.build(read_or_words(query_string)), narrow)
        query = counter.narrowed()
        results, hits = self._hits(searcher, query, **kwargs)
        facets: dict[str, Any] = {}
        if wanted := kwargs.get("facets"):
            facets["fields"] = counter.count(wanted)
        if query_facets := kwargs.get("query_facets"):
            facets["queries"] = {
                f"{field}:{value}": count_hits(
                    searcher, _all_of(query, [self.builder.build(read_or_words(f"{field}:{value}"))])
                )
                for field, value in query_facets
            }
        return {
            "results": results,
            "hits": hits,
            "facets": facets,
            "stats": self._stats(searcher, query, kwargs.get("stats") or {}),
            "spelling_suggestion": None,
        }

    def _narrow_queries(
        self, narrow: Iterable[str], models: Iterable[Any] | None
    ) -> dict[frozenset[str], Query]:
        read = read_narrowings(self.schema, narrow, models)
        return {fields: self.builder.build(node) for fields, node in read.items()}

    def _hits(
        self,
        searcher: tantivy.Searcher,
        query: Query,
        *,
        start_offset: int = 0,
        end_offset: int | None = None,
        sort_by: Sequence[str] = (),
        result_class: type | None = None,
        fields: Iterable[str] = (),
        **_: Any,
    ) -> tuple[list[Any], int]:
        start = max(0, start_offset)
        limit = MOST_RESULTS if end_offset is None else min(end_offset - start, MOST_RESULTS)
        # Tantivy sets room aside for offset + limit before it looks how many there are.
        if limit <= 0 or start > searcher.num_docs:
            return [], count_hits(searcher, query)
        limit = max(1, min(limit, searcher.num_docs - start))
        keys = [key for name in sort_by if (key := self._sort_key(name)) is not None]
        if len(keys) > 1:
            found, count = self._sorted_by_many(searcher, query, keys)
            addresses = [(0.0, address) for address in found[start : start + limit]]
        elif keys:
            name, order = keys[0]
            hits = searcher.search(query, limit=limit, offset=start, order_by_field=name, order=order)
            addresses = [(0.0, address) for _, address in hits.hits]
            count = count_of(hits)
        else:
            hits = searcher.search(query, limit=limit, offset=start, weight_by_field=self.schema.weight)
            addresses, count = hits.hits, count_of(hits)
        make = result_class or SearchResult
        return [self._result(make, searcher.doc(address), score) for score, address in addresses], count

    def _sort_key(self, name: str) -> tuple[str, tantivy.Order] | None:
        try:
            column = self.schema.column(name.lstrip("-+"))
        except Unanswerable:
            return None
        if column.path or column.kind in {Kind.TEXT, Kind.STORED}:
            return None
        return column.name, tantivy.Order.Desc if name.startswith("-") else tantivy.Order.Asc

    def _sorted_by_many(
        self, searcher: tantivy.Searcher, query: Query, keys: Sequence[tuple[str, tantivy.Order]]
    ) -> tuple[list[Any], int]:
        """Tantivy sorts by one field, so every hit is fetched once a key. Hot orders have a SortKeyField."""
        everything = max(1, searcher.num_docs)
        order: list[tuple[int, int]] = []
        address_of: dict[tuple[int, int], Any] = {}
        for name, direction in reversed(keys):
            hits = searcher.search(query, limit=everything, order_by_field=name, order=direction).hits
            ranks: dict[tuple[int, int], int] = {}
            rank, before = -1, object()
            for value, address in hits:
                place = (address.segment_ord, address.doc)
                address_of[place] = address
                rank += value != before
                before = value
                ranks[place] = rank
            order = sorted(order or sorted(ranks), key=ranks.__getitem__)
        return [address_of[place] for place in order], len(order)

    def _result(self, make: Callable[..., Any], document: tantivy.Document, score: float | None) -> Any:
        app_label, model_name = str(document.get_first(DJANGO_CT)).split(".")
        values = self.schema.stored_values(document)
        return make(
            app_label, model_name, document.get_first(DJANGO_ID), score, id=document.get_first(ID), **values
        )

    def _stats(self, searcher: tantivy.Searcher, query: Query, stats: Mapping[str, Any]) -> dict[str, Any]:
        if not stats:
            return {}
        return searcher.aggregate(
            query, {name: {"stats": {"field": self.schema.column(name).name}} for name in stats}
        )

    def more_like_this(
        self, model_instance: Any, additional_query_string: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        nothing: dict[str, Any] = {"results": [], "hits": 0}
        try:
            searcher = self.storage.searcher()
        except NotBuilt:
            return nothing
        terms = self._terms_of(model_instance)
        if not terms:
            return nothing
        itself = Query.term_query(self.schema.tantivy, ID, get_identifier(model_instance), "basic")
        alike = Query.more_like_this_document_fields_query(
            self.schema.tantivy,
            terms,
            min_doc_frequency=1,
            min_term_frequency=1,
            # What most documents have says nothing about any.
            max_doc_frequency=max(10, searcher.num_docs // 3),
        )
        query = Query.boolean_query([(Occur.Must, alike), (Occur.MustNot, itself)])
        if additional_query_string:
            query = _all_of(query, [self.builder.build(read_or_words(additional_query_string))])
        results, count = self._hits(searcher, query, **{"end_offset": 24, **kwargs})
        return {"results": results, "hits": count}

    def _terms_of(self, model_instance: Any) -> dict[str, list[str]]:
        """Text is not kept in the index, so the document is made once more."""
        index = connections[self.connection_alias].get_unified_index().get_index(type(model_instance))
        ((_, document),) = prepared_documents(index, [model_instance])
        terms = {
            column.name: " ".join(analyse(str(document.get(column.name) or ""), column.language))
            for column in self.schema.text_columns
        }
        return {name: [text] for name, text in terms.items() if text}


#: Roots whose index this process is building.
_building: set[Path] = set()


class TantivyEngine(BaseEngine):
    backend = TantivyBackend
    query = SearchQuery
