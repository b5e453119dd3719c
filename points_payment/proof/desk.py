"""The top-up desk: two persons where two are asked for, reversals within their top-ups, cash and drawers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check


def _unchanged(name: str, table: str, *columns: str) -> str:
    quoted = ", ".join(f"'{column}'" for column in columns)
    return f"""
    SELECT '{name} ' || d.id, d.digest, d.now FROM (
        SELECT r.id, r.digest, points_row_digest(to_jsonb(r), {quoted}) AS now FROM points_payment_{table} r
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """  # noqa: S608 - constants of this module


sql_check(
    "top-ups-allowed",
    _("Every top-up was verified for its operator and customer, and approved by another where it had to be"),
    """
    SELECT 'top-up ' || u.transfer_id,
           'a verification of customer ' || u.customer_id || ' by ' || u.operator_id || ', used',
           'customer ' || v.customer_id || ' by ' || v.operator_id
           || CASE WHEN v.used_at IS NULL THEN ', not used' ELSE ', used' END
    FROM points_payment_topup u JOIN points_payment_callerverification v ON v.id = u.verification_id
    WHERE (v.customer_id, v.operator_id) <> (u.customer_id, u.operator_id) OR v.used_at IS NULL
    """,
    """
    SELECT 'top-up ' || coalesce(u.transfer_id::text, 'of proposal ' || p.id),
           coalesce(p.proposed_by_id || ' gave ' || p.amount_points || ' to ' || p.customer_id || ', let by '
                    || p.decided_by_id, 'no approval'),
           coalesce(u.operator_id || ' gave ' || u.amount_points || ' to ' || u.customer_id || ', let by '
                    || u.approved_by_id, 'no approval')
    FROM (SELECT * FROM points_payment_topup WHERE approved_by_id IS NOT NULL) u
    FULL JOIN (SELECT * FROM points_payment_topupproposal WHERE state = 'done') p ON p.transfer_id = u.transfer_id
    WHERE (p.proposed_by_id, p.customer_id, p.amount_points, p.decided_by_id, p.verification_id, p.reason, p.reference)
          IS DISTINCT FROM
          (u.operator_id, u.customer_id, u.amount_points, u.approved_by_id, u.verification_id, u.reason, u.reference)
    """,  # noqa: E501 - SQL keeps its own lines
    _unchanged(
        "proposal", "topupproposal", "id", "proposed_by_id", "customer_id", "amount_points", "reason",
        "reference", "verification_id", "request_id", "limit_points", "created_at",
    ),
    _unchanged(
        "verification", "callerverification", "id", "operator_id", "customer_id", "method", "created_at"
    ),
    _unchanged(
        "change of a limit", "limitchange", "id", "operator_id", "limit", "old_points", "new_points",
        "changed_by_id", "reason", "created_at",
    ),
)  # fmt: skip

sql_check(
    "top-up-requests",
    _("Every request that was fulfilled led to a top-up of its customer"),
    """
    SELECT 'request ' || r.id, 'a top-up of customer ' || r.customer_id,
           coalesce('customer ' || u.customer_id, 'no top-up')
    FROM points_payment_topuprequest r LEFT JOIN points_payment_topup u ON u.transfer_id = r.transfer_id
    WHERE r.state = 'fulfilled' AND u.customer_id IS DISTINCT FROM r.customer_id
    """,
    _unchanged(
        "request", "topuprequest", "id", "customer_id", "amount_points", "method", "pay_on", "note",
        "created_at",
    ),
)  # fmt: skip

sql_check(
    "top-up-reversals",
    _("Every reversal took from its top-up's customer and lot, and no more than there was"),
    """
    SELECT 'transfer ' || r.id,
           coalesce('at most ' || u.amount_points || ' of customer ' || u.customer_id, 'a top-up'),
           coalesce(e.taken::text, 'nothing') || ' of customer ' || coalesce(e.customers, 'nobody')
           || ', ' || coalesce(l.taken::text, 'nothing') || ' of its lot'
    FROM points_payment_transfer r
    LEFT JOIN points_payment_topup u ON u.transfer_id = r.reverses_id
    LEFT JOIN LATERAL (
        SELECT -sum(x.amount_points) AS taken, string_agg(a.owner_id::text, ', ') AS customers,
               max(a.owner_id) AS customer_id
        FROM points_payment_entry x JOIN points_payment_account a ON a.id = x.account_id
        WHERE x.transfer_id = r.id AND a.kind = 'customer_paid'
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT -sum(c.points) AS taken
        FROM points_payment_lotuse c JOIN points_payment_lot o ON o.id = c.lot_id
        WHERE c.transfer_id = r.id AND o.transfer_id = r.reverses_id
    ) l ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT a.kind, ',') AS wrong
        FROM points_payment_entry x JOIN points_payment_account a ON a.id = x.account_id
        WHERE x.transfer_id = r.id AND x.amount_points > 0
          AND NOT (a.kind = 'operator' AND a.owner_id = u.operator_id OR a.kind = 'cash' AND a.owner_id = 0)
    ) k ON true
    WHERE r.kind = 'top_up_reversal'
      AND (u.transfer_id IS NULL OR e.customer_id IS DISTINCT FROM u.customer_id OR e.taken > u.amount_points
           OR e.taken IS DISTINCT FROM l.taken OR k.wrong IS NOT NULL)
    """,
)

sql_check(
    "cash-handed-in",
    _("All cash of the platform was handed in by one person and confirmed by another"),
    """
    SELECT 'cash ' || coalesce(h.id::text, 'of transfer ' || t.id),
           coalesce(h.account_kind || ':' || h.proposed_by_id || ' ' || h.amount_points || ' to '
                    || h.decided_by_id, 'nothing'),
           coalesce(t.kind || ':' || t.owner_id || ' ' || t.points || ' to ' || t.actor_id, 'no transfer')
    FROM (SELECT * FROM points_payment_cashhandin WHERE state = 'done') h
    FULL JOIN (
        SELECT t.id, t.actor_id, max(a.kind) FILTER (WHERE a.kind <> 'cash') AS kind,
               max(a.owner_id) FILTER (WHERE a.kind <> 'cash') AS owner_id,
               -sum(e.amount_points) FILTER (WHERE a.kind = 'cash' AND a.owner_id = 0) AS points
        FROM points_payment_transfer t
        JOIN points_payment_entry e ON e.transfer_id = t.id
        JOIN points_payment_account a ON a.id = e.account_id
        WHERE t.kind = 'cash_handed_in' GROUP BY t.id
    ) t ON t.id = h.transfer_id
    WHERE (h.account_kind, h.proposed_by_id, h.amount_points, h.decided_by_id)
          IS DISTINCT FROM (t.kind, t.owner_id, t.points::bigint, t.actor_id)
       OR h.decided_by_id = h.proposed_by_id
    """,
    _unchanged(
        "cash",
        "cashhandin",
        "id",
        "proposed_by_id",
        "account_kind",
        "amount_points",
        "reference",
        "created_at",
    ),
)

sql_check(
    "drawers",
    _("Every count of a drawer names what its operator held by the books then"),
    """
    SELECT 'count ' || c.id, coalesce(h.points, 0)::text, c.held_points::text
    FROM points_payment_drawercount c
    LEFT JOIN LATERAL (
        SELECT -sum(e.amount_points) AS points
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
        WHERE a.kind = 'operator' AND a.owner_id = c.operator_id AND e.id <= c.last_entry_id
    ) h ON true
    WHERE coalesce(h.points, 0) <> c.held_points
    """,
    """
    SELECT 'count ' || c.id, 'a start of the same operator', 'count ' || o.id || ' of ' || o.operator_id
    FROM points_payment_drawercount c JOIN points_payment_drawercount o ON o.id = c.opening_id
    WHERE o.operator_id <> c.operator_id OR o.kind <> 'opening' OR o.last_entry_id > c.last_entry_id
    """,
    _unchanged(
        "count", "drawercount", "id", "operator_id", "kind", "opening_id", "last_entry_id", "held_points",
        "handed_over_points", "counted_points", "reason", "created_at",
    ),
)  # fmt: skip
