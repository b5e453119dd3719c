"""A vendor who earned something."""

from __future__ import annotations

from django.db import transaction

from points_payment.services.escrow import AllocationSpec, hold_for_order, release_allocations
from tests.factories.points import make_customer_with_points, new_key

VENDOR = 31


def earn(points: int) -> None:
    """Payable points for the vendor: these less 10% commission."""
    customer = make_customer_with_points(paid=points)
    reference = new_key()
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=reference, idempotency_key=new_key(), actor_id=None,
            allocations=[AllocationSpec(f"{reference}-1", VENDOR, points, 1_000)],
        )  # fmt: skip
    release_allocations(references=[f"{reference}-1"], actor_id=None, idempotency_key=new_key())
