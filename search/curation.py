"""What staff tell the search: synonyms, pinned products, redirects; in force at the next search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from oscar.core.loading import get_model

from marketplace.users.models import User
from search.addresses import NotOwnPage, own_page
from search.analysis import query_words
from search.analysis.vocabulary import LONGEST_PHRASE, MOST_ALTERNATIVES
from search.directory import Directory, Rule, vocabulary_of
from search.models import PinnedProduct, QueryRule, Synonym
from search.query_log import known_as

MOST_PINNED = 12
#: A search for one of them looks for all others, and for no more than so many.
MOST_PHRASES = MOST_ALTERNATIVES + 1


class CurationError(Exception):
    """What staff asked for cannot be done; nothing was changed."""


class TooFewWords(CurationError):
    """A group says something about at least two words."""


class TooManyWords(CurationError):
    """More phrases than a search can look for at once."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class LongPhrases(CurationError):
    """Phrases have more words than are compared in a row, so they would never be found."""

    def __init__(self, phrases: Sequence[str], most: int) -> None:
        super().__init__(phrases, most)
        self.phrases = list(phrases)
        self.most = most


class ChangedMeanwhile(CurationError):
    """Somebody saved this since it was read; ``found`` is what stands there now."""

    def __init__(self, found: Synonym | QueryRule) -> None:
        super().__init__(found.pk)
        self.found = found


class TooManyProducts(CurationError):
    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


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


@transaction.atomic
def save_synonym(
    *,
    actor: User,
    kind: Synonym.Kind,
    phrases: Sequence[str],
    note: str,
    is_active: bool,
    pk: int | None = None,
    seen_at: datetime | None = None,
) -> Synonym:
    """Write a group of words, anew or in the place of an old one, which was last changed at ``seen_at``.

    Raises:
        TooFewWords: fewer than two different phrases have letters or digits.
        TooManyWords: there are more phrases than a search looks for.
        LongPhrases: a phrase has more words than are compared.
        ChangedMeanwhile: somebody else has saved the old group since.
    """
    kept = checked_phrases(phrases)
    # A group that somebody has deleted meanwhile is written anew.
    synonym = Synonym.objects.select_for_update().filter(pk=pk).first() if pk is not None else None
    if synonym is not None and synonym.changed_at != seen_at:
        raise ChangedMeanwhile(synonym)
    synonym = synonym or Synonym()
    synonym.kind = kind
    synonym.words = "\n".join(kept)
    synonym.note = note
    synonym.is_active = is_active
    synonym.changed_by = actor
    synonym.save()
    return synonym


def checked_phrases(phrases: Sequence[str]) -> list[str]:
    """The different ones among them, as they are searched for.

    Raises:
        TooFewWords, TooManyWords, LongPhrases: see ``save_synonym``.
    """
    kept = {known: phrase.strip() for phrase in phrases if (known := known_as(phrase))}
    if len(kept) < 2:
        raise TooFewWords
    if len(kept) > MOST_PHRASES:
        raise TooManyWords(MOST_PHRASES)
    if long := [phrase for phrase in kept.values() if len(query_words(phrase)) > LONGEST_PHRASE]:
        raise LongPhrases(long, LONGEST_PHRASE)
    return list(kept.values())


@transaction.atomic
def save_rule(
    *,
    actor: User,
    query: str,
    redirect_to: str,
    product_codes: Sequence[str],
    is_active: bool,
    pk: int | None = None,
    seen_at: datetime | None = None,
) -> QueryRule:
    """Say what a search for exactly these words does, anew or in the place of the rule ``pk``.

    Products are named by barcode (UPC), SKU of an offer, or number, which a # in front says it is.
    ``seen_at`` is when the rule that is replaced was last changed, be it ``pk`` or another one for the
    same words.

    Raises:
        NoWords: the query has none.
        ForeignAddress: the redirect leads out of the shop, nowhere, or back to the search.
        UnknownProducts: some products are none.
        TooManyProducts: there are more than are pinned.
        NothingToDo: neither redirect nor products are given.
        ChangedMeanwhile: there is another rule for these words, or this one was saved by somebody else.
    """
    asked = checked_rule(query=query, redirect_to=redirect_to, product_codes=product_codes)
    rule = _rule_to_replace(query=known_as(query), pk=pk, seen_at=seen_at)
    rule.query = known_as(query)
    rule.shown = query.strip()[:200]
    rule.redirect_to = asked.redirect_to
    rule.is_active = is_active
    rule.changed_by = actor
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        # Two people wrote the first rule for these words at once.
        raise ChangedMeanwhile(QueryRule.objects.get(query=rule.query)) from None
    rule.pinned.all().delete()
    PinnedProduct.objects.bulk_create(
        PinnedProduct(rule=rule, product_id=product, position=place)
        for place, product in enumerate(asked.pinned, 1)
    )
    return rule


