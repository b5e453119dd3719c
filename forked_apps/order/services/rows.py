"""Rows of several tables in one statement, for what is written often: round trips cost more than rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model

from points_payment.services.statements import prepared_cursor

#: Lengths and digits of a column's type; the table sees to them.
SIZE = re.compile(r"\([^)]*\)")


def insert_together(*sets: Sequence[Model]) -> None:
    """Write unsaved rows, each set of one model; rows may refer to others of them. They know their keys then.

    Two statements, however many rows: keys are drawn first, so that rows can name each other's. Both are
    planned once a connection. No ``save()`` and no signal, as with ``bulk_create``.
    """
    filled = [rows for rows in sets if rows]
    for rows, keys in zip(filled, _draw_keys(filled), strict=True):
        for row, key in zip(rows, keys, strict=True):
            row.pk = key
    columns = [column for rows in filled for column in _columns_of(rows)]
    with prepared_cursor() as cursor:
        cursor.execute(_insert_of(tuple(type(rows[0]) for rows in filled)), columns)
    for rows in filled:
        for row in rows:
            row._state.adding, row._state.db = False, connection.alias


def _draw_keys(sets: Sequence[Sequence[Model]]) -> list[list[int]]:
    """As many keys of each set's table as it has rows."""
    draws, wanted = [], []
    for number, rows in enumerate(sets):
        draws.append(
            f"SELECT {number}, nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"  # noqa: S608 - a number
        )
        meta = type(rows[0])._meta
        wanted += [meta.db_table, meta.pk.column, len(rows)]
    keys: list[list[int]] = [[] for _ in sets]
    with prepared_cursor() as cursor:
        cursor.execute(" UNION ALL ".join(draws), wanted)
        for number, key in cursor.fetchall():
            keys[number].append(key)
    return keys


@cache
def _insert_of(models: tuple[type[Model], ...]) -> str:
    """An INSERT for each, all in one statement, with one array for each column.

    As words, whatever the column holds: numbers of other lengths would be another statement to be planned.
    """
    quote, inserts = connection.ops.quote_name, []
    for number, model in enumerate(models):
        fields = _fields_of(model)
        names = ", ".join(quote(str(field.column)) for field in fields)
        types = [SIZE.sub("", field.db_type(connection) or "") for field in fields]
        arrays = ", ".join(f"%s::text[]::{column_type}[]" for column_type in types)
        inserts.append(
            f"s{number} AS (INSERT INTO {quote(model._meta.db_table)} ({names})"  # noqa: S608 - of models
            f" SELECT * FROM unnest({arrays}))"
        )
    return f"WITH {', '.join(inserts)} SELECT 1"


@cache
def _fields_of(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.generated]


def _columns_of(rows: Sequence[Model]) -> list[list[str | None]]:
    for row in rows:
        # Those that refer to rows of another set learn their keys here.
        row._prepare_related_fields_for_save(operation_name="insert_together")  # type: ignore[attr-defined]
    # The connection itself: what stands for it would look it up anew for every value.
    used = connections[DEFAULT_DB_ALIAS]
    return [[_word(field, row, used) for row in rows] for field in _fields_of(type(rows[0]))]


def _word(field: Field[Any, Any], row: Model, used: BaseDatabaseWrapper) -> str | None:
    value = field.get_db_prep_save(field.pre_save(row, add=True), used)
    return None if value is None else str(value)
