"""How either side takes an order, or some of it, back before it is sent: points and stock return at once.

The delivery charge goes back with the last piece, if none was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from forked_apps.order.errors import IllegalStep
from forked_apps.order.models import ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.services.packing import unpack_what_lacks
from forked_apps.order.services.parts import (
    check_pieces,
    free_stock,
    lock_part,
    move,
    pieces_of,
    reduce_lines,
)
from forked_apps.order.status import CUSTOMER_MAY_CANCEL, check_step
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue_many
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User

_S = VendorOrderStatus


@retry_on_conflict
@transaction.atomic
def cancel_by_customer(*, customer: User, vendor_order: VendorOrder) -> VendorOrder:
    """The customer changed their mind before it was packed: points back, pieces on sale again.

    Raises:
        IllegalStep: it is packed, or cancelled already.
        VendorOrder.DoesNotExist: it is someone else's.
    """
    locked = lock_part(vendor_order, customer=customer)
    if locked.status not in CUSTOMER_MAY_CANCEL:
        raise IllegalStep(old=_S(locked.status), new=_S.CANCELLED)
    return _cancel(locked, None, actor=customer, reason="")


@retry_on_conflict
@transaction.atomic
def cancel_by_vendor(*, vendor: Partner, actor: User, vendor_order: VendorOrder, reason: str) -> VendorOrder:
    """The vendor cannot deliver what it has not sent yet: the customer has the points back at once.

    Raises:
        IllegalStep: all of it was shipped, or it is cancelled already.
    """
    return _cancel(lock_part(vendor_order, vendor=vendor), None, actor=actor, reason=reason)


@retry_on_conflict
@transaction.atomic
def cancel_lines(
    *,
    vendor: Partner,
    actor: User | None,
    vendor_order: VendorOrder,
    quantities: Mapping[int, int],
    reason: str,
) -> VendorOrder:
    """The vendor cannot deliver some pieces; the customer is told, and has their points back at once.

    Raises:
        IllegalStep: as for the whole.
        PiecesNotThere: a line is another order's, or fewer of its pieces wait to be sent.
    """
    return _cancel(lock_part(vendor_order, vendor=vendor), quantities, actor=actor, reason=reason)


def _cancel(
    locked: VendorOrder, quantities: Mapping[int, int] | None, *, actor: User | None, reason: str
) -> VendorOrder:
    check_step(locked.status, _S.CANCELLED)
    known = pieces_of(locked)
    left = {pk: pieces.to_ship for pk, pieces in known.items() if pieces.to_ship}
    wanted = dict(left if quantities is None else quantities)
    check_pieces(wanted, left)
    nothing_sent = not any(pieces.shipped for pieces in known.values())
    is_all = wanted == left
    # Wallet before stock: the project's order of locks.
    effects = reduce_lines(
        locked,
        wanted,
        kind=ReductionKind.CANCELLED,
        actor=actor,
        reason=reason,
        shipping_points=locked.shipping_points if is_all and nothing_sent else 0,
    )
    free_stock(wanted)
    unpack_what_lacks(locked, left={pk: pieces - wanted.get(pk, 0) for pk, pieces in left.items()})
    if is_all and nothing_sent:
        move(locked, to=_S.CANCELLED, actor=actor, note=reason)
        locked.lines.update(allocation_cancelled=True)
    elif is_all:
        # What was sent is all there will be.
        move(locked, to=_S.SHIPPED, actor=actor, note=reason)
    enqueue_many(effects)
    return locked
