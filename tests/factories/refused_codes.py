"""Codes that cannot be redeemed, one for every reason."""

from __future__ import annotations

from datetime import timedelta

from points_payment.codes import new_code
from points_payment.kinds import CardState
from points_payment.models import Card
from points_payment.services.batches import freeze_batch
from points_payment.services.card_support import freeze_card
from points_payment.services.ranges import expire_cards, freeze_range
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_active_batch, make_person, new_key
from tests.factories.supply import activate, make_received_batch, make_shop, send

DAY = timedelta(days=1)


def unknown_code() -> str:
    return new_code()


def redeemed_code() -> str:
    _batch, codes = make_active_batch()
    redeem_card(customer=make_person(), code=codes[0], idempotency_key=new_key(), attempt=from_device())
    return codes[0]


def frozen_code() -> str:
    batch, codes = make_active_batch()
    freeze_card(card=Card.objects.filter(batch=batch).earliest("number"), actor=make_person(), reason="Lost")
    return codes[0]


def void_code() -> str:
    batch, codes = make_active_batch()
    Card.objects.filter(batch=batch).update(state=CardState.VOID)
    return codes[0]


def stocked_code() -> str:
    _batch, codes = make_received_batch()
    return codes[0]


def code_on_its_way() -> str:
    batch, codes = make_received_batch()
    send(batch, 0, 3, shop=make_shop())
    return codes[0]


def code_of_a_frozen_range() -> str:
    batch, codes = make_received_batch()
    freeze_range(consignment=activate(send(batch, 0, 3, shop=make_shop())), actor=make_person(), reason="x")
    return codes[0]


def code_of_a_frozen_batch() -> str:
    batch, codes = make_active_batch()
    freeze_batch(batch=batch, actor=make_person())
    return codes[0]


def expired_code() -> str:
    batch, codes = make_active_batch()
    # Its whole batch, so it comes last: others would expire with it.
    expire_cards(today=batch.expires_on + DAY)
    return codes[0]


REASONS = [
    unknown_code, redeemed_code, frozen_code, void_code, stocked_code, code_on_its_way,
    code_of_a_frozen_range, code_of_a_frozen_batch, expired_code,
]  # fmt: skip
