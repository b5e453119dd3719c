"""Whatever a test of the shop did: afterwards the books prove, orders included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.invariants import assert_ledger_proved


@pytest.fixture(autouse=True)
def ledger_proved(request: pytest.FixtureRequest) -> Iterator[None]:
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    # Asked for here, so that the database is still there afterwards.
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    yield
    assert_ledger_proved()
