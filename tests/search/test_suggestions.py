"""What is proposed while somebody types: whole names that begin so, and nothing that only looks alike."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from forked_apps.partner.models import Partner, VendorStatus
from search import directory as shop_directory, services, suggestions
from search.curation import save_synonym
from search.models import QueryCount, Synonym
from search.suggestions import begins_so, suggest
from tests.factories.catalogue import BrandFactory, CategoryFactory, OfferFactory, VendorFactory
from tests.factories.vendors import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(search_backend: Any) -> None:
    suggestions.forget()
    laptops = CategoryFactory(name_en="Laptops", name_ar="حواسيب", name_ckb="لاپتۆپەکان", slug="laptops")
    CategoryFactory(name_en="Winter", name_ar="شتاء", slug="winter")
    samsung = BrandFactory(name="Samsung")
    seller = VendorFactory(name="Sama Electronics")
    VendorFactory(name="Samar closed", status=VendorStatus.CLOSED)
    for title, arabic, kurdish in (
        ("Wireless mouse", "ماوس لاسلكي", "ماوسی بێتەل"),
        ("Wireless keyboard", "لوحة مفاتيح لاسلكية", "کیبۆردی بێتەل"),
        ("Winter jacket", "جاكيت شتوي", "چاکەتی زستانە"),
        ("Laptop 15 inch", "الحاسوب المحمول", "لاپتۆپ"),
    ):
        OfferFactory(
            partner=seller,
            product__title_en=title,
            product__title_ar=arabic,
            product__title_ckb=kurdish,
            product__brand=samsung,
            product__category=laptops,
        )
    services.rebuild()


def titles(text: str, language: str = "en") -> set[str]:
    return {card.title for card in suggest(text, shop_directory.current(), language).cards}


def entries(text: str, kind: str, language: str = "en") -> list[str]:
    found = suggest(text, shop_directory.current(), language).entries
    return [entry.text for entry in found if entry.kind == kind]


@pytest.mark.parametrize(
    ("typed", "language", "expected"),
    [
        ("wirel", "en", {"Wireless mouse", "Wireless keyboard"}),
        ("WIREL", "en", {"Wireless mouse", "Wireless keyboard"}),
        ("wireless m", "en", {"Wireless mouse"}),
        ("wint", "en", {"Winter jacket"}),
        ("ireless", "en", set()),
        ("wx", "en", set()),
        ("mouse w", "en", {"Wireless mouse"}),
        ("لاسل", "ar", {"ماوس لاسلكي", "لوحة مفاتيح لاسلكية"}),
        ("حاس", "ar", {"الحاسوب المحمول"}),
        ("الحاس", "ar", {"الحاسوب المحمول"}),
        ("بێت", "ckb", {"ماوسی بێتەل", "کیبۆردی بێتەل"}),
    ],
)
def test_products_with_words_that_begin_so(shop: None, typed: str, language: str, expected: set[str]) -> None:
    assert titles(typed, language) == expected


def test_categories_brands_and_vendors(shop: None) -> None:
    assert entries("lapt", "category") == ["Laptops"]
    assert entries("حواس", "category", "ar") == ["حواسيب"]
    assert entries("wirel", "category") == []
    assert entries("sams", "brand") == ["Samsung"]
    assert entries("sama", "vendor") == ["Sama Electronics"]


def test_what_others_searched_for_and_found(shop: None) -> None:
    today = timezone.localdate()
    for query, searches, without in (
        ("laptop bag", 9, 0), ("laptop stand", 4, 1), ("laptop secret", 2, 0), ("laptop nothing", 9, 9),
    ):  # fmt: skip
        QueryCount.objects.create(
            day=today, language="en", query=query, shown=query, searches=searches, without_results=without
        )
    suggestions.forget()
    assert entries("laptop", "query") == ["laptop bag", "laptop stand"]
    assert entries("top", "query") == []


def test_the_list_is_a_fragment_that_carries_no_script(shop: None, client: Client) -> None:
    OfferFactory(product__title_en="Wirel <script>alert(1)</script>", product__title_ar="<b>wirel</b>")
    services.rebuild()
    page = client.get("/search/suggest/", {"q": "wirel"}).content.decode()
    assert 'role="option"' in page
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<html" not in page


@pytest.mark.parametrize("typed", ["", "   ", "...", "\x00", '"', "-", "(" * 500, "*", "a" * 5000, "{", "\\"])
def test_nothing_typed_proposes_nothing_and_breaks_nothing(shop: None, client: Client, typed: str) -> None:
    response = client.get("/search/suggest/", {"q": typed})
    assert response.status_code == 200
    assert "suggest-option" not in response.content.decode()


def test_suggestions_cost_one_query(shop: None, client: Client, django_assert_num_queries: Any) -> None:
    client.get("/search/suggest/", {"q": "wir"})
    with django_assert_num_queries(1):
        client.get("/search/suggest/", {"q": "wirel"})


def test_the_field_works_without_script(shop: None, client: Client) -> None:
    page = client.get("/").content.decode()
    assert 'role="combobox"' in page
    assert 'action="/search/"' in page
    assert 'aria-controls="site-suggest"' in page


def test_products_that_are_called_the_same_are_proposed_once(shop: None) -> None:
    for _ in range(6):
        OfferFactory(product__title_en="Wireless charger")
    services.rebuild()
    found = [card.title for card in suggest("wirel", shop_directory.current(), "en").cards]
    assert sorted(found) == ["Wireless charger", "Wireless keyboard", "Wireless mouse"]


@pytest.mark.parametrize(
    ("typed", "language", "brand", "product"),
    [
        ("سامس", "ar", "Samsung", "ماوس لاسلكي"),
        ("سامسونج", "ar", "Samsung", "ماوس لاسلكي"),
        ("سامسۆ", "ckb", "Samsung", "ماوسی بێتەل"),
        # Too short to be looked for in another script.
        ("سا", "ar", None, None),
        # The letters of another word.
        ("سامح", "ar", None, None),
    ],
)
def test_a_latin_name_is_proposed_while_it_is_typed_in_arabic_and_kurdish(
    shop: None, typed: str, language: str, brand: str | None, product: str | None
) -> None:
    OfferFactory(product__title_en="Samsung monitor", product__title_ar="شاشة Samsung", product__brand=None)
    services.rebuild()
    assert entries(typed, "brand", language) == ([brand] if brand else [])
    assert (product in titles(typed, language)) == bool(product)


def test_a_category_is_proposed_by_what_its_name_is_called_elsewhere(shop: None) -> None:
    assert entries("لابت", "category", "ar") == ["حواسيب"]
    assert entries("wint", "category") == ["Winter"]


def test_prices_of_suggestions_are_kept_for_seconds_alone(shop: None, client: Client) -> None:
    answer = client.get("/search/suggest/", {"q": "wirel"})
    assert answer["Cache-Control"] == "private, max-age=5"
    assert {name.strip() for name in answer["Vary"].split(",")} >= {"Cookie", "Accept-Language"}


def test_synonyms_of_staff_are_proposed_for_at_once(shop: None) -> None:
    assert titles("زربول", "ar") == set()
    save_synonym(
        actor=a_person(), kind=Synonym.Kind.SAME, phrases=["زربول", "wireless"], note="", is_active=True
    )
    assert titles("زربو", "en") == {"Wireless mouse", "Wireless keyboard"}
    Synonym.objects.all().delete()
    assert titles("زربو", "en") == set()


def test_a_vendor_that_was_suspended_a_moment_ago_is_not_proposed(shop: None) -> None:
    assert entries("sama", "vendor") == ["Sama Electronics"]
    Partner.objects.filter(name="Sama Electronics").update(status=VendorStatus.SUSPENDED)
    assert entries("sama", "vendor") == []


def test_no_names_are_read_but_those_that_begin_so(shop: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """With thousands of categories and vendors a key stroke would take longer than people wait."""
    for number in range(30):
        CategoryFactory(name_en=f"Others {number}", slug=f"others-{number}")
        VendorFactory(name=f"Others {number}")
    suggestions.forget()
    read: list[str] = []
    monkeypatch.setattr(
        suggestions, "begins_so", lambda name, typed: read.append(name) or begins_so(name, typed)
    )
    assert entries("sama", "vendor") == ["Sama Electronics"]
    assert entries("lapt", "category") == ["Laptops"]
    assert not any(name.startswith("Others") for name in read)
