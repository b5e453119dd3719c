"""Where the demo's cards are: with a distributor and three shops, each somewhere else on its way."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from marketplace.demo.guard import require_demo
from marketplace.demo.money import CARD_DAYS
from marketplace.demo.people import ADMIN, CARD_MANAGER, demo_user, residents
from marketplace.users.governorates import Governorate
from marketplace.users.models import User
from points_payment.services.attempts import Attempt, reserve_attempt, settle_attempt
from points_payment.services.batches import IssuedCodes, approve_batch, draft_batch, issue_codes_once
from points_payment.services.card_support import freeze_card, request_replacement
from points_payment.services.holders import Shop, add_distributor, add_shop
from points_payment.services.ranges import (
    consign_range,
    deliver_and_activate_range,
    freeze_range,
    receive_batch,
    record_shop_payment,
    return_range,
    void_range,
)
from points_payment.services.redemption import redeem_card
from points_payment.supply_selectors import card_of, shops_exist

__all__ = ["load_supply", "shops_exist"]

CARDS = 120
VALUE_POINTS = 25_000
#: Wrong codes of one resident, until staff are alerted.
GUESSES = 8


def load_supply() -> str:
    """A batch that was sent to a distributor and shops, and what happens to cards after that."""
    require_demo()
    manager, admin = demo_user(CARD_MANAGER), demo_user(ADMIN)
    batch = draft_batch(
        face_value_points=VALUE_POINTS, number_of_cards=CARDS, note="demo: shops",
        expires_on=timezone.localdate() + timedelta(days=CARD_DAYS), actor=manager,
    )  # fmt: skip
    approve_batch(batch=batch, actor=admin)
    issued = issue_codes_once(batch=batch, actor=manager)
    receive_batch(batch=batch, actor=manager)
    karrada = _send_by_distributor(issued, manager=manager, admin=admin)
    _send_to_shops(issued, manager=manager, admin=admin)
    _redeem_some(list(issued))
    record_shop_payment(
        shop=karrada, amount_points=10 * VALUE_POINTS, reference="S-1001", actor=manager,
        idempotency_key="demo-shop-payment",
    )  # fmt: skip
    _need_help(list(issued), desk=admin)
    _guess(residents()[-1])
    return f"{CARDS} cards, a distributor, 3 shops"


def _send_by_distributor(issued: IssuedCodes, *, manager: User, admin: User) -> Shop:
    """Half of the cards to a distributor, who brought some to one of its shops; more are on their way there."""
    tigris = add_distributor(
        name="دجلة للتوزيع", governorate=Governorate.BAGHDAD, phone="+9647801234567", actor=manager
    )
    shop = add_shop(
        name="أسواق الكرادة", governorate=Governorate.BAGHDAD, address="الكرادة داخل", distributor=tigris,
        phone="+9647701234501", actor=manager,
    )  # fmt: skip
    batch, first = issued.batch, issued.first_number
    whole = consign_range(
        batch=batch, first_number=first, last_number=first + 59, distributor=tigris, actor=manager
    )
    here, _coming = (
        consign_range(
            batch=batch, first_number=start, last_number=start + 19, shop=shop, parent=whole, actor=manager
        )
        for start in (first, first + 20)
    )
    deliver_and_activate_range(consignment=here, actor=admin, reason="وصلت كاملة")
    return shop


def _send_to_shops(issued: IssuedCodes, *, manager: User, admin: User) -> None:
    """The rest right to shops: some stolen there, some come back, some ruined on the way."""
    ashar = add_shop(
        name="مكتبة العشار", governorate=Governorate.BASRA, address="العشار، شارع الكويت",
        phone="+9647801234502", actor=manager,
    )  # fmt: skip
    qala = add_shop(
        name="بازاڕی قەڵا", governorate=Governorate.ERBIL, address="قەیسەری", phone="+9647501234503",
        actor=manager,
    )  # fmt: skip
    batch, first = issued.batch, issued.first_number
    south, north, wet = (
        consign_range(
            batch=batch, first_number=first + start, last_number=first + last, shop=shop, actor=manager
        )
        for start, last, shop in ((60, 79, ashar), (80, 99, qala), (100, 104, qala))
    )
    deliver_and_activate_range(consignment=south, actor=admin, reason="وصلت كاملة")
    deliver_and_activate_range(consignment=north, actor=admin, reason="گەیشتن")
    freeze_range(
        consignment=south, first_number=first + 75, last_number=first + 79, actor=manager,
        reason="سُرقت من المحل",
    )  # fmt: skip
    return_range(
        consignment=north, first_number=first + 90, last_number=first + 94, actor=manager, reason="نەفرۆشران"
    )
    void_range(consignment=wet, actor=manager, reason="لە ڕێگا تەڕ بوون")


def _redeem_some(cards: list[tuple[str, str]]) -> None:
    for place, buyer in zip((0, 1, 2, 60, 61, 80), residents(), strict=False):
        serial, code = cards[place]
        redeem_card(
            customer=buyer, code=code, idempotency_key=f"demo-card-{serial}",
            attempt=Attempt(address=f"10.0.1.{place + 1}", device=f"demo-supply-{buyer.pk}"),
        )  # fmt: skip


def _need_help(cards: list[tuple[str, str]], *, desk: User) -> None:
    """One card is lost, another damaged: its replacement waits for a second person."""
    freeze_card(card=card_of(cards[5][0]), actor=desk, reason="أضاعها صاحبها")
    serial, code = cards[6]
    request_replacement(
        card=card_of(serial), actor=desk, last_four=code.replace(" ", "")[-4:], reason="انمسح الرمز عند الكشط",
        proof_seen="البطاقة نفسها ووصل المحل",
    )  # fmt: skip


def _guess(person: User) -> None:
    """So many wrong codes, as far apart as the limits ask for, that staff are alerted."""
    began = timezone.now() - timedelta(hours=2)
    for number in range(GUESSES):
        reserved = reserve_attempt(
            customer_id=person.pk, attempt=Attempt(address="10.0.1.250", device="demo-guesser"),
            now=began + number * timedelta(minutes=10),
        )  # fmt: skip
        settle_attempt(reserved=reserved, redeemed=False)
