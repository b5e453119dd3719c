"""What every engine promises, whatever it is made of: counts, narrowing, order, and no escape."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import haystack
import pytest
from django.db import connection
from haystack import indexes
from haystack.inputs import AutoQuery
from haystack.query import SQ, SearchQuerySet

from forked_apps.catalogue.models import Brand
from search.analysis.vocabulary import Part, understand
from search.engines import tantivy_ranking
from search.engines.query import Typed
from search.engines.storage import IndexIsBusy
from search.fields import (
    AnalysedField,
    HalvingField,
    KeyedField,
    KeyedNumbersField,
    KeywordsField,
    RangedField,
    SortKeyField,
    StoredField,
    WeightField,
)
from tests.search.conftest import STAND_IN

NAMES = [
    "Samsung", "Samsung Pro", "samsung", "L'Oréal", "AT&T", "Black/Decker", 'Quo"te', "Back\\slash",
    "نوكيا", "هەولێر", "ئاسیا سێڵ", "a:b", "x AND y", "NOT", "*", "[1 TO 2]", "(round)", "two  spaces",
    "{json}", "100%",
]  # fmt: skip
WORDS = ["chair", "table", "laptop", "wireless", "winter", "lamp"]


@dataclass(frozen=True)
class Thing:
    """What a document is made of, and what the naive counts below read."""

    number: int
    brand: str | None
    tags: tuple[str, ...]
    price: int | None
    rating: float | None
    in_stock: bool
    is_new: bool
    words: tuple[str, ...]
    arrived: datetime
    properties: dict[str, str]
    measures: dict[str, float]


class ThingIndex(indexes.SearchIndex):
    text = AnalysedField(document=True, language="en")
    headline = AnalysedField(language="en", boost=4.0, within="text")
    brand = indexes.CharField(null=True, faceted=True)
    tags = KeywordsField(in_sets="labels")
    price = RangedField(null=True)
    rating = indexes.FloatField(null=True)
    in_stock = HalvingField()
    is_new = indexes.BooleanField()
    arrived = indexes.DateTimeField()
    properties = KeyedField(null=True)
    measures = KeyedNumbersField(null=True)
    by_price = SortKeyField()
    shown = StoredField()
    names = KeywordsField(in_sets="labels")
    weight = WeightField(by_half=True)

    def get_model(self) -> type[Brand]:
        return Brand

    def prepare(self, obj: Any) -> dict[str, Any]:
        thing = obj.thing
        self.prepared_data = {
            "id": f"catalogue.brand.{thing.number}",
            "django_ct": "catalogue.brand",
            "django_id": str(thing.number),
            # Some have their words in the headline alone, some in the text, most in both.
            "text": " ".join(thing.words) if thing.number % 7 else "nothing more",
            "headline": " ".join(thing.words) if thing.number % 5 or not thing.number % 7 else "",
            "brand": thing.brand,
            "brand_exact": None,
            "tags": list(thing.tags),
            "price": thing.price,
            "rating": thing.rating,
            "in_stock": thing.in_stock,
            "is_new": thing.is_new,
            "weight": 1.0 if thing.in_stock else 0.5,
            "arrived": thing.arrived,
            "properties": thing.properties,
            "measures": thing.measures,
            "by_price": None if thing.price is None else thing.price * 100_000 + thing.number,
            "shown": f"shown {thing.number}",
            "names": list(thing.words),
        }
        return self.prepared_data


def make_things(count: int) -> list[Thing]:
    dice = random.Random(7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Thing(
            number=number,
            brand=dice.choice([*NAMES, None]),
            tags=tuple(dice.choice(NAMES) for _ in range(dice.randrange(4))),
            price=dice.choice([None, *(n * 1000 for n in range(1, 60))]),
            rating=dice.choice([None, 1.0, 2.5, 4.0, 4.5, 5.0]),
            in_stock=dice.random() < 0.7,
            is_new=number % 3 == 0,
            words=tuple(dice.sample(WORDS, 2)),
            arrived=start + timedelta(hours=dice.randrange(2000)),
            properties={"cpu": dice.choice(NAMES)} if number % 3 else {},
            measures={"width": dice.choice([8, 8.5, 10, 15.6, 120])} if number % 2 else {},
        )
        for number in range(1, count + 1)
    ]


def as_object(thing: Thing) -> Brand:
    brand = Brand(pk=thing.number, name=f"brand {thing.number}")
    brand.thing = thing  # type: ignore[attr-defined]
    return brand


THINGS = make_things(600)
Predicate = Callable[[Thing], bool]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves its index for the others to copy."""
    return tmp_path_factory.mktemp("built") / "search"


@pytest.fixture
def search_backend(engine_backend: Any) -> Any:
    """Every test here runs on every engine."""
    return engine_backend


def embedded_only(backend: Any) -> None:
    """For what is about files that processes of one machine share."""
    if backend.__class__.__name__ != "TantivyBackend":
        pytest.skip("OpenSearch writes on its own server, where its own tests hold this.")


