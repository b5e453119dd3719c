"""The rows of products on the front page, drawn from the search index: no query to the database."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy as _
from haystack.query import SQ, SearchQuerySet

from search.cards import ProductCard, unpack_card

CARDS_ON_A_SHELF = 12


@dataclass(frozen=True, slots=True)
class ShelfKind:
    title: str | Promise
    #: The index's order, and what a product must have to stand here.
    order: str
    narrow: SQ
    #: The list page that goes on where the shelf ends.
    query: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    title: str
    url: str
    cards: list[ProductCard]


KINDS = (
    ShelfKind(
        # The biggest ones first would be a row of the same thing in ten colours.
        _("Now cheaper"), "-by_featured", SQ(in_stock=True) & SQ(discount_from="20"),
        (("sort", "discount"), ("in_stock", "1")),
    ),
    ShelfKind(
        _("Loved by customers"), "-by_rating", SQ(in_stock=True) & SQ(rating_from="4"),
        (("sort", "rating"), ("in_stock", "1")),
    ),
    ShelfKind(_("New in the shop"), "-by_arrival", SQ(in_stock=True), (("sort", "newest"),)),
)  # fmt: skip


def shelves() -> list[Shelf]:
    """Those that have anything; none while the index is not built."""
    seen: set[int] = set()
    filled = []
    for kind in KINDS:
        # A product that stands on two shelves is one less to discover.
        cards = [card for card in _cards(kind) if card.id not in seen][:CARDS_ON_A_SHELF]
        seen.update(card.id for card in cards)
        if cards:
            filled.append(Shelf(str(kind.title), _url(kind), cards))
    return filled


def _url(kind: ShelfKind) -> str:
    return f"{reverse('search:search')}?{urlencode(kind.query)}"


def _cards(kind: ShelfKind) -> list[ProductCard]:
    found = SearchQuerySet().narrow(kind.narrow).order_by(kind.order)[: CARDS_ON_A_SHELF * len(KINDS)]
    language = get_language() or ""
    return [unpack_card(result.card, language=language) for result in found if result is not None]
