"""After every test that touched the books, they prove."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.invariants import assert_ledger_proved


@pytest.fixture(autouse=True)
def books_prove(request: pytest.FixtureRequest) -> Iterator[None]:
    if not request.node.get_closest_marker("django_db"):
        yield
        return
    # Asked for here, so that the check runs before the database is reset.
    transactional = request.node.get_closest_marker("django_db").kwargs.get("transaction", False)
    request.getfixturevalue("transactional_db" if transactional else "db")
    yield
    if not request.node.get_closest_marker("tampers"):
        assert_ledger_proved()
