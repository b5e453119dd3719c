"""Who made the codes of a batch, for whom, and who let them out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.proof.base import sql_check

sql_check(
    "productions",
    _("Every batch was made for a confirmed printer and let out once, by someone else than who made it"),
    """
    SELECT 'printer ' || d.id, d.digest, d.now FROM (
        SELECT p.id, p.digest, points_row_digest(
            to_jsonb(p), 'id', 'name', 'public_key', 'added_by_id', 'created_at') AS now
        FROM points_payment_printer p
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'production ' || d.id, d.digest, d.now FROM (
        SELECT p.id, p.digest, points_row_digest(
            to_jsonb(p), 'id', 'batch_id', 'kind', 'printer_id', 'started_by_id', 'created_at') AS now
        FROM points_payment_cardproduction p
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'production ' || p.id, 'a key that someone else confirmed', 'printer ' || p.printer_id
    FROM points_payment_cardproduction p JOIN points_payment_printer r ON r.id = p.printer_id
    WHERE r.confirmed_by_id IS NULL OR r.confirmed_by_id = r.added_by_id OR r.confirmed_at > p.created_at
    """,
    # The batch's event, which nobody can change, says who let which file out.
    """
    SELECT 'production ' || p.id, 'SHA-256 ' || p.file_sha256 || ' by user ' || p.released_by_id,
           coalesce(e.reason || ' by user ' || e.actor_id, 'nothing')
    FROM points_payment_cardproduction p JOIN points_payment_batch b ON b.id = p.batch_id
    LEFT JOIN LATERAL (
        SELECT v.reason, v.actor_id FROM points_payment_batchevent v
        WHERE v.batch_id = b.id AND v.scope = 'batch' AND v.state = 'exported' ORDER BY v.id LIMIT 1
    ) e ON true
    WHERE p.state = 'released'
      AND (e.reason IS DISTINCT FROM 'SHA-256 ' || p.file_sha256 OR e.actor_id IS DISTINCT FROM p.released_by_id
           OR p.released_by_id IN (p.started_by_id, b.drafted_by_id))
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'batch ' || b.id, 'a file that waits for release', coalesce(p.state, 'no production')
    FROM points_payment_batch b
    LEFT JOIN points_payment_cardproduction p ON p.batch_id = b.id AND p.state <> 'failed'
    WHERE b.state = 'generated' AND p.state IS DISTINCT FROM 'ready'
    """,
)