@pytest.fixture
def index(search_backend: Any, built: Path) -> ThingIndex:
    index = ThingIndex()
    unified = haystack.connections["default"].get_unified_index()
    unified.build([index])
    if search_backend.__class__.__name__ != "TantivyBackend":
        search_backend.update(index, [as_object(thing) for thing in THINGS])
        return index
    if not built.exists():
        # In batches, so that there are several segments to count over.
        for start in range(0, len(THINGS), 150):
            search_backend.update(index, [as_object(thing) for thing in THINGS[start : start + 150]])
        shutil.copytree(search_backend.path, built)
    shutil.copytree(built, search_backend.path, dirs_exist_ok=True)
    return index


def numbers(found: Any) -> set[int]:
    return {int(result.pk) for result in found[:1000]}


def expected(predicate: Predicate) -> set[int]:
    return {thing.number for thing in THINGS if predicate(thing)}


def counted(values: Callable[[Thing], Any], predicate: Predicate = lambda thing: True) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    for thing in THINGS:
        if predicate(thing):
            counts.update(set(values(thing)))
    return dict(counts)


def facet(found: Any, name: str) -> dict[Any, int]:
    return dict(found.facet_counts()["fields"][name])


# Counts ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("brand", lambda thing: [thing.brand] if thing.brand else []),
        ("tags", lambda thing: thing.tags),
        ("names", lambda thing: thing.words),
        ("in_stock", lambda thing: [thing.in_stock]),
        ("properties.cpu", lambda thing: thing.properties.values()),
        ("measures.width", lambda thing: thing.measures.values()),
        ("price", lambda thing: [] if thing.price is None else [thing.price]),
    ],
)
@pytest.mark.parametrize("text", [None, "lamps", "winter table"])
def test_counts_are_those_of_counting_by_hand(
    index: ThingIndex, name: str, values: Any, text: str | None
) -> None:
    found = SearchQuerySet().facet(name)
    matches: Predicate = lambda thing: True  # noqa: E731
    if text:
        found = found.filter(content=AutoQuery(text))
        wanted = {"lamps": {"lamp"}, "winter table": {"winter", "table"}}[text]
        matches = lambda thing: wanted <= set(thing.words)  # noqa: E731
    assert facet(found, name) == counted(values, matches)
    assert found.count() == len(expected(matches)) > 0


def test_counts_are_the_same_on_every_page(index: ThingIndex) -> None:
    first, far = SearchQuerySet().facet("tags"), SearchQuerySet().facet("tags")
    assert len(first[0:5]) == len(far[590:595]) == 5
    assert facet(first, "tags") == facet(far, "tags")


def test_documents_without_a_value_can_be_counted(index: ThingIndex) -> None:
    found = SearchQuerySet().facet("brand", missing=True)
    assert facet(found, "brand")[None] == len(expected(lambda thing: thing.brand is None)) > 0
    assert numbers(SearchQuerySet().filter(brand=None)) == expected(lambda thing: thing.brand is None)


def test_a_group_is_counted_without_its_own_filter_alone(index: ThingIndex) -> None:
    found = (
        SearchQuerySet()
        .narrow(SQ(tags__in=["نوكيا", "AT&T"]))
        .narrow(SQ(in_stock=True))
        .facet("tags", disjunctive=True)
        .facet("in_stock", disjunctive=True)
        .facet("brand", disjunctive=True)
        .facet("properties.cpu")
    )
    tagged: Predicate = lambda thing: bool({"نوكيا", "AT&T"} & set(thing.tags))  # noqa: E731
    stocked: Predicate = lambda thing: thing.in_stock  # noqa: E731
    both: Predicate = lambda thing: tagged(thing) and stocked(thing)  # noqa: E731
    assert numbers(found) == expected(both)
    assert facet(found, "tags") == counted(lambda thing: thing.tags, stocked)
    assert facet(found, "in_stock") == counted(lambda thing: [thing.in_stock], tagged)
    assert facet(found, "brand") == counted(lambda thing: [thing.brand] if thing.brand else [], both)
    assert facet(found, "properties.cpu") == counted(lambda thing: thing.properties.values(), both)


@pytest.mark.parametrize("name", ["price", "measures.width"])
def test_fitted_ranges_hold_every_document_once(index: ThingIndex, name: str) -> None:
    ranges = SearchQuerySet().facet(name, ranges=5).facet_counts()["fields"][name]
    values = [
        value
        for t in THINGS
        if (value := t.price if name == "price" else t.measures.get("width")) is not None
    ]
    assert len(ranges.counts) >= 2
    assert all(count for _, count in ranges.counts)
    for part, count in ranges.counts:
        low, high = part.low or 0, part.high or 10**9
        assert count == sum(low <= value < high for value in values)
    assert sum(count for _, count in ranges.counts) == len(values)
    without = SearchQuerySet().facet(name, ranges=5, few_values=False).facet_counts()["fields"][name]
    assert (without.counts, without.values) == (ranges.counts, ())


