"""What vouchers gave, and what they were allowed to give."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "vouchers-unchanged",
    _("No campaign of vouchers, and none of its codes, was changed after it was made"),
    """
    SELECT 'campaign ' || d.id, d.digest, d.now FROM (
        SELECT c.id, c.digest, points_row_digest(
            to_jsonb(c), 'id', 'name', 'is_single_use', 'value_points', 'starts_at', 'ends_at', 'total_limit',
            'per_customer_limit', 'lifetime_days', 'created_by_id', 'created_at') AS now
        FROM points_payment_vouchercampaign c
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'voucher ' || d.id, d.digest, d.now FROM (
        SELECT v.id, v.digest,
               points_row_digest(to_jsonb(v), 'id', 'campaign_id', 'code', 'created_at') AS now
        FROM points_payment_voucher v
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'event ' || d.id || ' of campaign ' || d.campaign_id, d.digest, d.now FROM (
        SELECT e.id, e.campaign_id, e.digest, points_row_digest(
            to_jsonb(e), 'id', 'campaign_id', 'kind', 'codes', 'actor_id', 'created_at') AS now
        FROM points_payment_voucherevent e
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'campaign ' || c.id, coalesce(e.kind, 'no event'),
           CASE WHEN c.is_active THEN 'active' ELSE 'paused' END
    FROM points_payment_vouchercampaign c
    LEFT JOIN LATERAL (
        SELECT v.kind FROM points_payment_voucherevent v
        WHERE v.campaign_id = c.id AND v.kind IN ('created', 'paused', 'resumed') ORDER BY v.id DESC LIMIT 1
    ) e ON true
    WHERE e.kind IS NULL OR c.is_active <> (e.kind <> 'paused')
    """,
    """
    SELECT 'codes of campaign ' || c.id, e.codes::text, v.codes::text
    FROM points_payment_vouchercampaign c
    CROSS JOIN LATERAL (SELECT count(*) AS codes FROM points_payment_voucher v WHERE v.campaign_id = c.id) v
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.is_single_use THEN coalesce(sum(x.codes), 0) ELSE 1 END AS codes
        FROM points_payment_voucherevent x WHERE x.campaign_id = c.id AND x.kind = 'codes_made'
    ) e
    WHERE v.codes <> e.codes
    """,
)

sql_check(
    "vouchers-redeemed",
    _("Every redemption of a voucher gave its value to its customer, once, until its day"),
    """
    SELECT 'redemption ' || d.id, d.digest, d.now FROM (
        SELECT r.id, r.digest, points_row_digest(
            to_jsonb(r), 'id', 'campaign_id', 'voucher_id', 'customer_id', 'transfer_id', 'amount_points', 'expires_at',
            'is_single_use', 'created_at') AS now
        FROM points_payment_voucherredemption r
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'voucher in transfer ' || coalesce(r.transfer_id, t.id), coalesce(r.said, 'a record'),
           coalesce(t.said, 'no transfer')
    FROM (
        SELECT r.transfer_id, v.code || ' gave ' || c.value_points || ' to ' || r.customer_id || ' until ' || r.expires_at
               || CASE WHEN r.amount_points = c.value_points THEN '' ELSE ', not ' || r.amount_points END AS said
        FROM points_payment_voucherredemption r
        JOIN points_payment_voucher v ON v.id = r.voucher_id AND v.campaign_id = r.campaign_id
        JOIN points_payment_vouchercampaign c ON c.id = r.campaign_id AND c.is_single_use = r.is_single_use
    ) r
    FULL JOIN (
        SELECT t.id, t.reference || ' gave ' || e.amount_points || ' to ' || a.owner_id || ' until ' || l.expires_at AS said
        FROM points_payment_transfer t
        LEFT JOIN (
            points_payment_entry e
            JOIN points_payment_account a ON a.id = e.account_id AND a.kind = 'customer_promotional'
        ) ON e.transfer_id = t.id
        LEFT JOIN points_payment_lot l ON l.transfer_id = t.id
        WHERE t.kind = 'voucher'
    ) t ON t.id = r.transfer_id
    WHERE r.said IS DISTINCT FROM t.said
    """,  # noqa: E501 - SQL keeps its own lines
)

sql_check(
    "vouchers-limits",
    _("No campaign of vouchers gave more than its limits"),
    """
    SELECT 'campaign ' || c.id, c.redeemed_count || ' of at most ' || c.total_limit, r.redemptions::text
    FROM points_payment_vouchercampaign c
    CROSS JOIN LATERAL (
        SELECT count(*) AS redemptions FROM points_payment_voucherredemption r WHERE r.campaign_id = c.id
    ) r
    WHERE r.redemptions <> c.redeemed_count OR r.redemptions > c.total_limit
    """,
    """
    SELECT 'customer ' || r.customer_id || ' of campaign ' || c.id, 'at most ' || c.per_customer_limit,
           count(*)::text
    FROM points_payment_voucherredemption r
    JOIN points_payment_vouchercampaign c ON c.id = r.campaign_id
    GROUP BY c.id, r.customer_id HAVING count(*) > c.per_customer_limit
    """,
    """
    SELECT 'voucher ' || r.voucher_id, 'redeemed once', count(*)::text
    FROM points_payment_voucherredemption r
    JOIN points_payment_vouchercampaign c ON c.id = r.campaign_id AND c.is_single_use
    GROUP BY r.voucher_id HAVING count(*) > 1
    """,
    """
    SELECT 'redemption ' || r.id, 'from ' || c.starts_at || ' to ' || c.ends_at, r.created_at::text
    FROM points_payment_voucherredemption r
    JOIN points_payment_vouchercampaign c ON c.id = r.campaign_id
    -- A redemption begins before it has its locks, and clocks differ.
    WHERE r.created_at NOT BETWEEN c.starts_at - interval '10 min' AND c.ends_at + interval '10 min'
    """,
)
