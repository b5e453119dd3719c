"""Buyers of the same things at once: nobody sees a deadlock, which the order of locks prevents."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from forked_apps.order.services import placement
from forked_apps.partner.models import StockRecord
from points_payment import retry
from tests.bench.buyers import buy_at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_nobody_who_buys_sees_an_error() -> None:
    counts, findings = buy_at_once(seconds=4, seed=1)
    assert findings == []
    assert counts["buy: done"] > 0


def locked_as_they_come(offer_ids: Iterable[int]) -> list[StockRecord]:
    rows = StockRecord.objects.select_for_update(no_key=True, of=("self",)).select_related("partner")
    return [rows.get(pk=pk) for pk in offer_ids]


def test_control_locked_in_any_order_buyers_meet_deadlocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are they tried again here, so that a buyer sees them."""
    monkeypatch.setattr(placement, "lock_offers", locked_as_they_come)
    monkeypatch.setattr(retry, "MAX_RETRIES", 0)
    _counts, findings = buy_at_once(seconds=10, seed=1)
    assert any(finding.startswith("buy: deadlock") for finding in findings)
    assert all("deadlock" in finding for finding in findings)
