from __future__ import annotations

import pytest

from points_payment.kinds import AccountKind, CardState
from points_payment.models import Card
from points_payment.selectors import account_points
from points_payment.services.ranges import (
    consign_range,
    deliver_and_activate_range,
    freeze_range,
    unfreeze_range,
)
from tests.factories.points import make_person
from tests.factories.supply import make_received_batch, make_shop

pytestmark = pytest.mark.django_db


def test_range_is_sent_activated_frozen_and_let_go():
    batch, _codes = make_received_batch(cards=10)
    shop, desk = make_shop(), make_person("Desk")
    one = consign_range(
        batch=batch,
        first_number=batch.first_number,
        last_number=batch.first_number + 3,
        shop=shop,
        actor=desk,
    )
    deliver_and_activate_range(consignment=one, actor=desk)
    assert account_points(kind=AccountKind.SHOP, owner_id=shop.pk) == -20_000
    freeze_range(consignment=one, actor=desk, reason="Stolen")
    assert Card.objects.filter(state=CardState.FROZEN).count() == 4
    unfreeze_range(consignment=one, actor=desk, reason="Found")
    assert Card.objects.filter(state=CardState.ACTIVE).count() == 4
