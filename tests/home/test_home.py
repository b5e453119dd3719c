"""The front page and the frame around every page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from forked_apps.partner.models import VendorStatus
from marketplace.home import categories, frame
from marketplace.home.header import Shop
from search.cards import ProductCard
from tests.factories.catalogue import CategoryFactory, VendorFactory
from tests.factories.orders import make_basket, make_customer, make_offer

pytestmark = pytest.mark.django_db

PAGES = ("home", "about", "help", "help_points", "help_delivery", "help_returns", "privacy", "terms")


@pytest.fixture(autouse=True)
def cold_menu() -> Iterator[None]:
    categories.forget_menus()
    with translation.override("en"):
        yield
    categories.forget_menus()


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.home.views.shelves", list)


def visitor(language: str = "en") -> Client:
    client = Client()
    client.cookies["django_language"] = language
    return client


def card(title: str = "Table") -> ProductCard:
    return ProductCard(
        id=7, url="/catalogue/table_7/", title=title, image_url="", image_url_2x="", price_points=75_000,
        list_price_points=100_000, vendor_name="Dar", offers_count=3, rating=4.5, reviews_count=12,
        in_stock=True, brand="Zagros",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_words_opens_in_every_language(name: str, language: str, no_index: None) -> None:
    response = visitor(language).get(reverse(name))
    assert response.status_code == 200
    direction = "ltr" if language == "en" else "rtl"
    assert f'<html lang="{language}" dir="{direction}">' in response.text
    sheet = "bootstrap.rtl.min.css" if direction == "rtl" else "bootstrap.min.css"
    assert f"vendor/bootstrap/{sheet}" in response.text


def test_the_language_stays_on_the_same_page(no_index: None) -> None:
    client = visitor("ar")
    page = client.get(reverse("help") + "?a=1").text
    assert 'name="next" value="/help/?a=1"' in page
    response = client.post(reverse("set_language"), {"language": "ckb", "next": "/help/?a=1"})
    assert response["Location"] == "/help/?a=1"
    assert '<html lang="ckb"' in client.get(reverse("help")).text


def test_shelves_show_cards_as_the_index_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.home.shelves import Shelf

    monkeypatch.setattr(
        "marketplace.home.views.shelves", lambda: [Shelf("Now cheaper", "/search/?a=b", [card()])]
    )
    page = visitor().get("/").text
    assert "Now cheaper" in page
    assert "<bdi>75,000</bdi> points" in page
    assert "25% off" in page
    assert "<bdi>100,000</bdi></s>" in page
    assert "3 offers" in page


def test_no_product_stands_on_two_shelves(monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.home import shelves

    found = {kind.order: [replace(card(), id=number) for number in range(9)] for kind in shelves.KINDS}
    found[shelves.KINDS[1].order].append(replace(card(), id=99))
    monkeypatch.setattr(shelves, "_cards", lambda kind: found[kind.order])
    filled = shelves.shelves()
    assert [[each.id for each in shelf.cards] for shelf in filled] == [list(range(9)), [99]]


def test_a_title_is_escaped_on_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.home.shelves import Shelf

    bad = card("<script>alert(1)</script>")
    monkeypatch.setattr("marketplace.home.views.shelves", lambda: [Shelf("New", "/", [bad])])
    assert "<script>alert(1)" not in visitor().get("/").text


def test_an_empty_shop_says_so(no_index: None) -> None:
    assert "The shelves are being filled" in visitor().get("/").text


def test_only_vendors_that_sell_now_stand_on_the_front_page(no_index: None) -> None:
    VendorFactory.create(name="Open Shop", status=VendorStatus.APPROVED)
    VendorFactory.create(name="Waiting Shop", status=VendorStatus.APPLIED)
    VendorFactory.create(name="Suspended Shop", status=VendorStatus.SUSPENDED)
    page = visitor().get("/").text
    assert "Open Shop" in page
    assert "Waiting Shop" not in page
    assert "Suspended Shop" not in page


def test_the_menu_costs_one_query_cold_and_none_warm(django_assert_num_queries: Callable[[int], Any]) -> None:
    root = CategoryFactory.create(name_en="Home")
    CategoryFactory.create(parent=root, name_en="Tables")
    CategoryFactory.create(parent=root, name_en="Chairs")
    categories.forget_menus()
    with django_assert_num_queries(1):
        assert [child.name for child in categories.menu()[0].children] == ["Tables", "Chairs"]
    with django_assert_num_queries(0):
        categories.menu()


def test_a_renamed_category_has_its_new_name_at_once() -> None:
    root = CategoryFactory.create(name_en="Home")
    assert categories.menu()[0].name == "Home"
    root.name_en = "House"
    root.save()
    assert categories.menu()[0].name == "House"


def test_a_hidden_category_is_not_in_the_menu() -> None:
    CategoryFactory.create(name_en="Shown")
    CategoryFactory.create(name_en="Hidden", is_public=False)
    assert [category.name for category in categories.menu()] == ["Shown"]


def test_the_only_child_brings_its_own_into_the_menu() -> None:
    root = CategoryFactory.create(name_en="Electronics")
    laptops = CategoryFactory.create(parent=root, name_en="Laptops")
    CategoryFactory.create(parent=laptops, name_en="Gaming")
    assert [child.name for child in categories.menu()[0].children] == ["Laptops", "Gaming"]


def test_the_menus_addresses_open(no_index: None) -> None:
    root = CategoryFactory.create(name_en="Home")
    CategoryFactory.create(parent=root, name_en="Tables")
    for category in (*categories.menu(), *categories.menu()[0].children):
        stored = root if category.pk == root.pk else root.get_children().get()
        assert category.url == stored.get_absolute_url()


def test_a_visitors_frame_asks_the_database_nothing(django_assert_num_queries: Callable[[int], Any]) -> None:
    visitor().get(reverse("help"))
    with django_assert_num_queries(0):
        visitor().get(reverse("help"))


def test_a_customers_frame_costs_one_query(no_index: None) -> None:
    customer = make_customer(points=50_000)
    client = visitor()
    client.force_login(customer)
    client.get(reverse("help"))
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("help")).text
    asked = [query["sql"] for query in queries if "django_session" not in query["sql"]]
    # The other one is the person.
    assert len(asked) == 2, "\n".join(asked)
    assert "<bdi>50,000</bdi> points" in page


def test_the_frame_says_of_each_person_their_own() -> None:
    page = visitor().get(reverse("search:search"), {"q": '"><b>sofa</b>'}).text
    assert 'value="&quot;&gt;&lt;b&gt;sofa&lt;/b&gt;"' in page
    assert "<b>sofa" not in page
    assert 'name="next" value="/search/?q=%22%3E%3Cb%3Esofa%3C%2Fb%3E"' in page

    person = make_customer(points=7_000, first_name="<i>Zainab")
    client = visitor()
    client.force_login(person)
    theirs = client.get(reverse("help")).text
    assert "&lt;i&gt;Zainab" in theirs
    assert "<bdi>7,000</bdi> points" in theirs
    later = visitor().get(reverse("help")).text
    assert "Zainab" not in later
    assert "7,000" not in later
    assert "Sign in" in later
    assert frame.mark("x")[3:] not in theirs + later + page


def test_the_frame_is_in_the_readers_language() -> None:
    client = visitor()
    english = client.get(reverse("help")).text
    client.cookies["django_language"] = "ckb"
    kurdish = client.get(reverse("help")).text
    assert "How points work" in english
    assert "How points work" not in kurdish


def test_the_front_page_stays_within_its_budget(no_index: None) -> None:
    customer = make_customer(points=50_000)
    client = visitor()
    client.force_login(customer)
    categories.forget_menus()
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
    assert len(queries) <= 12


def test_the_basket_is_counted_in_pieces() -> None:
    customer = make_customer()
    make_basket(customer, {make_offer(): 3, make_offer(): 2})
    client = visitor()
    client.force_login(customer)
    page = client.get(reverse("help")).text
    assert re.search(r'class="tool-count"><bdi>5</bdi>', page)


def test_a_page_that_needs_no_basket_opens_none(no_index: None) -> None:
    from forked_apps.basket.models import Basket

    visitor().get("/")
    assert not Basket.objects.exists()


def test_the_way_to_the_desk_is_shown_to_those_who_may(no_index: None, rf: Any) -> None:
    customer = make_customer()
    request = rf.get("/")
    request.user = customer
    assert not Shop(request).is_staff_person
    permission = Permission.objects.get(content_type__app_label="users", codename="staff_access")
    customer.user_permissions.add(permission)
    assert Shop(request).is_staff_person
    assert not Shop(request).works_for_vendor


def test_someone_who_works_for_a_vendor_sees_the_way_to_the_portal(rf: Any) -> None:
    from tests.factories.vendors import a_cast

    cast = a_cast()
    request = rf.get("/")
    request.user = cast.bob
    assert Shop(request).works_for_vendor
    request.user = cast.charlie
    assert not Shop(request).works_for_vendor


def test_a_page_that_does_not_exist_shows_the_way_back(no_index: None) -> None:
    for language, words in (("en", "This page does not exist"), ("ar", 'dir="rtl"')):
        response = visitor(language).get("/no-such-page/")
        assert response.status_code == 404
        assert words in response.text
        assert 'href="/"' in response.text


def test_an_old_form_is_explained() -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["django_language"] = "en"
    response = client.post(reverse("set_language"), {"language": "ar"})
    assert response.status_code == 403
    assert "The form was too old" in response.text


def test_the_page_for_what_broke_asks_the_database_nothing(
    rf: Any, django_assert_num_queries: Callable[[int], Any]
) -> None:
    from django.views.defaults import bad_request, server_error

    with translation.override("en"), django_assert_num_queries(0):
        broken = server_error(rf.get("/"))
        damaged = bad_request(rf.get("/"), Exception())
    assert broken.status_code == 500
    assert b"Your points are safe" in broken.content
    assert damaged.status_code == 400
    assert b"We could not read that" in damaged.content


def test_no_link_of_the_frame_leads_nowhere(no_index: None) -> None:
    from tests.factories.vendors import a_cast

    cast = a_cast()
    permission = Permission.objects.get(content_type__app_label="users", codename="staff_access")
    cast.bob.user_permissions.add(permission)
    client = visitor()
    client.force_login(cast.bob)
    page = client.get("/").text
    links = set(re.findall(r'<a [^>]*href="([^"]*)"', page))
    assert "" not in links
    assert {"/staff/", "/portal/", "/sell/", "/wallet/redeem/"} <= links
    for link in sorted(links - {"#content"}):
        assert client.get(link, follow=True).status_code == 200, link
