"""The best hits are those of the whole search: random questions over random documents, page by page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import haystack
import pytest
from haystack import indexes
from haystack.query import SQ, SearchQuerySet
from tantivy import Query

from forked_apps.catalogue.models import Brand, Category
from search.analysis.vocabulary import Part
from search.engines import tantivy_ranking
from search.engines.query import Typed
from search.engines.tantivy_queries import Lexicon
from search.fields import AnalysedField, HalvingField, KeywordsField, WeightField

WORDS = [
    "lamp", "chair", "table", "phone", "sofa", "winter", "desk", "clock", "oven", "rug", "kettle", "drill",
    "كرسي", "طاولة", "هاتف", "مصباح", "mirror", "blender", "racket", "zither",
]  # fmt: skip
#: The first stand nearly everywhere, the last nearly nowhere.
FREQUENT_FIRST = list(accumulate(1 / (place + 1) for place in range(len(WORDS))))
BRANDS = ["Alpha", "Beta", "Gamma"]
QUESTIONS = 120


class _GoodsIndex(indexes.SearchIndex):
    text = AnalysedField(document=True, boost=1.5)
    name_ar = AnalysedField(language="ar", boost=4.0, within="about_ar")
    name_en = AnalysedField(language="en", boost=4.0, within="about_en")
    about_ar = AnalysedField(language="ar")
    about_en = AnalysedField(language="en")
    maker = KeywordsField(in_sets=True)
    is_at_hand = HalvingField()
    is_new = indexes.BooleanField()
    weighs = WeightField(by_half=True)

    def prepare(self, obj: Any) -> dict[str, Any]:
        label = f"catalogue.{obj._meta.model_name}"
        identity = {"id": f"{label}.{obj.pk}", "django_ct": label, "django_id": str(obj.pk)}
        self.prepared_data = identity | obj.document
        return self.prepared_data


class BrandGoodsIndex(_GoodsIndex):
    def get_model(self) -> type[Brand]:
        return Brand


class CategoryGoodsIndex(_GoodsIndex):
    def get_model(self) -> type[Category]:
        return Category


class Goods:
    """Random documents and questions."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.at_hand = self.dice.choice([0.3, 0.6, 0.9, 1.0])
        self.indexes = [BrandGoodsIndex(), CategoryGoodsIndex()]

    def words(self, count: int) -> str:
        return " ".join(self.dice.choices(WORDS, cum_weights=FREQUENT_FIRST, k=count))

    def object(self, pk: int, model: type[Any]) -> Any:
        obj = model(pk=pk)
        at_hand = self.dice.random() < self.at_hand
        title = self.words(self.dice.choice([1, 2, 3, 3, 30]))
        body = self.words(self.dice.choice([0, 0, 2, 10, 80]))
        in_arabic = self.dice.random() < 0.3
        obj.document = {
            "text": self.dice.choice([*BRANDS, self.words(2), ""]),
            "name_en": "" if in_arabic else title,
            "name_ar": title if in_arabic else self.dice.choice(["", title]),
            "about_en": body,
            "about_ar": self.dice.choice(["", body]),
            "maker": self.dice.sample(BRANDS, self.dice.randrange(3)),
            "is_at_hand": at_hand,
            "is_new": self.dice.random() < 0.5,
            "weighs": 1.0 if at_hand else 0.5,
        }
        return obj

    def fill(self, backend: Any, *, commits: int, size: int) -> None:
        """In several commits, each of which writes some of the earlier documents again and removes some."""
        for number in range(commits):
            for index in self.indexes:
                model = index.get_model()
                pks = [*range(number * size, (number + 1) * size), *self.some(number * size)]
                backend.update(index, [self.object(pk, model) for pk in dict.fromkeys(pks)])
                for pk in self.some(number * size, share=40):
                    backend.remove(f"catalogue.{model._meta.model_name}.{pk}")

    def some(self, below: int, *, share: int = 10) -> list[int]:
        return self.dice.sample(range(below), below // share)

    def part(self) -> Part:
        kind = self.dice.choices(["words", "without", "phrase", "prefer"], [12, 1, 1, 1])[0]
        if kind == "prefer":
            return Part("prefer", ("maker", self.dice.choice(BRANDS)))
        if kind == "phrase":
            return Part("phrase", (self.words(2),))
        same = [self.words(self.dice.choice([1, 1, 2])) for _ in range(self.dice.choice([0, 0, 1, 3]))]
        return Part(kind, (self.dice.choice(WORDS), *(same if kind == "words" else ())))

    def question(self) -> SearchQuerySet:
        parts = [self.part() for _ in range(self.dice.choice([1, 1, 1, 1, 2, 3]))]
        found = SearchQuerySet().filter(content=Typed(parts))
        if self.dice.random() < 0.15:
            found = found.filter(maker__exact=self.dice.choice(BRANDS))
        if self.dice.random() < 0.6:
            found = found.narrow(SQ(is_at_hand=self.dice.random() < 0.8))
        if self.dice.random() < 0.2:
            found = found.narrow(SQ(is_new=self.dice.random() < 0.5))
        if self.dice.random() < 0.2:
            found = found.narrow(SQ(maker__in=self.dice.sample(BRANDS, 2)))
        if self.dice.random() < 0.2:
            found = found.models(self.dice.choice([Brand, Category]))
        return found


def shown(found: Any, start: int, end: int) -> list[tuple[str, float]]:
    """With scores: where two ways differ in the last digit, equal documents stand in another order."""
    return [(result.id, result.score) for result in found.all()[start:end]]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each page, whether it was found without scoring everything."""
    taken: list[bool] = []

    def watched(asked: Any, wanted: int) -> Any:
        hits = tantivy_ranking.best_hits(asked, wanted)
        taken.append(hits is not None)
        return hits

    monkeypatch.setattr("search.engines.tantivy_backend.best_hits", watched)
    return taken


@pytest.fixture(params=range(2))
def goods(request: pytest.FixtureRequest, search_backend: Any) -> Goods:
    goods = Goods(request.param)
    haystack.connections["default"].get_unified_index().build(goods.indexes)
    goods.fill(search_backend, commits=4, size=150)
    return goods


def pages(dice: random.Random) -> Iterator[tuple[int, int]]:
    size = dice.choice([1, 5, 24, 48])
    for start in (0, size, dice.randrange(300), tantivy_ranking.MOST_PICKED - size):
        yield start, start + size


def test_every_page_of_random_questions_is_that_of_the_whole_search(
    goods: Goods, search_backend: Any, taken: list[bool]
) -> None:
    for _ in range(QUESTIONS):
        found = goods.question()
        # Without counts, tantivy scores everything.
        whole = shown(found, 0, 10_000)
        assert len(whole) == found.count()
        for start, end in pages(goods.dice):
            search_backend.forget()
            page = found.facet("maker", disjunctive=goods.dice.random() < 0.5)
            assert shown(page, start, end) == whole[start:end], (found.query.build_query(), start, end)
    assert len(taken) / 10 < sum(taken) < len(taken)


def test_no_score_is_above_what_a_term_can_give(goods: Goods, search_backend: Any) -> None:
    searcher, schema = search_backend.storage.searcher(), search_backend.schema
    lexicon = Lexicon(searcher)
    assert lexicon.documents > searcher.num_docs
    for column in schema.text_columns:
        terms = searcher.terms_with_prefix(column.name, "")
        assert terms
        for term, _ in terms:
            query = Query.term_query(schema.tantivy, column.name, term)
            best = [score for score, _ in searcher.search(query, limit=1).hits]
            # Removed documents are counted in how frequent a term is, but never found.
            assert not best or 0 < best[0] <= lexicon.ceiling(column.name, term) * tantivy_ranking.ROUGHLY
