"""The demo's cards are everywhere that a page can show them."""

from __future__ import annotations

import pytest

from marketplace.demo import people, supply
from points_payment.kinds import CardState, ConsignmentState, ReplacementState
from points_payment.models import Card, CardReplacement, Consignment, GuessingAlert
from points_payment.proof import prove
from points_payment.supply_selectors import owed_by_shops, payments_of, shops_exist
from tests.invariants import assert_ledger_proved

pytestmark = pytest.mark.django_db


def test_distributor_shops_and_cards_in_every_state() -> None:
    people.load_people()
    assert not shops_exist()
    assert supply.load_supply() == "120 cards, a distributor, 3 shops"
    assert supply.shops_exist()
    states = set(Consignment.objects.values_list("state", flat=True))
    assert states == set(ConsignmentState) - {ConsignmentState.EXPIRED}
    assert set(Card.objects.values_list("state", flat=True)) == set(CardState) - {CardState.EXPIRED}
    karrada = Consignment.objects.filter(parent__isnull=False)[0].shop
    assert karrada is not None
    assert payments_of(karrada.pk).count() == 1
    # Twenty cards were activated for it, ten are paid.
    assert owed_by_shops([karrada.pk]) == {karrada.pk: 250_000}
    assert CardReplacement.objects.get().state == ReplacementState.REQUESTED
    assert GuessingAlert.objects.get().failures == supply.GUESSES
    assert prove() == []
    assert_ledger_proved(but_for={"orders-paid", "orders-add-up", "orders-reduced"})
