"""What of a vendor order's delivery charge is still to be given back, whoever gave some of it before."""

from __future__ import annotations

from django.db.models import Sum

from forked_apps.order.models import LineReduction, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import ReturnState


def charge_left(part: VendorOrder) -> int:
    """Points of the way that no cancellation, return or dispute has given back."""
    if part.status == VendorOrderStatus.CANCELLED:
        return 0
    by_disputes = part.disputes.aggregate(points=Sum("refunded_shipping_points", default=0))["points"]
    return part.shipping_points - by_disputes - _by_returns(part)


def share_of_charge(part: VendorOrder, *, worth_points: int) -> int:
    """Of the way as much as of the goods, and never more than is left of it."""
    if not part.goods_points:
        return charge_left(part)
    return min(part.shipping_points * worth_points // part.goods_points, charge_left(part))


def _by_returns(part: VendorOrder) -> int:
    # A return says what it paid back in all; its reductions say what of that was for goods.
    refunded = part.returns.filter(state=ReturnState.REFUNDED)
    paid = refunded.aggregate(points=Sum("refunded_points", default=0))["points"]
    for_goods = LineReduction.objects.filter(
        line__vendor_order=part, kind=ReductionKind.RETURNED, reason__in=refunded.values("number")
    ).aggregate(points=Sum("refunded_points", default=0))["points"]
    return int(paid - for_goods)
