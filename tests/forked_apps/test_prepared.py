"""A prepared queryset finds what the queryset itself finds, whatever it is asked for."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext

from forked_apps.basket.models import LINES, Basket, Line
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import lock_offers
from forked_apps.prepared import PreparedQuery
from tests.factories.orders import make_basket, make_customer, make_offer

pytestmark = pytest.mark.django_db


def dear_ones(price: object, pieces: object) -> QuerySet[StockRecord]:
    found = StockRecord.objects.annotate(worth=F("price") * F("num_in_stock")).select_related("partner")
    return found.filter(price__gte=price, num_in_stock__lt=pieces).order_by("-price")


def test_rows_joins_and_annotations_are_the_queryset_s_own() -> None:
    for price, pieces in ((10, 3), (20, 4), (30, 5)):
        make_offer(price=price, num_in_stock=pieces)
    prepared = PreparedQuery(dear_ones, parameters=2)
    for price, pieces in ((1, 9), (20, 9), (1, 5), (99, 9)):
        with CaptureQueriesContext(connection) as queries:
            found = prepared.fetch(price, pieces)
            shown = [(row.pk, row.price, row.worth, row.partner.name) for row in found]  # type: ignore[attr-defined]
        assert len(queries) == 1
        expected = dear_ones(price, pieces)
        assert shown == [(row.pk, row.price, row.worth, row.partner.name) for row in expected]  # type: ignore[attr-defined]


def test_lines_of_a_basket_come_with_what_they_name_in_one_query() -> None:
    basket = make_basket(make_customer(), [make_offer(), make_offer()])
    make_basket(make_customer(), [make_offer()])
    with CaptureQueriesContext(connection) as queries:
        lines = Basket.objects.get(pk=basket.pk).all_lines()
        assert [line.stockrecord.partner.name and line.product.get_title() for line in lines]
        assert all(line.basket.pk == basket.pk for line in lines)
    assert len(queries) == 2
    assert [line.pk for line in lines] == list(basket.lines.order_by("pk").values_list("pk", flat=True))
    # A text that no basket shows is read when it is asked for.
    assert lines[0].get_deferred_fields() == set()
    assert "description_ar" in lines[0].product.get_deferred_fields()
    assert LINES.fetch(0, 0) == []
    assert isinstance(lines[0], Line)


def test_offers_are_locked_by_id() -> None:
    offers = [make_offer() for _ in range(3)]
    wanted = [offers[2].pk, offers[0].pk]
    assert [offer.pk for offer in lock_offers(wanted)] == sorted(wanted)
    with CaptureQueriesContext(connection) as queries:
        lock_offers(wanted)
    assert "FOR NO KEY UPDATE" in queries[0]["sql"]
