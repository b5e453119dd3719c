"""Cards, batches and what stands on their accounts."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from points_payment.kinds import BatchState, EventScope
from points_payment.models import BatchEvent
from points_payment.proof.base import Check, Finding, register_check, sql_check
from points_payment.services.batches import TRANSITIONS

#: ``{of}`` says of which batches.
CARDS_UNCHANGED = (
    """
    SELECT 'card ' || d.number, d.digest, d.now FROM (
        SELECT c.number, c.digest, sha256(convert_to(concat_ws(
            '|', c.number, c.batch_id, c.first_key_version, c.last_key_version, c.last_four, encode(c.code_hmac, 'hex')
        ), 'UTF8')) AS now
        FROM points_payment_card c WHERE c.batch_id {of}
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'batch ' || b.id, CASE WHEN b.first_number IS NULL THEN '0' ELSE b.number_of_cards::text END || ' cards',
           count(c.id) || ' cards'
    FROM points_payment_batch b LEFT JOIN points_payment_card c ON c.batch_id = b.id
    WHERE b.id {of}
    GROUP BY b.id
    HAVING count(c.id) <> CASE WHEN b.first_number IS NULL THEN 0 ELSE b.number_of_cards END
        OR min(c.number) <> b.first_number OR max(c.number) <> b.last_number
    """,  # noqa: E501 - SQL keeps its own lines
    """
    WITH events AS MATERIALIZED (
        SELECT id, batch_id, card_state, first_number, last_number FROM points_payment_batchevent
        WHERE card_state <> '' AND first_number IS NOT NULL AND batch_id {of}
    ), marks AS (
        SELECT batch_id, first_number AS number FROM events UNION SELECT batch_id, last_number + 1 FROM events
        UNION SELECT id, first_number FROM points_payment_batch WHERE first_number IS NOT NULL AND id {of}
        UNION SELECT id, last_number + 1 FROM points_payment_batch WHERE first_number IS NOT NULL AND id {of}
    ), spans AS (
        -- Between two neighbouring marks, the same events are about all cards.
        SELECT batch_id, number AS first_number,
               lead(number) OVER (PARTITION BY batch_id ORDER BY number) - 1 AS last_number
        FROM marks
    ), said AS MATERIALIZED (
        SELECT s.*, e.card_state FROM spans s
        LEFT JOIN LATERAL (
            SELECT v.card_state FROM events v
            WHERE v.batch_id = s.batch_id AND s.first_number BETWEEN v.first_number AND v.last_number
            ORDER BY v.id DESC LIMIT 1
        ) e ON true
        WHERE s.last_number IS NOT NULL
    )
    SELECT 'card ' || c.number, coalesce(s.card_state, 'nothing'), c.state
    FROM said s CROSS JOIN LATERAL (
        SELECT c.number, c.state FROM points_payment_card c
        WHERE c.number BETWEEN s.first_number AND s.last_number AND c.batch_id = s.batch_id
          AND c.state <> 'redeemed' AND c.state IS DISTINCT FROM s.card_state
        OFFSET 0
    ) c
    """,
)

sql_check(
    "cards-unchanged",
    _("No card was changed, added or removed after its batch was made"),
    *(statement.format(of="IS NOT NULL") for statement in CARDS_UNCHANGED),
)

sql_check(
    "batches",
    _("Every batch is as it was drafted, in the state that its events led to"),
    """
    SELECT 'batch ' || d.id, d.digest, d.now FROM (
        SELECT b.id, b.digest, points_row_digest(
            to_jsonb(b), VARIADIC ARRAY['id', 'face_value_points', 'number_of_cards', 'code_digits', 'expires_on',
            'note', 'drafted_by_id', 'created_at'] ||
            -- What batches say since their codes can be other than digits.
            CASE WHEN b.code_alphabet = 'digits' THEN ARRAY[]::text[] ELSE ARRAY['code_alphabet'] END) AS now
        FROM points_payment_batch b
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'event ' || d.id || ' of batch ' || d.batch_id, d.digest, d.now FROM (
        SELECT e.id, e.batch_id, e.digest, points_row_digest(
            to_jsonb(e), VARIADIC ARRAY['id', 'batch_id', 'state', 'card_state', 'first_number', 'last_number', 'transfer_id',
            'actor_id', 'reason', 'created_at'] ||
            -- What events say since they can be about ranges.
            CASE WHEN e.scope = 'batch' AND e.consignment_id IS NULL THEN ARRAY[]::text[]
                          ELSE ARRAY['scope', 'consignment_id'] END) AS now
        FROM points_payment_batchevent e
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'batch ' || b.id, coalesce(e.state || ' ' || coalesce(e.first_number::text, ''), 'no event'),
           b.state || ' ' || coalesce(b.first_number::text, '')
    FROM points_payment_batch b
    LEFT JOIN LATERAL (
        SELECT v.state, v.first_number, v.last_number FROM points_payment_batchevent v
        WHERE v.batch_id = b.id AND v.scope = 'batch' ORDER BY v.id DESC LIMIT 1
    ) e ON true
    WHERE (b.state, b.first_number, b.last_number) IS DISTINCT FROM (e.state, e.first_number, e.last_number)
    """,
)

sql_check(
    "cards-money",
    _("A card was redeemed at most once, for its value; a batch's account is its unredeemed cards"),
    """
    SELECT 'card ' || coalesce(c.number::text, r.reference), 'one redemption of its value',
           CASE WHEN c.id IS NULL THEN 'a redemption without its card'
                WHEN r.id IS NULL THEN 'no redemption'
                ELSE coalesce(r.points, 0) || ' points of batch ' || coalesce(r.batch_id::text, '?') || ' for '
                     || r.reference END
    FROM (SELECT c.*, b.face_value_points FROM points_payment_card c JOIN points_payment_batch b ON b.id = c.batch_id
          WHERE c.redemption_id IS NOT NULL OR c.state = 'redeemed') c
    FULL JOIN (
        SELECT t.id, t.reference, max(a.owner_id) FILTER (WHERE a.kind = 'batch') AS batch_id,
               -sum(e.amount_points) FILTER (WHERE a.kind = 'batch') AS points
        FROM points_payment_transfer t
        LEFT JOIN points_payment_entry e ON e.transfer_id = t.id
        LEFT JOIN points_payment_account a ON a.id = e.account_id
        WHERE t.kind = 'card_redemption' GROUP BY t.id
    ) r ON r.id = c.redemption_id
    WHERE c.id IS NULL OR r.id IS NULL OR c.state <> 'redeemed' OR r.batch_id IS DISTINCT FROM c.batch_id
       OR r.points IS DISTINCT FROM c.face_value_points OR left(r.reference, -1) <> lpad(c.number::text, 10, '0')
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'account of batch ' || b.id, (count(c.id) * b.face_value_points)::text, coalesce(s.points, 0)::text
    FROM points_payment_batch b
    LEFT JOIN points_payment_card c ON c.batch_id = b.id AND c.state IN ('active', 'frozen')
    LEFT JOIN (
        SELECT a.owner_id, sum(e.amount_points) AS points
        FROM points_payment_account a JOIN points_payment_entry e ON e.account_id = a.id
        WHERE a.kind = 'batch' GROUP BY 1
    ) s ON s.owner_id = b.id
    GROUP BY b.id, s.points HAVING count(c.id) * b.face_value_points <> coalesce(s.points, 0)
    """,
)


def _broken_paths() -> Iterable[Finding]:
    """Batches whose events do not lead from one state to the next: one was removed or put in."""
    before: dict[int, str | None] = {}
    for event in BatchEvent.objects.order_by("batch_id", "id").iterator():
        last = before.get(event.batch_id)
        allowed = (
            last is None
            if event.state == BatchState.DRAFT
            # What is about some of the cards leaves the batch where it is.
            else last == event.state
            if event.scope != EventScope.BATCH
            else last in TRANSITIONS.get(BatchState(event.state), ())
        )
        if not allowed:
            yield Finding(
                "batch-events", f"batch {event.batch_id}", f"a way to {event.state}", f"{last} before it"
            )
        before[event.batch_id] = event.state


register_check(
    Check("batch-events", _("The events of every batch lead from one state to the next"), _broken_paths)
)
