"""What staff tell the search is in force at the next search; what would lead people astray is refused."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from search import curation, directory as shop_directory, services
from search.curation import (
    MOST_PHRASES,
    MOST_PINNED,
    ChangedMeanwhile,
    ForeignAddress,
    LongPhrases,
    NothingToDo,
    NoWords,
    TooFewWords,
    TooManyProducts,
    TooManyWords,
    UnknownProducts,
    save_rule,
    save_synonym,
)
from search.models import PinnedProduct, QueryCount, QueryRule, Synonym
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


def test_phrases_that_would_never_be_looked_for_are_refused() -> None:
    with pytest.raises(LongPhrases) as refused:
        synonym("perch", "wooden garden chair sofa bench")
    assert refused.value.phrases == ["wooden garden chair sofa bench"]
    with pytest.raises(TooManyWords):
        synonym(*(f"word{number}" for number in range(MOST_PHRASES + 1)))
    assert not Synonym.objects.exists()


def test_words_of_staff_are_looked_for_even_where_the_built_in_ones_are_many(shop: Any) -> None:
    built_in = shop_directory.current().vocabulary.same_as(["laptop"])
    assert len(built_in) > 5
    own = [f"zarbool{letter}" for letter in "abcdefgh"]
    synonym("laptop", *own)
    assert set(own) < set(shop_directory.current().vocabulary.same_as(["laptop"]))


def test_groups_that_name_each_other_in_a_circle_end(shop: Any, english: Client) -> None:
    synonym("perch", "roost")
    synonym("roost", "chair")
    synonym("chair", "perch")
    assert set(found(english, "perch")) == {"Wooden chair", "Garden chair"}
    # What two groups away means the same is not the same.
    synonym("zarbool", "hatrack")
    synonym("hatrack", "coatrack")
    assert found(english, "coatrack") == []


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


def test_a_redirected_query_is_counted_as_one_that_found_something(shop: Any, english: Client) -> None:
    from search.query_log import flush

    flush()
    rule("points", redirect_to="/help/points/")
    english.get("/search/", {"q": "points"})
    flush()
    counted = QueryCount.objects.get(query="points")
    assert (counted.searches, counted.without_results) == (1, 0)


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
        "/no-such-page/", "/search/?q=points", "\\\\evil", "/\x00/", "//[", "http://[::1",
        "/\t/evil.example/", "/search/suggest/?q=points", "/search/click/", "/search/saved/",
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


def test_a_second_rule_for_the_words_takes_the_place_of_the_first_when_that_was_seen(shop: Any) -> None:
    first = rule("Chair", shop[0].upc)
    with pytest.raises(ChangedMeanwhile) as refused:
        rule("chair", shop[1].upc)
    assert refused.value.found == first
    assert list(PinnedProduct.objects.values_list("product_id", flat=True)) == [shop[0].pk]
    save_rule(
        actor=a_person(), query="chair", redirect_to="", product_codes=[shop[1].upc], is_active=True,
        seen_at=first.changed_at,
    )  # fmt: skip
    assert list(PinnedProduct.objects.values_list("rule__query", "product_id")) == [("chair", shop[1].pk)]


def test_more_products_than_can_stand_first_are_refused(shop: Any) -> None:
    with pytest.raises(TooManyProducts) as refused:
        rule("chair", *(f"CODE-{number}" for number in range(MOST_PINNED + 1)))
    assert refused.value.most == MOST_PINNED
    assert not QueryRule.objects.exists()
    # One product many times is one.
    assert rule("chair", *[shop[0].upc] * 30).pinned.count() == 1


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
        f"/staff/search/synonyms/{group.pk}/",
        {
            "kind": "same",
            "words": "perch\nstool",
            "is_active": "on",
            "seen_at": group.changed_at.isoformat(),
        },
    )
    group.refresh_from_db()
    assert group.phrases == ["perch", "stool"]
    asked = english.get(f"/staff/search/synonyms/{group.pk}/delete/").content.decode()
    assert "\u2068perch\u2069 · \u2068stool\u2069" in asked
    assert Synonym.objects.exists()
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
        ({"query": "chair", "redirect_to": "//["}, "no page of this shop"),
        ({"query": "chair", "products": "\n".join(map(str, range(20)))}, "At most 12 products"),
    ):
        page = english.post("/staff/search/rules/new/", data)
        assert page.status_code == 422
        assert words in page.content.decode()


@pytest.mark.parametrize("address", ["new/", "preview/"])
def test_phrases_that_are_refused_are_named(shop: Any, english: Client, moderator: Any, address: str) -> None:
    many = "\n".join(f"word{number}" for number in range(MOST_PHRASES + 1))
    for words, told in (
        ("perch\nwooden garden chair sofa bench", "never be found: wooden garden chair sofa bench"),
        (many, f"Write at most {MOST_PHRASES} words or phrases."),
        ("alone", "Write at least two different words."),
        ("", "This field is required."),
    ):
        page = english.post(f"/staff/search/synonyms/{address}", {"kind": "same", "words": words})
        assert (page.status_code, told in page.content.decode()) == (422, True), words
    page = english.post("/staff/search/rules/preview/", {"query": "\x00", "products": "1"})
    assert page.status_code == 422
    assert not Synonym.objects.exists()


def test_staff_change_a_rule_and_its_words(shop: Any, english: Client, moderator: Any) -> None:
    english.post("/staff/search/rules/new/", {"query": "seat", "products": shop[0].upc, "is_active": "on"})
    (made,) = QueryRule.objects.all()
    assert shop[0].upc in english.get(f"/staff/search/rules/{made.pk}/").content.decode()
    english.post(
        f"/staff/search/rules/{made.pk}/",
        {
            "query": "seats",
            "products": shop[1].upc,
            "is_active": "on",
            "seen_at": made.changed_at.isoformat(),
        },
    )
    (moved,) = QueryRule.objects.all()
    assert (moved.query, [pin.product_id for pin in moved.pinned.all()]) == ("seats", [shop[1].pk])
    assert "seats" in english.get("/staff/search/rules/").content.decode()
    asked = english.get(f"/staff/search/rules/{moved.pk}/delete/").content.decode()
    assert "\u2068seats\u2069: \u2068Garden chair\u2069" in asked
    assert QueryRule.objects.exists()
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


def test_of_two_first_rules_for_the_same_words_at_once_one_is_told(shop: Any, monkeypatch: Any) -> None:
    first = rule("chair", shop[0].upc)
    # The other had looked before the first was there.
    monkeypatch.setattr(curation, "_rule_to_replace", lambda **_: QueryRule())
    with pytest.raises(ChangedMeanwhile) as refused:
        rule("chair", shop[1].upc)
    assert refused.value.found == first
    assert list(PinnedProduct.objects.values_list("product_id", flat=True)) == [shop[0].pk]


def test_all_queries_without_results_can_be_reached(shop: Any, english: Client, moderator: Any) -> None:
    from search.query_log import flush, note_search

    for number in range(30):
        note_search(text=f"carpet {chr(97 + number % 26) * 3} {number}", language="en", results=0)
    flush()
    found = [
        row["query"]
        for page in (1, 2)
        for row in english.get(f"/staff/search/?days=7&page={page}").context["page"]
    ]
    assert len(found) == len(set(found)) == 30


# Before it is saved -------------------------------------------------------------------------------
def test_staff_see_what_a_rule_would_do_before_it_is_saved(
    shop: Any, english: Client, moderator: Any
) -> None:
    facts = {"query": "chair", "products": shop[3].upc, "redirect_to": "/help/points/"}
    answer = english.post("/staff/search/rules/preview/", facts)
    assert answer.status_code == 200
    assert [card.title for card in answer.context["pinned"]] == ["Laptop stand"]
    assert {card.title for card in answer.context["cards"]} == {"Wooden chair", "Garden chair"}
    page = answer.content.decode()
    assert "People go to /help/points/ instead." in page
    assert f">\n{shop[3].upc}</textarea>" in page
    assert not QueryRule.objects.exists()
    assert "Laptop stand" not in found(english, "chair")
    refused = english.post("/staff/search/rules/preview/", {**facts, "products": "NO-SUCH", "pk": "x"})
    assert (refused.status_code, "text" in refused.context) == (422, False)
    assert english.get("/staff/search/rules/preview/").status_code == 405


def test_staff_see_what_synonyms_would_find_before_they_are_saved(
    shop: Any, english: Client, moderator: Any
) -> None:
    facts = {"kind": "same", "words": "perch\nchair", "is_active": "on"}
    answer = english.post("/staff/search/synonyms/preview/", facts)
    assert answer.context["compared"] == [
        {"phrase": "perch", "now": 0, "then": 2},
        {"phrase": "chair", "now": 2, "then": 2},
    ]
    assert {card.title for card in answer.context["cards"]} == {"Wooden chair", "Garden chair"}
    assert not Synonym.objects.exists()
    assert found(english, "perch") == []
    # A group that is changed is counted without its old words.
    group = synonym("perch", "chair")
    answer = english.post(
        "/staff/search/synonyms/preview/", {**facts, "words": "perch\nzarbool", "pk": str(group.pk)}
    )
    assert answer.context["compared"][0] == {"phrase": "perch", "now": 2, "then": 1}
    assert english.post("/staff/search/synonyms/preview/", {**facts, "words": "perch"}).status_code == 422


def test_what_somebody_else_saved_meanwhile_is_not_written_over_unseen(
    shop: Any, english: Client, moderator: Any
) -> None:
    group = synonym("perch", "chair")
    opened = english.get(f"/staff/search/synonyms/{group.pk}/").content.decode()
    seen = group.changed_at.isoformat()
    assert f'value="{seen}"' in opened
    save_synonym(
        actor=a_person("Bob"), kind=Synonym.Kind.SAME, phrases=["perch", "stool"], note="",
        is_active=True, pk=group.pk, seen_at=group.changed_at,
    )  # fmt: skip
    mine = {"kind": "same", "words": "perch\nsofa", "is_active": "on", "seen_at": seen}
    answer = english.post(f"/staff/search/synonyms/{group.pk}/", mine)
    assert answer.status_code == 422
    assert "Bob has saved this meanwhile: \u2068perch\u2069 · \u2068stool\u2069." in answer.content.decode()
    assert "sofa" in answer.content.decode()
    group.refresh_from_db()
    assert group.phrases == ["perch", "stool"]
    # Who saves again has seen it.
    again = {**mine, "seen_at": answer.context["form"]["seen_at"].value()}
    assert english.post(f"/staff/search/synonyms/{group.pk}/", again).status_code == 302
    group.refresh_from_db()
    assert group.phrases == ["perch", "sofa"]


def test_a_rule_that_would_take_anothers_words_says_so_first(
    shop: Any, english: Client, moderator: Any
) -> None:
    rule("seat", shop[0].upc)
    stool = rule("stool", shop[1].upc)
    facts = {"query": "seat", "products": shop[2].upc, "is_active": "on"}
    moving = {**facts, "seen_at": stool.changed_at.isoformat()}
    for address, sent in (("new/", facts), (f"{stool.pk}/", moving), ("new/", {**facts, "seen_at": "x"})):
        answer = english.post(f"/staff/search/rules/{address}", sent)
        assert answer.status_code == 422
        assert "\u2068seat\u2069: \u2068Wooden chair\u2069" in answer.content.decode()
    assert QueryRule.objects.count() == 2
    again = {**moving, "seen_at": answer.context["form"]["seen_at"].value()}
    assert english.post(f"/staff/search/rules/{stool.pk}/", again).status_code == 302
    assert list(PinnedProduct.objects.values_list("rule__query", "product_id")) == [("seat", shop[2].pk)]


def test_a_page_about_no_words_leads_to_all_queries(english: Client, moderator: Any) -> None:
    for words in ("", "***"):
        answer = english.get("/staff/search/query/", {"q": words})
        assert (answer.status_code, answer["Location"]) == (302, "/staff/search/")


@pytest.mark.parametrize(
    "path", ["", "synonyms/", "synonyms/?q=word", "rules/", "query/?q=chair", "?days=90", "synonyms/?page=x"]
)
def test_staffs_lists_cost_no_more_with_more_rows(
    shop: Any, english: Client, moderator: Any, django_assert_max_num_queries: Any, path: str
) -> None:
    from search.query_log import flush, note_click, note_search

    def add_rows(first: int, last: int) -> None:
        for number in range(first, last):
            synonym(f"word{number}", f"other{number}")
            rule(f"query{number}", shop[number % 4].upc, shop[(number + 1) % 4].upc)
            note_search(text=f"carpet {number}", language="en", results=number % 2)
            note_click(text="chair", product_id=shop[number % 4].pk, rank=1 + number)
            note_click(text=f"carpet {number}", product_id=shop[0].pk, rank=1)
        flush()

    add_rows(0, 2)
    english.get(f"/staff/search/{path}")
    with django_assert_max_num_queries(30) as few:
        assert english.get(f"/staff/search/{path}").status_code == 200
    add_rows(2, 12)
    english.get(f"/staff/search/{path}")
    with django_assert_max_num_queries(30) as many:
        assert english.get(f"/staff/search/{path}").status_code == 200
    assert len(many) == len(few)


@pytest.mark.parametrize("path", ["preview/", "query/", "synonyms/", "synonyms/new/", "rules/new/", ""])
def test_no_address_breaks_a_page_of_staff(shop: Any, english: Client, moderator: Any, path: str) -> None:
    for query in (
        "q=%00", "q=%FF%FE", "q=" + "x" * 3000, "q=%22", "q=%E2%80%AE", "page=-1", "page=x", "days=x",
        "words=%00%FF", "words=" + "y" * 4000, "q=***", "q=(((", "days=%D9%A7",
    ):  # fmt: skip
        assert english.get(f"/staff/search/{path}?{query}").status_code in {200, 302, 422}, query


def test_a_rule_is_not_for_a_search_without_one_of_its_words(
    shop: Any, english: Client, moderator: Any
) -> None:
    rule("chair garden", shop[3].upc)
    rule("chair wooden", redirect_to="/help/points/")
    assert found(english, "chair garden")[0] == "Laptop stand"
    assert found(english, "chair -garden") == ["Wooden chair"]
    assert found(english, "chair -wooden") == ["Garden chair"]
    assert english.get("/search/?q=chair+wooden").status_code == 302
    previewed = english.get("/staff/search/preview/", {"q": "chair -garden"})
    assert (previewed.context["in_force"], previewed.context["pinned"]) == (None, [])
    # A hyphen within a word says nothing of the kind.
    assert found(english, "chair-garden")[0] == "Laptop stand"


def test_who_pins_for_words_that_have_a_rule_gets_that_rule(
    shop: Any, english: Client, moderator: Any
) -> None:
    made = rule("Garden chair", shop[1].upc)
    answer = english.get("/staff/search/rules/new/", {"q": "garden  CHAIR"})
    assert (answer.status_code, answer["Location"]) == (302, f"/staff/search/rules/{made.pk}/")
    assert english.get("/staff/search/rules/new/", {"q": "garden"}).status_code == 200


def test_a_rule_that_is_saved_as_it_stands_stays_as_it_was(
    shop: Any, english: Client, moderator: Any
) -> None:
    """A product without a barcode is named by its number, which may be somebody's SKU."""
    plain = OfferFactory(product__title_en="Plain chair", product__upc=None).product
    OfferFactory(product__title_en="Other chair", partner_sku=str(plain.pk))
    made = rule("chair", f"#{plain.pk}")
    page = english.get(f"/staff/search/rules/{made.pk}/")
    shown = page.context["form"].initial
    answer = english.post(f"/staff/search/rules/{made.pk}/", {**shown, "is_active": "on"})
    assert answer.status_code == 302
    assert [pin.product_id for pin in made.pinned.all()] == [plain.pk]
    with pytest.raises(UnknownProducts):
        rule("seat", "#", f"#{plain.pk}9")


