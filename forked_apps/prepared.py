"""Querysets that every order reads: compiled once a process, planned once a connection.

Django compiles a queryset anew each time, and the server plans it anew: for the lines of a basket with their
products, offers and vendors both together take several times as long as reading them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from points_payment.services.statements import prepared_cursor

M = TypeVar("M", bound=Model)
#: Stand for the parameters while the statement is compiled: near the end of what any column of numbers holds.
FIRST_MARKER = 2_147_215_033


class PreparedQuery(Generic[M]):
    """``build`` makes the queryset of its parameters, which have to stand in it as they are.

    With joins and annotations, without ``prefetch_related``. A list is one parameter: ``ANY(%s)``.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], *, parameters: int) -> None:
        self._build = build
        self._markers = [FIRST_MARKER - number for number in range(parameters)]

    def fetch(self, *parameters: Any) -> list[M]:
        """The rows for these parameters, read now."""
        values = dict(zip(self._markers, parameters, strict=True))
        compiler, sql, compiled = self._compiled
        with prepared_cursor() as cursor:
            cursor.execute(sql, [values.get(value, value) for value in compiled])
            found = cursor.fetchall()
        return [self._row(row) for row in compiler.apply_converters(found, self._converters)]

    @cached_property
    def _compiled(self) -> tuple[Any, str, tuple[Any, ...]]:
        compiler = self._build(*self._markers).query.get_compiler(connection=connection)
        sql, compiled = compiler.as_sql()
        return compiler, sql, compiled

    @cached_property
    def _converters(self) -> Any:
        # As SQLCompiler.results_iter asks for them, each time.
        compiler = self._compiled[0]
        return compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])

    @cached_property
    def _columns(self) -> tuple[type[M], slice, list[str], list[Any]]:
        """Which columns of a row are the model's, and what fills the rows that it refers to."""
        compiler = self._compiled[0]
        fields, own = compiler.klass_info["select_fields"], compiler.klass_info
        names = [compiler.select[place][0].target.attname for place in fields]
        # The stubs are those of a later Django.
        related = get_related_populators(own, compiler.select, connection.alias)  # type: ignore[call-arg]
        return own["model"], slice(fields[0], fields[-1] + 1), names, related

    def _row(self, row: Any) -> M:
        # As django.db.models.query.ModelIterable does it.
        model, own, names, related = self._columns
        one = model.from_db(connection.alias, names, row[own])
        for populator in related:
            populator.populate(row, one)
        for name, place in self._compiled[0].annotation_col_map.items():
            setattr(one, name, row[place])
        return one
