"""The soak runs, and would find what it looks for."""

from __future__ import annotations

import pytest

from forked_apps.order.services import allowances, cancellation, delivery, fulfilment
from tests.bench.soak import oversold, soak
from tests.factories.orders import make_customer, make_offer, make_order


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_short_soak_finds_nothing() -> None:
    counts, findings = soak(seconds=2, seed=1)
    assert findings == []
    assert counts["order: done"] > 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_service_that_breaks_ends_the_soak_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for module in (allowances, cancellation, delivery, fulfilment):
        monkeypatch.setattr(module, "lock_part", broken)
    counts, findings = soak(seconds=60, seed=1)
    assert any(name.endswith("BROKEN") for name in counts)
    assert any("ZeroDivisionError" in finding for finding in findings)


@pytest.mark.django_db
def test_an_offer_that_sold_more_than_it_had_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = make_offer(num_in_stock=10)
    customer = make_customer(points=1_000_000)
    order = make_order(customer, {offer: 3})
    assert oversold({offer.pk: 10}) == []
    assert f"offer {offer.pk}: oversold: 3 pieces of 2" in oversold({offer.pk: 2})
    # Goods leave, and the shelf still counts them.
    monkeypatch.setattr(fulfilment, "consume_stock", lambda wanted: None)
    part = order.vendor_orders.get()
    fulfilment.ship_lines(vendor=part.vendor, actor=customer, vendor_order=part, tracking_code="x")
    assert oversold({offer.pk: 10}) == [
        f"offer {offer.pk}: expected 7 in stock and 0 allocated, found 10 and 3"
    ]
