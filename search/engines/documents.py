"""What engines are given: one schema for the process, and prepared documents."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

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
    versions = [
        f"{type(index).__module__}.{getattr(index, 'version', 1)}" for index in unified.get_indexes().values()
    ]
    key = (
        alias,
        hash(tuple((name, type(field).__name__) for name, field in fields.items()) + tuple(versions)),
    )
    with _schemas_lock:
        if key not in _schemas:
            _schemas[key] = Schema(fields, versions=versions)
        return _schemas[key]
