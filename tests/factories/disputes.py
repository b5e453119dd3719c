"""Vendor orders that something is wrong with, and what people do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from forked_apps.order.dispute_models import Dispute, DisputeReason, RemedyKind
from forked_apps.order.models import Order, VendorOrder
from forked_apps.order.return_models import Side
from forked_apps.order.services.arbitration import decide_dispute
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.disputes import (
    escalate_dispute,
    open_dispute,
    refuse_dispute,
    write_dispute_message,
)
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.partner.models import Partner
from marketplace.users.models import User
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_customer, make_offer, make_order


def make_disputable_order(*, vendor: Partner | None = None) -> Order:
    """3 pieces at 1,000 and 1 at 500, delivered for 5,000, with 10% of commission."""
    vendor = vendor or VendorFactory()
    first, second = make_offer(vendor=vendor, price=1_000), make_offer(vendor=vendor, price=500)
    return make_order(make_customer(points=1_000_000), {first: 3, second: 1})


def shipped(order: Order) -> VendorOrder:
    part = order.vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=order.user, vendor_order=part, tracking_code="T")
    return VendorOrder.objects.get(pk=part.pk)


def delivered(order: Order) -> VendorOrder:
    part = shipped(order)
    mark_delivered(vendor=part.vendor, actor=order.user, vendor_order=part)
    return VendorOrder.objects.get(pk=part.pk)


def overdue(part: VendorOrder, *, days: int = 2) -> VendorOrder:
    """As if it had been promised for so many days ago."""
    day = timezone.localdate() - timedelta(days=days)
    VendorOrder.objects.filter(pk=part.pk).update(deliver_from=day, deliver_until=day)
    return VendorOrder.objects.get(pk=part.pk)


def dispute(
    part: VendorOrder,
    pieces: dict[int, int] | None = None,
    reason: DisputeReason = DisputeReason.DAMAGED,
    *,
    now: datetime | None = None,
) -> Dispute:
    """Of all pieces, if none are named."""
    return open_dispute(
        customer=part.order.user,
        vendor_order=part,
        quantities=pieces or {line.pk: line.quantity for line in part.lines.all()},
        reason=reason,
        description="A corner is broken.",
        now=now,
    )


def refuse(one: Dispute, *, now: datetime | None = None) -> Dispute:
    vendor = one.vendor_order.vendor
    return refuse_dispute(
        vendor=vendor, actor=CustomerFactory(), dispute=one, reason="It was whole.", now=now
    )


def escalate(one: Dispute, text: str = "Look at the photo.", *, now: datetime | None = None) -> Dispute:
    return escalate_dispute(customer=one.vendor_order.order.user, dispute=one, text=text, now=now)


def answer(one: Dispute, *, now: datetime | None = None) -> None:
    """The vendor gives its evidence."""
    write_dispute_message(
        dispute=one, side=Side.VENDOR, author=CustomerFactory(), text="Our packing slip.", now=now
    )


def ready_to_decide(part: VendorOrder, **facts: object) -> Dispute:
    one = refuse(dispute(part, **facts))  # type: ignore[arg-type]
    answer(escalate(one))
    return Dispute.objects.get(pk=one.pk)


def decide(
    one: Dispute,
    kind: RemedyKind = RemedyKind.REFUND,
    *,
    by: User | None = None,
    points: dict[int, int] | None = None,
    shipping_points: int = 0,
) -> Dispute:
    return decide_dispute(
        actor=by or CustomerFactory(), dispute=one, kind=kind, reason="The photo shows it.", points=points,
        shipping_points=shipping_points,
    )  # fmt: skip
