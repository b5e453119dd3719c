"""Statements that every movement of points sends: parsed and planned once a connection, not every time.

Django fills parameters into the text, so that the server parses and plans each statement anew; and it plans
whatever takes arrays again even when it is prepared, and within functions too, since it guesses their
length. Both together were a third of the time that it took to move points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

#: Of prepared statements and of functions in PL/pgSQL; what Django sends itself is neither.
PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"


def plan_once(connection: BaseDatabaseWrapper, **signal: Any) -> None:
    """Set a new connection up, before anything begins on it."""
    with connection.cursor() as cursor:
        cursor.execute(PLAN_ONCE)


def array_of(values: Iterable[int | str | None]) -> str:
    """An array's text: numbers and words of our own, which need no quotes.

    As a list each length of number would be another type, and so another statement to be planned.
    """
    inner = ",".join("NULL" if value is None else str(value) for value in values)
    return f"{{{inner}}}"


class _PreparingCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        # Django switches preparing off for its whole connection, whose other statements differ each time.
        self.connection.prepare_threshold, before = 0, self.connection.prepare_threshold
        try:
            return super().execute(query, params, **{**options, "prepare": True})
        finally:
            self.connection.prepare_threshold = before


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """A cursor for statements whose text never changes, whatever their parameters.

    A pooler that gives each transaction another connection has to follow prepared statements (PgBouncer
    does from 1.21 on). Where queries are logged it is an ordinary cursor, which knows their whole text.
    """
    if connection.queries_logged:
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    with connection.make_cursor(_PreparingCursor(connection.connection)) as cursor:  # type: ignore[arg-type]
        yield cursor
