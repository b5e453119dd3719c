"""A search without results leads on: to the words that were meant, to some of them, to categories."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from search import directory as shop_directory, services
from search.no_results import did_you_mean, edits
from tests.factories.catalogue import BrandFactory, CategoryFactory, OfferFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(search_backend: Any) -> Any:
    chairs = CategoryFactory(name_en="Chairs", name_ar="كراسي", slug="chairs")
    for title, arabic, kurdish in (
        ("Wooden chair", "كرسي خشبي", "کورسی دار"),
        ("Garden chair", "كرسي حديقة", "کورسی باخچە"),
        ("Refrigerator", "ثلاجة كبيرة", "سەلاجەی گەورە"),
    ):
        OfferFactory(
            product__title_en=title,
            product__title_ar=arabic,
            product__title_ckb=kurdish,
            product__brand=BrandFactory(name=f"Brand {title}"),
            product__category=chairs if "chair" in title else None,
        )
    services.rebuild()
    return chairs


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("woodn", "wooden"),
        ("wodoen chair", "wooden chair"),
        ("refrigirater", "refrigerator"),
        ("ثلاحة", "ثلاجة"),
        ("كرسي خشبى حديقه", ""),
        ("کورصیی", ""),
        ("سەلاجی", ""),
        ("باغچە", "باخچە"),
        ("zzzzqq", ""),
        ("chair", ""),
        ("", ""),
    ],
)
def test_whole_words_are_proposed(shop: Any, typed: str, meant: str) -> None:
    assert did_you_mean(typed, shop_directory.current()) == meant


def test_the_page_proposes_what_was_meant_and_shows_it(shop: Any, client: Client) -> None:
    client.cookies["django_language"] = "en"
    listing = client.get("/search/", {"q": "woodn"}).context["listing"]
    assert listing.count == 0
    assert listing.instead.corrected == "wooden"
    assert [card.title for card in listing.instead.cards] == ["Wooden chair"]
    assert ("Chairs", shop_directory.current().categories[shop.pk].url) in listing.instead.categories


def test_some_of_the_words_are_better_than_nothing(shop: Any, client: Client) -> None:
    client.cookies["django_language"] = "en"
    listing = client.get("/search/", {"q": "chair zzzzqq"}).context["listing"]
    assert listing.instead.kind == "some"
    assert {card.title for card in listing.instead.cards} == {"Wooden chair", "Garden chair"}


def test_unknown_words_show_what_others_buy(shop: Any, client: Client) -> None:
    listing = client.get("/search/", {"q": "zzzzqq"}).context["listing"]
    assert (listing.instead.kind, len(listing.instead.cards)) == ("popular", 3)


def test_with_results_nothing_is_put_in_their_place(shop: Any, client: Client) -> None:
    assert client.get("/search/", {"q": "chair"}).context["listing"].instead is None


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "abcd", 1),
        ("abc", "xbc", 1),
        ("abc", "xyz", 3),
        ("", "ab", 2),
    ],
)
def test_edits(one: str, other: str, distance: int) -> None:
    assert edits(one, other, most=3) == distance
    assert edits(one, other, most=0) == min(distance, 1)
