"""What tells the search index to look at products again."""

from __future__ import annotations

from collections.abc import Iterable

from marketplace.outbox.services import Message, enqueue_many

#: So that no message grows with a shop.
PRODUCTS_PER_MESSAGE = 500


def enqueue_products(product_ids: Iterable[int]) -> None:
    """In the transaction of whatever changed about these products, or about what they are told by."""
    ids = sorted(set(product_ids))
    enqueue_many(
        Message("search.products", {"ids": ids[start : start + PRODUCTS_PER_MESSAGE]})
        for start in range(0, len(ids), PRODUCTS_PER_MESSAGE)
    )
