"""The proof of the books: everything that can be computed twice is, and whatever differs is named.

``prove`` reads one snapshot and changes nothing. Other packages add what only they know (an order
paid what it cost) with ``register_check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: Of one check: whoever broke more than this knows enough.
MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    #: Slug of the check.
    check: str
    #: Which row, in words that find it again: ``transfer 7``, ``card 12``.
    culprit: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check}: {self.culprit}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Check:
    slug: str
    title: str | _StrPromise
    find: Callable[[], Iterable[Finding]]


_checks: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Let every proof make this check too."""
    _checks[check.slug] = check


def checks() -> list[Check]:
    return list(_checks.values())


def prove() -> list[Finding]:
    """Make every check in one snapshot of the database; an empty list is the proof."""
    if connection.in_atomic_block:
        return _all_findings()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _all_findings()


def _all_findings() -> list[Finding]:
    return [finding for check in checks() for finding in check.find()]


def sql_check(slug: str, title: str | _StrPromise, *statements: str) -> None:
    """A check whose statements select culprit, expected, found of what is wrong."""

    def find() -> Iterable[Finding]:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM ({statement}) AS wrong LIMIT {MAX_FINDINGS}")  # noqa: S608 - ours
                for culprit, expected, found in cursor.fetchall():
                    yield Finding(slug, culprit, _text(expected), _text(found))

    register_check(Check(slug, title, find))


def _text(value: object) -> str:
    return bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)
