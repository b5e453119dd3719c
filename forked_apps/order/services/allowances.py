"""A vendor lets the buyer keep the goods and pay less for them: scratched, late, not quite as described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from forked_apps.order.errors import IllegalAllowance
from forked_apps.order.models import Line, LineReduction, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.services.parts import give_back, lock_part, settled_points
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

#: Goods are with the buyer, or on their way; before that pieces are cancelled.
GIVEN_IN = frozenset({VendorOrderStatus.SHIPPED, VendorOrderStatus.DELIVERED, VendorOrderStatus.COMPLETED})


@retry_on_conflict
@transaction.atomic
def give_allowance(
    *, vendor: Partner, actor: User, vendor_order: VendorOrder, line_id: int, points: int, reason: str
) -> LineReduction:
    """Give so many points of a line back, from escrow or, after its release, from what the vendor has.

    Raises:
        IllegalAllowance: the order is not there yet, the line is another's, or it cost less than that.
    """
    locked = lock_part(vendor_order, vendor=vendor)
    line = Line.objects.filter(vendor_order=locked, pk=line_id).first()
    left = line.line_points - settled_points(locked).get(line.pk, 0) if line else 0
    if line is None or locked.status not in GIVEN_IN or not 0 < points <= left:
        raise IllegalAllowance(left_points=left)
    row = LineReduction(
        line=line,
        kind=ReductionKind.ALLOWANCE,
        quantity=0,
        refunded_points=points,
        reason=reason[:200],
        actor=actor,
    )
    give_back(locked, [row], actor=actor, reason=reason)
    enqueue(
        topic="vendor_order.allowance",
        payload={"vendor_order_id": locked.pk, "points": points, "reduction_id": row.pk},
    )
    return row
