"""What was corrected by hand, and what was reversed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "adjustments",
    _("Every adjustment moved what one person proposed and another carried out"),
    """
    SELECT 'adjustment ' || d.id, d.digest, d.now FROM (
        SELECT a.id, a.digest, points_row_digest(
            to_jsonb(a), 'id', 'account_kind', 'owner_id', 'amount_points', 'reason', 'proposed_by_id', 'created_at') AS now
        FROM points_payment_adjustment a
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'adjustment ' || coalesce(a.id::text, 'of transfer ' || t.id),
           coalesce(a.account_kind || ':' || a.owner_id || ' ' || a.amount_points || ' by ' || a.decided_by_id, 'nothing'),
           coalesce(t.kind || ':' || t.owner_id || ' ' || t.points || ' by ' || coalesce(t.actor_id::text, '?'), 'no transfer')
    FROM (SELECT * FROM points_payment_adjustment WHERE transfer_id IS NOT NULL) a
    FULL JOIN (
        SELECT t.id, t.actor_id, max(c.kind) AS kind, max(c.owner_id) AS owner_id, sum(e.amount_points) AS points
        FROM points_payment_transfer t
        LEFT JOIN points_payment_entry e ON e.transfer_id = t.id
        LEFT JOIN points_payment_account c ON c.id = e.account_id
        WHERE t.kind = 'adjustment' AND c.kind <> 'adjustments' GROUP BY t.id
    ) t ON t.id = a.transfer_id
    WHERE (a.account_kind, a.owner_id, a.amount_points, a.decided_by_id)
          IS DISTINCT FROM (t.kind, t.owner_id, t.points::bigint, t.actor_id)
    """,  # noqa: E501 - SQL keeps its own lines
)

sql_check(
    "reversals",
    _("What was reversed was reversed whole, and once"),
    """
    SELECT 'transfer ' || r.id, 'the opposite of transfer ' || r.reverses_id, coalesce(wrong.found, 'another kind')
    FROM points_payment_transfer r
    JOIN points_payment_transfer t ON t.id = r.reverses_id
    LEFT JOIN LATERAL (
        SELECT string_agg(a.kind || ':' || coalesce(x.points, 0) || '/' || coalesce(y.points, 0), ', ') AS found
        FROM points_payment_account a
        LEFT JOIN (SELECT account_id, sum(amount_points) AS points FROM points_payment_entry
                   WHERE transfer_id = t.id GROUP BY 1) x ON x.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(amount_points) AS points FROM points_payment_entry
                   WHERE transfer_id = r.id GROUP BY 1) y ON y.account_id = a.id
        WHERE coalesce(x.points, 0) <> -coalesce(y.points, 0)
          AND (x.points IS NOT NULL OR y.points IS NOT NULL)
    ) wrong ON true
    WHERE r.kind = 'payout_returned' AND (t.kind <> 'payout' OR wrong.found IS NOT NULL)
    """,  # noqa: E501 - SQL keeps its own lines
)
