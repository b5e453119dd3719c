"""Checkpoints: each stands in its chain and on its seal, and says what the books up to there sum to."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from points_payment.figures import SOURCES
from points_payment.proof.base import sql_check

SLUG = "checkpoints"
_SOURCE_LIST = ", ".join(f"'{kind.value}'" for kind in SOURCES)

#: Cheap: a row a day.
STANDS = (
    """
    SELECT 'checkpoint ' || d.day, d.digest, d.now FROM (
        SELECT c.day, c.digest, points_row_digest(
            to_jsonb(c), 'id', 'day', 'position', 'seal_digest', 'transfers_count', 'entries_count', 'totals', 'flows',
            'cards', 'previous_digest', 'created_at') AS now
        FROM points_payment_checkpoint c
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    r"""
    SELECT 'checkpoint ' || x.day, coalesce(x.before, '\x' || repeat('00', 32)), x.previous_digest::text FROM (
        SELECT c.day, c.previous_digest, lag(c.digest) OVER (ORDER BY c.id)::text AS before
        FROM points_payment_checkpoint c
    ) x WHERE x.previous_digest::text <> coalesce(x.before, '\x' || repeat('00', 32))
    """,  # noqa: E501 - SQL keeps its own lines
    r"""
    SELECT 'checkpoint ' || c.day, 'seal ' || c.position || ' with ' || c.seal_digest::text,
           coalesce(s.digest::text, 'no such seal')
    FROM points_payment_checkpoint c LEFT JOIN points_payment_seal s ON s.position = c.position
    WHERE CASE WHEN c.position = 0 THEN c.seal_digest::text <> '\x' || repeat('00', 32)
               ELSE s.digest IS DISTINCT FROM c.seal_digest END
    """,
)

#: Each sealed transfer belongs to the first checkpoint that saw it; sums over them, added up.
_SEEN = """
    WITH seen AS (
        SELECT c.id, c.day, c.totals, c.flows, c.transfers_count, c.entries_count,
               lag(c.position, 1, 0::bigint) OVER (ORDER BY c.id) AS after, c.position
        FROM points_payment_checkpoint c
    ), moved AS MATERIALIZED (
        SELECT c.id, s.transfer_id FROM seen c
        JOIN points_payment_seal s ON s.position > c.after AND s.position <= c.position
    )
"""

sql_check(
    SLUG,
    _("Every checkpoint stands in its chain and says what the books summed to"),
    *STANDS,
    _SEEN  # noqa: S608 - constants
    + """
    , sums AS (
        SELECT m.id, a.kind, sum(e.amount_points) AS points
        FROM moved m JOIN points_payment_entry e ON e.transfer_id = m.transfer_id
        JOIN points_payment_account a ON a.id = e.account_id GROUP BY 1, 2
    ), expected AS (
        SELECT c.id, c.day, c.totals, k.kind, sum(coalesce(s.points, 0)) OVER (PARTITION BY k.kind ORDER BY c.id) AS points
        FROM seen c CROSS JOIN (SELECT DISTINCT kind FROM points_payment_account) k
        LEFT JOIN sums s ON s.id = c.id AND s.kind = k.kind
    )
    SELECT 'checkpoint ' || x.day || ' (' || x.kind || ')', x.points::bigint::text, coalesce(x.totals ->> x.kind, '0')
    FROM expected x WHERE x.points <> coalesce((x.totals ->> x.kind)::bigint, 0)
    """,  # noqa: E501 - SQL keeps its own lines
    _SEEN  # noqa: S608 - constants
    + """
    , sums AS (
        SELECT m.id, count(*) AS transfers, sum(t.entries) AS entries
        FROM moved m
        JOIN (SELECT transfer_id, count(*) AS entries FROM points_payment_entry GROUP BY 1) t
          ON t.transfer_id = m.transfer_id
        GROUP BY 1
    )
    SELECT 'checkpoint ' || x.day, x.transfers || ' transfers, ' || x.entries || ' entries',
           x.transfers_count || ' transfers, ' || x.entries_count || ' entries'
    FROM (
        SELECT c.*, coalesce(sum(s.transfers) OVER (ORDER BY c.id), 0) AS transfers,
               coalesce(sum(s.entries) OVER (ORDER BY c.id), 0) AS entries
        FROM seen c LEFT JOIN sums s ON s.id = c.id
    ) x WHERE (x.transfers, x.entries) IS DISTINCT FROM (x.transfers_count::numeric, x.entries_count::numeric)
    """,
    _SEEN  # noqa: S608 - constants
    + f"""
    , nets AS (
        SELECT m.id, t.kind, m.transfer_id, sum(e.amount_points) AS net
        FROM moved m JOIN points_payment_transfer t ON t.id = m.transfer_id
        JOIN points_payment_entry e ON e.transfer_id = m.transfer_id
        JOIN points_payment_account a ON a.id = e.account_id AND a.kind IN ({_SOURCE_LIST})
        GROUP BY 1, 2, 3
    ), sums AS (
        SELECT id, kind, coalesce(sum(-net) FILTER (WHERE net < 0), 0) AS issued,
               coalesce(sum(net) FILTER (WHERE net > 0), 0) AS back
        FROM nets GROUP BY 1, 2
    ), expected AS (
        SELECT c.day, c.flows, k.kind, sum(coalesce(s.issued, 0)) OVER (PARTITION BY k.kind ORDER BY c.id) AS issued,
               sum(coalesce(s.back, 0)) OVER (PARTITION BY k.kind ORDER BY c.id) AS back
        FROM seen c CROSS JOIN (SELECT DISTINCT kind FROM sums) k
        LEFT JOIN sums s ON s.id = c.id AND s.kind = k.kind
    )
    SELECT 'checkpoint ' || x.day || ' (' || x.kind || ')', x.issued::bigint || ' issued, ' || x.back::bigint || ' back',
           coalesce(x.flows -> x.kind ->> 0, '0') || ' issued, ' || coalesce(x.flows -> x.kind ->> 1, '0') || ' back'
    FROM expected x
    WHERE x.issued <> coalesce((x.flows -> x.kind ->> 0)::bigint, 0)
       OR x.back <> coalesce((x.flows -> x.kind ->> 1)::bigint, 0)
    """,  # noqa: E501, S608 - SQL keeps its own lines, made of constants
    # What the cards were worth stood on the batches' accounts; those redeemed were redeemed by transfers.
    """
    SELECT 'checkpoint ' || c.day || ' (cards)', coalesce(c.totals ->> 'batch', '0'),
           ((c.cards -> 'active' ->> 1)::bigint + (c.cards -> 'frozen' ->> 1)::bigint)::text
    FROM points_payment_checkpoint c
    WHERE coalesce((c.totals ->> 'batch')::bigint, 0)
          <> (c.cards -> 'active' ->> 1)::bigint + (c.cards -> 'frozen' ->> 1)::bigint
    """,
)
