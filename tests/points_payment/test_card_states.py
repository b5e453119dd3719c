"""What is written down about many cards at once names no card that stayed as it was."""

from __future__ import annotations

import pytest

from points_payment.kinds import CardState, EventScope
from points_payment.models import BatchEvent, Card
from points_payment.services.card_support import freeze_card
from points_payment.services.ranges import freeze_range, unfreeze_range
from tests.factories.points import make_person
from tests.factories.supply import activate, make_received_batch, make_shop, send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("held", "thawed"), [(3, [(0, 2)]), (0, [(1, 3)]), (1, [(0, 0), (2, 3)])])
def test_a_card_frozen_by_itself_is_left_out_of_the_thaw_of_its_range(held, thawed):
    batch, _codes = make_received_batch(cards=4)
    one, actor = activate(send(batch, 0, 3, shop=make_shop())), make_person()
    freeze_card(card=Card.objects.get(number=batch.first_number + held), actor=actor, reason="lost")
    unfreeze_range(
        consignment=freeze_range(consignment=one, actor=actor, reason="theft"), actor=actor, reason=""
    )
    frozen = Card.objects.filter(state=CardState.FROZEN)
    assert list(frozen.values_list("number", flat=True)) == [batch.first_number + held]
    events = BatchEvent.objects.filter(scope=EventScope.RANGE, card_state=CardState.ACTIVE).order_by("id")
    spans = events.values_list("first_number", "last_number")
    # The first one is the activation of the whole range.
    assert [(first - batch.first_number, last - batch.first_number) for first, last in spans[1:]] == thawed
