"""Counts are those of counting by hand: random narrowings, groups and options over random documents."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import haystack
import pytest
from haystack import indexes
from haystack.inputs import AutoQuery
from haystack.query import SQ, SearchQuerySet

from forked_apps.catalogue.models import Brand, Category
from search.engines.ranges import NumberRanges
from search.fields import AnalysedField, HalvingField, KeyedNumbersField, KeywordsField, RangedField

COLOURS = ["red", "blue", "green", "ئاسمانی", "0"]
PRICES = [
    None, 0, 0, 1, 5, 999, 1_000, 1_001, 25_000, 250_000, 10**9, 9 * 10**17, 10**18, 9 * 10**18,
    -5, -(10**12),
]  # fmt: skip
SEED = 3
QUESTIONS = 150


@dataclass(frozen=True)
class Piece:
    number: int
    words: str
    colours: tuple[str, ...]
    rooms: tuple[str, ...]
    makers: tuple[str, ...]
    price: int | None
    pieces: int | None
    is_at_hand: bool
    is_new: bool
    width: float | None


class _PieceIndex(indexes.SearchIndex):
    text = AnalysedField(document=True, language="en")
    colours = KeywordsField(in_sets="looks")
    rooms = KeywordsField(in_sets="looks")
    makers = KeywordsField(in_sets=True)
    price = RangedField(null=True)
    pieces = indexes.IntegerField(null=True)
    is_new = indexes.BooleanField()
    sizes = KeyedNumbersField(null=True)

    def get_model(self) -> type[Brand]:
        return Brand

    def prepare(self, obj: Any) -> dict[str, Any]:
        piece = obj.piece
        self.prepared_data = {
            "id": f"catalogue.brand.{piece.number}",
            "django_ct": "catalogue.brand",
            "django_id": str(piece.number),
            "text": piece.words,
            "colours": list(piece.colours),
            "rooms": piece.rooms,
            "makers": list(piece.makers),
            "price": piece.price,
            "pieces": piece.pieces,
            "is_at_hand": piece.is_at_hand,
            "is_new": piece.is_new,
            "sizes": {} if piece.width is None else {"width": piece.width},
        }
        return self.prepared_data


class HalvedPieceIndex(_PieceIndex):
    is_at_hand = HalvingField()


class PlainPieceIndex(_PieceIndex):
    """Without a field that halves: yes or no is one of others."""

    is_at_hand = indexes.BooleanField()


VALUES: dict[str, Callable[[Piece], Sequence[Any]]] = {
    "colours": lambda piece: piece.colours,
    "rooms": lambda piece: piece.rooms,
    "makers": lambda piece: piece.makers,
    "price": lambda piece: [] if piece.price is None else [piece.price],
    "pieces": lambda piece: [] if piece.pieces is None else [piece.pieces],
    "is_at_hand": lambda piece: [piece.is_at_hand],
    "is_new": lambda piece: [piece.is_new],
    "sizes.width": lambda piece: [] if piece.width is None else [piece.width],
}
Test = Callable[[Piece], bool]


def has_any(name: str, values: Sequence[Any]) -> Test:
    return lambda piece: bool({*values} & {*VALUES[name](piece)})


def reaches(name: str, least: float) -> Test:
    return lambda piece: any(value >= least for value in VALUES[name](piece))


class Shelf:
    def __init__(self, seed: int, index: type[_PieceIndex]) -> None:
        self.dice = random.Random(seed)
        self.index = index()
        self.pieces: dict[int, Piece] = {}

    def some(self, values: Sequence[Any], most: int) -> tuple[Any, ...]:
        return tuple(self.dice.choice(values) for _ in range(self.dice.randrange(most + 1)))

    def piece(self, number: int) -> Piece:
        dice = self.dice
        return Piece(
            number=number,
            words=" ".join(self.some(["lamp", "chair", "desk"], 2)),
            colours=self.some(COLOURS, 3),
            rooms=self.some(["hall", "bath"], 2),
            makers=self.some([f"maker {n}" for n in range(30)], 2),
            price=dice.choice(PRICES),
            pieces=dice.choice([None, 0, 1, 2, 3, 50, -7]),
            is_at_hand=dice.random() < 0.8,
            is_new=dice.random() < 0.3,
            width=dice.choice([None, 0.0, -2.5, 8.0, 15.6, 0.1234567]),
        )

    def fill(self, backend: Any) -> None:
        for commit in range(3):
            written = [*range(commit * 100, commit * 100 + 100), *range(0, commit * 60, 5)]
            self.pieces |= {number: self.piece(number) for number in written}
            backend.update(self.index, [as_object(self.pieces[number]) for number in written])
            gone = self.dice.choice(sorted(self.pieces))
            del self.pieces[gone]
            backend.remove(f"catalogue.brand.{gone}")

    # Questions ------------------------------------------------------------------------------
    def narrowings(self) -> list[tuple[str | None, SQ, Test]]:
        """With the field that each is about, None for one about several."""
        dice, maker = self.dice, f"maker {self.dice.randrange(30)}"
        one, other = dice.sample(COLOURS, 2)
        least, yes, new = dice.choice([0, 0.5, 1_000, 10**9]), dice.random() < 0.7, dice.random() < 0.5
        width = dice.choice([0.0, -2.5, 8.0, 0.1234567])
        all_of_them: list[tuple[str | None, SQ, Test]] = [
            ("is_at_hand", SQ(is_at_hand=yes), has_any("is_at_hand", [yes])),
            ("is_at_hand", SQ(is_at_hand=yes), has_any("is_at_hand", [yes])),
            ("is_at_hand", SQ(is_at_hand=True), has_any("is_at_hand", [True])),
            ("is_new", SQ(is_new=new), has_any("is_new", [new])),
            ("colours", SQ(colours__in=[one, other]), has_any("colours", [one, other])),
            ("makers", SQ(makers=maker), has_any("makers", [maker])),
            ("price", SQ(price__gte=least), reaches("price", least)),
            ("sizes.width", SQ(**{"sizes.width": width}), has_any("sizes.width", [width])),
            (
                None,
                SQ(colours=one) | SQ(is_at_hand=yes),
                lambda piece: one in piece.colours or piece.is_at_hand is yes,
            ),
        ]
        return dice.sample(all_of_them, dice.choice([0, 1, 1, 2, 3]))

    def groups(self) -> dict[str, dict[str, Any]]:
        return {
            name: self.options(name)
            for name in self.dice.sample(list(VALUES), self.dice.randrange(1, len(VALUES)))
        }

    def options(self, name: str) -> dict[str, Any]:
        dice = self.dice
        options: dict[str, Any] = {"disjunctive": dice.random() < 0.6}
        is_number = name in {"price", "pieces", "sizes.width"}
        if is_number and dice.random() < 0.5:
            return options | {"ranges": dice.choice([2, 5]), "few_values": dice.random() < 0.5}
        if is_number and dice.random() < 0.5:
            return options | {"steps": dice.sample([-6, 0, 0.5, 1, 2.5, 8, 1_000, 10**9], 3)}
        if dice.random() < 0.3:
            options["missing"] = True
        if dice.random() < 0.3:
            options["size"] = dice.choice([1, 2, 4])
        if dice.random() < 0.3:
            options["order"] = "term"
        return options


def as_object(piece: Piece) -> Brand:
    brand = Brand(pk=piece.number)
    brand.piece = piece  # type: ignore[attr-defined]
    return brand


def check_values(found: Any, pieces: Sequence[Piece], name: str, options: dict[str, Any]) -> None:
    counts = Counter(value for piece in pieces for value in {*VALUES[name](piece)})
    found, missing = (found[:-1], found[-1:]) if options.get("missing") else (found, [])
    assert missing == ([(None, sum(not VALUES[name](piece) for piece in pieces))] if missing else [])
    size = options.get("size", 1_000)
    # Which of equally frequent values are left out, nobody promises.
    assert sorted((count for _, count in found), reverse=True) == sorted(counts.values(), reverse=True)[:size]
    assert dict(found) == {value: counts[value] for value, _ in found}
    by_term = options.get("order") == "term"
    assert found == sorted(found, key=lambda pair: pair[0] if by_term else (-pair[1], pair[0]))


def check_ranges(found: NumberRanges, pieces: Sequence[Piece], name: str, options: dict[str, Any]) -> None:
    values = [value for piece in pieces for value in VALUES[name](piece)]
    for part, count in found.counts:
        low = float("-inf") if part.low is None else part.low
        high = float("inf") if part.high is None else part.high
        assert count == sum(low <= value < high for value in values)
    assert not found.counts or sum(count for _, count in found.counts) == len(values)
    few = options.get("few_values") and len({*values}) <= 12
    assert found.values == (tuple(sorted(Counter(map(float, values)).items())) if few else ())


@pytest.fixture(params=[HalvedPieceIndex, PlainPieceIndex], ids=["halved", "plain"])
def shelf(request: pytest.FixtureRequest, search_backend: Any) -> Shelf:
    shelf = Shelf(SEED, request.param)
    haystack.connections["default"].get_unified_index().build([shelf.index])
    shelf.fill(search_backend)
    return shelf


@pytest.mark.parametrize("most_sets", [2_000, 4], ids=["sets", "too many sets"])
def test_random_counts_are_those_of_counting_by_hand(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, most_sets: int
) -> None:
    monkeypatch.setattr("search.engines.tantivy_facets.MOST_SETS", most_sets)
    for _ in range(QUESTIONS):
        narrowings, groups = shelf.narrowings(), shelf.groups()
        words = shelf.dice.choice([None, "lamp", "chair desk"])
        found = SearchQuerySet()
        if words:
            found = found.filter(content=AutoQuery(words))
        for _, condition, _ in narrowings:
            found = found.narrow(condition)
        for name, options in groups.items():
            found = found.facet(name, **options)

        def left(but_by: str | None = None) -> list[Piece]:
            tests = [test for name, _, test in narrowings if name is None or name != but_by]  # noqa: B023
            return [
                piece
                for piece in shelf.pieces.values()
                if {*(words or "").split()} <= {*piece.words.split()} and all(test(piece) for test in tests)  # noqa: B023
            ]

        if shelf.dice.random() < 0.3:
            found.query.set_limits(0, 0)
        counts = found.facet_counts()["fields"]
        assert found.count() == len(left()), narrowings
        assert {int(hit.pk) for hit in found[:1_000]} == {piece.number for piece in left()}
        for name, options in groups.items():
            pieces = left(name if options["disjunctive"] else None)
            told = (name, options, [str(condition) for _, condition, _ in narrowings], words)
            try:
                if options.get("steps"):
                    reached = [(s, sum(map(reaches(name, s), pieces))) for s in options["steps"]]
                    assert counts[name] == reached
                elif options.get("ranges"):
                    check_ranges(counts[name], pieces, name, options)
                else:
                    check_values(counts[name], pieces, name, options)
            except AssertionError as error:
                raise AssertionError(told) from error


# Of several indexes -----------------------------------------------------------------------------
class CategoryIndex(indexes.SearchIndex):
    """Lacks most of the fields that pieces have, one with two values among them."""

    text = AnalysedField(document=True, language="en")
    makers = KeywordsField(in_sets=True)

    def get_model(self) -> type[Category]:
        return Category

    def prepare(self, obj: Any) -> dict[str, Any]:
        label = f"catalogue.category.{obj.pk}"
        identity = {"id": label, "django_ct": "catalogue.category", "django_id": str(obj.pk)}
        self.prepared_data = {**identity, "text": "lamp", "makers": ["maker 1"]}
        return self.prepared_data


@pytest.mark.parametrize("wanted", [True, False], ids=["yes", "no"])
def test_documents_that_have_neither_of_two_values_are_of_neither(search_backend: Any, wanted: bool) -> None:
    pieces, categories = Shelf(1, HalvedPieceIndex), CategoryIndex()
    haystack.connections["default"].get_unified_index().build([pieces.index, categories])
    pieces.fill(search_backend)
    search_backend.update(categories, [Category(pk=number) for number in range(500)])
    found = SearchQuerySet().narrow(SQ(is_at_hand=wanted))
    found = found.facet("is_at_hand", disjunctive=True).facet("makers", missing=True)
    at_hand = [piece for piece in pieces.pieces.values() if piece.is_at_hand is wanted]
    assert {hit.id for hit in found[:1_000]} == {f"catalogue.brand.{piece.number}" for piece in at_hand}
    counts = found.facet_counts()["fields"]
    check_values(counts["is_at_hand"], list(pieces.pieces.values()), "is_at_hand", {})
    check_values(counts["makers"], at_hand, "makers", {"missing": True})
    everything = SearchQuerySet().facet("makers").facet("is_at_hand", missing=True)
    assert everything.count() == len(pieces.pieces) + 500
    assert dict(everything.facet_counts()["fields"]["is_at_hand"])[None] == 500
