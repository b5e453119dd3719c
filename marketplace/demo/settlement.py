"""The month that was closed, as vendors and staff speak about it; who owes, and what is asked for."""

from __future__ import annotations

from django.db import transaction

from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.delivery import assume_deliveries
from marketplace.demo.guard import require_demo
from marketplace.demo.last_month import arrive, pay_out
from marketplace.demo.people import ADMIN, SECOND_ADMIN, demo_user
from marketplace.demo.trade import complain, send_back
from marketplace.demo.vendors import VENDORS, DemoVendor, owner_of, vendor_of
from points_payment.kinds import AccountKind, DestinationState
from points_payment.payout_methods import Destination
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.destinations import add_destination
from points_payment.services.payout_orders import request_payout
from points_payment.services.settlement import (
    accept_statement,
    answer_question,
    close_periods,
    question_statement,
    resolve_question,
)
from points_payment.services.vendor_funds import funds_of
from points_payment.services.vendor_payments import record_vendor_payment
from points_payment.settlement_selectors import destinations_of, live_destinations, statements_of

#: Who sold what came back later: a little, and so much that nothing is paid out any more.
OWES, HELD = VENDORS[3], VENDORS[4]
OWED_POINTS, HELD_POINTS, BROUGHT_POINTS = 40_000, 190_000, 75_000


def settlement_exists() -> bool:
    return destinations_of(vendor_id=vendor_of(VENDORS[0]).pk).filter(method="wallet").exists()


@transaction.atomic
def load_settlement() -> str:
    """All or nothing: the payouts of those who owe cannot be made twice."""
    require_demo()
    closed = close_periods()
    if closed:
        _complain_to(VENDORS[0])
        _answer_statements()
        _owe(OWES, OWED_POINTS, reference="TR-4421")
        _owe(HELD, HELD_POINTS, reference="TR-4422")
        _bring_money(HELD)
    assume_deliveries()
    return f"{closed} months closed, {_ask_for_money()} points asked for"


# The closed month ---------------------------------------------------------------------------


def _answer_statements() -> None:
    """One is accepted, one in question, one was answered for good; the others wait for their vendors."""
    admin = demo_user(ADMIN)
    in_question, accepted, resolved = (vendor_of(spec) for spec in VENDORS[:3])
    accept_statement(
        vendor_id=accepted.pk, statement=statements_of(vendor_id=accepted.pk)[0], actor=owner_of(accepted)
    )
    statement = statements_of(vendor_id=in_question.pk)[0]
    question_statement(
        vendor_id=in_question.pk, statement=statement, actor=owner_of(in_question),
        text="الحوالة TR-4412 لم تصل إلى حسابنا، فلماذا ظهرت في الكشف؟",
    )  # fmt: skip
    answer_question(
        statement=statement, actor=admin,
        text="أعادها المصرف، ولهذا ترون في الكشف نفسه أنها رُدّت إلى رصيدكم. هل وصلكم إشعار من المصرف؟",
    )  # fmt: skip
    statement = statements_of(vendor_id=resolved.pk)[0]
    question_statement(
        vendor_id=resolved.pk, statement=statement, actor=owner_of(resolved),
        text="کرێی گەیاندنی داواکارییەک کەمتر نووسراوە",
    )  # fmt: skip
    _correct(resolved.pk)
    resolve_question(
        statement=statement,
        actor=admin,
        text="ڕاستە. ٤٬٠٠٠ خاڵمان بۆ زیاد کردن؛ لە ڕاپۆرتی داهاتوودا دەیبینن.",
    )


def _correct(vendor_id: int) -> None:
    proposed = propose_adjustment(
        account_kind=AccountKind.VENDOR_PAYABLE, owner_id=vendor_id, amount_points=4_000,
        reason="تصحيح أجور توصيل الشهر الماضي", actor=demo_user(ADMIN),
    )  # fmt: skip
    approve_adjustment(adjustment=proposed, actor=demo_user(SECOND_ADMIN))


def _complain_to(spec: DemoVendor) -> None:
    """What was on its way at the month's end is there now; of one order something is wrong, and one goes back."""
    under_way = VendorOrder.objects.filter(vendor=vendor_of(spec), status=VendorOrderStatus.SHIPPED)
    parts = under_way.select_related("vendor", "order__user").order_by("pk")[:2]
    for part, act, stage in zip(parts, (complain, send_back), ("disputed", "return_asked_for"), strict=True):
        arrive(part)
        buyer = part.order.user
        assert buyer is not None
        act(part, customer=buyer, actor=owner_of(part.vendor), stage=stage)


# Debts --------------------------------------------------------------------------------------


def _owe(spec: DemoVendor, points: int, *, reference: str) -> None:
    """It was paid all that it had, and then gives a buyer points back."""
    vendor = vendor_of(spec)
    pay_out(vendor, share=1, reference=reference)
    sold = VendorOrder.objects.filter(vendor=vendor, status=VendorOrderStatus.COMPLETED).order_by("pk")[0]
    give_allowance(
        vendor=vendor, actor=owner_of(vendor), vendor_order=sold,
        line_id=sold.lines.order_by("-line_price_excl_tax", "pk")[0].pk, points=points,
        reason="عيب في الخشب ظهر بعد الاستعمال",
    )  # fmt: skip


def _bring_money(spec: DemoVendor) -> None:
    """One person has taken it; another has to count it."""
    record_vendor_payment(
        vendor_id=vendor_of(spec).pk, amount_points=BROUGHT_POINTS, reference="S-118", actor=demo_user(ADMIN),
        idempotency_key="demo-brought",
    )  # fmt: skip


# What the documented owner asks for ---------------------------------------------------------


def _ask_for_money() -> int:
    """Half of what can be paid; and another account, which waits for a second look."""
    vendor = vendor_of(VENDORS[0])
    owner = owner_of(vendor)
    add_destination(
        vendor_id=vendor.pk,
        method="wallet",
        destination=Destination("زينة كاظم حسن", "ZainCash", "07701234567"),
        actor=owner,
    )
    account = live_destinations(vendor_id=vendor.pk).filter(state=DestinationState.CONFIRMED).first()
    asked_points = funds_of(vendor_id=vendor.pk).requestable_points // 2
    if account is None or not asked_points:
        return 0
    request_payout(
        vendor_id=vendor.pk,
        destination=account,
        amount_points=asked_points,
        actor=owner,
        idempotency_key="demo",
    )
    return asked_points
