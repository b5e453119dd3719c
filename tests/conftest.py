"""What every test stands on: a real PostgreSQL, and effects after commit only when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from marketplace.env import current
from tests.database import TestDatabase

_database: TestDatabase | None = None

# How long a busy machine takes says nothing about what is tested.
settings.register_profile("nuqta", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nuqta")


@pytest.fixture(scope="session")
def test_database(
    request: pytest.FixtureRequest, django_db_blocker: pytest.FixtureRequest
) -> Iterator[TestDatabase]:
    global _database
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    reuse = bool(request.config.getvalue("reuse_db")) and not request.config.getvalue("create_db")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        _database = TestDatabase(worker)
        _database.set_up(reuse=reuse)
    yield _database
    if not reuse:
        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            _database.drop()


@pytest.fixture(scope="session")
def django_db_setup(test_database: TestDatabase) -> None:
    """In the place of pytest-django's own, which migrates for every worker."""


def _reset_database(self: TransactionTestCase) -> None:
    assert _database is not None
    _database.reset()


# After a test that commits: Django would flush, which the ledger's triggers refuse.
TransactionTestCase._fixture_teardown = _reset_database  # type: ignore[attr-defined]


@pytest.fixture
def shop_environment(test_database: TestDatabase) -> dict[str, str]:
    """Environment of another process of the shop that shares this test's database."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "NUQTA_MODE": "test",
        "NUQTA_VAR": str(current().var_dir),
        "DATABASE_URL": test_database.url,
    }


@pytest.fixture
def drain_outbox(db: None) -> Callable[[], int]:
    """Carry out, now, what the test's changes asked for; the number of messages carried out."""
    from marketplace.outbox.services import drain

    return drain
