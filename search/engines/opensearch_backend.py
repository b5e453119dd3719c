"""Haystack on OpenSearch, for shops of many servers: the same fields, terms and counts as on tantivy.

::

    <prefix>-<schema>            an alias: the generation in use; moved in one step
    <prefix>-<schema>-<n>        a generation
    <prefix>-<schema>-journal    what changed while a rebuild runs beside

Requests are made in ``opensearch_queries``. Whoever writes holds a lock of PostgreSQL meanwhile, so that
of two changes of one product the later one stays, as tantivy's file lock has it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from django.db import connection as database, connections as db_connections, transaction
from haystack import connections
from haystack.backends import BaseEngine, BaseSearchBackend, log_query
from haystack.constants import DJANGO_CT, DJANGO_ID, ID
from haystack.models import SearchResult
from haystack.utils import get_identifier, get_model_ct
from opensearchpy import NotFoundError, OpenSearch, OpenSearchException, helpers

from search.analysis import analyse
from search.engines.documents import batches, documents_of, prepared_documents, schema_of
from search.engines.opensearch_queries import (
    DEEPEST_RESULT,
    QueryWriter,
    SearchWriter,
    index_body,
    source_of,
)
from search.engines.query import SearchQuery
from search.engines.ranges import NumberRange, NumberRanges, fitted_bounds
from search.engines.reading import FEW_VALUES, MOST_RESULTS, read_narrowings, read_or_words
from search.engines.schema import Column, Kind, Schema
from search.engines.storage import NotBuilt

logger = logging.getLogger("nuqta.search")

#: Advisory locks of PostgreSQL, one for all indexes of a database: any numbers that nobody else uses.
WRITE_LOCK, REBUILD_LOCK = 7_105_201, 7_105_202
DEFAULT_PREFIX = "nuqta-products"
#: A page waits so long for its search, once; who writes has more time.
TIMEOUT_SECONDS = 5
WRITE_TIMEOUT_SECONDS = 300


def address_of(url: str) -> tuple[str, str]:
    """A server's address and the prefix of its indexes from ``opensearch[s]://user:word@host:9200/prefix``."""
    parts = urlsplit(url)
    scheme = {"opensearch": "http", "opensearchs": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, "", "", "")), parts.path.strip("/") or DEFAULT_PREFIX


@contextmanager
def _writing() -> Iterator[None]:
    """Until the caller's transaction ends nobody else writes."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITE_LOCK])
        yield


@contextmanager
def _rebuilding() -> Iterator[None]:
    """One rebuild at a time. A lock of the session: a transaction of an hour would hold up vacuum."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [REBUILD_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [REBUILD_LOCK])


