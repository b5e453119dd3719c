"""Is the index what the database says? Compared document by document, and put right."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from haystack import connections
from oscar.core.loading import get_model

from search.engines.documents import batches
from search.services import reindex

logger = logging.getLogger("nuqta.search")

BATCH = 500
#: Of pg_try_advisory_lock: whoever compares and mends does so alone.
MENDING_LOCK = 0x6E75_7174_6D6E
PREFIX = "catalogue.product."


@dataclass(slots=True)
class Difference:
    """Ids of products."""

    compared: int = 0
    #: In the database alone; in the index alone; in both, but not alike.
    missing: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return sorted({*self.missing, *self.extra, *self.stale})


def compare_index(*, progress: Callable[[int, int], None] | None = None) -> Difference:
    """Compare every document with what it would be now.

    What differs at first is looked at again in the end: a change whose message was still on its way is
    no difference.

    Raises:
        NotBuilt: there is no index.
    """
    indexed = _indexed()
    products = _index().index_queryset()
    total = products.count()
    seen: set[int] = set()
    found: list[int] = []
    for batch in batches(products, BATCH):
        for pk, checksum in _checksums(batch):
            seen.add(pk)
            if indexed.get(pk) != checksum:
                found.append(pk)
        if progress:
            progress(len(seen), total)
    found += indexed.keys() - seen
    difference = _look_again(found)
    difference.compared = len(seen | indexed.keys())
    return difference


def mend_index() -> int | None:
    """Compare, and write again what differs; how many did. None where somebody else is at it.

    Raises:
        NotBuilt: there is no index.
    """
    with _alone() as is_alone:
        if not is_alone:
            return None
        difference = compare_index()
        if difference.ids:
            logger.warning("The search index differed in %d products and was mended", len(difference.ids))
        return repair_index(difference)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else mends meanwhile. A lock of the session: a transaction would hold up vacuum."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [MENDING_LOCK])
        (is_alone,) = cursor.fetchone()
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MENDING_LOCK])


def repair_index(difference: Difference) -> int:
    """Write again what differs; the number of documents written or taken out."""
    for start in range(0, len(difference.ids), BATCH):
        reindex(difference.ids[start : start + BATCH])
    return len(difference.ids)


def _look_again(ids: Iterable[int]) -> Difference:
    difference = Difference()
    suspects = sorted(ids)
    if not suspects:
        return difference
    indexed = _indexed()
    for start in range(0, len(suspects), BATCH):
        part = suspects[start : start + BATCH]
        now = dict(_checksums(list(_index().index_queryset().filter(pk__in=part))))
        for pk in part:
            if pk in now and pk not in indexed:
                difference.missing.append(pk)
            elif pk in indexed and pk not in now:
                difference.extra.append(pk)
            elif pk in now and now[pk] != indexed[pk]:
                difference.stale.append(pk)
    return difference


def _index() -> Any:
    return connections["default"].get_unified_index().get_index(get_model("catalogue", "Product"))


def _indexed() -> dict[int, str | None]:
    stored = connections["default"].get_backend().stored("checksum")
    return {int(identifier.removeprefix(PREFIX)): checksum for identifier, checksum in stored.items()}


def _checksums(products: list[Any]) -> Iterator[tuple[int, str]]:
    for document in _index().full_prepare_many(products):
        yield int(document["django_id"]), document["checksum"]
