"""Cards, wallets and the five codes that the demo hands out: all by the services that real ones use."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from marketplace.demo.guard import require_demo
from marketplace.demo.people import ADMIN, BUYERS, CARD_MANAGER, DISTRIBUTOR, demo_user, residents
from marketplace.users.models import User
from points_payment.errors import RequestOpen, VoucherCodeTaken
from points_payment.kinds import AccountKind, OperatorLimit, PaymentMethod
from points_payment.selectors import redeemable_serials
from points_payment.services.attempts import Attempt
from points_payment.services.batches import (
    IssuedCodes,
    activate_batch,
    approve_batch,
    draft_batch,
    issue_codes_once,
)
from points_payment.services.cash import confirm_hand_in, hand_in_cash
from points_payment.services.operators import held_points, operator_limits, set_operator_limits
from points_payment.services.redemption import redeem_card
from points_payment.services.topup_requests import request_top_up
from points_payment.services.topups import top_up
from points_payment.services.vouchers import create_campaign, make_codes, pause_campaign, redeem_voucher

SHOWN_CODES = 5
#: Codes that are kept for the summary: with so many, a small batch lasts for a while.
KEPT_CODES = 20
CARD_DAYS = 365
#: What the cards of the residents are worth; each buyer redeems one of each.
FACE_VALUES = (25_000, 50_000, 100_000, 250_000)
HANDED_OUT_POINTS = 100_000
WELCOME_CODE = "AHLAN2026"
#: What the demo's operator may add and hold, and the cash that they keep.
DESK_POINTS, KEPT_CASH_POINTS = 1_000_000_000, 3_000_000


@dataclass(frozen=True, slots=True)
class ShownCode:
    serial: str
    code: str
    points: int


def wallets_exist() -> bool:
    return all(_has_wallet(buyer) for buyer in residents()[: BUYERS + 1]) and _desk_is_open()


def _desk_is_open() -> bool:
    operator = User.objects.filter(phone=DISTRIBUTOR.phone).first()
    return operator is not None and operator_limits(operator_id=operator.pk).float_points == DESK_POINTS


def _has_wallet(person: User) -> bool:
    return getattr(person, "wallet", None) is not None


def load_wallets() -> str:
    """Card batches that two people made, cards redeemed by their buyers, points added at the desk."""
    require_demo()
    buyers = [buyer for buyer in residents()[: BUYERS + 1] if not _has_wallet(buyer)]
    open_desk()
    codes = {
        points: list(_new_batch(points=points, cards=len(buyers) + 10, note="demo")) for points in FACE_VALUES
    }
    for place, buyer in enumerate(buyers):
        for points in FACE_VALUES[: 2 + place % 3]:
            serial, code = codes[points][place]
            redeem_card(
                customer=buyer,
                code=code,
                idempotency_key=f"demo-card-{serial}",
                attempt=Attempt(address=f"10.0.0.{place + 1}", device=f"demo-{buyer.pk}"),
            )
        _top_up(buyer, place)
    _hand_in()
    _ask_for_points(residents()[BUYERS + 1 : BUYERS + 4])
    _give_away(residents()[3:8])
    unused_codes()
    return f"{len(buyers)} wallets"


def open_desk() -> None:
    """The demo's one operator serves everybody in an hour: more than the usual limits let pass."""
    set_operator_limits(
        operator=demo_user(DISTRIBUTOR),
        limits={OperatorLimit.DAY: DESK_POINTS, OperatorLimit.FLOAT: DESK_POINTS},
        reason="مكتب بغداد الرئيسي",
        actor=demo_user(ADMIN),
    )


def _hand_in() -> None:
    """All but a rest of the cash went to the admin, who counted it."""
    operator = demo_user(DISTRIBUTOR)
    amount_points = held_points(person_id=operator.pk) - KEPT_CASH_POINTS
    if amount_points > 0:
        hand_in = hand_in_cash(
            person=operator, kind=AccountKind.OPERATOR, amount_points=amount_points, reference="C-1",
            idempotency_key=f"demo-hand-in-{amount_points}",
        )  # fmt: skip
        confirm_hand_in(hand_in=hand_in, actor=demo_user(ADMIN))


