"""Where points meet Oscar: its decimals, and its records of how an order was paid.

Only ``forked_apps`` imports this module.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import F
from oscar.core.loading import get_model

from points_payment.errors import InvalidAmount

if TYPE_CHECKING:
    from points_payment.services.escrow import HeldOrder, Refunded

SOURCE_TYPE_CODE = "points"
SOURCE_TYPE_NAME = "points_payment"


def whole_points(amount: Decimal | int) -> int:
    """Oscar's decimal as points.

    Raises:
        InvalidAmount: it has a fraction, or is no number.
    """
    if isinstance(amount, Decimal) and not amount.is_finite():
        raise InvalidAmount(amount)
    points = int(amount)
    if points != amount:
        raise InvalidAmount(amount)
    return points


def record_points_source(order: Any, held: HeldOrder) -> Any:
    """Write Oscar's payment Source of an order and its Transaction; None when nothing was paid."""
    if held.transfer_id is None:
        return None
    source_type = _source_type()
    amount = Decimal(held.total_points)
    source = get_model("payment", "Source").objects.create(
        order=order,
        source_type=source_type,
        currency=order.currency,
        amount_allocated=amount,
        amount_debited=amount,
        reference=str(held.transfer_id),
    )
    get_model("payment", "Transaction").objects.create(
        source=source, txn_type="Debit", amount=amount, reference=str(held.transfer_id), status="Complete"
    )
    return source


def record_points_refund(order: Any, refunded: Refunded) -> None:
    """Write what went back to the customer on the order's Source."""
    if refunded.transfer_id is None:
        return
    amount = Decimal(refunded.total_points)
    source = order.sources.get(source_type__code=SOURCE_TYPE_CODE)
    transactions = get_model("payment", "Transaction").objects
    _row, created = transactions.get_or_create(
        source=source,
        txn_type="Refund",
        reference=str(refunded.transfer_id),
        defaults={"amount": amount, "status": "Complete"},
    )
    if created:
        source.amount_refunded = F("amount_refunded") + amount
        source.save(update_fields=["amount_refunded"])


def _source_type() -> Any:
    source_types = get_model("payment", "SourceType").objects
    found = source_types.filter(code=SOURCE_TYPE_CODE).first()
    return found or source_types.get_or_create(code=SOURCE_TYPE_CODE, defaults={"name": SOURCE_TYPE_NAME})[0]
