"""The proof of the books: everything that can be computed twice is, and whatever differs is named.

``prove`` reads one snapshot and changes nothing. Other packages add what only they know (an order
paid what it cost) with ``register_check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    #: What it is made of, where it is SQL.
    statements: tuple[str, ...] = ()


_checks: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Let every proof make this check too."""
    _checks[check.slug] = check


def checks() -> list[Check]:
    return list(_checks.values())


def prove() -> list[Finding]:
    """Make every check in one snapshot of the database; an empty list is the proof."""
    with snapshot(read_only=True):
        return [finding for check in checks() for finding in check.find()]


@contextmanager
def snapshot(*, read_only: bool) -> Iterator[None]:
    """Let everything within see the same state of the database; within a transaction, that one's."""
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            mode = "READ ONLY" if read_only else "READ WRITE"
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ {mode}")
        yield


def sql_check(slug: str, title: str | _StrPromise, *statements: str) -> None:
    """A check whose statements select culprit, expected, found of what is wrong."""

    register_check(Check(slug, title, lambda: select_findings(slug, statements), statements))


def select_findings(
    slug: str, statements: Iterable[str], parameters: dict[str, Any] | None = None
) -> Iterator[Finding]:
    """What each of the statements selects: culprit, expected, found."""
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({statement}) AS wrong LIMIT {MAX_FINDINGS}", parameters)  # noqa: S608 - ours
            for culprit, expected, found in cursor.fetchall():
                yield Finding(slug, culprit, _text(expected), _text(found))


def _text(value: object) -> str:
    return bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)
