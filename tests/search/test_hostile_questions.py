"""Ten thousand questions that nobody asks well, to the shop's own index: with groups, orders and pages."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from haystack.query import SQ, SearchQuerySet

from search import services
from search.analysis.vocabulary import understand
from search.engines.query import Typed
from search.search_indexes import ProductIndex
from tests.factories.catalogue import OfferFactory
from tests.search.test_engine_contract import PIECES

pytestmark = pytest.mark.django_db

NAMES = [
    *ProductIndex.fields, "content", "id", "django_ct", "attributes.cpu", "numbers.width", "attributes.",
    "numbers.a.b", "nothing",
]  # fmt: skip
LOOKUPS = [
    "content", "exact", "text", "in", "range", "gt", "gte", "lt", "lte", "startswith", "endswith", "contains",
    "fuzzy", "nothing",
]  # fmt: skip
VALUES = [
    None, True, False, 0, -1, 1.5, 10**30, 1e308, 5e-324, "", "x", "nan", "-inf", "１２", "\x00", "*", ".*(",
    "\\", "[1", "1 TO 2]", "0001-01-01", "1600-01-01", "2300-01-01", "9999-12-31T23:59:59Z", "2026-13-01",
    "a" * 70_000, "ب" * 600, [], [1, 2], [5, 1], [None, None], ["a", None], [[1]],
    ["2300-01-01", "1600-01-01"],
    {}, {"a": 1},
]  # fmt: skip
TEXTS = [
    *PIECES, "price:[1 TO 5]", "brand:[a TO b]", "by_price:", "weight:[0 TO *]", "card:x", "attributes.cpu:",
    "numbers.width:[1 TO", "arrived:[0001-01-01 TO 9999-12-31]", "9" * 40, "1e309", "كرسي", "سامسونج", "16gb",
    "x" * 70_000, "\u0301" * 20, "١٢٣", "ﷺ", "İ", "ß",
]  # fmt: skip
ORDERS = ["by_price", "-by_sales", "price", "card", "title_en", "weight", "attributes.cpu", "-arrived", "id"]


class Asker:
    def __init__(self) -> None:
        self.dice = random.Random(5)
        self.asked = 0

    def ask(self, found: SearchQuerySet) -> None:
        dice = self.dice
        for name in ("category", "brand", "vendor", "in_stock", "rating_from", "discount_from"):
            options: dict[str, Any] = dice.choice([{}, {"missing": True}, {"size": 1}, {"order": "term"}])
            found = found.facet(name, disjunctive=dice.random() < 0.8, **options)
        found = found.facet("price", disjunctive=True, ranges=5, few_values=dice.random() < 0.5)
        found = found.facet("arrived_on", disjunctive=True, steps=[1, 20_000])
        if dice.random() < 0.3:
            found = found.order_by(dice.choice(ORDERS))
        start = dice.choice([0, 0, 24, 10**7, 2**63])
        list(found[start : start + dice.choice([1, 24])])
        self.asked += 1

    def raw(self, text: str) -> SearchQuerySet:
        return self.dice.choice([SearchQuerySet().raw_search, SearchQuerySet().narrow])(text)

    def text(self) -> SearchQuerySet:
        text = "".join(self.dice.choice(TEXTS) for _ in range(self.dice.randrange(1, 14)))
        if self.dice.random() < 0.5:
            found = self.raw(text)
        else:
            found = SearchQuerySet().filter(content=Typed(understand(text)))
        if self.dice.random() < 0.5:
            found = found.narrow(SQ(in_stock=self.dice.random() < 0.5))
        if self.dice.random() < 0.3:
            found = found.narrow(SQ(category=text)).narrow(SQ(brand__in=[text, "x"]))
        return found


def test_hostile_questions_to_the_shops_own_index_break_nothing(search_backend: Any) -> None:
    for title in ("Chair", "White lamp", "كرسي أبيض"):
        OfferFactory(product__title_en=title, product__title_ar=title)
    services.rebuild()
    asker = Asker()
    every = list(itertools.product(NAMES, LOOKUPS, VALUES))
    for field, lookup, value in asker.dice.sample(every, 7_500):
        asker.ask(asker.raw(json.dumps({"field": field, "lookup": lookup, "value": value})))
    for _ in range(2_500):
        asker.ask(asker.text())
    assert asker.asked == 10_000
    # Still, what can be found is.
    assert SearchQuerySet().filter(content=Typed(understand("chair"))).count() == 2


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("arrived:[0001-01-01 TO 9999-12-31]", 1),
        ("arrived:[2300-01-01 TO 9999-12-31]", 0),
        ("brand:[a TO b]", 0),
        ("price:[* TO *]", 1),
        ("vendor:[* TO *]", 1),
        ("title_en:[* TO *]", 0),
        ("card:[* TO *]", 0),
        ("attributes:x", 0),
    ],
)
def test_what_an_engine_cannot_answer_finds_nothing(search_backend: Any, text: str, count: int) -> None:
    OfferFactory(product__title_en="Chair")
    services.rebuild()
    assert SearchQuerySet().raw_search(text).count() == count
