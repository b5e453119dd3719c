"""The life of a vendor order, in one table; nothing else decides what may follow what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.db import models
from django.utils.translation import gettext_lazy as _

from forked_apps.order.errors import IllegalStep
from forked_apps.order.models import VendorOrder, VendorOrderStatus

_S = VendorOrderStatus

#: What may follow what. A vendor may accept, pack and hand over at once, so steps may be skipped forwards.
NEXT: Mapping[VendorOrderStatus, frozenset[VendorOrderStatus]] = MappingProxyType(
    {
        _S.PLACED: frozenset({_S.ACCEPTED, _S.PACKED, _S.SHIPPED, _S.CANCELLED}),
        _S.ACCEPTED: frozenset({_S.PACKED, _S.SHIPPED, _S.CANCELLED}),
        # Cancelled only as far as nothing has left yet: services.reductions sees to it.
        _S.PACKED: frozenset({_S.SHIPPED, _S.CANCELLED}),
        # Returned: decided to be lost, so that nothing of it is with the buyer.
        _S.SHIPPED: frozenset({_S.DELIVERED, _S.REFUSED, _S.RETURNED}),
        _S.DELIVERED: frozenset({_S.COMPLETED, _S.PARTLY_RETURNED, _S.RETURNED}),
        _S.PARTLY_RETURNED: frozenset({_S.PARTLY_RETURNED, _S.COMPLETED, _S.RETURNED}),
        # Late: what the vendor had already comes back from it.
        _S.COMPLETED: frozenset({_S.RETURNED}),
        _S.RETURNED: frozenset(),
        _S.CANCELLED: frozenset(),
        _S.REFUSED: frozenset(),
    }
)
#: Until when the customer may cancel without asking: nothing is packed.
CUSTOMER_MAY_CANCEL = frozenset({_S.PLACED, _S.ACCEPTED})
#: The buyer has the goods, and may want to send some back.
WITH_THE_BUYER = frozenset({_S.DELIVERED, _S.PARTLY_RETURNED, _S.COMPLETED})
#: Nothing comes of these any more.
ENDED_WITHOUT_SALE = frozenset({_S.CANCELLED, _S.REFUSED, _S.RETURNED})
#: The usual way, as a timeline shows it.
TIMELINE = (_S.PLACED, _S.ACCEPTED, _S.PACKED, _S.SHIPPED, _S.DELIVERED)


def check_step(old: str, new: VendorOrderStatus) -> None:
    """Raises:
    IllegalStep: ``new`` may not follow ``old``.
    """
    if new not in NEXT[_S(old)]:
        raise IllegalStep(old=_S(old), new=new)


class OrderStatus(models.TextChoices):
    """Of a customer's whole order: derived from its vendor orders, never stored."""

    PLACED = "placed", _("Placed")
    IN_PREPARATION = "in_preparation", _("In preparation")
    PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Refused at the door")
    RETURNED = "returned", _("Returned")


_ARRIVED = {_S.DELIVERED, _S.PARTLY_RETURNED, _S.COMPLETED}
_ON_THE_WAY = {_S.SHIPPED, *_ARRIVED}
_ENDS = {
    _S.RETURNED: OrderStatus.RETURNED,
    _S.REFUSED: OrderStatus.REFUSED,
    _S.CANCELLED: OrderStatus.CANCELLED,
}


def order_status(vendor_orders: Iterable[VendorOrder]) -> OrderStatus:
    """Where the whole order stands; parts of which nothing came count only if all are such."""
    parts = list(vendor_orders)
    all_of_them = {_S(part.status) for part in parts}
    living = all_of_them - ENDED_WITHOUT_SALE
    if not living:
        return next((whole for part, whole in _ENDS.items() if part in all_of_them), OrderStatus.CANCELLED)
    if living <= {_S.COMPLETED}:
        return OrderStatus.COMPLETED
    if living <= _ARRIVED:
        return OrderStatus.DELIVERED
    if living <= _ON_THE_WAY:
        return OrderStatus.SHIPPED
    if living & _ON_THE_WAY or any(part.is_partly_shipped for part in parts):
        return OrderStatus.PARTLY_SHIPPED
    return OrderStatus.PLACED if living == {_S.PLACED} else OrderStatus.IN_PREPARATION
