"""What staff tell the search is in force at the next search; what would lead people astray is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from search import directory as shop_directory, services
from search.curation import (
    ForeignAddress,
    NothingToDo,
    NoWords,
    TooFewWords,
    UnknownProducts,
    save_rule,
    save_synonym,
)
from search.models import PinnedProduct, QueryRule, Synonym
from tests.factories.catalogue import OfferFactory
from tests.factories.vendors import a_person, a_staff_member

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def shop(search_backend: Any) -> list[Any]:
    titles = ("Wooden chair", "Garden chair", "Zarbool stand", "Laptop stand")
    products = [OfferFactory(product__title_en=title).product for title in titles]
    services.rebuild()
    return products


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def moderator(english: Client) -> Any:
    person = a_staff_member("catalogue-moderator")
    english.force_login(person, backend=BACKEND)
    return person


def found(client: Client, words: str) -> list[str]:
    return [card.title for card in client.get("/search/", {"q": words}).context["listing"].cards]


def synonym(*phrases: str, kind: Synonym.Kind = Synonym.Kind.SAME, active: bool = True) -> Synonym:
    return save_synonym(actor=a_person(), kind=kind, phrases=phrases, note="", is_active=active)


def rule(query: str, *codes: str, redirect_to: str = "", active: bool = True) -> QueryRule:
    return save_rule(
        actor=a_person(), query=query, redirect_to=redirect_to, product_codes=codes, is_active=active
    )


# Synonyms -----------------------------------------------------------------------------------------
def test_synonyms_are_in_force_at_once_and_gone_at_once(shop: Any, english: Client) -> None:
    assert found(english, "perch") == []
    group = synonym("perch", "chair")
    assert set(found(english, "perch")) == {"Wooden chair", "Garden chair"}
    assert set(found(english, "perches")) == {"Wooden chair", "Garden chair"}
    group.delete()
    assert found(english, "perch") == []


def test_a_synonym_may_be_a_phrase(shop: Any, english: Client) -> None:
    synonym("منصة زربول", "zarbool stand")
    assert found(english, "منصة زربول") == ["Zarbool stand"]


def test_a_synonym_that_is_not_in_force_finds_nothing(shop: Any, english: Client) -> None:
    synonym("perch", "chair", active=False)
    assert found(english, "perch") == []


def test_built_in_synonyms_can_be_kept_apart(shop: Any, english: Client) -> None:
    assert "Laptop stand" in found(english, "لابتوب")
    synonym("laptop", "لابتوب", kind=Synonym.Kind.APART)
    vocabulary = shop_directory.current().vocabulary
    assert "laptop" not in vocabulary.same_as(["لابتوب"])
    assert "notebook" in vocabulary.same_as(["لابتوب"])


@pytest.mark.parametrize("phrases", [(), ("chair",), ("chair", "CHAIR"), ("chair", "***")])
def test_one_word_is_no_synonym(phrases: tuple[str, ...]) -> None:
    with pytest.raises(TooFewWords):
        synonym(*phrases)
    assert not Synonym.objects.exists()


# Rules --------------------------------------------------------------------------------------------
def test_pinned_products_stand_first_and_once(shop: Any, english: Client) -> None:
    laptop, garden = shop[3], shop[1]
    rule("Chair", laptop.upc, str(garden.pk))
    assert found(english, "chair") == ["Laptop stand", "Garden chair", "Wooden chair"]
    assert english.get("/search/", {"q": "chair"}).context["listing"].count == 3
    # Only for exactly these words, and only where nothing else was chosen.
    assert found(english, "wooden chair") == ["Wooden chair"]
    narrowed = english.get("/search/", {"q": "chair", "in_stock": "1"}).context["listing"]
    assert "Laptop stand" not in {card.title for card in narrowed.cards}


def test_pages_with_pinned_products_hold_everything_once(search_backend: Any, english: Client) -> None:
    products = [OfferFactory(product__title_en=f"Chair {number}").product for number in range(60)]
    lamp = OfferFactory(product__title_en="Lamp").product
    services.rebuild()
    rule("chair", lamp.upc, products[40].upc, products[3].upc)
    pages = [
        english.get("/search/", {"q": "chair", "page": str(page)}).context["listing"] for page in (1, 2, 3)
    ]
    ids = [card.id for page in pages for card in page.cards]
    assert ids[:3] == [lamp.pk, products[40].pk, products[3].pk]
    assert len(ids) == len(set(ids)) == 61 == pages[0].count


def test_a_pinned_product_that_is_gone_is_left_out(shop: Any, english: Client) -> None:
    gone = shop[3]
    rule("chair", gone.upc)
    pk = gone.pk
    gone.delete()
    services.reindex([pk])
    assert set(found(english, "chair")) == {"Wooden chair", "Garden chair"}


def test_a_redirect_opens_another_page(shop: Any, english: Client) -> None:
    made = rule("points", redirect_to="/help/points/")
    response = english.get("/search/", {"q": " POINTS "})
    assert (response.status_code, response["Location"]) == (302, "/help/points/")
    made.delete()
    assert english.get("/search/", {"q": "points"}).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "help/",
        "/no-such-page/", "/search/?q=points", "\\\\evil", "/\x00/",
    ],
)  # fmt: skip
def test_a_redirect_never_leaves_the_shop(shop: Any, address: str) -> None:
    with pytest.raises(ForeignAddress):
        rule("points", redirect_to=address)
    assert not QueryRule.objects.exists()


def test_what_a_rule_must_say(shop: Any) -> None:
    with pytest.raises(NoWords):
        rule("***", shop[0].upc)
    with pytest.raises(NothingToDo):
        rule("chair")
    with pytest.raises(UnknownProducts) as refused:
        rule("chair", shop[0].upc, "NO-SUCH")
    assert refused.value.codes == ["NO-SUCH"]
    assert not QueryRule.objects.exists()


def test_a_second_rule_for_the_words_takes_the_place_of_the_first(shop: Any) -> None:
    rule("Chair", shop[0].upc)
    rule("chair", shop[1].upc)
    assert list(PinnedProduct.objects.values_list("rule__query", "product_id")) == [("chair", shop[1].pk)]


# Pages --------------------------------------------------------------------------------------------
def test_staff_add_and_delete_synonyms(shop: Any, english: Client, moderator: Any) -> None:
    page = english.post(
        "/staff/search/synonyms/new/",
        {"kind": "same", "words": "perch\nchair", "note": "", "is_active": "on"},
    )
    assert page.status_code == 302
    (group,) = Synonym.objects.all()
    assert (group.phrases, group.changed_by) == (["perch", "chair"], moderator)
    assert "perch" in english.get("/staff/search/synonyms/?q=perch").content.decode()
    english.post(
        f"/staff/search/synonyms/{group.pk}/", {"kind": "same", "words": "perch\nstool", "is_active": "on"}
    )
    group.refresh_from_db()
    assert group.phrases == ["perch", "stool"]
    english.post(f"/staff/search/synonyms/{group.pk}/delete/")
    assert not Synonym.objects.exists()


def test_what_was_typed_stays_when_it_is_refused(shop: Any, english: Client, moderator: Any) -> None:
    page = english.post("/staff/search/synonyms/new/", {"kind": "same", "words": "alone"})
    assert page.status_code == 422
    assert "Write at least two different words." in page.content.decode()
    assert "alone" in page.content.decode()
    for data, words in (
        ({"query": "***", "products": "1"}, "no letter or digit"),
        ({"query": "chair", "redirect_to": "https://evil.example"}, "no page of this shop"),
        ({"query": "chair", "products": "NO-SUCH"}, "Not found: NO-SUCH"),
        ({"query": "chair"}, "Name products or a page"),
    ):
        page = english.post("/staff/search/rules/new/", data)
        assert page.status_code == 422
        assert words in page.content.decode()


def test_staff_change_a_rule_and_its_words(shop: Any, english: Client, moderator: Any) -> None:
    english.post("/staff/search/rules/new/", {"query": "seat", "products": shop[0].upc, "is_active": "on"})
    (made,) = QueryRule.objects.all()
    assert shop[0].upc in english.get(f"/staff/search/rules/{made.pk}/").content.decode()
    english.post(
        f"/staff/search/rules/{made.pk}/", {"query": "seats", "products": shop[1].upc, "is_active": "on"}
    )
    (moved,) = QueryRule.objects.all()
    assert (moved.query, [pin.product_id for pin in moved.pinned.all()]) == ("seats", [shop[1].pk])
    assert "seats" in english.get("/staff/search/rules/").content.decode()
    english.post(f"/staff/search/rules/{moved.pk}/delete/")
    assert not QueryRule.objects.exists()


def test_preview_shows_how_a_query_is_read(shop: Any, english: Client, moderator: Any) -> None:
    rule("chair", shop[3].upc, redirect_to="/help/points/")
    page = english.get("/staff/search/preview/", {"q": 'chair -garden "wooden chair"'}).content.decode()
    assert "کورسی" in page
    assert "Without:" in page
    answer = english.get("/staff/search/preview/", {"q": "chair"})
    assert "/help/points/" in answer.content.decode()
    # As customers see it: what is pinned, then what was found.
    assert [card.title for card in answer.context["pinned"]] == ["Laptop stand"]
    assert {card.title for card in answer.context["cards"]} == {"Wooden chair", "Garden chair"}
    assert english.get("/staff/search/preview/", {"q": "<script>"}).status_code == 200


def test_preview_finds_codes_and_what_was_meant_as_customers_do(
    shop: Any, english: Client, moderator: Any
) -> None:
    answer = english.get("/staff/search/preview/", {"q": shop[3].upc})
    assert [card.id for card in answer.context["cards"]] == [shop[3].pk]
    answer = english.get("/staff/search/preview/", {"q": "labtop"})
    shown = english.get("/search/", {"q": "labtop"}).context["listing"]
    assert (answer.context["count"], answer.context["meant"]) == (shown.count, shown.meant)


def test_overview_shows_what_people_ask_and_open(shop: Any, english: Client, moderator: Any) -> None:
    from search.query_log import flush, note_click, note_search

    note_search(text="flying carpet", language="en", results=0)
    note_search(text="chair", language="en", results=2)
    note_click(text="chair", product_id=shop[0].pk, rank=2)
    flush()
    page = english.get("/staff/search/?days=7").content.decode()
    assert "flying carpet" in page
    assert "2.0" in page
    page = english.get("/staff/search/query/?q=chair").content.decode()
    assert "Wooden chair" in page
