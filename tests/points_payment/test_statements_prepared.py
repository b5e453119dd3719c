"""What moves points is planned once a connection, and otherwise like any statement of Django's."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from points_payment.services.statements import array_of, prepared_cursor
from tests.factories.points import make_customer_with_points, top_up_wallet

pytestmark = pytest.mark.django_db
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s AND generic_plans > 0"


def planned(start: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(PREPARED, [f"{start}%"])
        return cursor.fetchone()[0]


def test_points_are_posted_by_a_statement_that_is_planned_once():
    customer = make_customer_with_points(paid=1)
    for _ in range(3):
        top_up_wallet(customer, 1)
    assert planned("SELECT transfer_id, is_new, stored_hash FROM points_post_transfer")


def test_nothing_else_is_prepared_on_the_connection():
    with prepared_cursor() as cursor:
        cursor.execute("SELECT 1 + %s", [1])
        assert cursor.fetchone() == (2,)
    assert connection.connection.prepare_threshold is None
    with connection.cursor() as cursor:
        for _ in range(10):
            cursor.execute("SELECT 2 + %s", [1])
    assert planned("SELECT 1 +") == 1
    assert planned("SELECT 2 +") == 0


def test_arrays_hold_numbers_words_and_nothing():
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT %s::bigint[], %s::text[], %s::bigint[]",
            [array_of([1, -(2**62), None]), array_of(["customer_paid", "batch"]), array_of([])],
        )
        assert cursor.fetchone() == ([1, -(2**62), None], ["customer_paid", "batch"], [])


def test_its_errors_and_its_queries_are_djangos():
    with CaptureQueriesContext(connection) as queries, prepared_cursor() as cursor:
        cursor.execute("SELECT %s::text", ["seen"])
    assert [query["sql"] for query in queries] == ["SELECT 'seen'::text"]
    with pytest.raises(DatabaseError), transaction.atomic(), prepared_cursor() as cursor:
        cursor.execute("SELECT 1 / %s", [0])
    assert connection.connection.prepare_threshold is None
