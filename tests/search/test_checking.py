"""The index is compared with the database and put right; what is right is left alone."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from forked_apps.catalogue.models import Product
from search import checking, services
from search.checking import MENDING_LOCK, compare_index, mend_index, repair_index
from search.tasks import mend_search_index
from tests.factories.catalogue import OfferFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def offers(search_backend: Any) -> list[Any]:
    offers = [OfferFactory(product__title_en=f"Chair {number}") for number in range(7)]
    services.rebuild()
    return offers


def test_an_index_that_is_right_differs_in_nothing(offers: list[Any]) -> None:
    difference = compare_index()
    assert (difference.compared, difference.ids) == (7, [])


def test_what_was_changed_past_the_outbox_is_found_and_put_right(offers: list[Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(checking, "BATCH", 2)
    price, stock, title, hidden, gone = offers[:5]
    type(price).objects.filter(pk=price.pk).update(price=99)
    type(stock).objects.filter(pk=stock.pk).update(num_in_stock=0)
    Product.objects.filter(pk=title.product_id).update(title_en="Stool")
    Product.objects.filter(pk=hidden.product_id).update(is_public=False)
    gone_id = gone.product_id
    gone.product.delete()
    new = OfferFactory(product__title_en="New chair").product_id
    difference = compare_index()
    assert difference.missing == [new]
    assert difference.extra == sorted([hidden.product_id, gone_id])
    assert difference.stale == sorted([price.product_id, stock.product_id, title.product_id])
    assert repair_index(difference) == 6
    assert compare_index().ids == []


def test_a_change_whose_message_was_on_its_way_is_no_difference(offers: list[Any]) -> None:
    changed = offers[0]

    def reindexed_meanwhile(done: int, total: int) -> None:
        services.reindex([changed.product_id])

    type(changed).objects.filter(pk=changed.pk).update(price=99)
    assert compare_index(progress=reindexed_meanwhile).ids == []


def test_the_command_fails_where_something_differs_and_repairs(offers: list[Any]) -> None:
    out = io.StringIO()
    call_command("check_search", stdout=out)
    assert "The index is what the database says." in out.getvalue()
    Product.objects.filter(pk=offers[0].product_id).update(title_en="Stool")
    with pytest.raises(CommandError, match="1 products differ"):
        call_command("check_search", stdout=out)
    call_command("check_search", repair=True, stdout=out)
    assert "Repaired 1 products." in out.getvalue()
    call_command("check_search", stdout=out, verbosity=0)


def test_without_an_index_the_command_says_what_to_do(search_backend: Any) -> None:
    with pytest.raises(CommandError, match="run rebuild_search"):
        call_command("check_search", stdout=io.StringIO())


def test_at_night_what_differs_is_found_and_put_right(offers: list[Any], caplog: Any) -> None:
    assert mend_search_index() == 0
    assert caplog.text == ""
    Product.objects.filter(pk=offers[0].product_id).update(title_en="Stool")
    assert mend_search_index() == 1
    assert "differed in 1 products" in caplog.text
    assert compare_index().ids == []


def test_at_night_a_missing_index_is_left_to_the_next_search(search_backend: Any) -> None:
    assert mend_search_index() == 0


def test_two_do_not_mend_at_once(offers: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    Product.objects.filter(pk=offers[0].product_id).update(title_en="Stool")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MENDING_LOCK])
        assert mend_index() is None
        assert mend_search_index() == 0
        assert len(compare_index().ids) == 1
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MENDING_LOCK])
        assert mend_index() == 1
        # Whoever is done, or fails, keeps nobody out.
        monkeypatch.setattr(checking, "compare_index", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mend_index()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [MENDING_LOCK])
            assert cursor.fetchone() == (True,)
    finally:
        other.close()


def test_products_are_compared_a_batch_at_a_time(offers: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As many documents are made at once as a batch has, however many products there are."""
    monkeypatch.setattr(checking, "BATCH", 3)
    made: list[int] = []
    checksums = checking._checksums

    def noted(products: list[Any]) -> Any:
        made.append(len(products))
        return checksums(products)

    monkeypatch.setattr(checking, "_checksums", noted)
    compare_index()
    assert made == [3, 3, 1]


def test_without_celery_one_command_does_what_is_done_at_night(offers: list[Any]) -> None:
    out = io.StringIO()
    Product.objects.filter(pk=offers[0].product_id).update(title_en="Stool")
    call_command("look_after_search", stdout=out)
    assert out.getvalue() == "0 old counts forgotten, 1 products mended.\n"
