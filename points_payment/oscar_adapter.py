"""Where points meet Oscar: its decimals, and its records of how an order was paid.

Only ``forked_apps`` imports this module.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import F
from oscar.core.loading import get_model

from points_payment.errors import InvalidAmount
from points_payment.services.statements import prepared_cursor

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


#: Both rows at once; none where nobody paid with points before: see ``_source_type``.
RECORD_SOURCE = """
    WITH source AS (
        INSERT INTO payment_source (order_id, source_type_id, currency, amount_allocated, amount_debited,
                                    amount_refunded, reference, label)
        SELECT %(order)s, id, %(currency)s, %(amount)s::bigint, %(amount)s::bigint, 0, %(reference)s, ''
          FROM payment_sourcetype WHERE code = %(code)s
        RETURNING id
    )
    INSERT INTO payment_transaction (source_id, txn_type, amount, reference, status, date_created)
    SELECT id, 'Debit', %(amount)s::bigint, %(reference)s, 'Complete', now() FROM source
"""


def record_points_source(order: Any, held: HeldOrder) -> None:
    """Write Oscar's payment Source of an order and its Transaction, if something was paid."""
    if held.transfer_id is None:
        return
    facts = {
        "order": order.pk,
        "currency": order.currency,
        "amount": held.total_points,
        "reference": str(held.transfer_id),
        "code": SOURCE_TYPE_CODE,
    }
    with prepared_cursor() as cursor:
        cursor.execute(RECORD_SOURCE, facts)
        if not cursor.rowcount:
            _source_type()
            cursor.execute(RECORD_SOURCE, facts)


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


def _source_type() -> None:
    """Make sure that there is one."""
    get_model("payment", "SourceType").objects.get_or_create(
        code=SOURCE_TYPE_CODE, defaults={"name": SOURCE_TYPE_NAME}
    )
