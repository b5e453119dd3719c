"""Haystack on tantivy, in the shop's own processes: nothing to install, nothing to run beside."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
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

from search.analysis import analyse
from search.engines.documents import documents_of, prepared_documents, rows_of, schema_of
from search.engines.query import SearchQuery
from search.engines.reading import MOST_RESULTS, read_or_words
from search.engines.schema import Kind, Schema, Unanswerable
from search.engines.storage import IndexIsBusy, IndexStorage, NotBuilt, storage_at
from search.engines.tantivy_asked import Asked, Hit, Kept
from search.engines.tantivy_facets import Counts, count_matches
from search.engines.tantivy_queries import MatchBuilder, narrowed_by
from search.engines.tantivy_ranking import best_hits

logger = logging.getLogger("nuqta.search")

#: Longer lists are for commands, which ask once.
MOST_KEPT_HITS = 240


def _count_of(hits: tantivy.SearchResult) -> int:
    # Missing from tantivy's stubs.
    return int(hits.count)  # type: ignore[attr-defined]


def _window(searcher: tantivy.Searcher, start: int, end: int | None) -> tuple[int, int]:
    """Where a page starts and how many it shows at most. Tantivy takes no 0, and sets room aside for all."""
    start = max(0, start)
    limit = MOST_RESULTS if end is None else min(end - start, MOST_RESULTS)
    if limit <= 0 or start > searcher.num_docs:
        return start, 0
    return start, max(1, min(limit, searcher.num_docs - start))


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

    def _kept_of(self, searcher: tantivy.Searcher) -> Kept:
        kept = self.storage.kept
        if kept is None or kept.searcher is not searcher:
            kept = self.storage.kept = Kept(searcher)
        return kept

    def forget(self) -> None:
        """What earlier searches told of this state of the index; the next commit does the same."""
        self.storage.kept = None

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
        asked = Asked(
            self.schema,
            self._kept_of(searcher),
            query_string,
            tuple(kwargs.get("narrow_queries") or ()),
            kwargs.get("models"),
        )
        counts, (ranked, hits) = self._counted_and_ranked(asked, kwargs)
        facets: dict[str, Any] = {}
        if counts is not None:
            # They are kept for others who ask the same.
            facets["fields"] = {name: copy(values) for name, values in counts.fields.items()}
        if query_facets := kwargs.get("query_facets"):
            facets["queries"] = {
                f"{field}:{value}": count_matches(searcher, asked.matching_too(f"{field}:{value}"))
                for field, value in query_facets
            }
        stats = kwargs.get("stats")
        return {
            "results": self._results(searcher, ranked, kwargs.get("result_class")),
            "hits": hits,
            "facets": facets,
            "stats": self._stats(searcher, asked.matching, stats) if stats else {},
            "spelling_suggestion": None,
        }

    def _counted_and_ranked(
        self, asked: Asked, options: Mapping[str, Any]
    ) -> tuple[Counts | None, tuple[list[Hit], int]]:
        wanted = options.get("facets")
        searcher = asked.kept.searcher
        start, limit = _window(searcher, options.get("start_offset", 0), options.get("end_offset"))
        if not wanted:
            return None, self._ranked(asked, start, limit, options.get("sort_by") or ())
        if limit == 0:
            counts = asked.count(wanted)
            return counts, (
                [],
                count_matches(searcher, asked.matching) if counts.found is None else counts.found,
            )
        # One after the other: tantivy keeps Python's lock while it searches, so a second thread would wait.
        counts = asked.count(wanted)
        return counts, self._ranked(asked, start, limit, options.get("sort_by") or (), count=counts.found)

    def _ranked(
        self, asked: Asked, start: int, limit: int, sort_by: Sequence[str], *, count: int | None = None
    ) -> tuple[list[Hit], int]:
        """Scores and addresses of a page, and how many are found in all: ``count``, where that is known."""
        if limit == 0:
            return [], count_matches(asked.kept.searcher, asked.matching)
        keys = [key for name in sort_by if (key := self._sort_key(name)) is not None]
        if limit > MOST_KEPT_HITS:
            return self._ranked_now(asked, start, limit, keys, count)
        place = (start, limit, *((name, str(order)) for name, order in keys))
        return asked.kept.pages.get(
            (*asked.key, place), lambda: self._ranked_now(asked, start, limit, keys, count)
        )

    def _ranked_now(
        self,
        asked: Asked,
        start: int,
        limit: int,
        keys: Sequence[tuple[str, tantivy.Order]],
        count: int | None,
    ) -> tuple[list[Hit], int]:
        searcher = asked.kept.searcher
        if keys:
            return self._page(searcher, asked.matching, start, limit, keys)
        if count is not None and (best := best_hits(asked, min(start + limit, count))) is not None:
            return best[start:], count
        return self._page(searcher, asked.ranking, start, limit, weight=asked.weight)

    def _page(
        self,
        searcher: tantivy.Searcher,
        query: Query,
        start: int,
        limit: int,
        keys: Sequence[tuple[str, tantivy.Order]] = (),
        *,
        weight: str | None = None,
    ) -> tuple[list[Hit], int]:
        if len(keys) > 1:
            found, count = self._sorted_by_many(searcher, query, keys)
            return [(0.0, address) for address in found[start : start + limit]], count
        if keys:
            name, order = keys[0]
            hits = searcher.search(query, limit=limit, offset=start, order_by_field=name, order=order)
            return [(0.0, address) for _, address in hits.hits], _count_of(hits)
        hits = searcher.search(query, limit=limit, offset=start, weight_by_field=weight)
        return list(hits.hits), _count_of(hits)

    def _results(
        self, searcher: tantivy.Searcher, ranked: Iterable[Hit], result_class: type | None
    ) -> list[Any]:
        make = result_class or SearchResult
        return [self._result(make, searcher.doc(address), score) for score, address in ranked]

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
            builder = MatchBuilder(self.schema, self._kept_of(searcher).lexicon)
            also = builder.build(read_or_words(additional_query_string))
            query = narrowed_by(query, [(Occur.Must, also)])
        start, limit = _window(searcher, kwargs.get("start_offset", 0), kwargs.get("end_offset", 24))
        if limit == 0:
            return {"results": [], "hits": count_matches(searcher, query)}
        ranked, count = self._page(searcher, query, start, limit, weight=self.schema.weight)
        return {"results": self._results(searcher, ranked, kwargs.get("result_class")), "hits": count}

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