def test_query_facets_count_what_narrowing_by_them_finds(index: ThingIndex) -> None:
    found = SearchQuerySet().query_facet("price", "[5000 TO 10000]").query_facet("price", "[50000 TO *]")
    counts = found.facet_counts()["queries"]
    assert counts["price:[5000 TO 10000]"] == len(
        expected(lambda t: t.price is not None and 5000 <= t.price <= 10000)
    )
    assert counts["price:[50000 TO *]"] == len(expected(lambda t: t.price is not None and t.price >= 50000))


@pytest.mark.parametrize(
    ("limit", "value"),
    [("tantivy_facets.MOST_SETS", 3)],
    ids=["sets"],
)
def test_counts_do_not_depend_on_how_they_are_counted(
    index: ThingIndex, search_backend: Any, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    embedded_only(search_backend)
    monkeypatch.setattr(f"search.engines.{limit}", value)
    found = SearchQuerySet().filter(content=AutoQuery("chair")).narrow(SQ(in_stock=True))
    found = found.facet("tags", disjunctive=True).facet("in_stock", disjunctive=True)
    seated: Predicate = lambda thing: "chair" in thing.words  # noqa: E731
    both: Predicate = lambda thing: seated(thing) and thing.in_stock  # noqa: E731
    assert numbers(found) == expected(both)
    assert facet(found, "tags") == counted(lambda thing: thing.tags, both)
    assert facet(found, "in_stock") == counted(lambda thing: [thing.in_stock], seated)


@pytest.mark.parametrize("name", ["in_stock", "is_new"])
@pytest.mark.parametrize("wanted", [True, False], ids=["yes", "no"])
def test_counts_within_one_of_two_values(index: ThingIndex, name: str, wanted: bool) -> None:
    found = SearchQuerySet().filter(content=AutoQuery("lamp")).narrow(SQ(**{name: wanted}))
    found = found.facet(name, disjunctive=True).facet("tags").facet("brand", disjunctive=True)
    found = found.facet("price", ranges=4, few_values=False).facet("measures.width", ranges=3)
    lit: Predicate = lambda thing: "lamp" in thing.words  # noqa: E731
    both: Predicate = lambda thing: lit(thing) and getattr(thing, name) is wanted  # noqa: E731
    assert numbers(found) == expected(both)
    assert facet(found, name) == counted(lambda thing: [getattr(thing, name)], lit)
    assert facet(found, "tags") == counted(lambda thing: thing.tags, both)
    assert facet(found, "brand") == counted(lambda thing: [thing.brand] if thing.brand else [], both)
    for each, values in (
        ("price", [t.price for t in THINGS if both(t) and t.price is not None]),
        ("measures.width", [t.measures["width"] for t in THINGS if both(t) and t.measures]),
    ):
        ranges = found.facet_counts()["fields"][each]
        assert len(ranges.counts) >= 2
        assert ranges.counts[0][1]
        assert ranges.counts[-1][1]
        for part, count in ranges.counts:
            low, high = part.low or 0, part.high or 10**9
            assert count == sum(low <= value < high for value in values)


@pytest.mark.parametrize("wanted", [True, False], ids=["yes", "no"])
def test_the_half_that_nothing_is_in_counts_nothing(index: ThingIndex, wanted: bool) -> None:
    other = next(thing for thing in THINGS if thing.in_stock is not wanted and thing.tags)
    found = SearchQuerySet().filter(django_id=str(other.number)).narrow(SQ(in_stock=wanted))
    found = found.facet("in_stock", disjunctive=True).facet("tags", disjunctive=True)
    found = found.facet("price", ranges=5)
    assert numbers(found) == set()
    assert facet(found, "in_stock") == {(not wanted): 1}
    assert facet(found, "tags") == {}
    assert found.facet_counts()["fields"]["price"].counts == ()


def test_counts_that_were_kept_are_forgotten_with_the_next_change(
    index: ThingIndex, search_backend: Any
) -> None:
    asked = SearchQuerySet().narrow(SQ(in_stock=True)).facet("tags", disjunctive=True)
    gone = next(thing for thing in THINGS if thing.in_stock and thing.tags)
    stocked: Predicate = lambda thing: thing.in_stock  # noqa: E731
    for _ in range(2):
        assert facet(asked.all(), "tags") == counted(lambda thing: thing.tags, stocked)
    search_backend.remove(f"catalogue.brand.{gone.number}")
    left: Predicate = lambda thing: thing.in_stock and thing != gone  # noqa: E731
    assert facet(asked.all(), "tags") == counted(lambda thing: thing.tags, left)


def test_who_changes_the_counts_that_it_was_given_changes_nobody_elses(index: ThingIndex) -> None:
    asked = SearchQuerySet().facet("tags").facet("price", ranges=3)
    asked.all().facet_counts()["fields"]["tags"].clear()
    assert facet(asked.all(), "tags") == counted(lambda thing: thing.tags)


def test_long_lists_are_not_kept(index: ThingIndex, search_backend: Any) -> None:
    """Ten thousand hits of two hundred questions would fill the process's memory."""
    embedded_only(search_backend)
    page, everything = SearchQuerySet().all()[:24], SearchQuerySet().all()[:600]
    kept = search_backend.storage.kept.pages._known
    assert (len(page), len(everything)) == (24, 600)
    assert [len(hits) for hits, _ in kept.values()] == [24]


# Narrowing ------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_narrowing_is_exact(index: ThingIndex, name: str) -> None:
    wanted = expected(lambda thing: thing.brand == name)
    assert wanted
    clean = SearchQuerySet().query.clean(name)
    assert numbers(SearchQuerySet().narrow(SQ(brand=name))) == wanted
    assert numbers(SearchQuerySet().narrow(f'brand_exact:"{clean}"')) == wanted
    assert numbers(SearchQuerySet().filter(brand__exact=name)) == wanted
    assert numbers(SearchQuerySet().filter(brand__in=[name, "no such brand"])) == wanted
    assert numbers(SearchQuerySet().exclude(brand=name)) == expected(lambda thing: thing.brand != name)
    keyed = expected(lambda thing: thing.properties.get("cpu") == name)
    assert numbers(SearchQuerySet().narrow(SQ(**{"properties.cpu": name}))) == keyed


def test_several_values_in_the_spelling_of_haystacks_forms(index: ThingIndex) -> None:
    found = SearchQuerySet().narrow('tags:("AT&T" OR "نوكيا")')
    assert numbers(found) == expected(lambda thing: bool({"نوكيا", "AT&T"} & set(thing.tags)))


@pytest.mark.parametrize(
    ("lookup", "value", "predicate"),
    [
        ("price__gte", 10_000, lambda price: price >= 10_000),
        ("price__gt", 10_000, lambda price: price > 10_000),
        ("price__lte", 10_000, lambda price: price <= 10_000),
        ("price__lt", 10_000, lambda price: price < 10_000),
        ("price__range", [10_000, 20_000], lambda price: 10_000 <= price <= 20_000),
        ("price__range", [None, 20_000], lambda price: price <= 20_000),
        ("price__range", [20_000, None], lambda price: price >= 20_000),
        ("price__range", [20_000, 10_000], lambda price: False),
        ("price__gte", 9_999.5, lambda price: price >= 9_999.5),
        ("price__lte", 10_000.5, lambda price: price <= 10_000.5),
        ("price__gte", 10**30, lambda price: False),
        ("price__gt", -(10**30), lambda price: True),
        ("price", 7_000, lambda price: price == 7_000),
        ("price", "7000", lambda price: price == 7_000),
        ("price", "junk", lambda price: False),
        ("price__range", ["junk", 5], lambda price: False),
        ("price__gte", float("nan"), lambda price: False),
    ],
)
def test_ranges_of_whole_numbers(index: ThingIndex, lookup: str, value: Any, predicate: Any) -> None:
    found = numbers(SearchQuerySet().filter(**{lookup: value}))
    assert found == expected(lambda thing: thing.price is not None and predicate(thing.price))


@pytest.mark.parametrize(
    ("lookup", "value", "predicate"),
    [
        ("measures.width__range", [8, 10], lambda width: 8 <= width <= 10),
        ("measures.width__gt", 8, lambda width: width > 8),
        ("measures.width__lt", 15.6, lambda width: width < 15.6),
        ("measures.width__gte", 15.6, lambda width: width >= 15.6),
        ("measures.width", 8, lambda width: width == 8),
        ("measures.width", "8.5", lambda width: width == 8.5),
        ("measures.width", "8.5 TO 9] OR brand:[* TO *", lambda width: False),
        ("measures.wid]th__gt", 1, lambda width: False),
    ],
)
def test_ranges_of_keyed_numbers(index: ThingIndex, lookup: str, value: Any, predicate: Any) -> None:
    found = numbers(SearchQuerySet().filter(**{lookup: value}))
    assert found == expected(lambda thing: "width" in thing.measures and predicate(thing.measures["width"]))


def test_dates_and_real_numbers(index: ThingIndex) -> None:
    moment = datetime(2026, 2, 1, tzinfo=UTC)
    assert numbers(SearchQuerySet().filter(arrived__gte=moment)) == expected(lambda t: t.arrived >= moment)
    assert numbers(SearchQuerySet().filter(rating__gte=4)) == expected(
        lambda t: t.rating is not None and t.rating >= 4
    )


def test_parts_of_values(index: ThingIndex) -> None:
    assert numbers(SearchQuerySet().filter(brand__startswith="Sam")) == expected(
        lambda t: (t.brand or "").startswith("Sam")
    )
    assert numbers(SearchQuerySet().filter(brand__contains="[1")) == expected(
        lambda t: "[1" in (t.brand or "")
    )
    assert numbers(SearchQuerySet().filter(brand__endswith="&T")) == expected(
        lambda t: (t.brand or "").endswith("&T")
    )


# Text -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("Chairs", lambda words: "chair" in words),
        ("winter -lamp", lambda words: "winter" in words and "lamp" not in words),
        ("-lamp", lambda words: "lamp" not in words),
        ("wirel", lambda words: False),
        ("...", lambda words: False),
        ("the table", lambda words: "table" in words),
    ],
)
def test_text(index: ThingIndex, text: str, predicate: Any) -> None:
    assert numbers(SearchQuerySet().filter(content=AutoQuery(text))) == expected(lambda t: predicate(t.words))


