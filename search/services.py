"""Keep the index true. Whoever changes products or offers enqueues ``search.products``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from haystack import connections
from oscar.core.loading import get_model

from marketplace.outbox.registry import handles


def reindex(product_ids: Iterable[int]) -> None:
    """Write these products into the index as they are in the database now, or take them out.

    A variant stands in its parent's document. Products that don't exist are taken out.
    """
    wanted = {int(pk) for pk in product_ids}
    if not wanted:
        return
    backend = connections["default"].get_backend()
    if not backend.is_built:
        rebuild()
        return
    products = get_model("catalogue", "Product").objects
    parents = products.filter(pk__in=wanted, parent__isnull=False).values_list("parent_id", flat=True)
    backend.rewrite([f"catalogue.product.{pk}" for pk in sorted(wanted | set(parents))])


def rebuild(*, progress: Callable[[int, int], None] | None = None, processes: int = 1) -> int:
    """Build the index anew beside the one in use, and swap; the number of documents.

    More than one process is for commands: see the backend.
    """
    count: int = connections["default"].get_backend().rebuild(progress, processes=processes)
    return count


def _all_ids(payloads: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"ids": sorted({int(pk) for payload in payloads for pk in payload["ids"]})}


# A commit to disk costs more than reading a hundred products: what waits is written at once.
@handles("search.products", merge=_all_ids)
def reindex_changed_products(payload: dict[str, Any]) -> None:
    reindex(payload["ids"])
