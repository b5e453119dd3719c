"""What guards the books in the database itself: every trigger, constraint, unique index and function of ours
exists, is enabled, and is what the migrations made.

``guards.json`` beside this file is the list, written by ``manage.py list_guards --write`` from a freshly
migrated database; a test fails when a migration changed the guards and the list was not written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import Check, Finding, register_check

SLUG = "guards"
EXPECTED = Path(__file__).with_name("guards.json")
MISSING = "nothing"

#: What each is called in a finding, and what it is. The schema's name and the spaces are not of interest.
GUARDS = r"""
SELECT 'trigger ' || t.tgname || ' on ' || c.relname,
       pg_get_triggerdef(t.oid) || CASE WHEN t.tgenabled IN ('O', 'A') THEN '' ELSE ' (disabled)' END
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
  AND (starts_with(c.relname, 'points_payment_') OR starts_with(t.tgname, 'points_'))
UNION ALL
SELECT 'constraint ' || k.conname || ' on ' || c.relname,
       pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' (not valid)' END
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND starts_with(c.relname, 'points_payment_')
  -- Names of foreign keys are made of hashes and differ from no one's but ours; what they guard is Django's.
  AND k.contype IN ('c', 'u', 'x', 'p')
UNION ALL
SELECT 'index ' || i.relname || ' on ' || c.relname,
       pg_get_indexdef(x.indexrelid) || CASE WHEN x.indisvalid AND x.indislive THEN '' ELSE ' (not valid)' END
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = current_schema()::regnamespace AND starts_with(c.relname, 'points_payment_')
  AND x.indisunique AND x.indpred IS NOT NULL
UNION ALL
SELECT 'function ' || p.proname, encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')
FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND starts_with(p.proname, 'points_')
"""
#: Someone who sets this for a role or the whole database switches all triggers off.
SETTINGS = """
SELECT 'setting session_replication_role of ' || coalesce('role ' || r.rolname, 'database ' || d.datname, 'everyone'),
       replace(x.setting, 'session_replication_role=', '')
FROM pg_db_role_setting s
LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL unnest(s.setconfig) AS x (setting)
WHERE starts_with(x.setting, 'session_replication_role=') AND x.setting <> 'session_replication_role=origin'
  AND (d.datname IS NULL OR d.datname = current_database())
"""  # noqa: E501 - SQL keeps its own lines


def guards_now() -> dict[str, str]:
    """Every guard that the database has, by its name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = f"{cursor.fetchone()[0]}."
        cursor.execute(GUARDS)
        return {name: " ".join(text.replace(schema, "").split()) for name, text in cursor.fetchall()}


@cache
def guards_expected() -> dict[str, str]:
    guards: dict[str, str] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return guards


def write_guards() -> int:
    """Write the list anew from this database; how many there are. For who just wrote a migration."""
    guards = guards_now()
    EXPECTED.write_text(json.dumps(guards, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    guards_expected.cache_clear()
    return len(guards)


def find_missing_guards() -> Iterable[Finding]:
    """Guards that are gone, changed or switched off; more of them do no harm."""
    now = guards_now()
    for name, definition in guards_expected().items():
        found = now.get(name, MISSING)
        if found != definition:
            yield Finding(SLUG, name, definition, found)
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        for culprit, setting in cursor.fetchall():
            yield Finding(SLUG, culprit, "origin", setting)
        cursor.execute("SHOW session_replication_role")
        setting = cursor.fetchone()[0]
        if setting != "origin":
            yield Finding(SLUG, "setting session_replication_role of this session", "origin", setting)


register_check(
    Check(
        SLUG,
        _("Every trigger and constraint that guards the books is there and enabled"),
        find_missing_guards,
    )
)