def checked_rule(*, query: str, redirect_to: str, product_codes: Sequence[str]) -> Rule:
    """What a search for the words would do.

    Raises:
        NoWords, ForeignAddress, UnknownProducts, TooManyProducts, NothingToDo: see ``save_rule``.
    """
    if not known_as(query):
        raise NoWords
    address = _redirect(redirect_to) if redirect_to.strip() else ""
    pinned = tuple(_products(product_codes))
    if not address and not pinned:
        raise NothingToDo
    return Rule(address, pinned)


def _rule_to_replace(*, query: str, pk: int | None, seen_at: datetime | None) -> QueryRule:
    """The rule to write over, locked: that for these words, else what moves to them, else a new one."""
    rules = QueryRule.objects.select_for_update()
    moved = rules.filter(pk=pk).first() if pk is not None else None
    there = rules.filter(query=query).first()
    replaced = there or moved
    if replaced is not None and replaced.changed_at != seen_at:
        raise ChangedMeanwhile(replaced)
    if there is not None and moved is not None and there.pk != moved.pk:
        moved.delete()
    return replaced or QueryRule()


def with_synonyms(
    directory: Directory, *, kind: Synonym.Kind, phrases: Sequence[str], pk: int | None
) -> Directory:
    """The shop as it would be with this group, for a preview; ``pk`` is the group that it replaces."""
    groups = [group for group in Synonym.objects.filter(is_active=True) if group.pk != pk]
    groups.append(Synonym(pk=pk, kind=kind, words="\n".join(phrases)))
    # In the order that they are read in, with a new one behind all others: each word has a limited number.
    groups.sort(key=lambda group: (group.pk is None, group.pk or 0))
    return replace(directory, vocabulary=vocabulary_of(groups))


def with_rule(directory: Directory, *, query: str, rule: Rule) -> Directory:
    """The shop as it would be with this rule, for a preview."""
    return replace(directory, rules={**directory.rules, known_as(query): rule})


def _redirect(address: str) -> str:
    try:
        path, match = own_page(address)
    except NotOwnPage:
        raise ForeignAddress from None
    if match.namespace == "search":
        # The search itself, what it shows while people type, or what they keep of it.
        raise ForeignAddress
    return path[:300]


def _products(codes: Sequence[str]) -> list[int]:
    """Ids in the order given, each once."""
    found: dict[int, None] = {}
    unknown = []
    wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    if len(wanted) > MOST_PINNED:
        raise TooManyProducts(MOST_PINNED)
    for code in wanted:
        pk = _product(code)
        if pk is None:
            unknown.append(code)
        else:
            found[pk] = None
    if unknown:
        raise UnknownProducts(unknown)
    return list(found)


def code_of(product: Any) -> str:
    """What names this product and no other one."""
    return str(product.upc or f"#{product.pk}")


def _product(code: str) -> int | None:
    products = get_model("catalogue", "Product").objects.browsable()
    number = code.removeprefix("#")
    wanted: list[dict[str, Any]] = []
    if not code.startswith("#"):
        wanted += [{"upc__iexact": code}, {"stockrecords__partner_sku__iexact": code}]
    if number.isascii() and number.isdecimal() and len(number) < 10:
        wanted.append({"pk": int(number)})
    for condition in wanted:
        if (pk := products.filter(**condition).values_list("pk", flat=True).first()) is not None:
            return int(pk)
    return None