def test_phrases(index: ThingIndex) -> None:
    found = numbers(SearchQuerySet().filter(content=AutoQuery('"table lamp"')))
    assert found == expected(lambda thing: thing.words == ("table", "lamp"))


def test_or_and_not_as_haystack_combines_them(index: ThingIndex) -> None:
    found = SearchQuerySet().filter(SQ(brand="AT&T") | SQ(text="lamp")).exclude(in_stock=False)
    assert numbers(found) == expected(lambda t: (t.brand == "AT&T" or "lamp" in t.words) and t.in_stock)


# Order ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("half", [None, True, False], ids=["both", "yes", "no"])
def test_the_best_are_the_same_without_scoring_all_of_them(
    index: ThingIndex, search_backend: Any, monkeypatch: pytest.MonkeyPatch, half: bool | None
) -> None:
    """Of a search that counts nothing, tantivy scores everything: the two must agree on every page."""
    embedded_only(search_backend)
    taken: list[bool] = []

    def watched(asked: Any, wanted: int) -> Any:
        hits = tantivy_ranking.best_hits(asked, wanted)
        taken.append(hits is not None)
        return hits

    monkeypatch.setattr("search.engines.tantivy_backend.best_hits", watched)
    for text in ("chair", "winter", "lamps tables", "wireless -lamp", '"winter lamp"', "nothing"):
        found = SearchQuerySet().filter(content=Typed(understand(text)))
        if half is not None:
            found = found.narrow(SQ(in_stock=half))
        whole = [result.pk for result in found[0:1000]]
        for start in (0, 7, 40, 150):
            page = found.facet("tags")[start : start + 24]
            assert [result.pk for result in page] == whole[start : start + 24]
    # A page of the smaller half is not looked for among hits of both.
    assert any(taken) is (half is not False)


