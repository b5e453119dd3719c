"""Ways to pay for an order, behind one interface: points now, cash on delivery or a gateway later.

Placement, cancellation and fulfilment know only this protocol; a new way is a class and a line in
``register_source``. All three calls run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from forked_apps.order.models import Order
    from points_payment.services.escrow import AllocationSpec

DEFAULT_SOURCE = "points"


class PaymentSource(Protocol):
    #: Of Oscar's SourceType; also how an order remembers its way of paying.
    code: str

    def pay(self, *, order: Order, allocations: Sequence[AllocationSpec]) -> None:
        """Take or promise the money for a new order and write Oscar's source and transactions.

        Raises:
            PointsError: it cannot be paid, for instance InsufficientPoints.
        """

    def refund(
        self, *, order: Order, points: Mapping[str, int], actor_id: int | None, reason: str, key: str
    ) -> None:
        """Give so many points of each allocation back to the buyer; the same ``key`` does it once."""

    def release(self, *, order: Order, references: Sequence[str], actor_id: int | None) -> None:
        """The goods were delivered and kept: let the vendor have what is held."""


_sources: dict[str, PaymentSource] = {}


def register_source(source: PaymentSource) -> None:
    _sources[source.code] = source


def source_for(code: str) -> PaymentSource:
    """Raises:
    KeyError: nobody registered such a way to pay.
    """
    return _sources[code]


def source_of(order: Order) -> PaymentSource:
    """The way in which this order was paid; an order for nothing has no source and counts as points."""
    code = order.sources.values_list("source_type__code", flat=True).first()
    return source_for(code or DEFAULT_SOURCE)
