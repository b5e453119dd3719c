"""What is counted of searches, and what never is."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from points_payment.codes import crockford_check, in_groups
from search import query_log, services
from search.models import ClickCount, QueryCount
from search.query_log import (
    KEEP_DAYS,
    flush,
    is_personal,
    known_as,
    may_be_card,
    note_click,
    note_search,
)
from search.tasks import forget_old_searches
from tests.factories.catalogue import OfferFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_waits() -> Any:
    query_log._searches.clear()
    query_log._clicks.clear()
    yield
    query_log._searches.clear()
    query_log._clicks.clear()


def counts() -> dict[str, tuple[int, int, int]]:
    return {row.query: (row.searches, row.without_results, row.results) for row in QueryCount.objects.all()}


def test_spellings_of_a_query_are_one() -> None:
    assert known_as("  الأجهزة، المَنزليّة! ") == "الاجهزة المنزلية"
    assert known_as("Samsung  GALAXY") == "samsung galaxy"
    assert known_as("***") == ""


CARDS = [
    "123456789012345678", "1234 5678 9012 3456", "1234-5678-9012-3456", "123.456.789.012.345.678",
    "1234/5678/9012/3456", "1234–5678–9012–3456", "1234_5678_9012_3456", "1234, 5678, 9012, 3456",
    "1234•5678•9012•3456", "١٢٣٤ ٥٦٧٨ ٩٠١٢ ٣٤٥٦", "۱۲۳۴-۵۶۷۸-۹۰۱۲-۳۴۵۶", "1234\u200e5678\u200f9012\u00a03456",
    "\uff11\uff12\uff13\uff14 5678 9012 3456", "1234\n5678\t9012 3456",
    "card 123 456 789 012 345 678 901 234", "كارت:١٢٣٤|٥٦٧٨|٩٠١٢|٣٤٥٦؟", "1234²5678⁹0123456",
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "a@b.iq", "a＠b.iq", "0770 123 4567", "٠٧٧٠١٢٣٤٥٦٧", "+964-770-1234567", "(0770)123/4567",
        "٠٧٧٠/١٢٣/٤٥٦٧", "۰۷۷۰–۱۲۳–۴۵۶۷", "ali 0770_123_4567", *CARDS,
    ],
    ids=ascii,
)  # fmt: skip
def test_what_may_be_somebodys_is_not_counted(text: str) -> None:
    assert is_personal(text)
    note_search(text=text, language="ar", results=0)
    note_click(text=text, product_id=1, rank=1)
    assert flush() == 0


@pytest.mark.parametrize("text", CARDS, ids=ascii)
def test_codes_of_digits_are_known_however_they_are_typed(text: str) -> None:
    assert may_be_card(text)


@pytest.mark.parametrize("written", ["{}", "card {} please", "بطاقة {}"])
def test_codes_with_letters_are_not_counted(written: str) -> None:
    code = "7K3M9QWXZ2B4CDE"
    code += crockford_check(code)
    for typed in (code, in_groups(code), in_groups(code).lower(), in_groups(code).replace(" ", "-")):
        assert is_personal(written.format(typed))
        assert may_be_card(written.format(typed))


@pytest.mark.parametrize(
    "text",
    ["iphone 15 pro max 256", "samsung s24", "15.6 inch", "1920x1080 monitor", "طاولة ١٢٠", "sm-s928b 512gb"],
)
def test_what_people_look_for_is_nobodys(text: str) -> None:
    assert not is_personal(text)
    assert not may_be_card(text)


@pytest.mark.parametrize("text", ["6281000000012", "0770 123 4567"])
def test_barcodes_and_phones_are_no_cards(text: str) -> None:
    assert is_personal(text)
    assert not may_be_card(text)


def test_counts_add_up_over_processes_and_flushes() -> None:
    for results in (3, 0, 5):
        note_search(text="Chair", language="en", results=results)
    assert QueryCount.objects.count() == 0
    assert flush() == 1
    note_search(text="chair", language="en", results=7)
    flush()
    assert counts() == {"chair": (4, 1, 7)}
    assert flush() == 0


def test_clicks_add_up_by_place() -> None:
    for rank in (1, 1, 3, 0, -1, 10_000):
        note_click(text="chair", product_id=5, rank=rank)
    flush()
    note_click(text="chair", product_id=5, rank=3)
    flush()
    found = ClickCount.objects.values_list("rank", "clicks")
    assert dict(found) == {1: 2, 3: 2}


def test_nobody_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_log, "MOST_WAITING", 3)
    for number in range(10):
        note_search(text=f"word{number}x", language="en", results=1)
        note_click(text=f"word{number}x", product_id=1, rank=1)
    note_search(text="word0x", language="en", results=1)
    assert flush() == 6
    assert QueryCount.objects.get(query="word0x").searches == 2


def test_a_page_counts_its_search_once_and_asks_the_database_nothing_for_it(
    search_backend: Any, client: Client, django_assert_max_num_queries: Any
) -> None:
    OfferFactory(product__title_en="Chair")
    services.rebuild()
    client.get("/search/", {"q": "chair"})
    with django_assert_max_num_queries(6):
        client.get("/search/", {"q": "chair"})
    client.get("/search/", {"q": "chair", "in_stock": "1"})
    client.get("/search/", {"q": "chair", "page": "2"})
    client.get("/search/", {"q": "nothing-like-it"})
    assert QueryCount.objects.count() == 0
    flush()
    assert counts()["chair"] == (3, 0, 1) or counts()["chair"] == (2, 0, 1)
    assert counts()["nothing like it"] == (1, 1, 0)


def test_a_click_is_sent_by_the_page(client: Client) -> None:
    for data in (
        {"q": "chair", "product": "5", "rank": "2"}, {"q": "chair", "product": "x", "rank": "2"},
        {"q": "chair", "product": "5", "rank": "٣"}, {"q": "", "product": "5", "rank": "2"}, {},
    ):  # fmt: skip
        assert client.post("/search/click/", data).status_code == 204
    flush()
    assert list(ClickCount.objects.values_list("query", "product_id", "rank", "clicks")) == [
        ("chair", 5, 2, 1)
    ]
    assert client.get("/search/click/").status_code == 405


def test_old_counts_are_forgotten() -> None:
    today = timezone.localdate()
    for days in (0, KEEP_DAYS, KEEP_DAYS + 1):
        day = today - timedelta(days=days)
        QueryCount.objects.create(day=day, language="en", query="chair", shown="chair", searches=1)
        ClickCount.objects.create(day=day, query="chair", product_id=1, rank=1, clicks=1)
    assert forget_old_searches() == 2
    assert QueryCount.objects.count() == ClickCount.objects.count() == 2
    assert forget_old_searches() == 0


def test_nothing_names_a_person() -> None:
    names = {field.name for model in (QueryCount, ClickCount) for field in model._meta.get_fields()}
    assert not names & {"user", "session", "address", "ip", "person"}


def test_a_database_that_is_away_stops_no_counting(settings: Any, monkeypatch: Any, caplog: Any) -> None:
    settings.SEARCH_LOG_SECONDS = 0.01
    tries = []

    def fail_once() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("away")
        query_log._stopped.set()
        return 0

    monkeypatch.setattr(query_log, "flush", fail_once)
    thread = threading.Thread(target=query_log._run)
    try:
        thread.start()
        thread.join(10)
        assert len(tries) == 2
        assert "could not be counted: OperationalError" in caplog.text
    finally:
        query_log._stopped.set()
        thread.join(10)
        query_log._stopped.clear()


@pytest.mark.django_db(transaction=True)
def test_the_thread_writes_what_was_counted(settings: Any) -> None:
    settings.SEARCH_LOG_SECONDS = 0.05
    written = threading.Event()
    try:
        note_search(text="chair", language="en", results=1)
        for _ in range(100):
            if QueryCount.objects.exists():
                break
            written.wait(0.05)
        assert counts() == {"chair": (1, 0, 1)}
    finally:
        query_log._stopped.set()
        thread = query_log._thread
        if thread is not None:
            thread.join(10)
        query_log._stopped.clear()
        query_log._thread = None