def test_a_rare_synonym_stands_behind_the_word_itself(index: ThingIndex, search_backend: Any) -> None:
    """By how rare it is alone it would stand first."""
    embedded_only(search_backend)
    rare = [as_object(replace(THINGS[0], number=number, words=("sofa",))) for number in (1001, 1002)]
    search_backend.update(index, rare)
    found = SearchQuerySet().filter(content=Typed([Part("words", ("lamp", "sofa"))]))
    places = {int(result.pk): place for place, result in enumerate(found[0:1000])}
    lamps = [thing for thing in THINGS if "lamp" in thing.words and thing.in_stock]
    by_headline = [thing.number for thing in lamps if thing.number % 5]
    assert min(places[1001], places[1002]) > max(places[number] for number in by_headline)


def test_headlines_hide_no_better_body(
    index: ThingIndex, search_backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long headline is worth less than a short body that says the word again and again."""
    embedded_only(search_backend)
    others = [f"word{number}" for number in range(80)]
    by_headline, by_body = (
        as_object(replace(THINGS[0], number=number, words=(words,)))
        for number, words in ((1001, "sofa " + " ".join(others)), (1005, "sofa sofa sofa sofa"))
    )
    search_backend.update(index, [by_headline, by_body])
    found = SearchQuerySet().filter(content=Typed(understand("sofa"))).facet("tags")
    assert [int(result.pk) for result in found.all()[0:1]] == [1005]
    # Were the limit taken away, the headline would stand first.
    monkeypatch.setattr("search.engines.tantivy_asked.HeadlineBuilder.ceiling_of_others", lambda *_: 0.0)
    search_backend.forget()
    assert [int(result.pk) for result in found.all()[0:1]] == [1001]


@pytest.mark.parametrize("sign", ["", "-"])
def test_order_with_ties_and_without_values(index: ThingIndex, sign: str) -> None:
    found = [int(result.pk) for result in SearchQuerySet().order_by(f"{sign}by_price")[:1000]]
    priced = [t for t in THINGS if t.price is not None]
    ordered = sorted(priced, key=lambda t: (t.price, t.number), reverse=bool(sign))
    assert found[: len(priced)] == [thing.number for thing in ordered]
    assert set(found[len(priced) :]) == expected(lambda t: t.price is None)


def test_order_by_two_fields(index: ThingIndex) -> None:
    found = [int(result.pk) for result in SearchQuerySet().order_by("-in_stock", "by_price")[:1000]]
    big = 10**9
    wanted = sorted(THINGS, key=lambda t: (not t.in_stock, t.price if t.price is not None else big, t.number))
    priced = [t.number for t in wanted if t.price is not None]
    assert [number for number in found if number in set(priced)] == priced


SORTED = {
    "price": lambda thing: thing.price,
    "by_price": lambda thing: None if thing.price is None else (thing.price, thing.number),
    "rating": lambda thing: thing.rating,
    "arrived": lambda thing: thing.arrived,
    "in_stock": lambda thing: thing.in_stock,
}


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", list(SORTED))
def test_every_sort_in_both_directions_with_ties_and_without_values(
    index: ThingIndex, name: str, descending: bool
) -> None:
    by_number = {thing.number: SORTED[name](thing) for thing in THINGS}
    order = f"-{name}" if descending else name
    found = [int(result.pk) for result in SearchQuerySet().order_by(order)[:1000]]
    assert sorted(found) == sorted(by_number)
    values = [by_number[number] for number in found if by_number[number] is not None]
    assert values == sorted(values, reverse=descending)
    # Those without a value stand together, at one end.
    without = [place for place, number in enumerate(found) if by_number[number] is None]
    assert not without or without[-1] - without[0] == len(without) - 1
    assert not without or without[0] == 0 or without[-1] == len(found) - 1
    # Ties stand the same way every time.
    assert found == [int(result.pk) for result in SearchQuerySet().order_by(order)[:1000]]


@pytest.mark.parametrize("order", ["by_price", "-by_price", "price", "-rating", "no_such_field"])
def test_pages_add_up_to_everything(index: ThingIndex, order: str) -> None:
    paged = [
        int(result.pk)
        for start in range(0, 600, 48)
        for result in SearchQuerySet().order_by(order)[start : start + 48]
    ]
    assert len(paged) == len(set(paged)) == len(THINGS)


def test_pages_past_the_end_are_empty_and_still_counted(index: ThingIndex) -> None:
    found = SearchQuerySet().facet("tags")
    assert found[10_000_000:10_000_024] == []
    assert found.count() == len(THINGS)


# Suggestions ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("wirel", {"wireless"}),
        ("win", {"winter"}),
        ("wi", {"wireless", "winter"}),
        ("ireless", set()),
        ("", None),
    ],
)
def test_beginnings_of_words_are_exact(index: ThingIndex, beginning: str, words: set[str] | None) -> None:
    found = numbers(SearchQuerySet().filter(names__startswith=beginning))
    assert found == expected(lambda thing: words is None or bool(words & set(thing.words)))


def test_near_words_are_found_and_far_ones_not(index: ThingIndex) -> None:
    def lamp(thing: Thing) -> bool:
        return "lamp" in thing.words

    assert numbers(SearchQuerySet().filter(names__fuzzy="lmap")) == expected(lamp)
    assert numbers(SearchQuerySet().filter(names__fuzzy="lamb")) == expected(lamp)
    assert numbers(SearchQuerySet().filter(names__fuzzy="limbo")) == set()


def test_parts_with_synonyms(index: ThingIndex) -> None:
    parts = [Part("words", ("nonsense", "lamp")), Part("without", ("winter",))]
    found = numbers(SearchQuerySet().filter(content=Typed(parts)))
    assert found == expected(lambda thing: "lamp" in thing.words and "winter" not in thing.words)


def test_what_is_preferred_stands_first_and_narrows_nothing(index: ThingIndex) -> None:
    parts = [Part("words", ("lamp",)), Part("prefer", ("tags", "نوكيا"))]
    found = [int(result.pk) for result in SearchQuerySet().filter(content=Typed(parts))[:1000]]
    assert set(found) == expected(lambda thing: "lamp" in thing.words)
    preferred = expected(lambda thing: "lamp" in thing.words and "نوكيا" in thing.tags)
    assert set(found[: len(preferred)]) == preferred != set()


def test_steps_count_what_reaches_them(index: ThingIndex) -> None:
    found = (
        SearchQuerySet()
        .narrow(SQ(price__gte=50_000))
        .facet("price", steps=[10_000, 55_000], disjunctive=True)
    )
    assert facet(found, "price") == {
        step: len(expected(lambda thing, least=step: thing.price is not None and thing.price >= least))
        for step in (10_000, 55_000)
    }


def test_more_like_this_is_limited_and_never_itself(index: ThingIndex, search_backend: Any) -> None:
    found = search_backend.more_like_this(as_object(THINGS[0]))["results"]
    assert 0 < len(found) <= 24
    assert THINGS[0].number not in {int(result.pk) for result in found}


# Many -----------------------------------------------------------------------------------------
MANY = 12_000


@pytest.mark.django_db
def test_counts_of_more_than_ten_thousand_documents_are_those_of_sql(search_backend: Any) -> None:
    index = ThingIndex()
    haystack.connections["default"].get_unified_index().build([index])
    things = make_things(MANY)
    for start in range(0, MANY, 4_000):
        search_backend.update(index, [as_object(thing) for thing in things[start : start + 4_000]])
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE thing"
            " (number int, brand text, price int, stocked bool, tags text[], words text[])"
        )
        cursor.executemany(
            "INSERT INTO thing VALUES (%s, %s, %s, %s, %s, %s)",
            [(t.number, t.brand, t.price, t.in_stock, list(t.tags), list(t.words)) for t in things],
        )

        def grouped(column: str, where: str = "true") -> dict[Any, int]:
            values = "unnest(tags)" if column == "tags" else column
            cursor.execute(
                f"SELECT value, count(DISTINCT number)"  # noqa: S608 - words of this test
                f" FROM (SELECT number, {values} AS value FROM thing"
                f" WHERE {where}) AS found WHERE value IS NOT NULL GROUP BY value"
            )
            return dict(cursor.fetchall())

        for where, narrow in (
            ("true", lambda found: found),
            ("'lamp' = ANY(words)", lambda found: found.filter(content=AutoQuery("lamps"))),
            (
                "stocked AND price >= 20000",
                lambda found: found.narrow(SQ(in_stock=True)).narrow(SQ(price__gte=20000)),
            ),
            ("brand IN ('AT&T', 'نوكيا')", lambda found: found.narrow(SQ(brand__in=["AT&T", "نوكيا"]))),
        ):
            found = narrow(SearchQuerySet()).facet("brand").facet("tags").facet("price")
            assert facet(found, "brand") == grouped("brand", where)
            assert facet(found, "tags") == grouped("tags", where)
            assert facet(found, "price") == grouped("price", where)
            cursor.execute(f"SELECT count(*) FROM thing WHERE {where}")  # noqa: S608
            assert found.count() == cursor.fetchone()[0]
        assert len(grouped("price")) > 10
    # Deep pages: the last ones hold what the first ones don't.
    deep = [int(result.pk) for result in SearchQuerySet().order_by("by_price")[MANY - 48 : MANY]]
    assert len(set(deep)) == 48
    assert SearchQuerySet().order_by("by_price")[MANY : MANY + 24] == []


# Hostile --------------------------------------------------------------------------------------
PIECES = [
    '"', "'", "\\", "(", ")", "[", "]", "{", "}", ":", "*", "?", "~", "^", "AND", "OR", "NOT", "TO", "-",
    "+", "/", "brand:", "price:[", "{\"field\":", "\x00", "\u200c", "\ud800", "é", "ە", "ـ", "\n", " ",
    "🙂", "a" * 70, "lamp", "<script>", "%00", "../", "&&", "||",
]  # fmt: skip


def hostile_texts(count: int) -> Iterator[str]:
    dice = random.Random(11)
    for _ in range(count):
        yield "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 14)))


def test_ten_thousand_hostile_queries_break_nothing_and_escape_no_filter(
    index: ThingIndex, request: pytest.FixtureRequest
) -> None:
    asked, few = 0, STAND_IN in request.node.name
    # A stand-in written in Python would take minutes for all of them.
    for text in hostile_texts(30 if few else 1_112):
        base = SearchQuerySet().narrow(SQ(in_stock=True)).facet("in_stock")
        clean = base.query.clean(text)
        for found in (
            base.filter(content=AutoQuery(text)),
            base.raw_search(text),
            base.filter(content=text),
            base.narrow(SQ(brand=text)),
            base.narrow(f'brand:"{clean}"'),
            base.narrow(text),
            base.filter(**{"measures.width": text}),
            base.filter(price__range=[text, text]),
            base.filter(names__startswith=text),
        ):
            found.query.set_limits(0, 0)
            assert not facet(found, "in_stock").get(False), text
            asked += 1
    assert asked >= (270 if few else 10_000)


def test_hostile_queries_find_only_what_the_filter_allows(index: ThingIndex) -> None:
    allowed = expected(lambda thing: thing.in_stock)
    for text in hostile_texts(100):
        base = SearchQuerySet().narrow(SQ(in_stock=True))
        for found in (base.filter(content=AutoQuery(text)), base.raw_search(text), base.narrow(text)):
            assert {int(result.pk) for result in found[:1000]} <= allowed, text


def test_parts_of_a_query_that_nobody_wrote_break_nothing(index: ThingIndex) -> None:
    for value in (
        [],
        [["words", []]],
        [["nothing", ["x"]]],
        [1, None],
        [["without", ["lamp"]]],
        [["phrase", ["  "]]],
    ):
        condition = json.dumps({"field": "content", "lookup": "text", "value": value})
        assert SearchQuerySet().narrow(SQ(in_stock=True)).raw_search(condition).count() >= 0


def test_a_filter_that_cannot_be_read_lets_nothing_through(index: ThingIndex) -> None:
    assert SearchQuerySet().narrow('brand:"unfinished').count() == 0
    assert SearchQuerySet().narrow(SQ(no_such_field="x")).count() == 0


def test_counting_without_a_limit_does_not_panic(index: ThingIndex) -> None:
    assert SearchQuerySet().count() == len(THINGS)
    assert SearchQuerySet().filter(content="lamp").count() > 0
    assert SearchQuerySet()[5:5] == []


# Writing --------------------------------------------------------------------------------------
def test_update_remove_and_clear(index: ThingIndex, search_backend: Any) -> None:
    changed = make_things(600)[3]
    search_backend.update(index, [as_object(Thing(**{**changed.__dict__, "brand": "Changed"}))])
    assert numbers(SearchQuerySet().filter(brand="Changed")) == {4}
    assert SearchQuerySet().count() == len(THINGS)
    search_backend.remove("catalogue.brand.4")
    search_backend.remove("catalogue.brand.999999")
    assert SearchQuerySet().count() == len(THINGS) - 1
    search_backend.clear(models=[Brand])
    assert SearchQuerySet().count() == 0


def test_stored_values_come_back(index: ThingIndex) -> None:
    result = SearchQuerySet().filter(id="catalogue.brand.7")[0]
    assert result.shown == "shown 7"
    assert (result.app_label, result.model_name, result.pk) == ("catalogue", "brand", "7")


def test_a_failed_update_changes_nothing(index: ThingIndex, search_backend: Any) -> None:
    broken = as_object(Thing(**{**THINGS[0].__dict__, "rating": "not a number"}))
    with pytest.raises(ValueError, match="rating"):
        search_backend.update(index, [as_object(THINGS[1]), broken])
    assert SearchQuerySet().count() == len(THINGS)
    assert numbers(SearchQuerySet().filter(id="catalogue.brand.1")) == {1}


def test_before_anything_was_built_nothing_is_found(search_backend: Any) -> None:
    haystack.connections["default"].get_unified_index().build([ThingIndex()])
    found = SearchQuerySet().facet("tags")
    assert (found.count(), list(found), found.facet_counts()) == (0, [], {})
    assert not search_backend.is_built


def test_rebuilding_beside_swaps_all_at_once(
    index: ThingIndex, search_backend: Any, monkeypatch: Any
) -> None:
    before = search_backend.state
    kept = [as_object(thing) for thing in THINGS[:50]]
    monkeypatch.setattr(type(index), "build_queryset", lambda *args, **kwargs: _Rows(kept))
    seen: list[tuple[int, int, int]] = []
    count = search_backend.rebuild(lambda done, total: seen.append((done, total, SearchQuerySet().count())))
    assert count == 50
    # Until it is swapped, people search the old one.
    assert seen == [(50, 50, len(THINGS))]
    assert SearchQuerySet().count() == 50
    assert search_backend.state != before


class _Rows(list):  # type: ignore[type-arg]
    """As much of a queryset as rebuilding asks for."""

    def count(self) -> int:  # type: ignore[override]
        return len(self)

    def filter(self, pk__gt: int) -> _Rows:
        return _Rows(row for row in self if row.pk > pk__gt)

    def order_by(self, *_: str) -> _Rows:
        return self


def test_two_processes_and_this_one_write_at_once(index: ThingIndex, search_backend: Any) -> None:
    embedded_only(search_backend)
    others = [_other_process(search_backend, "commit", number) for number in (1, 2, 3)]
    search_backend.remove("catalogue.brand.4")
    for other in others:
        other.communicate(timeout=60)
        assert other.returncode == 0
    assert SearchQuerySet().count() == len(THINGS) - 4


@pytest.mark.django_db(transaction=True)
def test_two_writers_wait_for_each_other(index: ThingIndex, search_backend: Any) -> None:
    failures: list[BaseException] = []
    # Read here: in another thread Haystack would collect the shop's own indexes.
    assert search_backend.schema.columns["brand"]

    def write(part: int) -> None:
        try:
            for number in range(5):
                things = [Thing(**{**THINGS[0].__dict__, "number": 10_000 + part * 100 + number})]
                search_backend.update(index, [as_object(thing) for thing in things])
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert SearchQuerySet().count() == len(THINGS) + 20


def test_a_writer_that_waits_too_long_says_so(index: ThingIndex, search_backend: Any) -> None:
    embedded_only(search_backend)
    storage = search_backend.storage
    storage.wait_seconds = 0.1
    with storage.writing(), pytest.raises(IndexIsBusy):
        search_backend.update(index, [as_object(THINGS[0])])


OTHER_PROCESS = """
import sys, tantivy, fcntl
root, name, action, number = sys.argv[1:5]
with open(root + "/write.lock", "a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    index = tantivy.Index.open(root + "/" + name)
    index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    writer = index.writer(20_000_000, 1)
    writer.delete_documents_by_term("id", "catalogue.brand." + number)
    if action == "die":
        print("writing", flush=True)
        sys.stdin.read()
    writer.commit()
    writer.wait_merging_threads()
"""


def _other_process(backend: Any, action: str, number: int = 1) -> subprocess.Popen[str]:
    root = Path(backend.path)
    name = backend.storage.pointer.read_text()
    return subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(root), name, action, str(number)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_what_another_process_committed_is_seen_at_the_next_search(
    index: ThingIndex, search_backend: Any
) -> None:
    embedded_only(search_backend)
    assert SearchQuerySet().count() == len(THINGS)
    with _other_process(search_backend, "commit") as other:
        other.communicate(timeout=30)
    assert other.returncode == 0
    assert SearchQuerySet().count() == len(THINGS) - 1


def test_a_writer_that_is_killed_loses_its_change_and_blocks_nobody(
    index: ThingIndex, search_backend: Any
) -> None:
    embedded_only(search_backend)
    with _other_process(search_backend, "die") as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        other.kill()
    assert SearchQuerySet().count() == len(THINGS)
    search_backend.remove("catalogue.brand.2")
    assert SearchQuerySet().count() == len(THINGS) - 1
