"""Transfers, entries, balances and lots, and the hash chain over them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext_lazy as _

from points_payment.proof import base
from points_payment.proof.base import Check, Finding, register_check, sql_check
from points_payment.services.sealing import FIRST_DIGEST, chain_digest

sql_check(
    "transfers-whole",
    _("Every transfer has all of its entries, and they sum to 0"),
    """
    SELECT 'transfer ' || t.id, t.entries_count || ' entries, sum 0',
           coalesce(e.entries, 0) || ' entries, sum ' || coalesce(e.total, 0)
    FROM points_payment_transfer t
    LEFT JOIN (
        SELECT transfer_id, count(*) AS entries, sum(amount_points) AS total
        FROM points_payment_entry GROUP BY 1
    ) e ON e.transfer_id = t.id
    WHERE e.entries IS DISTINCT FROM t.entries_count OR e.total <> 0
    """,
    """
    SELECT 'entry ' || e.id, 'a transfer and an account',
           'transfer ' || e.transfer_id || ', account ' || e.account_id
    FROM points_payment_entry e
    LEFT JOIN points_payment_transfer t ON t.id = e.transfer_id
    LEFT JOIN points_payment_account a ON a.id = e.account_id
    WHERE t.id IS NULL OR a.id IS NULL
    """,
)

sql_check(
    "transfers-unchanged",
    _("No transfer and no entry was changed after it was written"),
    """
    SELECT 'transfer ' || d.id, d.digest, d.now FROM (
        SELECT t.id, t.digest, points_transfer_digest(
            t.kind, t.idempotency_key, t.request_hash, t.entries_count, t.reverses_id, t.reference, t.actor_id,
            t.reason, t.created_at, e.entries
        ) AS now
        FROM points_payment_transfer t
        LEFT JOIN (
            SELECT e.transfer_id,
                   jsonb_agg(jsonb_build_array(a.kind, a.owner_id, e.amount_points)
                             ORDER BY a.kind COLLATE "C", a.owner_id) AS entries
            FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id GROUP BY 1
        ) e ON e.transfer_id = t.id
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
)

sql_check(
    "running-balances",
    _("Every entry of a guarded account shows the balance that it led to"),
    """
    SELECT 'entry ' || r.id, coalesce(r.total::text, 'no balance'), coalesce(r.balance_after_points::text, 'no balance')
    FROM (
        SELECT e.id, e.balance_after_points,
               CASE WHEN a.kind IN ('customer_paid', 'customer_promotional', 'vendor_payable')
                    THEN sum(e.amount_points) OVER (PARTITION BY e.account_id ORDER BY e.id) END AS total
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
    ) r WHERE r.total IS DISTINCT FROM r.balance_after_points
    """,  # noqa: E501 - SQL keeps its own lines
)

sql_check(
    "balances",
    _("Every wallet and every vendor's balance is the sum of its entries"),
    """
    WITH entries AS (
        SELECT a.owner_id,
               coalesce(sum(e.amount_points) FILTER (WHERE a.kind = 'customer_paid'), 0) AS paid,
               coalesce(sum(e.amount_points) FILTER (WHERE a.kind = 'customer_promotional'), 0) AS promotional
        FROM points_payment_account a JOIN points_payment_entry e ON e.account_id = a.id
        WHERE a.kind IN ('customer_paid', 'customer_promotional') GROUP BY 1
    )
    SELECT 'wallet ' || coalesce(w.user_id, s.owner_id),
           coalesce(s.paid, 0) || ' paid, ' || coalesce(s.promotional, 0) || ' promotional',
           coalesce(w.paid_points, 0) || ' paid, ' || coalesce(w.promotional_points, 0) || ' promotional'
    FROM points_payment_wallet w FULL JOIN entries s ON s.owner_id = w.user_id
    WHERE coalesce(w.paid_points, 0) <> coalesce(s.paid, 0)
       OR coalesce(w.promotional_points, 0) <> coalesce(s.promotional, 0) OR (w.user_id IS NULL)
    """,
    """
    WITH entries AS (
        SELECT a.owner_id, sum(e.amount_points) AS payable
        FROM points_payment_account a JOIN points_payment_entry e ON e.account_id = a.id
        WHERE a.kind = 'vendor_payable' GROUP BY 1
    )
    SELECT 'balance of vendor ' || coalesce(b.vendor_id, s.owner_id), coalesce(s.payable, 0)::text,
           coalesce(b.payable_points, 0)::text
    FROM points_payment_vendorbalance b FULL JOIN entries s ON s.owner_id = b.vendor_id
    WHERE coalesce(b.payable_points, 0) <> coalesce(s.payable, 0) OR b.vendor_id IS NULL
    """,
)

sql_check(
    "signs",
    _("No account stands on the wrong side"),
    """
    SELECT 'account ' || a.kind || ':' || a.owner_id,
           CASE WHEN a.kind IN ('operator', 'collections', 'cash', 'vendor_receivable', 'promotions') OR a.kind = 'shop' AND a.owner_id = 0
                THEN 'at most 0' ELSE 'at least 0' END,
           sum(e.amount_points)::text
    FROM points_payment_account a JOIN points_payment_entry e ON e.account_id = a.id
    GROUP BY a.id, a.kind, a.owner_id
    HAVING CASE WHEN a.kind IN ('operator', 'collections', 'cash', 'vendor_receivable', 'promotions') OR a.kind = 'shop' AND a.owner_id = 0
                THEN sum(e.amount_points) > 0
                -- A shop that paid for cards which came back since has them to its credit.
                WHEN a.kind IN ('adjustments', 'shop') THEN false
                ELSE sum(e.amount_points) < 0 END
    """,  # noqa: E501 - SQL keeps its own lines
)

