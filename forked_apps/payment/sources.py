"""Ways to pay for an order, behind one interface: points now, cash on delivery or a gateway later.

Checkout, placement, cancellation, fulfilment and returns know only this protocol; a new way is a class and
a line with ``register_source``. All calls that move money run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from forked_apps.payment.errors import UnknownSource

if TYPE_CHECKING:
    from forked_apps.order.models import Order
    from marketplace.users.models import User
    from points_payment.services.escrow import AllocationSpec

DEFAULT_SOURCE = "points"
NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class WayToPay:
    """What a source says about an order to be; the review page shows it."""

    code: str
    label: str
    can_pay: bool
    #: Beneath the button: what becomes of the money.
    note: str = ""
    #: Rows below the sum, and what to do where it cannot pay yet; both print ``facts``.
    summary_template: str = ""
    missing_template: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaidWords:
    """How pages speak of an order that was paid in some way."""

    heading: str
    #: What refunds are called.
    given_back: str
    #: After the customer cancelled a part; ``%(number)s`` is its number.
    cancelled: str
    #: Where the customer is thanked; prints the ``order``.
    thanks_template: str = ""


class PaymentSource(Protocol):
    #: Of Oscar's SourceType; also how an order remembers its way of paying.
    code: str

    def quote(self, *, customer: User, total_points: int) -> WayToPay:
        """Whether this customer could pay so much in this way, before anything is written."""

    def pay(self, *, order: Order, allocations: Sequence[AllocationSpec]) -> None:
        """Take or promise the money for a new order and write Oscar's source and transactions.

        Raises:
            PaymentError, PointsError: it cannot be paid, for instance InsufficientPoints.
        """

    def refund(
        self,
        *,
        order: Order,
        points: Mapping[str, int],
        actor_id: int | None,
        reason: str,
        key: str,
        subsidies: Mapping[str, int] = NOTHING,
    ) -> None:
        """Give so many points of each allocation back to the buyer; the same ``key`` does it once.

        ``subsidies``: what the platform has back of what it added, since it bears a discount.
        """

    def release(self, *, order: Order, references: Sequence[str], actor_id: int | None) -> None:
        """The goods were delivered and kept: let the vendor have what is held."""

    def explain(self, error: Exception) -> str | None:
        """Why ``pay`` refused, for the customer; None: the error says it itself, or is not this source's."""

    def words(self) -> PaidWords:
        """How pages speak of an order that was paid in this way."""


_sources: dict[str, PaymentSource] = {}


def register_source(source: PaymentSource) -> None:
    _sources[source.code] = source


def source_for(code: str) -> PaymentSource:
    """Raises:
    UnknownSource: nobody registered such a way to pay.
    """
    if code not in _sources:
        raise UnknownSource(code)
    return _sources[code]


def source_codes() -> list[str]:
    return list(_sources)


def ways_to_pay(*, customer: User, total_points: int) -> list[WayToPay]:
    """All ways, in the order in which they were registered."""
    return [source.quote(customer=customer, total_points=total_points) for source in _sources.values()]


def source_of(order: Order) -> PaymentSource:
    """The way in which this order was paid; an order for nothing has no source and counts as points."""
    code = order.sources.values_list("source_type__code", flat=True).first()
    return source_for(code or DEFAULT_SOURCE)
