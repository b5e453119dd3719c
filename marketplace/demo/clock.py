"""Let the demo have a past: what services do while the clock is set back happened then.

Nothing is dated afterwards. The services write their rows as ever, digests and triggers included, and ask a clock
that is slow: Python's, the defaults of columns, and ``now()``, which the ledger's functions look up like any other.
All of it is one transaction, which sets the clock right again before anyone else can look at it.
"""

from __future__ import annotations

import datetime as real
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.db import connection, transaction
from django.utils import timezone

from marketplace.demo.guard import require_demo

SCHEMA = "demo_clock"
BEHIND = f"current_setting('{SCHEMA}.behind')::interval"
CLOCK = f"""
    CREATE SCHEMA {SCHEMA};
    CREATE FUNCTION {SCHEMA}.now() RETURNS timestamptz STABLE LANGUAGE sql
        RETURN pg_catalog.now() - {BEHIND};
"""
#: ``db_default=Now()`` of every model.
DATED_COLUMNS = """
    SELECT attrelid::regclass::text, quote_ident(attname)
      FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
     WHERE pg_get_expr(adbin, adrelid) = 'statement_timestamp()'
"""


class SlowClock:
    """How far behind everything is just now; it can be moved on, as days went by then."""

    def __init__(self) -> None:
        self._behind = real.timedelta()

    def set_to(self, moment: real.datetime) -> None:
        self._behind = real.datetime.now(tz=real.UTC) - moment
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT set_config('{SCHEMA}.behind', %s, true)", [str(self._behind)])

    def now(self, tz: real.tzinfo | None = None) -> real.datetime:
        return real.datetime.now(tz) - self._behind


@contextmanager
def clock_set_back(moment: real.datetime) -> Iterator[SlowClock]:
    """Within, it is this moment, or whatever the clock is set to later.

    Raises:
        SettingsError: this is no demo.
    """
    require_demo()
    clock = SlowClock()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(DATED_COLUMNS)
        dated = cursor.fetchall()
        cursor.execute("SELECT current_setting('search_path')")
        [search_path] = cursor.fetchone()
        clock.set_to(moment)
        cursor.execute(CLOCK)
        _set_defaults(dated, f"statement_timestamp() - {BEHIND}")
        cursor.execute("SELECT set_config('search_path', %s, true)", [f"{SCHEMA}, pg_catalog, {search_path}"])
        # Fields keep ``timezone.now`` itself as their default, so it is what that asks which is replaced.
        with mock.patch.object(timezone, "datetime", clock):
            yield clock
        cursor.execute("SELECT set_config('search_path', %s, true)", [search_path])
        _set_defaults(dated, "statement_timestamp()")
        cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _set_defaults(dated: list[tuple[str, str]], default: str) -> None:
    with connection.cursor() as cursor:
        # No table can be altered as long as a check of its rows is outstanding.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, column in dated:
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}")
