"""What moved a vendor's points in a time: sums from the ledger's entries, split by its allocations.

Every figure is computed here, for closed months, for the one that runs, and for the proof: from the entries
of a vendor's accounts, so that opening + movements = closing whatever kinds of transfers there are. What no
other figure claims is an adjustment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from points_payment.kinds import AccountKind

#: SQL pattern of references of allocations that are delivery charges; who makes them registers it. Closed
#: statements are split by it, so it must not change.
_shipping_pattern = ""


def register_shipping_references(pattern: str) -> None:
    global _shipping_pattern
    _shipping_pattern = pattern


def shipping_pattern() -> str:
    return _shipping_pattern


_KINDS = (AccountKind.VENDOR_PAYABLE, AccountKind.VENDOR_RECEIVABLE, AccountKind.VENDOR_ESCROW)
VENDOR_ACCOUNTS = f"({', '.join(repr(kind.value) for kind in _KINDS)})"
_COLUMNS = (
    "a.owner_id AS vendor_id, a.kind AS account, t.id AS transfer_id, t.kind, e.amount_points AS points"
)
#: Of all vendors in a month, found by the transfers' times.
MOVED_IN_PERIOD = f"""
    SELECT 0::bigint AS period_id, {_COLUMNS}
      FROM points_payment_transfer t
      JOIN points_payment_entry e ON e.transfer_id = t.id
      JOIN points_payment_account a ON a.id = e.account_id
     WHERE t.created_at >= %(starts_at)s AND t.created_at < %(ends_before)s AND a.kind IN {VENDOR_ACCOUNTS}
"""  # noqa: S608 - constants
#: Of one vendor since a month was closed, found by its accounts' entries behind that month's last one.
MOVED_SINCE = f"""
    SELECT 0::bigint AS period_id, {_COLUMNS}
      FROM points_payment_account a
      JOIN points_payment_entry e ON e.account_id = a.id AND e.id > %(above)s
      JOIN points_payment_transfer t ON t.id = e.transfer_id
     WHERE a.kind IN {VENDOR_ACCOUNTS} AND a.owner_id = %(vendor)s
       AND (%(starts_at)s::timestamptz IS NULL OR t.created_at >= %(starts_at)s)
"""  # noqa: S608 - constants
#: Of all vendors in all closed months, for the proof.
MOVED_EVER = f"""
    SELECT p.id AS period_id, {_COLUMNS}
      FROM points_payment_settlementperiod p
      JOIN points_payment_transfer t ON t.created_at >= p.starts_at AND t.created_at < p.ends_before
      JOIN points_payment_entry e ON e.transfer_id = t.id
      JOIN points_payment_account a ON a.id = e.account_id
     WHERE a.kind IN {VENDOR_ACCOUNTS}
"""  # noqa: S608 - constants
FIGURES = """
    WITH moved AS MATERIALIZED ({moved}
    ), split AS (
        SELECT x.period_id, x.vendor_id,
               coalesce(sum(m.released_points) FILTER (
                   WHERE m.released_points > 0 AND l.reference NOT LIKE %(shipping)s), 0) AS sales,
               coalesce(sum(m.released_points) FILTER (
                   WHERE m.released_points > 0 AND l.reference LIKE %(shipping)s), 0) AS shipping,
               coalesce(sum(m.released_points) FILTER (WHERE m.released_points < 0), 0) AS refunds,
               -sum(m.commission_points) AS commission
          FROM (SELECT DISTINCT period_id, vendor_id, transfer_id FROM moved) x
          JOIN points_payment_allocationmove m ON m.transfer_id = x.transfer_id
          JOIN points_payment_allocation l ON l.id = m.allocation_id AND l.vendor_id = x.vendor_id
         GROUP BY 1, 2
    ), summed AS (
        SELECT period_id, vendor_id,
               coalesce(sum(points) FILTER (WHERE account <> 'vendor_escrow'), 0) AS net,
               coalesce(sum(points) FILTER (WHERE account = 'vendor_receivable'), 0) AS receivable,
               coalesce(sum(points) FILTER (WHERE account = 'vendor_escrow'), 0) AS escrow,
               coalesce(sum(points) FILTER (WHERE account <> 'vendor_escrow' AND kind = 'payout'), 0)
                   AS payouts,
               coalesce(sum(points) FILTER (WHERE account <> 'vendor_escrow' AND kind = 'payout_returned'), 0)
                   AS payouts_returned,
               coalesce(sum(points) FILTER (WHERE account <> 'vendor_escrow' AND kind = 'vendor_payment'), 0)
                   AS paid_in,
               count(DISTINCT transfer_id) FILTER (WHERE account <> 'vendor_escrow') AS movements
          FROM moved GROUP BY 1, 2
    )
    SELECT s.period_id, s.vendor_id, s.net::bigint, s.receivable::bigint, s.escrow::bigint,
           coalesce(x.sales, 0)::bigint AS sales, coalesce(x.shipping, 0)::bigint AS shipping,
           coalesce(x.refunds, 0)::bigint AS refunds, coalesce(x.commission, 0)::bigint AS commission,
           s.payouts::bigint, s.payouts_returned::bigint, s.paid_in::bigint,
           (s.net - coalesce(x.sales + x.shipping + x.refunds + x.commission, 0)
            - s.payouts - s.payouts_returned - s.paid_in)::bigint AS adjustments,
           s.movements::integer
      FROM summed s LEFT JOIN split x ON x.period_id = s.period_id AND x.vendor_id = s.vendor_id
"""
#: In the order of the statement's lines.
MOVEMENTS = (
    "sales", "shipping", "commission", "refunds", "adjustments", "payouts", "payouts_returned", "paid_in",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """Sums of one vendor's movements in a time, in whole points; what was taken is below 0."""

    sales: int = 0
    shipping: int = 0
    commission: int = 0
    refunds: int = 0
    adjustments: int = 0
    payouts: int = 0
    payouts_returned: int = 0
    paid_in: int = 0
    #: Of payable and receivable together: the sum of the lines above.
    net: int = 0
    receivable: int = 0
    escrow: int = 0
    movements: int = 0


def moved_since(*, vendor_id: int, above: int, starts_at: datetime | None) -> Moved:
    """One vendor's movements behind an entry and from a time on; all of them with 0 and None."""
    facts: dict[str, Any] = {
        "vendor": vendor_id,
        "above": above,
        "starts_at": starts_at,
        "shipping": shipping_pattern(),
    }
    with connection.cursor() as cursor:
        cursor.execute(FIGURES.format(moved=MOVED_SINCE), facts)
        rows = _rows(cursor)
    return rows[0] if rows else Moved()


def _rows(cursor: Any) -> list[Moved]:
    names = [column.name for column in cursor.description]
    return [_moved(dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _moved(row: Mapping[str, int]) -> Moved:
    return Moved(**{name: row[name] for name in Moved.__slots__})