def test_what_a_preview_shows_is_what_is_so_once_it_is_saved(
    shop: Any, english: Client, moderator: Any
) -> None:
    """Groups that share words, are part of each other, and are edited in the middle of others."""
    groups = [
        synonym("perch", "perch stand"),
        synonym("perch", *(f"seat {number}" for number in range(MOST_PHRASES - 1))),
        synonym("perch stand", "perch stand chair", "chair"),
    ]
    for group in groups:
        group.refresh_from_db()
        then = curation.with_synonyms(
            shop_directory.current(), kind=Synonym.Kind.SAME, phrases=["perch", "stool", "perch stool"],
            pk=group.pk,
        )  # fmt: skip
        save_synonym(
            actor=a_person(), kind=Synonym.Kind.SAME, phrases=["perch", "stool", "perch stool"], note="",
            is_active=True, pk=group.pk, seen_at=group.changed_at,
        )  # fmt: skip
        now = shop_directory.current()
        for words in ("perch", "stool", "perch stand", "perch stool", "seat 3", "perch stand chair", "chair"):
            assert then.understand(words) == now.understand(words)
            assert found(english, words) is not None


def test_what_somebody_else_deleted_meanwhile_is_not_lost_to_who_edits_it(
    shop: Any, english: Client, moderator: Any
) -> None:
    group, made = synonym("perch", "chair"), rule("seat", shop[0].upc)
    group_seen, rule_seen = group.changed_at.isoformat(), made.changed_at.isoformat()
    cases: list[tuple[str, int, dict[str, str], type[Any]]] = [
        ("synonyms", group.pk, {"kind": "same", "words": "perch\nsofa", "seen_at": group_seen}, Synonym),
        ("rules", made.pk, {"query": "sofa", "products": shop[1].upc, "seen_at": rule_seen}, QueryRule),
    ]
    for kind, pk, mine, model in cases:
        model.objects.all().delete()
        answer = english.post(f"/staff/search/{kind}/{pk}/", mine)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Somebody has deleted this meanwhile." in page
        assert "sofa" in page
        assert f'action="/staff/search/{kind}/new/"' in page
        assert not model.objects.exists()
        assert english.post(f"/staff/search/{kind}/new/", mine).status_code == 302
        assert model.objects.count() == 1
        assert english.get(f"/staff/search/{kind}/{pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_the_first_rule_for_words_at_once_one_is_told(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By two connections: both have looked, and found none, before one of them saves."""
    both, outcomes, look = Barrier(2, timeout=20), [], curation._rule_to_replace

    def look_together(**facts: Any) -> QueryRule:
        found = look(**facts)
        both.wait()
        return found

    def write(actor: Any, code: str) -> None:
        try:
            save_rule(actor=actor, query="seat", redirect_to="", product_codes=[code], is_active=True)
            outcomes.append("saved")
        except ChangedMeanwhile as error:
            outcomes.append(f"told of {error.found.query}")
        finally:
            connection.close()

    monkeypatch.setattr(curation, "_rule_to_replace", look_together)
    writers = [
        Thread(target=write, args=(a_person(name), product.upc))
        for name, product in zip(("Alice", "Bob"), shop, strict=False)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(outcomes) == ["saved", "told of seat"]
    assert QueryRule.objects.count() == PinnedProduct.objects.count() == 1
