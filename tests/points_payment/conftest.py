"""After every test that touched the books, they prove."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from points_payment.proof import base
from tests.invariants import assert_ledger_proved

ORDERS_OWN = {"orders-paid", "orders-add-up", "orders-reduced"}


@pytest.fixture(autouse=True)
def books_prove(request: pytest.FixtureRequest) -> Iterator[None]:
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    # Asked for here, so that the check runs before the database is reset.
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    yield
    if "tampered_books" not in request.fixturenames:
        # These tests know no orders: whether those were paid is not theirs to prove.
        assert_ledger_proved(but_for=ORDERS_OWN)


@pytest.fixture
def tampered_books() -> None:
    """For a test that breaks the books on purpose."""


@pytest.fixture
def no_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test that runs the proof and makes holds without orders."""
    known = {slug: check for slug, check in base._checks.items() if slug not in ORDERS_OWN}
    monkeypatch.setattr(base, "_checks", known)


@pytest.fixture
def no_waiting(settings: pytest.FixtureRequest) -> None:
    """New destinations of payouts can be used at once, once somebody has looked at them."""
    settings.PAYOUT_DESTINATION_HOURS = 0  # type: ignore[attr-defined]
