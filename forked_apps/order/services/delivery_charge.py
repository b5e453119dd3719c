"""What of a vendor order's delivery charge is still to be given back, whoever gave some of it before."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from forked_apps.order.dispute_models import Dispute
from forked_apps.order.models import LineReduction, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import Return, ReturnState


def charge_left(part: VendorOrder) -> int:
    """Points of the way that no cancellation, return or dispute has given back."""
    if part.status == VendorOrderStatus.CANCELLED:
        return 0
    by_disputes = part.disputes.aggregate(points=Sum("refunded_shipping_points", default=0))["points"]
    return part.shipping_points - by_disputes - _by_returns(part)


def share_of_charge(part: VendorOrder, *, worth_points: int, pieces: int) -> int:
    """Of the way as much as of the goods, and never more than is left of it.

    Goods that the buyer has for nothing count by the piece.
    """
    of_goods, whole = (
        (worth_points, part.goods_points) if part.goods_points else (pieces, pieces_ordered(part))
    )
    return min(part.shipping_points * of_goods // whole, charge_left(part))


def pieces_ordered(part: VendorOrder) -> int:
    return sum(line.quantity for line in part.lines.all())


def _by_returns(part: VendorOrder) -> int:
    # A return says what it paid back in all; its reductions say what of that was for goods.
    refunded = part.returns.filter(state=ReturnState.REFUNDED)
    paid = refunded.aggregate(points=Sum("refunded_points", default=0))["points"]
    for_goods = LineReduction.objects.filter(
        line__vendor_order=part, kind=ReductionKind.RETURNED, reason__in=refunded.values("number")
    ).aggregate(points=Sum("refunded_points", default=0))["points"]
    return int(paid - for_goods)


def with_charges_back(parts: QuerySet[VendorOrder]) -> QuerySet[Any]:
    """Each with ``charge_back_points``, the points of its way that went back; of those not cancelled."""
    refunded = Return.objects.filter(state=ReturnState.REFUNDED)
    for_goods = LineReduction.objects.filter(
        line__vendor_order=OuterRef("pk"),
        kind=ReductionKind.RETURNED,
        reason__in=refunded.filter(vendor_order=OuterRef(OuterRef("pk"))).values("number"),
    )
    return parts.annotate(
        charge_back_points=_sum_of(
            Dispute.objects.filter(vendor_order=OuterRef("pk")), "refunded_shipping_points"
        )
        + _sum_of(refunded.filter(vendor_order=OuterRef("pk")), "refunded_points")
        - _sum_of(for_goods, "refunded_points", of="line__vendor_order")
    )


def _sum_of(rows: QuerySet[Any], field: str, *, of: str = "vendor_order") -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(of).annotate(points=Sum(field)).values("points")), 0)
