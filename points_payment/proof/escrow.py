"""The sub-ledger of escrow."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "allocations",
    _("Escrow is what orders paid, less what was refunded and released"),
    """
    SELECT 'allocation ' || d.reference, d.digest, d.now FROM (
        SELECT a.reference, a.digest, points_row_digest(
            to_jsonb(a), 'id', 'reference', 'order_reference', 'customer_id', 'vendor_id', 'transfer_id',
            'gross_points', 'paid_points', 'promotional_points', 'subsidy_points', 'commission_basis_points',
            'commission_fixed_points', 'commission_floor_points', 'commission_cap_points', 'created_at') AS now
        FROM points_payment_allocation a
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'allocation ' || a.reference,
           'refunded ' || coalesce(m.refunded, 0) || ' (promotional ' || coalesce(m.promotional, 0) || ', to the platform '
               || coalesce(m.subsidy, 0) || '), released ' || coalesce(m.released, 0) || ', commission ' || coalesce(m.commission, 0),
           'refunded ' || a.refunded_points || ' (promotional ' || a.refunded_promotional_points || ', to the platform '
               || a.refunded_subsidy_points || '), released ' || a.released_points || ', commission ' || a.commission_points
    FROM points_payment_allocation a
    LEFT JOIN (
        SELECT allocation_id, sum(refunded_points) AS refunded, sum(refunded_promotional_points) AS promotional,
               sum(refunded_subsidy_points) AS subsidy, sum(released_points) AS released, sum(commission_points) AS commission
        FROM points_payment_allocationmove GROUP BY 1
    ) m ON m.allocation_id = a.id
    WHERE (a.refunded_points, a.refunded_promotional_points, a.refunded_subsidy_points, a.released_points,
           a.commission_points)
          IS DISTINCT FROM (coalesce(m.refunded, 0)::bigint, coalesce(m.promotional, 0)::bigint,
                            coalesce(m.subsidy, 0)::bigint, coalesce(m.released, 0)::bigint,
                            coalesce(m.commission, 0)::bigint)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'allocation ' || a.reference, 'commission ' || coalesce(c.due::text, 'of nothing'),
           'commission ' || a.commission_points
    FROM points_payment_allocation a CROSS JOIN LATERAL (SELECT points_commission(
        a.released_points, a.gross_points, a.commission_basis_points, a.commission_fixed_points,
        a.commission_floor_points, a.commission_cap_points) AS due) c
    WHERE a.commission_points IS DISTINCT FROM c.due
    """,
    """
    WITH expected AS (
        SELECT transfer_id, kind, owner_id, sum(points) AS points FROM (
            SELECT transfer_id, 'vendor_escrow' AS kind, vendor_id AS owner_id, gross_points AS points
            FROM points_payment_allocation
            UNION ALL SELECT transfer_id, 'customer_paid', customer_id, -paid_points FROM points_payment_allocation
            UNION ALL SELECT transfer_id, 'customer_promotional', customer_id, -promotional_points
            FROM points_payment_allocation
            UNION ALL SELECT transfer_id, 'promotions', 0, -subsidy_points FROM points_payment_allocation
            UNION ALL SELECT transfer_id, 'promotions', 0, refunded_subsidy_points FROM points_payment_allocationmove
            UNION ALL SELECT m.transfer_id, 'vendor_escrow', a.vendor_id, -m.refunded_points - m.released_points
            FROM points_payment_allocationmove m JOIN points_payment_allocation a ON a.id = m.allocation_id
            UNION ALL SELECT m.transfer_id, 'commission', 0, m.commission_points FROM points_payment_allocationmove m
            UNION ALL SELECT m.transfer_id, 'customer_paid', a.customer_id,
                             m.refunded_points - m.refunded_promotional_points - m.refunded_subsidy_points
            FROM points_payment_allocationmove m JOIN points_payment_allocation a ON a.id = m.allocation_id
            UNION ALL SELECT m.transfer_id, 'customer_promotional', a.customer_id, m.refunded_promotional_points
            FROM points_payment_allocationmove m JOIN points_payment_allocation a ON a.id = m.allocation_id
        ) parts GROUP BY 1, 2, 3
    ), actual AS (
        SELECT e.transfer_id, a.kind, a.owner_id, e.amount_points
        FROM points_payment_entry e
        JOIN points_payment_account a ON a.id = e.account_id
        JOIN points_payment_transfer t ON t.id = e.transfer_id
        WHERE t.kind IN ('purchase', 'release', 'cancellation', 'return')
          AND a.kind IN ('vendor_escrow', 'commission', 'promotions', 'customer_paid', 'customer_promotional')
    )
    SELECT 'allocations of transfer ' || coalesce(x.transfer_id, e.transfer_id) || ' (' ||
               coalesce(x.kind, e.kind) || ':' || coalesce(x.owner_id, e.owner_id) || ')',
           coalesce(e.amount_points, 0)::text, coalesce(x.points, 0)::text
    FROM expected x FULL JOIN actual e
      ON e.transfer_id = x.transfer_id AND e.kind = x.kind AND e.owner_id = x.owner_id
    WHERE coalesce(x.points, 0) <> coalesce(e.amount_points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
)
