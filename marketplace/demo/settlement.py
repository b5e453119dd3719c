"""Where the demo's first vendor is paid, and a payout that it asked for."""

from __future__ import annotations

from marketplace.demo.guard import require_demo
from marketplace.demo.people import ADMIN, demo_user
from marketplace.demo.vendors import VENDORS, owner_of, vendor_of
from points_payment.payout_methods import Destination
from points_payment.services.destinations import add_destination, confirm_destination
from points_payment.services.payout_orders import request_payout
from points_payment.services.vendor_funds import funds_of
from points_payment.settlement_selectors import destinations_of


def settlement_exists() -> bool:
    return destinations_of(vendor_id=vendor_of(VENDORS[0]).pk).exists()


def load_settlement() -> str:
    """One destination that somebody looked at, one that waits, and a request for half of what is payable."""
    require_demo()
    vendor = vendor_of(VENDORS[0])
    owner = owner_of(vendor)
    bank = add_destination(
        vendor_id=vendor.pk,
        method="bank",
        destination=Destination("زينة كاظم حسن", "مصرف الرافدين", "IQ98NBIQ850123456789012"),
        actor=owner,
    )
    confirm_destination(destination=bank, actor=demo_user(ADMIN), note="اتصلنا بالمتجر على رقمه المسجّل")
    add_destination(
        vendor_id=vendor.pk,
        method="wallet",
        destination=Destination("زينة كاظم حسن", "ZainCash", "07701234567"),
        actor=owner,
    )
    free = funds_of(vendor_id=vendor.pk).requestable_points
    if free > 1:
        request_payout(
            vendor_id=vendor.pk,
            destination=bank,
            amount_points=free // 2,
            actor=owner,
            idempotency_key="demo",
        )
    return f"two destinations, {free // 2} points asked for"
