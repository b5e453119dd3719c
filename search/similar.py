"""Products like another one: those that share the rarest of its words, of its own categories."""

from __future__ import annotations

from typing import Any

from haystack import connections

from search.cards import ProductCard, unpack_card
from search.engines.query_language import write_condition

MOST_SIMILAR = 24


def similar_cards(*, product: Any, language: str, most: int = MOST_SIMILAR) -> list[ProductCard]:
    """Never the product itself; empty where nothing is like it."""
    categories = [str(pk) for pk in product.categories.values_list("pk", flat=True)]
    within = write_condition("category", "in", categories) if categories else None
    backend = connections["default"].get_backend()
    found = backend.more_like_this(product, within, end_offset=most)
    return [unpack_card(result.card, language=language) for result in found["results"]]
