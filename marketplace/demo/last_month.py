"""A month of trade before the demo began, so that there is one to settle: sold, paid out, partly given back.

It comes before all other movements of points, since a month's entries come before those of the next.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from forked_apps.order.handover import handover_code
from forked_apps.order.models import VendorOrder
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.delivery import complete_vendor_order, hand_over
from forked_apps.order.services.fulfilment import accept_vendor_order
from forked_apps.order.services.invoices import issue_invoice
from forked_apps.partner.models import Partner
from marketplace.demo.clock import clock_set_back
from marketplace.demo.guard import require_demo
from marketplace.demo.money import open_desk
from marketplace.demo.people import ADMIN, BUYERS, DISTRIBUTOR, SECOND_ADMIN, demo_user, residents
from marketplace.demo.trade import SEED, order_pieces, shelf_of_offers, ship
from marketplace.demo.vendors import VENDORS, owner_of, vendor_of
from marketplace.users.models import User
from points_payment.kinds import DestinationState
from points_payment.payout_methods import Destination
from points_payment.selectors import latest_transfers
from points_payment.services.destinations import add_destination, confirm_destination
from points_payment.services.payout_orders import (
    confirm_payout,
    order_payout,
    record_payout_returned,
    request_payout,
)
from points_payment.services.settlement import CLOSE_AFTER
from points_payment.services.topups import top_up
from points_payment.services.vendor_funds import funds_of
from points_payment.settlement_selectors import live_destinations, payouts_of

#: Behind the customers of this month's orders, and who waits for points.
FIRST_BUYER = BUYERS + 4
BOUGHT_POINTS = 3_000_000
ORDERS_OF_A_VENDOR = 2
CHEAPEST, DEAREST = 200_000, 650_000
LATE_POINTS = 15_000


@dataclass(frozen=True, slots=True)
class Account:
    """Where one of the vendors is paid."""

    method: str
    provider: str = ""
    number: str = ""

    def of(self, owner: User) -> Destination:
        return Destination(owner.get_full_name(), self.provider, self.number)


#: In the order of the vendors; the others have not said yet where they are paid.
ACCOUNTS = (
    Account("bank", "مصرف الرافدين", "IQ98NBIQ850123456789012"),
    Account("wallet", "ZainCash", "07701100002"),
    Account("bank", "Cihan Bank", "IQ46CIHB001234567890123"),
    Account("cash"),
    Account("wallet", "AsiaHawala", "07801100005"),
)


def last_month_exists() -> bool:
    """Also where it is missed: nothing can happen before what has happened."""
    return bool(latest_transfers(count=1))


def load_last_month() -> str:
    """Each vendor sells, five are paid, one payout comes back, and some buyers get points back late."""
    require_demo()
    chance = random.Random(SEED + 2)  # noqa: S311 - a demo that is the same each time
    first_day = newest_month_to_close()
    with clock_set_back(_on(first_day, day=2)) as clock:
        _say_where_to_pay()
        buyers = _fill_wallets()
        clock.set_to(_on(first_day, day=3))
        parts = [part for _ in range(ORDERS_OF_A_VENDOR) for part in _sell(buyers, chance=chance)]
        clock.set_to(_on(first_day, day=6))
        for part in parts:
            _send(part, chance=chance)
            arrive(part)
        clock.set_to(_on(first_day, day=13))
        for part in parts:
            complete_vendor_order(vendor_order=part, actor=None)
        clock.set_to(_on(first_day, day=17))
        _pay_vendors()
        clock.set_to(_on(first_day, day=21))
        _bring_money_back()
        _give_back(parts[:3])
        clock.set_to(_on(first_day, day=28))
        # At the month's end these are on their way, and their points in transit.
        late = [part for _ in range(ORDERS_OF_A_VENDOR) for part in _sell(buyers, chance=chance)]
        for part in late:
            _send(part, chance=chance)
    return f"{first_day:%Y-%m}: {len(parts) + len(late)} orders, {len(ACCOUNTS)} vendors paid"


def newest_month_to_close() -> date:
    """Its first day. For some hours after its end a month is still open."""
    this_month = timezone.localdate(timezone.now() - CLOSE_AFTER).replace(day=1)
    return (this_month - timedelta(days=1)).replace(day=1)


def _on(first_day: date, *, day: int) -> datetime:
    """In the morning of a day of the month."""
    return timezone.make_aware(datetime.combine(first_day.replace(day=day), time(10)))


def _say_where_to_pay() -> None:
    for spec, account in zip(VENDORS, ACCOUNTS, strict=False):
        vendor = vendor_of(spec)
        owner = owner_of(vendor)
        added = add_destination(
            vendor_id=vendor.pk, method=account.method, destination=account.of(owner), actor=owner
        )
        confirm_destination(destination=added, actor=demo_user(ADMIN), note="اتصلنا بالمتجر على رقمه المسجّل")


def _fill_wallets() -> list[User]:
    open_desk()
    buyers = residents()[FIRST_BUYER : FIRST_BUYER + len(VENDORS)]
    for number in range(2 * len(buyers)):
        top_up(
            operator=demo_user(DISTRIBUTOR), customer=buyers[number // 2], amount_points=BOUGHT_POINTS,
            reason="دفع نقداً في المكتب", reference=f"R-{1_000 + number}", idempotency_key=f"demo-past-{number}",
        )  # fmt: skip
    return buyers


def _sell(buyers: list[User], *, chance: random.Random) -> Iterator[VendorOrder]:
    """An order from each vendor."""
    shelf = [offer for offer in shelf_of_offers() if CHEAPEST <= offer.price_points <= DEAREST]
    for spec, buyer in zip(VENDORS, buyers, strict=True):
        vendor = vendor_of(spec)
        own = [offer for offer in shelf if offer.partner_id == vendor.pk]
        order = order_pieces(buyer=buyer, place=0, pieces=[(offer, 1) for offer in chance.sample(own, 2)])
        assert order is not None, "a buyer of the demo could not pay"
        yield from order.vendor_orders.select_related("vendor", "order")


def _send(part: VendorOrder, *, chance: random.Random) -> None:
    actor = owner_of(part.vendor)
    accept_vendor_order(vendor=part.vendor, actor=actor, vendor_order=part)
    ship(part, actor=actor, chance=chance)
    issue_invoice(vendor_order=part)


def arrive(part: VendorOrder) -> None:
    hand_over(vendor=part.vendor, actor=owner_of(part.vendor), vendor_order=part, code=handover_code(part))


def _pay_vendors() -> None:
    """Half of what each has; the first one asks again."""
    for number, spec in enumerate(VENDORS[: len(ACCOUNTS)], start=1):
        pay_out(vendor_of(spec), share=2, reference=f"TR-{4_400 + number}")
    pay_out(vendor_of(VENDORS[0]), share=3, reference="TR-4412")


def pay_out(vendor: Partner, *, share: int, reference: str) -> None:
    """The owner asks for a part of what can be paid (a half: 2); one admin orders it, another has the receipt."""
    asked = request_payout(
        vendor_id=vendor.pk,
        destination=live_destinations(vendor_id=vendor.pk).filter(state=DestinationState.CONFIRMED)[0],
        amount_points=funds_of(vendor_id=vendor.pk).requestable_points // share,
        actor=owner_of(vendor),
        idempotency_key=f"demo-{reference}",
    )
    ordered = order_payout(payout=asked, actor=demo_user(ADMIN))
    confirm_payout(payout=ordered, actor=demo_user(SECOND_ADMIN), paid_reference=reference)


def _bring_money_back() -> None:
    newest = payouts_of(vendor_id=vendor_of(VENDORS[0]).pk)[0]
    record_payout_returned(
        payout=newest, actor=demo_user(ADMIN), reason="أعاد المصرف الحوالة: خطأ في اسم صاحب الحساب"
    )


def _give_back(parts: list[VendorOrder]) -> None:
    """For goods that were sold and released: a late refund."""
    for part in parts:
        give_allowance(
            vendor=part.vendor, actor=owner_of(part.vendor), vendor_order=part,
            line_id=part.lines.order_by("pk")[0].pk, points=LATE_POINTS, reason="خدش في الحافة لم يُلحظ عند التسليم",
        )  # fmt: skip
