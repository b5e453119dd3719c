"""Where cards were sent, what shops owe, and what replaced what."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "consignments",
    _("Every consignment is as it was sent, in the state that its events led to"),
    """
    SELECT 'consignment ' || d.id, d.digest, d.now FROM (
        SELECT c.id, c.digest, points_row_digest(
            to_jsonb(c), 'id', 'batch_id', 'parent_id', 'split_from_id', 'distributor_id', 'shop_id', 'first_number',
            'last_number', 'created_at') AS now
        FROM points_payment_consignment c
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'event ' || d.id || ' of consignment ' || d.consignment_id, d.digest, d.now FROM (
        SELECT e.id, e.consignment_id, e.digest, points_row_digest(
            to_jsonb(e), 'id', 'consignment_id', 'state', 'cards', 'owed_points', 'transfer_id', 'actor_id', 'reason',
            'created_at') AS now
        FROM points_payment_consignmentevent e
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'consignment ' || c.id, coalesce(e.state, 'no event'), c.state
    FROM points_payment_consignment c
    LEFT JOIN LATERAL (
        SELECT v.state FROM points_payment_consignmentevent v
        WHERE v.consignment_id = c.id ORDER BY v.id DESC LIMIT 1
    ) e ON true
    WHERE c.state IS DISTINCT FROM e.state
    """,
    """
    SELECT 'card ' || k.number, 'active only in an active range', c.state || ' consignment ' || c.id
    FROM points_payment_consignment c
    JOIN points_payment_card k ON k.number BETWEEN c.first_number AND c.last_number AND k.state = 'active'
    WHERE c.state IN ('frozen', 'void', 'expired') OR c.shop_id IS NOT NULL AND c.state = 'sent'
    """,
    """
    SELECT 'cards of batch ' || b.id, 'active only in an active range', count(*) || ' active outside'
    FROM points_payment_batch b
    JOIN points_payment_card k ON k.batch_id = b.id AND k.state = 'active'
    WHERE NOT EXISTS (
        SELECT 1 FROM points_payment_batchevent v
        WHERE v.batch_id = b.id AND v.scope = 'batch' AND v.card_state = 'active'
    ) AND NOT EXISTS (
        SELECT 1 FROM points_payment_consignment c
        WHERE int8range(c.first_number, c.last_number, '[]') @> k.number AND c.state = 'active'
    )
    GROUP BY b.id
    """,
)

sql_check(
    "shops",
    _("A shop owes what was activated for it, less what came back and what it paid"),
    """
    SELECT 'account of shop ' || coalesce(x.shop_id, s.owner_id) || ' in transfer ' || coalesce(x.transfer_id, s.transfer_id),
           coalesce(x.points, 0)::text, coalesce(s.amount_points, 0)::text
    FROM (
        SELECT e.transfer_id, c.shop_id, -sum(e.owed_points) AS points
        FROM points_payment_consignmentevent e JOIN points_payment_consignment c ON c.id = e.consignment_id
        WHERE e.transfer_id IS NOT NULL GROUP BY 1, 2
    ) x
    FULL JOIN (
        SELECT e.transfer_id, a.owner_id, e.amount_points
        FROM points_payment_entry e
        JOIN points_payment_account a ON a.id = e.account_id AND a.kind = 'shop' AND a.owner_id <> 0
        JOIN points_payment_transfer t ON t.id = e.transfer_id
        WHERE t.kind IN ('card_activation', 'card_void', 'card_return')
    ) s ON s.transfer_id = x.transfer_id AND s.owner_id = x.shop_id
    WHERE coalesce(x.points, 0) <> coalesce(s.amount_points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'payment ' || t.id, 'from a shop to who collected it', coalesce(e.said, 'nothing')
    FROM points_payment_transfer t
    LEFT JOIN LATERAL (
        SELECT string_agg(a.kind || ':' || a.owner_id, ' ' ORDER BY a.kind) AS said,
               bool_and(a.kind = 'shop' AND x.amount_points > 0
                        OR a.kind = 'collections' AND a.owner_id = t.actor_id) AS fits
        FROM points_payment_entry x JOIN points_payment_account a ON a.id = x.account_id
        WHERE x.transfer_id = t.id
    ) e ON true
    WHERE t.kind = 'shop_payment' AND e.fits IS NOT TRUE
    """,
    # Of a consignment that came back, cards may have gone to another shop since.
    """
    SELECT 'consignment ' || c.id, (k.cards * b.face_value_points)::text, coalesce(e.points, 0)::text
    FROM points_payment_consignment c
    JOIN points_payment_batch b ON b.id = c.batch_id
    LEFT JOIN (
        SELECT consignment_id, sum(owed_points) AS points FROM points_payment_consignmentevent GROUP BY 1
    ) e ON e.consignment_id = c.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS cards FROM points_payment_card k
        LEFT JOIN points_payment_cardreplacement r ON r.card_id = k.id AND r.state = 'approved'
        WHERE c.activated_at IS NOT NULL AND k.number BETWEEN c.first_number AND c.last_number
          AND (k.state IN ('active', 'frozen', 'redeemed', 'expired') OR r.id IS NOT NULL)
    ) k
    WHERE c.shop_id IS NOT NULL AND c.state NOT IN ('returned', 'split')
      AND k.cards * b.face_value_points <> coalesce(e.points, 0)
    """,
)

sql_check(
    "replacements",
    _("Every card that was replaced gave its value to the new one, between two people"),
    """
    SELECT 'replacement ' || d.id, d.digest, d.now FROM (
        SELECT r.id, r.digest, points_row_digest(
            to_jsonb(r), 'id', 'card_id', 'reason', 'proof_seen', 'requested_by_id', 'created_at') AS now
        FROM points_payment_cardreplacement r
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'replacement ' || coalesce(r.id::text, 'by transfer ' || t.id), coalesce(r.said, 'a record'),
           coalesce(t.said, 'no transfer')
    FROM (
        SELECT r.id, r.transfer_id, 'from batch ' || o.batch_id || ' to batch ' || n.batch_id || ': '
               || b.face_value_points || CASE WHEN o.state = 'void' THEN '' ELSE ' from a card that is ' || o.state END
               AS said
        FROM points_payment_cardreplacement r
        JOIN points_payment_card o ON o.id = r.card_id
        JOIN points_payment_card n ON n.id = r.new_card_id
        JOIN points_payment_batch b ON b.id = o.batch_id
    ) r
    FULL JOIN (
        SELECT t.id, 'from batch ' || max(a.owner_id) FILTER (WHERE e.amount_points < 0) || ' to batch '
               || max(a.owner_id) FILTER (WHERE e.amount_points > 0) || ': ' || max(e.amount_points) AS said
        FROM points_payment_transfer t
        JOIN points_payment_entry e ON e.transfer_id = t.id
        JOIN points_payment_account a ON a.id = e.account_id AND a.kind = 'batch'
        WHERE t.kind = 'card_replacement' GROUP BY t.id
    ) t ON t.id = r.transfer_id
    WHERE r.said IS DISTINCT FROM t.said
    """,  # noqa: E501 - SQL keeps its own lines
)