def _ask_for_points(people: list[User]) -> None:
    """Some residents wait for an operator."""
    wishes = (
        (250_000, PaymentMethod.SHOP),
        (1_500_000, PaymentMethod.WALLET),
        (75_000, PaymentMethod.COURIER),
    )
    for person, (points, method) in zip(people, wishes, strict=False):
        with suppress(RequestOpen):
            request_top_up(
                customer=person, amount_points=points, method=method, pay_on=timezone.localdate(), note=""
            )


def _give_away(people: list[User]) -> None:
    """A campaign with one code for everybody, which some have used, and one with single codes that rests."""
    now, maker = timezone.now(), demo_user(ADMIN)
    terms: dict[str, Any] = {
        "starts_at": now - timedelta(days=3), "ends_at": now + timedelta(days=60), "actor": maker,
    }  # fmt: skip
    with suppress(VoucherCodeTaken):
        create_campaign(
            name="أهلاً بالزبائن الجدد", shared_code=WELCOME_CODE, value_points=5_000, total_limit=1_000,
            per_customer_limit=1, lifetime_days=90, **terms,
        )  # fmt: skip
        for person in people:
            redeem_voucher(
                customer=person, code=WELCOME_CODE, idempotency_key=f"demo-voucher-{person.pk}",
                attempt=Attempt(address="10.0.1.1", device=f"demo-{person.pk}"),
            )  # fmt: skip
        single = create_campaign(
            name="هدية العيد", shared_code="", value_points=10_000, total_limit=50, per_customer_limit=1,
            lifetime_days=30, **terms,
        )  # fmt: skip
        make_codes(campaign=single, count=50, actor=maker, idempotency_key="demo-vouchers")
        pause_campaign(campaign=single, actor=maker)


def _top_up(buyer: User, place: int) -> None:
    operator = demo_user(DISTRIBUTOR)
    amounts = (1_500_000, 2_750_000, 900_000, 4_000_000)
    for number in range(1 + place % 3):
        top_up(
            operator=operator,
            customer=buyer,
            amount_points=amounts[(place + number) % len(amounts)],
            reason="دفع نقداً في المكتب",
            reference=f"R-{2_000 + place * 10 + number}",
            idempotency_key=f"demo-top-up-{buyer.pk}-{number}",
        )


def _new_batch(*, points: int, cards: int, note: str) -> IssuedCodes:
    drafter, approver = demo_user(CARD_MANAGER), demo_user(ADMIN)
    batch = draft_batch(
        face_value_points=points,
        number_of_cards=cards,
        expires_on=timezone.localdate() + timedelta(days=CARD_DAYS),
        note=note,
        actor=drafter,
    )
    approve_batch(batch=batch, actor=approver)
    codes = issue_codes_once(batch=batch, actor=drafter)
    activate_batch(batch=batch, actor=approver)
    return codes


# The codes that the summary shows -----------------------------------------------------------


def unused_codes(number: int = SHOWN_CODES) -> list[ShownCode]:
    """So many codes that nobody has redeemed; a new small batch is made when they run out."""
    require_demo()
    kept = [ShownCode(**entry) for entry in _read_codes()]
    unused = _unused(kept)
    if len(unused) < number:
        batch = _new_batch(points=HANDED_OUT_POINTS, cards=KEPT_CODES, note="demo: handed out")
        unused += [ShownCode(serial=serial, code=code, points=HANDED_OUT_POINTS) for serial, code in batch]
    if unused != kept:
        _write_codes(unused)
    return unused[:number]


def _unused(codes: list[ShownCode]) -> list[ShownCode]:
    redeemable = redeemable_serials([code.serial for code in codes])
    return [code for code in codes if code.serial in redeemable]


def _codes_file() -> Path:
    return Path(settings.VAR_DIR) / "demo" / "card_codes.json"


def _read_codes() -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(_codes_file().read_text(encoding="ascii"))
    except FileNotFoundError:
        return []
    return found


def _write_codes(codes: list[ShownCode]) -> None:
    path = _codes_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    # Written aside and moved: a reader never finds half a file, and nobody else ever reads it.
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump([{"serial": code.serial, "code": code.code, "points": code.points} for code in codes], file)
    aside.replace(path)
