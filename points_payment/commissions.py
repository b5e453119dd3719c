"""Reading what was frozen of commissions, for pages of vendors and staff."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from points_payment.models import Allocation
from points_payment.services.escrow import commission_of


@dataclass(frozen=True, slots=True)
class FrozenCommission:
    """Of one allocation, in whole points."""

    reference: str
    order_reference: str
    gross_points: int
    #: Not given back to the buyer, whether released yet or not.
    kept_points: int
    basis_points: int
    fixed_points: int
    floor_points: int
    cap_points: int | None
    #: On what is kept: what the marketplace has or will have of it, if nothing more goes back.
    commission_points: int


def commissions_of(*, vendor_id: int, order_references: Collection[str]) -> list[FrozenCommission]:
    """Of one vendor's parts of these orders, lines and delivery charges, as they were placed: one query."""
    allocations = Allocation.objects.filter(order_reference__in=order_references, vendor_id=vendor_id)
    return [
        FrozenCommission(
            reference=one.reference,
            order_reference=one.order_reference,
            gross_points=one.gross_points,
            kept_points=one.gross_points - one.refunded_points,
            basis_points=one.commission_basis_points,
            fixed_points=one.commission_fixed_points,
            floor_points=one.commission_floor_points,
            cap_points=one.commission_cap_points,
            commission_points=commission_of(one, points=one.gross_points - one.refunded_points),
        )
        for one in allocations.order_by("id")
    ]