class OpenSearchBackend(BaseSearchBackend):
    """See ``search.engines.query.SearchQuery`` for what it offers beyond Haystack."""

    def __init__(self, connection_alias: str, **options: Any) -> None:
        super().__init__(connection_alias, **options)
        self.address, prefix = address_of(options["URL"])
        self.prefix = str(options.get("INDEX_PREFIX") or prefix)
        # Of the cluster, so they stand with its address: ...:9200/prefix?shards=3&replicas=1
        asked = dict(parse_qsl(urlsplit(options["URL"]).query))
        self.shards, self.replicas = int(asked.get("shards", 1)), int(asked.get("replicas", 0))
        self.builds_itself = bool(options.get("BUILDS_ITSELF"))
        self.log = logger

    # The index ------------------------------------------------------------------------------
    @cached_property
    def client(self) -> OpenSearch:
        return OpenSearch(
            [self.address], timeout=TIMEOUT_SECONDS, max_retries=2, retry_on_timeout=False, http_compress=True
        )

    @cached_property
    def schema(self) -> Schema:
        return schema_of(self.connection_alias)

    @cached_property
    def writer(self) -> QueryWriter:
        return QueryWriter(self.schema)

    @property
    def alias(self) -> str:
        return f"{self.prefix}-{self.schema.fingerprint}"

    @property
    def journal(self) -> str:
        return f"{self.alias}-journal"

    @property
    def is_built(self) -> bool:
        """Whether there is an index of the schema that this release has, on a server that answers."""
        try:
            return bool(self.client.indices.exists_alias(name=self.alias))
        except OpenSearchException as error:
            logger.warning("OpenSearch does not answer: %s", type(error).__name__)
            return False

    def _create_generation(self) -> str:
        number = 1
        while self.client.indices.exists(index=f"{self.alias}-{number}"):
            number += 1
        name = f"{self.alias}-{number}"
        body = index_body(self.schema, shards=self.shards, replicas=self.replicas)
        self.client.indices.create(index=name, body=body)
        return name

    def _generations(self) -> list[str]:
        try:
            return sorted(self.client.indices.get_alias(name=self.alias))
        except NotFoundError:
            return []

    def _point_to(self, name: str) -> None:
        """All at once: no search finds two generations or none."""
        old = [generation for generation in self._generations() if generation != name]
        self.client.indices.update_aliases(
            body={
                "actions": [
                    {"add": {"index": name, "alias": self.alias}},
                    *({"remove_index": {"index": generation}} for generation in old),
                ]
            }
        )

    def delete_everything(self) -> None:
        """For tests, whose indexes have a prefix of their own."""
        self.client.indices.delete(index=f"{self.prefix}-*", params={"ignore_unavailable": "true"})

    # Writing --------------------------------------------------------------------------------
    def update(self, index: Any, iterable: Iterable[Any], commit: bool = True) -> None:
        """Write documents of these objects; nothing is written if one of them cannot be."""
        objects = list(iterable)
        documents = dict(prepared_documents(index, objects))
        with _writing():
            self._write([get_identifier(obj) for obj in objects], documents)

    def rewrite(self, identifiers: Sequence[str]) -> None:
        """Make the documents of these objects as the database has them now; those that it lacks go."""
        with _writing():
            self._write(identifiers, documents_of(identifiers, alias=self.connection_alias))

    def remove(self, obj_or_string: Any, commit: bool = True) -> None:
        if self.is_built:
            with _writing():
                self._write([get_identifier(obj_or_string)], {})

    def clear(self, models: Iterable[Any] | None = None, commit: bool = True) -> None:
        if not self._generations():
            return
        labels = None if models is None else [get_model_ct(model) for model in models]
        query = {"match_all": {}} if labels is None else {"terms": {DJANGO_CT: labels}}
        with _writing():
            self.client.delete_by_query(
                index=self.alias,
                body={"query": query},
                params={
                    "refresh": "true",
                    "conflicts": "proceed",
                    "request_timeout": WRITE_TIMEOUT_SECONDS,
                },
            )

    def _write(self, identifiers: Iterable[str], documents: Mapping[str, Mapping[str, Any]]) -> None:
        names = list(identifiers)
        # Whatever cannot be written fails here, before anything is.
        sources = {name: source_of(self.schema, document) for name, document in documents.items()}
        if not self._generations():
            self._point_to(self._create_generation())
        self._bulk(self.alias, names, sources)
        if names and self.client.indices.exists(index=self.journal):
            noted = ({"_op_type": "index", "_index": self.journal, "_id": name} for name in names)
            self._send(noted, refresh=True)

    def _bulk(self, index: str, identifiers: Iterable[str], sources: Mapping[str, Any]) -> None:
        # Seen by whoever searches next. Where there is no alias, a server would make an index of its name.
        self._send(bulk_actions(index, identifiers, sources), refresh="wait_for", require_alias=True)

    def _send(self, actions: Iterable[dict[str, Any]], **options: Any) -> None:
        # To remove what is not there is no failure.
        helpers.bulk(
            self.client, actions, ignore_status=(404,), request_timeout=WRITE_TIMEOUT_SECONDS, **options
        )

    def rebuild(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        only_if_missing: bool = False,
        processes: int = 1,
    ) -> int:
        """Build a new index beside the one in use and swap; the number of documents.

        ``processes`` is tantivy's: here the server is what takes its time.

        What others change meanwhile is noted in the journal and written again before the swap, while
        nobody else writes.
        """
        with _rebuilding():
            if only_if_missing and self._generations():
                return 0
            if not self.client.indices.exists(index=self.journal):
                self.client.indices.create(index=self.journal)
            name = self._create_generation()
            try:
                done = self._fill(name, progress)
                with _writing():
                    self._catch_up(name)
                    self.client.indices.refresh(index=name)
                    self._point_to(name)
            except BaseException:
                self.client.indices.delete(index=name, params={"ignore_unavailable": "true"})
                raise
            finally:
                self.client.indices.delete(index=self.journal, params={"ignore_unavailable": "true"})
        return done

    def _fill(self, name: str, progress: Callable[[int, int], None] | None) -> int:
        indexes = connections[self.connection_alias].get_unified_index().get_indexes()
        querysets = [(index, index.build_queryset(using=self.connection_alias)) for index in indexes.values()]
        total = sum(queryset.count() for _, queryset in querysets)
        done = 0
        for index, queryset in querysets:
            for batch in batches(queryset, self.batch_size):
                sources = {
                    identifier: source_of(self.schema, document)
                    for identifier, document in prepared_documents(index, batch)
                }
                self._send(bulk_actions(name, sources, sources))
                done += len(sources)
                if progress:
                    progress(done, total)
        return done

    def _catch_up(self, name: str) -> None:
        changed = self._journalled()
        documents = documents_of(changed, alias=self.connection_alias)
        sources = {key: source_of(self.schema, document) for key, document in documents.items()}
        self._send(bulk_actions(name, changed, sources))

    def _journalled(self) -> list[str]:
        self.client.indices.refresh(index=self.journal)
        return sorted(hit["_id"] for hit in helpers.scan(self.client, index=self.journal, _source=False))

    def stored(self, field: str) -> dict[str, str | None]:
        """A stored field of every document, by identifier.

        Raises:
            NotBuilt: there is no index.
        """
        try:
            found = helpers.scan(self.client, index=self.alias, query={"_source": [ID, field]}, size=5_000)
            return {hit["_source"][ID]: hit["_source"].get(field) for hit in found}
        except NotFoundError:
            raise NotBuilt(self.schema.fingerprint) from None

    # Searching ------------------------------------------------------------------------------
    @log_query
    def search(self, query_string: str, **kwargs: Any) -> dict[str, Any]:
        nothing = {"results": [], "hits": 0, "facets": {}, "stats": {}, "spelling_suggestion": None}
        search = self._search_writer(query_string, kwargs.get("narrow_queries"), kwargs.get("models"))
        wanted = kwargs.get("facets") or {}
        # By number: the name of an aggregation may not have the brackets of a range.
        query_facets = {
            f"{field}:{value}": self.writer.build(read_or_words(f"{field}:{value}"))
            for field, value in kwargs.get("query_facets") or ()
        }
        start, size = _window(kwargs.get("start_offset", 0), kwargs.get("end_offset"))
        stats = list(kwargs.get("stats") or ())
        body = search.body(
            start=start,
            size=size,
            sort_by=kwargs.get("sort_by") or (),
            facets=wanted,
            query_facets=list(query_facets.values()),
            stats=stats,
        )
        try:
            found = self.client.search(index=self.alias, body=body)
            counts = found.get("aggregations", {})
            counted = self._facets(search, wanted, counts) if wanted else {}
        except NotFoundError:
            self._build_in_background()
            return nothing
        except OpenSearchException as error:
            # A shop without its search is still a shop: the page says that it is being prepared.
            logger.warning("OpenSearch could not search: %s", type(error).__name__)
            return nothing
        facets: dict[str, Any] = {"fields": counted} if wanted else {}
        if query_facets:
            facets["queries"] = {
                name: counts[f"query {number}"]["doc_count"] for number, name in enumerate(query_facets)
            }
        make = kwargs.get("result_class") or SearchResult
        return {
            "results": [self._result(make, hit) for hit in found["hits"]["hits"]],
            "hits": found["hits"]["total"]["value"],
            "facets": facets,
            "stats": {name: counts[f"stats {name}"]["stats"] for name in stats},
            "spelling_suggestion": None,
        }

    def _search_writer(self, query_string: str, narrow: Any, models: Any) -> SearchWriter:
        narrowings = read_narrowings(self.schema, narrow or (), models)
        return SearchWriter(
            self.schema,
            self.writer.build(read_or_words(query_string)),
            {fields: self.writer.build(node) for fields, node in narrowings.items()},
        )

    def _result(self, make: Callable[..., Any], hit: Mapping[str, Any]) -> Any:
        source = hit["_source"]
        app_label, model_name = source[DJANGO_CT].split(".")
        values = {}
        for column in self.schema.stored_columns:
            value = source.get(column.name)
            listed = value if isinstance(value, list) else [] if value is None else [value]
            values[column.name] = listed if column.many else (listed[0] if listed else None)
        return make(
            app_label, model_name, source[DJANGO_ID], hit.get("_score") or 0.0, id=source[ID], **values
        )

    # Counts ---------------------------------------------------------------------------------
    def _facets(
        self, search: SearchWriter, wanted: Mapping[str, Mapping[str, Any]], counts: Mapping[str, Any]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        fitted: dict[str, tuple[Mapping[str, Any], list[float]]] = {}
        for name, options in wanted.items():
            count = counts.get(f"facet {name}")
            if count is None:
                found[name] = []
            elif steps := options.get("steps"):
                found[name] = [(step, count[f"step {n}"]["doc_count"]) for n, step in enumerate(steps)]
            elif options.get("ranges"):
                found[name], bounds = ranges_of(count)
                if bounds:
                    fitted[name] = (options, bounds)
            else:
                found[name] = values_of(self.schema.column(self.schema.same_field(name)), count, options)
        if fitted:
            again = self.client.search(index=self.alias, body=search.range_counts(fitted))["aggregations"]
            for name in fitted:
                found[name] = with_counts(found[name], again[f"facet {name}"]["ranges"]["buckets"])
        return found

    def more_like_this(
        self, model_instance: Any, additional_query_string: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        index = connections[self.connection_alias].get_unified_index().get_index(type(model_instance))
        ((_, document),) = prepared_documents(index, [model_instance])
        terms = {
            column.name: text
            for column in self.schema.text_columns
            if (text := " ".join(analyse(str(document.get(column.name) or ""), column.language)))
        }
        if not terms:
            return {"results": [], "hits": 0}
        alike = {
            "more_like_this": {
                "fields": sorted(terms),
                "like": [{"doc": terms}],
                "min_term_freq": 1,
                "min_doc_freq": 1,
                "max_query_terms": 25,
                "minimum_should_match": "1",
            }
        }
        others = (
            [] if not additional_query_string else [self.writer.build(read_or_words(additional_query_string))]
        )
        query = {
            "bool": {
                "must": [alike],
                "filter": others,
                "must_not": [{"term": {ID: {"value": get_identifier(model_instance)}}}],
            }
        }
        start, size = _window(kwargs.get("start_offset", 0), kwargs.get("end_offset", 24))
        try:
            found = self.client.search(
                index=self.alias, body=SearchWriter(self.schema, query, {}).body(start=start, size=size)
            )
        except OpenSearchException as error:
            logger.warning("OpenSearch could not search: %s", type(error).__name__)
            return {"results": [], "hits": 0}
        make = kwargs.get("result_class") or SearchResult
        return {
            "results": [self._result(make, hit) for hit in found["hits"]["hits"]],
            "hits": found["hits"]["total"]["value"],
        }

    @property
    def state(self) -> object:
        """Changes whenever what a search would find may have changed."""
        found = self.client.indices.stats(index=self.alias, metric="indexing,refresh")
        return (tuple(sorted(found["indices"])), str(found["_all"]["primaries"]))

    def _build_in_background(self) -> None:
        """After a release with another schema, or on a cluster that lost its index: once a process."""
        if not self.builds_itself or self.alias in _building:
            return
        _building.add(self.alias)
        threading.Thread(target=self._build_if_missing, name="search-rebuild", daemon=True).start()

    def _build_if_missing(self) -> None:
        try:
            self.rebuild(only_if_missing=True)
        except Exception:
            logger.exception("The search index could not be built.")
        finally:
            _building.discard(self.alias)
            db_connections.close_all()


#: Aliases whose index this process is building.
_building: set[str] = set()


def bulk_actions(
    index: str, identifiers: Iterable[str], sources: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Each document as it is now: written, or removed where there is none any more."""
    for name in identifiers:
        if name in sources:
            yield {"_op_type": "index", "_index": index, "_id": name, "_source": sources[name]}
        else:
            yield {"_op_type": "delete", "_index": index, "_id": name}


def _window(start: int, end: int | None) -> tuple[int, int]:
    """Where to begin and how many; OpenSearch refuses what lies beyond its window."""
    start = max(0, start)
    size = MOST_RESULTS if end is None else max(0, min(end - start, MOST_RESULTS))
    if start + size > DEEPEST_RESULT:
        return 0, 0
    return start, size


def values_of(column: Column, count: Mapping[str, Any], options: Mapping[str, Any]) -> list[tuple[Any, int]]:
    values: list[tuple[Any, int]] = [
        (bool(bucket["key"]) if column.kind is Kind.BOOLEAN else bucket["key"], bucket["doc_count"])
        for bucket in count["values"]["buckets"]
    ]
    by_term = options.get("order") == "term"
    values.sort(key=lambda pair: pair[0] if by_term else (-pair[1], pair[0]))
    if options.get("missing"):
        values.append((None, count["missing"]["doc_count"]))
    return values


def ranges_of(count: Mapping[str, Any]) -> tuple[NumberRanges, list[float]]:
    """What there is, and the bounds to count between."""
    stats = count["stats"]
    if not stats["count"]:
        return NumberRanges((), ()), []
    quantiles = sorted(pair["value"] for pair in count["quantiles"]["values"] if pair["value"] is not None)
    bounds = fitted_bounds(quantiles, lowest=stats["min"], highest=stats["max"])
    values = sorted(
        (float(bucket["key"]), bucket["doc_count"]) for bucket in count.get("values", {}).get("buckets", ())
    )
    few = tuple(values) if len(values) <= FEW_VALUES else ()
    return NumberRanges((), few), bounds


def with_counts(ranges: NumberRanges, buckets: Iterable[Mapping[str, Any]]) -> NumberRanges:
    counts = tuple(
        (NumberRange(bucket.get("from"), bucket.get("to")), int(bucket["doc_count"])) for bucket in buckets
    )
    return NumberRanges(counts, ranges.values)


class OpenSearchEngine(BaseEngine):
    backend = OpenSearchBackend
    query = SearchQuery
