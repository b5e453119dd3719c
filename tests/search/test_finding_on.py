"""Highlights, similar products, codes, searching within, saved searches, orders and arrivals."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from django.test import Client
from django.utils import timezone, translation

from forked_apps.catalogue.models import Product
from search import directory as shop_directory, saved, services
from search.highlights import Highlighter
from search.models import SavedSearch
from search.saved import NotAList, TooManySavedSearches, save_search
from tests.factories.catalogue import CategoryFactory, OfferFactory, ProductFactory, VendorFactory
from tests.factories.orders import give_points, make_offer, make_order
from tests.factories.vendors import a_person

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def listing(client: Client, **query: str) -> Any:
    return client.get("/search/", query).context["listing"]


# Categories -----------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["laptop", "laptops", "لابتوب", "notebooks"])
def test_goods_of_a_category_called_so_stand_before_what_only_goes_with_them(
    search_backend: Any, english: Client, words: str
) -> None:
    laptops = CategoryFactory(name_en="Laptops & tablets", name_ar="حواسيب", slug="laptops")
    OfferFactory(product__title_en="Laptop stand for a laptop")
    OfferFactory(product__title_en="Pavilion 15", product__category=laptops, num_in_stock=0)
    for number in range(10):
        OfferFactory(product__title_en=f"Pavilion {number} other", product__category=laptops)
    services.rebuild()
    cards = listing(english, q=words).cards
    assert cards[-1].title == "Laptop stand for a laptop"


# Highlights ---------------------------------------------------------------------------------------
def marked(client: Client, words: str) -> list[str]:
    return [text for card in listing(client, q=words).cards for text, hit in card.title_pieces if hit]


def test_matched_words_are_marked_as_they_stand(search_backend: Any, english: Client) -> None:
    OfferFactory(product__title_en="Two Wooden CHAIRS (garden)", product__title_ar="كراسي Samsung")
    services.rebuild()
    assert marked(english, "chair garden") == ["CHAIRS", "garden"]
    assert marked(english, "كرسي") == ["CHAIRS"]
    english.cookies["django_language"] = "ar"
    assert marked(english, "كرسي سامسونج") == ["كراسي", "Samsung"]


def test_a_highlight_carries_no_script(search_backend: Any, english: Client) -> None:
    OfferFactory(product__title_en="Chair <script>alert(1)</script> <img src=x onerror=alert(1)>")
    services.rebuild()
    for words in ("chair script", "chair", "<script>", "alert"):
        page = english.get("/search/", {"q": words}).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "<mark>Chair</mark>" in english.get("/search/", {"q": "chair"}).content.decode()


def test_pieces_make_up_the_title() -> None:
    from search.cards import pack_card, unpack_card

    title = " Chair,  (of)  oak – «كرسي» "
    nothing = dict.fromkeys(
        ["url", "image_url", "image_url_2x", "price_points", "list_price_points", "vendor_name",
         "offers_count", "rating", "reviews_count", "in_stock", "brand"]
    )  # fmt: skip
    card = unpack_card(pack_card(product_id=1, titles={"en": title}, **nothing), language="en")
    pieces = Highlighter.of("oak", shop_directory.BUILT_IN).on(card).title_pieces
    assert "".join(text for text, _ in pieces) == title


# Similar products ---------------------------------------------------------------------------------
def test_similar_products_are_alike_and_never_the_product(search_backend: Any, english: Client) -> None:
    seats, tools = (
        CategoryFactory(name_en="Seats", slug="seats"),
        CategoryFactory(name_en="Tools", slug="tools"),
    )
    chair = OfferFactory(product__title_en="Oak dining chair", product__category=seats).product
    OfferFactory(product__title_en="Walnut dining chair", product__category=seats)
    OfferFactory(product__title_en="Sofa", product__category=seats)
    OfferFactory(product__title_en="Dining chair hammer", product__category=tools)
    for number in range(20):
        OfferFactory(product__title_en=f"Thing {number}")
    services.rebuild()
    page = english.get(f"/search/similar/{chair.pk}/")
    assert [card.title for card in page.context["cards"]] == ["Walnut dining chair", "Sofa"]
    assert f'href="/search/similar/{chair.pk}/"' in english.get(chair.get_absolute_url()).content.decode()
    Product.objects.filter(pk=chair.pk).update(is_public=False)
    assert english.get(f"/search/similar/{chair.pk}/").status_code == 404


# Codes --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "typed", ["FUR-90420332", "fur90420332", "FUR 904 203 32", "SUP-77-1", "٩٧٨١٢٣٤٥٦٧٨٩٧"]
)
def test_a_sku_or_barcode_finds_its_product_alone(search_backend: Any, english: Client, typed: str) -> None:
    upc = "9781234567897" if typed.startswith("٩") else "FUR-90420332"
    offer = OfferFactory(product__title_en="Bar table", product__upc=upc, partner_sku="SUP-77-1")
    OfferFactory(product__title_en="Fur coat 904 203 32")
    services.rebuild()
    assert [card.id for card in listing(english, q=typed).cards] == [offer.product_id]


# Within -------------------------------------------------------------------------------------------
def test_search_within_a_category_and_a_vendor(search_backend: Any, english: Client) -> None:
    seats = CategoryFactory(name_en="Seats", slug="seats")
    vendor = VendorFactory(name="Alice's")
    OfferFactory(product__title_en="Oak chair", product__category=seats, partner=vendor)
    OfferFactory(product__title_en="Oak chair of others", product__category=seats)
    OfferFactory(product__title_en="Oak table", partner=vendor)
    services.rebuild()
    url = shop_directory.current().categories[seats.pk].url
    page = english.get(url, {"q": "oak"})
    assert page.context["listing"].count == 2
    assert page.context["listing"].within.name == "Seats"
    assert "Search within Seats" in page.content.decode()
    of_vendor = listing(english, q="oak", vendor=str(vendor.pk))
    assert of_vendor.count == 2
    assert (of_vendor.within.name, of_vendor.within.hidden) == ("Alice's", [("vendor", str(vendor.pk))])


# Orders and arrivals ------------------------------------------------------------------------------
def test_best_selling_first(search_backend: Any, english: Client) -> None:
    offers = [
        make_offer(product=ProductFactory(title_en=f"Chair {number}"), price=1_000) for number in range(3)
    ]
    customer = a_person()
    give_points(customer, 1_000_000)
    make_order(customer, [offers[1]])
    services.rebuild()
    cards = listing(english, q="chair", sort="best_selling").cards
    assert cards[0].id == offers[1].product_id
    again = listing(english, q="chair", sort="best_selling").cards
    assert [card.id for card in cards] == [card.id for card in again]


def test_arrivals_are_counted_as_narrowing_finds_them(search_backend: Any, english: Client) -> None:
    now = timezone.now()
    for number, days in enumerate((0, 3, 10, 60, 200)):
        product = OfferFactory(product__title_en=f"Chair {number}").product
        Product.objects.filter(pk=product.pk).update(date_created=now - timedelta(days=days))
    services.rebuild()
    group = next(found for found in listing(english, q="chair").groups if found.name == "arrived")
    assert {int(value.low): value.count for value in group.values} == {7: 2, 30: 3, 90: 4}
    assert listing(english, q="chair", arrived="30").count == 3
    # Counted without its own choice.
    chosen = listing(english, q="chair", arrived="7")
    group = next(found for found in chosen.groups if found.name == "arrived")
    assert {int(value.low): value.count for value in group.values} == {7: 2, 30: 3, 90: 4}


# Saved searches -----------------------------------------------------------------------------------
def test_a_customer_keeps_a_search_and_drops_it(search_backend: Any, english: Client) -> None:
    customer = a_person()
    english.force_login(customer, backend=BACKEND)
    address = "/search/?q=chair&in_stock=1"
    assert english.post("/search/saved/new/", {"address": address, "name": "Chairs"}).status_code == 302
    english.post("/search/saved/new/", {"address": address, "name": "Chairs again"})
    (kept,) = SavedSearch.objects.all()
    assert (kept.user, kept.name, kept.address) == (customer, "Chairs again", address)
    assert "Chairs again" in english.get("/search/saved/").content.decode()
    english.force_login(a_person(), backend=BACKEND)
    assert english.post(f"/search/saved/{kept.pk}/delete/").status_code == 404
    assert "Chairs again" not in english.get("/search/saved/").content.decode()
    assert english.get(f"/search/saved/{kept.pk}/delete/").status_code == 404
    english.force_login(customer, backend=BACKEND)
    asked = english.get(f"/search/saved/{kept.pk}/delete/")
    assert "Chairs again" in asked.content.decode()
    assert SavedSearch.objects.count() == 1
    english.post(f"/search/saved/{kept.pk}/delete/")
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/search/", "//evil.example/search/", "/wallet/", "", "javascript:x", "/nowhere/",
        "//[", "http://[/search/", "/\\evil.example/search/", "/\t/evil.example/search/",
        "/search/?q=" + "x" * 1_000,
    ],
)  # fmt: skip
def test_only_lists_of_this_shop_are_kept(address: str) -> None:
    with pytest.raises(NotAList):
        save_search(user=a_person(), name="x", address=address)


def test_nobody_keeps_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST_SAVED", 2)
    customer = a_person()
    for number in range(2):
        save_search(user=customer, name="", address=f"/search/?q={number}")
    with pytest.raises(TooManySavedSearches):
        save_search(user=customer, name="", address="/search/?q=3")
    save_search(user=customer, name="Again", address="/search/?q=1")
    assert SavedSearch.objects.count() == 2


def test_saving_again_brings_a_search_to_the_top(search_backend: Any) -> None:
    customer = a_person()
    for query in ("chair", "table", "chair"):
        save_search(user=customer, name="", address=f"/search/?q={query}")
    kept = saved.saved_searches_of(customer)
    assert [search.address for search in kept] == ["/search/?q=chair", "/search/?q=table"]


def test_a_list_is_saved_from_its_first_page_and_named_by_what_was_chosen(
    search_backend: Any, english: Client
) -> None:
    for number in range(30):
        OfferFactory(product__title_en=f"Chair {number}", price=5_000)
    services.rebuild()
    evil = english.get("/search/", {"q": "chair", "brand": '"><b>x'}).content.decode()
    assert "<b>x" not in evil
    page = english.get("/search/?page=2&q=chair&price_min=١٠٠٠&price_max=9000&in_stock=1")
    assert page.context["listing"].page.number == 2
    assert page.context["address"] == "/search/?q=chair&price_min=1000&price_max=9000&in_stock=1"
    (named,) = re.findall(r'name="name" value="([^"]*)"', page.content.decode())
    assert " ".join(named.split()) == "chair · 1,000 to 9,000 · In stock"
    # Where the choice is too long to be kept, nothing pretends that it can be.
    many = "&".join(f"brand={'x' * 100}{number}" for number in range(20))
    assert english.get(f"/search/?q=chair&{many}").context["address"] == ""


def test_whoever_is_not_signed_in_comes_back_to_the_list(english: Client) -> None:
    answer = english.post("/search/saved/new/", {"address": "/search/?q=chair", "name": "Chairs"})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/search/%3Fq%3Dchair")
    answer = english.post("/search/saved/new/", {"address": "//evil.example/"})
    assert answer["Location"].endswith("?next=/search/saved/")
    assert not SavedSearch.objects.exists()


def test_a_list_that_is_none_is_refused_and_nothing_is_kept(english: Client) -> None:
    english.force_login(a_person(), backend=BACKEND)
    for address in ("//[", "/wallet/", "//evil.example/"):
        assert english.post("/search/saved/new/", {"address": address}).status_code == 400
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("typed", ["1234 5678 9012 3456", "١٢٣٤-٥٦٧٨-٩٠١٢-٣٤٥٦"])
def test_the_code_of_a_card_is_not_kept(search_backend: Any, english: Client, typed: str) -> None:
    OfferFactory(product__title_en="Chair")
    services.rebuild()
    english.force_login(a_person(), backend=BACKEND)
    address = f"/search/?q={quote_plus(typed)}"
    answer = english.post("/search/saved/new/", {"address": address, "name": typed}, follow=True)
    assert "Codes are not kept anywhere." in answer.content.decode()
    assert not SavedSearch.objects.exists()
    # Nor is that offered, or taken along to where people sign in.
    assert english.get(address).context["address"] == ""
    english.logout()
    answer = english.post("/search/saved/new/", {"address": address})
    assert answer["Location"].endswith("?next=/search/saved/")


def test_one_too_many_is_told(english: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST_SAVED", 1)
    english.force_login(a_person(), backend=BACKEND)
    english.post("/search/saved/new/", {"address": "/search/?q=1"})
    answer = english.post("/search/saved/new/", {"address": "/search/?q=2"}, follow=True)
    assert "You have 1 saved searches already." in answer.content.decode()
    assert SavedSearch.objects.count() == 1


@pytest.mark.parametrize("name", ["", "  ", "\u202e" * 30, "\x00", "***"])
def test_a_name_that_cannot_be_seen_is_given_one(name: str) -> None:
    # Whichever language the last request in this process was in.
    with translation.override("en"):
        assert save_search(user=a_person(), name=name, address="/search/?q=1").name == "Saved search"


def test_a_list_of_saved_searches_costs_the_same_for_any_number(
    english: Client, django_assert_max_num_queries: Any
) -> None:
    customer = a_person()
    english.force_login(customer, backend=BACKEND)
    save_search(user=customer, name="", address="/search/?q=0")
    english.get("/search/saved/")
    with django_assert_max_num_queries(12) as few:
        english.get("/search/saved/")
    for number in range(1, 20):
        save_search(user=customer, name="", address=f"/search/?q={number}")
    with django_assert_max_num_queries(12) as many:
        assert len(english.get("/search/saved/").context["searches"]) == 20
    assert len(many) == len(few)
