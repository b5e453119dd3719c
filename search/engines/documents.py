"""What engines are given: one schema for the process, and prepared documents."""

from __future__ import annotations

import multiprocessing
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connections as db_connections
from haystack import connections
from haystack.constants import ID
from haystack.exceptions import SkipDocument
from haystack.utils.app_loading import haystack_get_model

from search.engines.schema import Schema


def prepared_documents(index: Any, objects: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents of objects by their identifiers; an index may prepare many in one go."""
    if hasattr(index, "full_prepare_many"):
        for document in index.full_prepare_many(objects):
            yield document[ID], document
        return
    for obj in objects:
        try:
            document = dict(index.full_prepare(obj))
        except SkipDocument:
            continue
        yield document[ID], document


def batches(queryset: Any, size: int) -> Iterator[list[Any]]:
    last = None
    while True:
        batch = list((queryset if last is None else queryset.filter(pk__gt=last)).order_by("pk")[:size])
        if not batch:
            return
        yield batch
        last = batch[-1].pk


def rows_of(
    index: Any, queryset: Any, schema: Schema, *, size: int, processes: int = 1
) -> Iterator[list[bytes]]:
    """Documents of everything in a queryset, batch by batch, as ``Schema.pack`` writes them.

    With more than one process, others read the database and analyse text, each on a connection of its
    own, while this one writes: what they read is what is committed.
    """
    if processes < 2:
        for batch in batches(queryset, size):
            yield [schema.pack(document) for _, document in prepared_documents(index, batch)]
        return
    global _work
    # A child must not talk on its parent's connection.
    pks = list(queryset.order_by("pk").values_list("pk", flat=True))
    db_connections.close_all()
    _work = (index, queryset, schema)
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        parts = [pks[start : start + size] for start in range(0, len(pks), size)]
        yield from pool.imap_unordered(_pack_part, parts)


#: What the children of ``rows_of`` work on: inherited, since querysets and indexes cannot be sent.
_work: tuple[Any, Any, Schema] | None = None


def _pack_part(pks: list[int]) -> list[bytes]:
    assert _work is not None
    index, queryset, schema = _work
    objects = list(queryset.filter(pk__in=pks).order_by("pk"))
    return [schema.pack(document) for _, document in prepared_documents(index, objects)]


def documents_of(identifiers: Iterable[str], *, alias: str) -> dict[str, dict[str, Any]]:
    """Documents as the database has them now; without those that it lacks."""
    by_model: dict[str, list[str]] = defaultdict(list)
    for identifier in identifiers:
        label, _, pk = identifier.rpartition(".")
        by_model[label].append(pk)
    unified = connections[alias].get_unified_index()
    documents: dict[str, dict[str, Any]] = {}
    for label, pks in by_model.items():
        index = unified.get_index(haystack_get_model(*label.split(".")))
        objects = list(index.index_queryset(using=alias).filter(pk__in=pks))
        documents |= dict(prepared_documents(index, objects))
    return documents


_schemas: dict[tuple[str, int], Schema] = {}
_schemas_lock = threading.Lock()


def schema_of(alias: str) -> Schema:
    """One schema for the process: every thread has its own Haystack connection, with the same indexes."""
    unified = connections[alias].get_unified_index()
    fields = unified.all_searchfields()
    indexes = unified.get_indexes().values()
    versions = [f"{type(index).__module__}.{getattr(index, 'version', 1)}" for index in indexes]
    only_in_some = frozenset(name for name in fields if any(name not in index.fields for index in indexes))
    described = ((name, type(field).__name__, name in only_in_some) for name, field in fields.items())
    key = alias, hash((*described, *versions))
    with _schemas_lock:
        if key not in _schemas:
            _schemas[key] = Schema(fields, versions=versions, only_in_some=only_in_some)
        return _schemas[key]
