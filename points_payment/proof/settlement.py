# ruff: noqa: E501 - SQL keeps its own lines
"""Settlement with vendors: payouts and payments between two persons, debts, and frozen statements."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import Check, Finding, register_check, select_findings, sql_check
from points_payment.vendor_figures import FIGURES, MOVED_EVER, shipping_pattern


def _unchanged(name: str, table: str, *columns: str) -> str:
    quoted = ", ".join(f"'{column}'" for column in columns)
    return f"""
    SELECT '{name} ' || d.id, d.digest, d.now FROM (
        SELECT r.id, r.digest, points_row_digest(to_jsonb(r), {quoted}) AS now FROM points_payment_{table} r
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """  # noqa: S608 - constants of this module


sql_check(
    "payouts",
    _("Every payout was ordered by one person, confirmed by another, and moved its points; or moved none"),
    _unchanged(
        "payout", "payout", "id", "vendor_id", "amount_points", "destination_id", "method", "provider", "number",
        "holder_name", "requested_by_id", "created_at",
    ),
    _unchanged(
        "destination", "payoutdestination", "id", "vendor_id", "method", "provider", "number", "holder_name",
        "created_by_id", "created_at", "usable_from",
    ),
    """
    SELECT 'payout ' || p.id,
           p.vendor_id || ' gets ' || p.amount_points || ' by ' || p.ordered_by_id || ', confirmed by ' || p.confirmed_by_id,
           coalesce(t.kind || ': ' || a.owner_id || ' gets ' || -e.amount_points || ' by ' || t.actor_id || ', ' || t.reason,
                    'no transfer of payable points')
    FROM points_payment_payout p
    LEFT JOIN points_payment_transfer t ON t.id = p.transfer_id
    LEFT JOIN (points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id AND a.kind = 'vendor_payable')
      ON e.transfer_id = t.id
    WHERE p.transfer_id IS NOT NULL
      AND (t.kind, a.owner_id, -e.amount_points, t.actor_id, t.reason) IS DISTINCT FROM
          ('payout', p.vendor_id, p.amount_points, p.ordered_by_id::bigint, 'confirmed by ' || p.confirmed_by_id)
    """,
    """
    SELECT 'payout ' || p.id, 'transfer ' || p.transfer_id || ' reversed', 'transfer ' || r.id || ' of another'
    FROM points_payment_payout p JOIN points_payment_transfer r ON r.id = p.return_transfer_id
    WHERE r.kind <> 'payout_returned' OR r.reverses_id IS DISTINCT FROM p.transfer_id
    UNION ALL
    SELECT 'payout ' || p.id, 'returned by transfer ' || r.id, p.state
    FROM points_payment_payout p JOIN points_payment_transfer r ON r.reverses_id = p.transfer_id
    WHERE p.return_transfer_id IS DISTINCT FROM r.id
    """,
    """
    SELECT 'ordered payouts of vendor ' || p.vendor_id, 'at most ' || coalesce(b.payable_points, 0), p.points::text
    FROM (
        SELECT vendor_id, sum(amount_points) AS points FROM points_payment_payout WHERE state = 'ordered' GROUP BY 1
    ) p LEFT JOIN points_payment_vendorbalance b ON b.vendor_id = p.vendor_id
    WHERE p.points > coalesce(b.payable_points, 0)
    """,
)  # fmt: skip

sql_check(
    "vendor-payments",
    _("All money of vendors was taken by one person and confirmed by another"),
    """
    SELECT 'payment ' || coalesce(p.id::text, 'of transfer ' || t.id),
           coalesce(p.vendor_id || ' brought ' || p.amount_points || ', confirmed by ' || p.decided_by_id, 'nothing'),
           coalesce(t.vendor_id || ' brought ' || t.points || ', confirmed by ' || t.actor_id, 'no transfer')
    FROM (SELECT * FROM points_payment_vendorpayment WHERE state = 'done') p
    FULL JOIN (
        SELECT t.id, t.actor_id, max(a.owner_id) FILTER (WHERE a.kind <> 'cash') AS vendor_id,
               -sum(e.amount_points) FILTER (WHERE a.kind = 'cash') AS points
        FROM points_payment_transfer t
        JOIN points_payment_entry e ON e.transfer_id = t.id
        JOIN points_payment_account a ON a.id = e.account_id
        WHERE t.kind = 'vendor_payment' GROUP BY t.id
    ) t ON t.id = p.transfer_id
    WHERE (p.vendor_id, p.amount_points, p.decided_by_id) IS DISTINCT FROM (t.vendor_id, t.points::bigint, t.actor_id)
       OR p.decided_by_id = p.proposed_by_id
    """,
    _unchanged(
        "payment", "vendorpayment", "id", "vendor_id", "proposed_by_id", "amount_points", "reference", "created_at"
    ),
)  # fmt: skip

sql_check(
    "vendor-debts",
    _("What each vendor owes is what the books say, less what is payable and not ordered"),
    """
    SELECT 'debt of vendor ' || coalesce(d.vendor_id, x.vendor_id), coalesce(x.owed, 0)::bigint::text,
           coalesce(d.owed_points, 0)::text
    FROM points_payment_vendordebt d
    FULL JOIN (
        SELECT a.owner_id AS vendor_id,
               greatest(0, -sum(e.amount_points) - coalesce(max(b.payable_points), 0) + coalesce(max(p.points), 0)) AS owed
        FROM points_payment_account a
        JOIN points_payment_entry e ON e.account_id = a.id
        LEFT JOIN points_payment_vendorbalance b ON b.vendor_id = a.owner_id
        LEFT JOIN (
            SELECT vendor_id, sum(amount_points) AS points FROM points_payment_payout WHERE state = 'ordered' GROUP BY 1
        ) p ON p.vendor_id = a.owner_id
        WHERE a.kind = 'vendor_receivable' GROUP BY 1
    ) x ON x.vendor_id = d.vendor_id
    WHERE coalesce(d.owed_points, 0) <> coalesce(x.owed, 0)
    """,
    _unchanged(
        "step of a debt", "vendordebtevent", "id", "vendor_id", "level_before", "level", "owed_points",
        "grace_until", "actor_id", "reason", "created_at",
    ),
)  # fmt: skip

STATEMENTS_SLUG = "settlement-statements"
#: What reads the frozen rows alone.
FROZEN = (
    _unchanged(
        "statement", "settlementstatement", "id", "period_id", "vendor_id", "opening_points", "sales_points",
        "shipping_points", "commission_points", "refunds_points", "adjustments_points", "payouts_points",
        "payouts_returned_points", "paid_in_points", "closing_points", "receivable_points", "in_transit_points",
        "movements_count", "created_at", "accept_by",
    ),
    _unchanged(
        "period", "settlementperiod", "id", "first_day", "last_day", "starts_at", "ends_before", "last_entry_id",
        "closed_at",
    ),
    _unchanged("message", "statementmessage", "id", "statement_id", "side", "author_id", "text", "created_at"),
    """
    SELECT 'period ' || p.first_day, 'begins where ' || b.first_day || ' ends', 'begins ' || p.starts_at
    FROM (SELECT *, lag(id) OVER (ORDER BY first_day) AS before_id FROM points_payment_settlementperiod) p
    JOIN points_payment_settlementperiod b ON b.id = p.before_id WHERE p.starts_at <> b.ends_before
    """,
    """
    WITH months AS (
        SELECT id, first_day, lag(id) OVER (ORDER BY first_day) AS before_id FROM points_payment_settlementperiod
    )
    SELECT 'statement of vendor ' || coalesce(s.vendor_id, b.vendor_id) || ' in ' || coalesce(s.first_day, b.first_day),
           'opens with ' || coalesce(b.closing_points, 0),
           CASE WHEN s.vendor_id IS NULL THEN 'no statement' ELSE 'opens with ' || s.opening_points END
    FROM (
        SELECT m.id AS period_id, m.first_day, x.vendor_id, x.opening_points
        FROM months m JOIN points_payment_settlementstatement x ON x.period_id = m.id
    ) s
    FULL JOIN (
        SELECT m.id AS period_id, m.first_day, x.vendor_id, x.closing_points
        FROM months m JOIN points_payment_settlementstatement x ON x.period_id = m.before_id
    ) b ON b.period_id = s.period_id AND b.vendor_id = s.vendor_id
    WHERE coalesce(s.opening_points, 0) <> coalesce(b.closing_points, 0)
    """,
)  # fmt: skip
#: The books of all closed months, summed again. What was owed and in transit goes on from month to month.
AGAIN = f"""
    WITH vendor_months AS MATERIALIZED ({FIGURES.format(moved=MOVED_EVER)})
    SELECT 'statement of vendor ' || x.vendor_id || ' in ' || p.first_day, x.expected, x.found
    FROM (
        SELECT coalesce(f.period_id, s.period_id) AS period_id, coalesce(f.vendor_id, s.vendor_id) AS vendor_id,
               concat_ws(' ', coalesce(f.sales, 0), coalesce(f.shipping, 0), coalesce(f.commission, 0),
                         coalesce(f.refunds, 0), coalesce(f.adjustments, 0), coalesce(f.payouts, 0),
                         coalesce(f.payouts_returned, 0), coalesce(f.paid_in, 0), coalesce(f.net, 0),
                         coalesce(f.movements, 0)) AS expected,
               concat_ws(' ', coalesce(s.sales_points, 0), coalesce(s.shipping_points, 0),
                         coalesce(s.commission_points, 0), coalesce(s.refunds_points, 0),
                         coalesce(s.adjustments_points, 0), coalesce(s.payouts_points, 0),
                         coalesce(s.payouts_returned_points, 0), coalesce(s.paid_in_points, 0),
                         coalesce(s.closing_points - s.opening_points, 0), coalesce(s.movements_count, 0)) AS found
        FROM vendor_months f
        FULL JOIN points_payment_settlementstatement s ON s.period_id = f.period_id AND s.vendor_id = f.vendor_id
    ) x JOIN points_payment_settlementperiod p ON p.id = x.period_id
    WHERE x.expected <> x.found
    UNION ALL
    SELECT 'balances of vendor ' || s.vendor_id || ' at the end of ' || p.first_day,
           x.receivable || ' owed, ' || x.escrow || ' in transit',
           s.receivable_points || ' owed, ' || s.in_transit_points || ' in transit'
    FROM points_payment_settlementstatement s
    JOIN points_payment_settlementperiod p ON p.id = s.period_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(f.receivable), 0)::bigint AS receivable, coalesce(sum(f.escrow), 0)::bigint AS escrow
        FROM vendor_months f JOIN points_payment_settlementperiod q ON q.id = f.period_id
        WHERE f.vendor_id = s.vendor_id AND q.first_day <= p.first_day
    ) x WHERE (x.receivable, x.escrow) IS DISTINCT FROM (s.receivable_points, s.in_transit_points)
"""  # noqa: S608 - constants


def broken_statements(*, frozen_alone: bool) -> Iterable[Finding]:
    """Statements that are not what was frozen, or not what the books say."""
    yield from select_findings(STATEMENTS_SLUG, FROZEN)
    if not frozen_alone:
        yield from select_findings(STATEMENTS_SLUG, [AGAIN], {"shipping": shipping_pattern()})


register_check(
    Check(
        STATEMENTS_SLUG,
        _(
            "Every closed statement is as it was frozen, goes on from the one before, and is what the books say"
        ),
        lambda: broken_statements(frozen_alone=False),
    )
)