sql_check(
    "lots",
    _("Every wallet is the sum of its lots, and every lot what its uses left of it"),
    """
    SELECT 'lot ' || l.id, (l.original_points + coalesce(u.points, 0))::text, l.remaining_points::text
    FROM points_payment_lot l
    LEFT JOIN (SELECT lot_id, sum(points) AS points FROM points_payment_lotuse GROUP BY 1) u ON u.lot_id = l.id
    WHERE l.remaining_points <> l.original_points + coalesce(u.points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'lot ' || d.id, d.digest, d.now FROM (
        SELECT l.id, l.digest, points_row_digest(
            to_jsonb(l), 'id', 'customer_id', 'account_id', 'account_kind', 'transfer_id', 'original_points',
            'expires_at', 'created_at') AS now
        FROM points_payment_lot l
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'lot ' || l.id, l.account_kind || ':' || l.customer_id, coalesce(a.kind || ':' || a.owner_id, 'no account')
    FROM points_payment_lot l LEFT JOIN points_payment_account a ON a.id = l.account_id
    WHERE a.kind IS DISTINCT FROM l.account_kind OR a.owner_id IS DISTINCT FROM l.customer_id
    """,  # noqa: E501 - SQL keeps its own lines
    """
    WITH lots AS (
        SELECT customer_id, coalesce(sum(remaining_points) FILTER (WHERE account_kind = 'customer_paid'), 0) AS paid,
               coalesce(sum(remaining_points) FILTER (WHERE account_kind = 'customer_promotional'), 0) AS promotional
        FROM points_payment_lot GROUP BY 1
    )
    SELECT 'wallet ' || coalesce(w.user_id, s.customer_id),
           coalesce(s.paid, 0) || ' paid, ' || coalesce(s.promotional, 0) || ' promotional',
           coalesce(w.paid_points, 0) || ' paid, ' || coalesce(w.promotional_points, 0) || ' promotional'
    FROM points_payment_wallet w FULL JOIN lots s ON s.customer_id = w.user_id
    WHERE coalesce(w.paid_points, 0) <> coalesce(s.paid, 0)
       OR coalesce(w.promotional_points, 0) <> coalesce(s.promotional, 0)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    WITH moved AS (
        SELECT transfer_id, account_id, sum(points) AS points FROM (
            SELECT u.transfer_id, l.account_id, u.points
            FROM points_payment_lotuse u JOIN points_payment_lot l ON l.id = u.lot_id
            UNION ALL
            SELECT transfer_id, account_id, original_points FROM points_payment_lot
        ) m GROUP BY 1, 2
    ), entries AS (
        SELECT e.transfer_id, e.account_id, e.amount_points
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
        WHERE a.kind IN ('customer_paid', 'customer_promotional')
    )
    SELECT 'lots of transfer ' || coalesce(e.transfer_id, m.transfer_id), coalesce(e.amount_points, 0)::text,
           coalesce(m.points, 0)::text
    FROM entries e FULL JOIN moved m ON m.transfer_id = e.transfer_id AND m.account_id = e.account_id
    WHERE coalesce(e.amount_points, 0) <> coalesce(m.points, 0)
    """,
    """
    SELECT 'use of lot ' || u.id, 'returns of at most ' || -u.points || ' of its own purchase',
           'returns of ' || sum(r.points)
    FROM points_payment_lotuse u
    JOIN points_payment_lotuse r ON r.returns_id = u.id
    JOIN points_payment_transfer ut ON ut.id = u.transfer_id
    JOIN points_payment_transfer rt ON rt.id = r.transfer_id
    GROUP BY u.id, u.points
    HAVING sum(r.points) > -u.points OR bool_or(r.lot_id <> u.lot_id) OR bool_or(rt.reference <> ut.reference)
    """,
)


def broken_chain(*, after: int = 0, since: bytes = FIRST_DIGEST) -> Iterable[Finding]:
    """The hash chain over sealed transfers, from the one after this position and digest to the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.position, s.transfer_id, s.digest, t.digest FROM points_payment_seal s"
            " LEFT JOIN points_payment_transfer t ON t.id = s.transfer_id"
            " WHERE s.position > %s ORDER BY s.position",
            [after],
        )
        last, expected_position = since, after + 1
        found = 0
        while rows := cursor.fetchmany(10_000):
            for position, transfer_id, digest, transfer_digest in rows:
                if position != expected_position:
                    yield Finding(
                        "chain", f"seal {expected_position}", "a seal", f"none before seal {position}"
                    )
                expected = chain_digest(last, bytes(transfer_digest or b""))
                if transfer_digest is None:
                    yield Finding(
                        "chain", f"transfer {transfer_id}", f"the transfer of seal {position}", "none"
                    )
                elif expected != bytes(digest):
                    yield Finding("chain", f"transfer {transfer_id}", expected.hex(), bytes(digest).hex())
                if transfer_digest is None or expected != bytes(digest):
                    found += 1
                if found >= base.MAX_FINDINGS:
                    return
                # Go on from what is stored, so that one broken link is one finding.
                last, expected_position = bytes(digest), position + 1


register_check(Check("chain", _("The hash chain over all sealed transfers holds"), broken_chain))

sql_check(
    "sealed-in-time",
    _("Every transfer is sealed within a day"),
    """
    SELECT 'transfer ' || t.id, 'a seal', 'none since ' || t.created_at
    FROM points_payment_transfer t LEFT JOIN points_payment_seal s ON s.transfer_id = t.id
    WHERE s.position IS NULL AND t.created_at < now() - interval '1 day'
      AND EXISTS (SELECT 1 FROM points_payment_seal)
    """,
)
