"""A search without results leads on: to the words that were meant, to some of them, to categories."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from search import directory as shop_directory, services
from search.spelling import did_you_mean, edits
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
        ("woodn zzzzqq", "wooden"),
        ("chair zzzzqq", ""),
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


def test_what_a_category_lacks_is_shown_from_the_whole_shop(shop: Any, client: Client) -> None:
    client.cookies["django_language"] = "en"
    url = shop_directory.current().categories[shop.pk].url
    for address in (f"{url}?q=refrigerator", f"/search/?q=refrigerator&category={shop.pk}"):
        page = client.get(address)
        instead = page.context["listing"].instead
        assert (page.context["listing"].count, instead.kind, instead.count) == (0, "everywhere", 1)
        assert [card.title for card in instead.cards] == ["Refrigerator"]
        (offer,) = re.findall(
            r'href="(/search/[^"]*)"><span>(See .*? in the whole shop)', page.content.decode()
        )
        assert (offer[0], strip_tags(offer[1])) == (
            "/search/?q=refrigerator",
            "See 1 product in the whole shop",
        )
    # What is nowhere is put right as ever.
    instead = client.get(f"{url}?q=refrigirater").context["listing"].instead
    assert (instead.kind, instead.corrected) == ("corrected", "refrigerator")


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


@pytest.fixture
def laptops(search_backend: Any) -> None:
    """Titles of laptops are their names; only what goes with them says "laptop"."""
    laptops = CategoryFactory(name_en="Laptops", name_ar="لابتوبات", name_ckb="لاپتۆپەکان", slug="laptops")
    furniture = CategoryFactory(name_en="Furniture", name_ar="أثاث", name_ckb="کەلوپەل", slug="furniture")
    for category, title, arabic, kurdish in (
        (laptops, "Dell Inspiron 15", "ديل انسبايرون 15", "دێڵ ئینسپایرۆن 15"),
        (laptops, "Asus VivoBook 14", "اسوس فيفوبوك 14", "ئاسوس ڤیڤۆبووک 14"),
        (furniture, "Stand, white", "حامل لابتوب أبيض", "هەڵگری لاپتۆپ، سپی"),
        (furniture, "Dining table", "طاولة طعام", "مێزی نانخواردن"),
        (furniture, "Wardrobe", "خزانة ملابس", "کەنتۆری جل"),
        (furniture, "Carpet", "سجادة صوف", "فەرشی خوری"),
    ):
        OfferFactory(
            product__title_en=title,
            product__title_ar=arabic,
            product__title_ckb=kurdish,
            product__category=category,
        )
    services.rebuild()


@pytest.mark.parametrize(
    ("typed", "meant", "first"),
    [
        ("labtop", "laptop", {"Dell Inspiron 15", "Asus VivoBook 14"}),
        ("labtop stand", "laptop stand", {"Stand, white"}),
    ],
)
def test_a_word_that_only_sounds_like_something_finds_what_was_meant_first(
    laptops: None, client: Client, typed: str, meant: str, first: set[str]
) -> None:
    client.cookies["django_language"] = "en"
    listing = client.get("/search/", {"q": typed}).context["listing"]
    assert listing.meant == meant
    assert listing.meant_url == f"/search/?q={meant.replace(' ', '+')}"
    assert {card.title for card in listing.cards[: len(first)]} == first


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lapotp", "laptop"),
        ("laptob", "laptop"),
        ("wardrob", ""),
        ("carept", "carpet"),
        ("inspirn", "inspiron"),
        ("طاوله", ""),
        ("طاولا", ""),
        ("سجدة", "سجادة"),
        ("خزانه ملابص", "خزانه ملابس"),
        ("لابتوبب", "لابتوب"),
        ("طعم", "طعام"),
        ("کەنتؤر", ""),
        ("کەنتۆڕر", "كەنتۆر"),
        ("نانخوردن", "نانخواردن"),
        ("فەڕش", ""),
        ("لاپتۆت", "لاپتۆپ"),
    ],
)
def test_typing_errors_in_three_scripts(laptops: None, typed: str, meant: str) -> None:
    assert did_you_mean(typed, shop_directory.current()) == meant


@pytest.mark.parametrize("known", ["laptop", "dell", "Dell Inspiron", "لابتوب", "ديل", "لاپتۆپ", "دێڵ", "15"])
def test_known_words_in_any_script_are_left_alone(laptops: None, client: Client, known: str) -> None:
    listing = client.get("/search/", {"q": known}).context["listing"]
    assert listing.count
    assert listing.meant == ""
