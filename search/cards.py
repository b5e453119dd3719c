"""What a product's card shows, as the search index keeps it: no query draws a list of products."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product in one language. Prices are whole points, of the offer that wins the buy box."""

    id: int
    url: str
    title: str
    image_url: str
    image_url_2x: str
    price_points: int | None
    list_price_points: int | None
    vendor_name: str
    offers_count: int
    rating: float | None
    reviews_count: int
    in_stock: bool
    brand: str
    #: The title in pieces, each with whether it is what was searched for; empty where nothing was.
    title_pieces: tuple[tuple[str, bool], ...] = ()


#: Names in the stored text are short: it is read for every card of every page.
_SHORT = {
    "url": "u",
    "image_url": "i",
    "image_url_2x": "j",
    "price_points": "p",
    "list_price_points": "l",
    "vendor_name": "v",
    "offers_count": "n",
    "rating": "r",
    "reviews_count": "c",
    "in_stock": "s",
    "brand": "b",
}


def pack_card(*, product_id: int, titles: Mapping[str, str], **values: Any) -> str:
    packed = {short: values[name] for name, short in _SHORT.items()}
    return json.dumps(
        {"id": product_id, "t": dict(titles), **packed}, ensure_ascii=False, separators=(",", ":")
    )


def unpack_card(packed: str, *, language: str) -> ProductCard:
    found = json.loads(packed)
    titles = found["t"]
    return ProductCard(
        id=found["id"],
        title=titles.get(language) or next(iter(titles.values()), ""),
        **{name: found[short] for name, short in _SHORT.items()},
    )
