"""What staff tell the search: synonyms, pinned products, redirects; in force at the next search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.urls import Resolver404, resolve
from oscar.core.loading import get_model

from marketplace.users.models import User
from search.models import PinnedProduct, QueryRule, Synonym
from search.query_log import known_as

MOST_PINNED = 12


class CurationError(Exception):
    """What staff asked for cannot be done; nothing was changed."""


class TooFewWords(CurationError):
    """A group says something about at least two words."""


class NoWords(CurationError):
    """There is no letter or digit in the query."""


class ForeignAddress(CurationError):
    """The address is not a page of this shop, or is the search itself."""


class NothingToDo(CurationError):
    """A rule neither redirects nor pins."""


class UnknownProducts(CurationError):
    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(codes)
        self.codes = list(codes)


def save_synonym(
    *,
    actor: User,
    kind: Synonym.Kind,
    phrases: Sequence[str],
    note: str,
    is_active: bool,
    pk: int | None = None,
) -> Synonym:
    """Write a group of words, anew or in the place of an old one.

    Raises:
        TooFewWords: fewer than two different phrases have letters or digits.
    """
    kept = {known: phrase.strip() for phrase in phrases if (known := known_as(phrase))}
    if len(kept) < 2:
        raise TooFewWords
    synonym = Synonym(pk=pk) if pk is None else Synonym.objects.get(pk=pk)
    synonym.kind = kind
    synonym.words = "\n".join(kept.values())
    synonym.note = note
    synonym.is_active = is_active
    synonym.changed_by = actor
    synonym.save()
    return synonym


@transaction.atomic
def save_rule(
    *, actor: User, query: str, redirect_to: str, product_codes: Sequence[str], is_active: bool
) -> QueryRule:
    """Say what a search for exactly these words does; a second rule for them takes the first's place.

    Products are named by barcode (UPC), SKU of an offer, or number.

    Raises:
        NoWords: the query has none.
        ForeignAddress: the redirect leads out of the shop, nowhere, or back to the search.
        UnknownProducts: some products are none.
        NothingToDo: neither redirect nor products are given.
    """
    known = known_as(query)
    if not known:
        raise NoWords
    redirect_to = _own_page(redirect_to) if redirect_to.strip() else ""
    product_ids = _products(product_codes)
    if not redirect_to and not product_ids:
        raise NothingToDo
    rule, _created = QueryRule.objects.update_or_create(
        query=known,
        defaults={
            "shown": query.strip()[:200],
            "redirect_to": redirect_to,
            "is_active": is_active,
            "changed_by": actor,
        },
    )
    rule.pinned.all().delete()
    PinnedProduct.objects.bulk_create(
        PinnedProduct(rule=rule, product_id=pk, position=place) for place, pk in enumerate(product_ids, 1)
    )
    return rule


def _own_page(address: str) -> str:
    address = address.strip().replace("\x00", "")
    parts = urlsplit(address)
    # "//" begins an address of another site; a backslash is a slash to browsers.
    if parts.scheme or parts.netloc or not address.startswith("/") or address[1:2] in {"/", "\\"}:
        raise ForeignAddress
    try:
        match = resolve(unquote(parts.path))
    except Resolver404:
        raise ForeignAddress from None
    if match.view_name == "search:search":
        raise ForeignAddress
    return address[:300]


def _products(codes: Sequence[str]) -> list[int]:
    """Ids in the order given, each once."""
    found: dict[int, None] = {}
    unknown = []
    for code in [code.strip() for code in codes if code.strip()][:MOST_PINNED]:
        pk = _product(code)
        if pk is None:
            unknown.append(code)
        else:
            found[pk] = None
    if unknown:
        raise UnknownProducts(unknown)
    return list(found)


def _product(code: str) -> int | None:
    products = get_model("catalogue", "Product").objects.browsable()
    wanted: tuple[dict[str, Any], ...] = (
        {"upc__iexact": code},
        {"stockrecords__partner_sku__iexact": code},
        *([{"pk": int(code)}] if code.isascii() and code.isdecimal() and len(code) < 10 else []),
    )
    for condition in wanted:
        if (pk := products.filter(**condition).values_list("pk", flat=True).first()) is not None:
            return int(pk)
    return None
