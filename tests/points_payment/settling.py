"""Vendors who sell, are paid and owe, made by the services."""

from __future__ import annotations

from django.db import transaction

from marketplace.users.models import User
from points_payment.models import Payout, PayoutDestination
from points_payment.payout_methods import Destination
from points_payment.services.destinations import add_destination, confirm_destination
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.payout_orders import confirm_payout, order_payout, request_payout
from tests.factories.points import make_customer_with_points, make_person, new_key

VENDOR = 31
CASH = Destination(holder_name="Layla Hassan")


def buy(points: int, *, vendor: int = VENDOR, shipping: int = 0, basis_points: int = 1_000) -> str:
    """The reference of an order line in escrow; its delivery charge is the same with ``-S``."""
    customer = make_customer_with_points(paid=points + shipping)
    order = new_key()[:12]
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=order, idempotency_key=new_key(), actor_id=None,
            allocations=[
                AllocationSpec(f"{order}-1", vendor, points, basis_points),
                AllocationSpec(f"{order}-1-S", vendor, shipping, 0),
            ],
        )  # fmt: skip
    return f"{order}-1"


def deliver(reference: str, *, with_shipping: bool = False) -> int | None:
    """Release a line; the transfer's number."""
    references = [reference, f"{reference}-S"] if with_shipping else [reference]
    return release_allocations(references=references, actor_id=None, idempotency_key=new_key()).transfer_id


def sell(points: int, *, vendor: int = VENDOR, basis_points: int = 1_000) -> str:
    """Bought and released: the vendor has these points less commission."""
    reference = buy(points, vendor=vendor, basis_points=basis_points)
    deliver(reference)
    return reference


def take_back(reference: str, points: int, reason: str = "Broken") -> int | None:
    return refund_allocations(
        references_and_points={reference: points}, actor_id=None, reason=reason, idempotency_key=new_key()
    ).transfer_id


def owe(points: int, *, vendor: int = VENDOR) -> None:
    """Let a vendor owe so many points: all of a sale came back after it was paid out."""
    reference = sell(points, vendor=vendor, basis_points=0)
    pay(points, vendor=vendor)
    take_back(reference, points)


def make_destination(
    *,
    vendor: int = VENDOR,
    method: str = "cash",
    destination: Destination = CASH,
    actor: User | None = None,
    is_usable: bool = True,
) -> PayoutDestination:
    """One that somebody has looked at, unless told otherwise; ``no_waiting`` takes its first day away."""
    added = add_destination(
        vendor_id=vendor, method=method, destination=destination, actor=actor or make_person()
    )
    if not is_usable:
        return added
    confirm_destination(destination=added, actor=make_person(), note="Called the shop back")
    return PayoutDestination.objects.get(pk=added.pk)


def ask(
    points: int, *, vendor: int = VENDOR, destination: PayoutDestination | None = None, **other
) -> Payout:
    facts = {"actor": make_person(), "idempotency_key": new_key()} | other
    return request_payout(
        vendor_id=vendor, destination=destination or _some_destination(vendor), amount_points=points, **facts
    )


def order(points: int, *, vendor: int = VENDOR) -> Payout:
    return order_payout(payout=ask(points, vendor=vendor), actor=make_person())


def pay(points: int, *, vendor: int = VENDOR) -> Payout:
    return confirm_payout(
        payout=order(points, vendor=vendor), actor=make_person(), paid_reference="Receipt 7"
    )


def _some_destination(vendor: int) -> PayoutDestination:
    live = PayoutDestination.objects.filter(vendor_id=vendor, state="confirmed").first()
    return live or make_destination(vendor=vendor)
