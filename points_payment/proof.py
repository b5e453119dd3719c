"""The proof of the books: everything that can be computed twice is, and whatever differs is named.

``prove`` reads one snapshot and changes nothing. Other packages add what only they know (an order
paid what it cost) with ``register_check``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from points_payment.kinds import BatchState, EventScope
from points_payment.models import BatchEvent
from points_payment.services.batches import TRANSITIONS
from points_payment.services.sealing import FIRST_DIGEST, chain_digest

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: Of one check: whoever broke more than this knows enough.
MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    #: Slug of the check.
    check: str
    #: Which row, in words that find it again: ``transfer 7``, ``card 12``.
    culprit: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check}: {self.culprit}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Check:
    slug: str
    title: str | _StrPromise
    find: Callable[[], Iterable[Finding]]


_checks: dict[str, Check] = {}


def register_check(check: Check) -> None:
    """Let every proof make this check too."""
    _checks[check.slug] = check


def checks() -> list[Check]:
    return list(_checks.values())


def prove() -> list[Finding]:
    """Make every check in one snapshot of the database; an empty list is the proof."""
    if connection.in_atomic_block:
        return _all_findings()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return _all_findings()


def _all_findings() -> list[Finding]:
    return [finding for check in checks() for finding in check.find()]


def _sql_check(slug: str, title: str | _StrPromise, *statements: str) -> None:
    """A check whose statements select culprit, expected, found of what is wrong."""

    def find() -> Iterable[Finding]:
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM ({statement}) AS wrong LIMIT {MAX_FINDINGS}")  # noqa: S608 - ours
                for culprit, expected, found in cursor.fetchall():
                    yield Finding(slug, culprit, _text(expected), _text(found))

    register_check(Check(slug, title, find))


def _text(value: object) -> str:
    return bytes(value).hex() if isinstance(value, memoryview | bytes) else str(value)


_sql_check(
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

_sql_check(
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

_sql_check(
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

_sql_check(
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

_sql_check(
    "signs",
    _("No account stands on the wrong side"),
    """
    SELECT 'account ' || a.kind || ':' || a.owner_id,
           CASE WHEN a.kind IN ('operator', 'collections', 'vendor_receivable', 'promotions') OR a.kind = 'shop' AND a.owner_id = 0
                THEN 'at most 0' ELSE 'at least 0' END,
           sum(e.amount_points)::text
    FROM points_payment_account a JOIN points_payment_entry e ON e.account_id = a.id
    GROUP BY a.id, a.kind, a.owner_id
    HAVING CASE WHEN a.kind IN ('operator', 'collections', 'vendor_receivable', 'promotions') OR a.kind = 'shop' AND a.owner_id = 0
                THEN sum(e.amount_points) > 0
                -- A shop that paid for cards which came back since has them to its credit.
                WHEN a.kind IN ('adjustments', 'shop') THEN false
                ELSE sum(e.amount_points) < 0 END
    """,  # noqa: E501 - SQL keeps its own lines
)

_sql_check(
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

_sql_check(
    "allocations",
    _("Escrow is what orders paid, less what was refunded and released"),
    """
    SELECT 'allocation ' || d.reference, d.digest, d.now FROM (
        SELECT a.reference, a.digest, points_row_digest(
            to_jsonb(a), 'id', 'reference', 'order_reference', 'customer_id', 'vendor_id', 'transfer_id',
            'gross_points', 'paid_points', 'promotional_points', 'commission_basis_points', 'created_at') AS now
        FROM points_payment_allocation a
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'allocation ' || a.reference,
           'refunded ' || coalesce(m.refunded, 0) || ' (promotional ' || coalesce(m.promotional, 0) || '), released '
               || coalesce(m.released, 0) || ', commission ' || coalesce(m.commission, 0),
           'refunded ' || a.refunded_points || ' (promotional ' || a.refunded_promotional_points || '), released '
               || a.released_points || ', commission ' || a.commission_points
    FROM points_payment_allocation a
    LEFT JOIN (
        SELECT allocation_id, sum(refunded_points) AS refunded, sum(refunded_promotional_points) AS promotional,
               sum(released_points) AS released, sum(commission_points) AS commission
        FROM points_payment_allocationmove GROUP BY 1
    ) m ON m.allocation_id = a.id
    WHERE (a.refunded_points, a.refunded_promotional_points, a.released_points, a.commission_points)
          IS DISTINCT FROM (coalesce(m.refunded, 0)::bigint, coalesce(m.promotional, 0)::bigint,
                            coalesce(m.released, 0)::bigint, coalesce(m.commission, 0)::bigint)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'allocation ' || reference,
           'commission ' || (released_points * commission_basis_points + 5000) / 10000,
           'commission ' || commission_points
    FROM points_payment_allocation
    WHERE commission_points <> (released_points * commission_basis_points + 5000) / 10000
    """,
    """
    WITH expected AS (
        SELECT transfer_id, kind, owner_id, sum(points) AS points FROM (
            SELECT transfer_id, 'vendor_escrow' AS kind, vendor_id AS owner_id, gross_points AS points
            FROM points_payment_allocation
            UNION ALL SELECT transfer_id, 'customer_paid', customer_id, -paid_points FROM points_payment_allocation
            UNION ALL SELECT transfer_id, 'customer_promotional', customer_id, -promotional_points
            FROM points_payment_allocation
            UNION ALL SELECT m.transfer_id, 'vendor_escrow', a.vendor_id, -m.refunded_points - m.released_points
            FROM points_payment_allocationmove m JOIN points_payment_allocation a ON a.id = m.allocation_id
            UNION ALL SELECT m.transfer_id, 'commission', 0, m.commission_points FROM points_payment_allocationmove m
            UNION ALL SELECT m.transfer_id, 'customer_paid', a.customer_id,
                             m.refunded_points - m.refunded_promotional_points
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
          AND a.kind IN ('vendor_escrow', 'commission', 'customer_paid', 'customer_promotional')
    )
    SELECT 'allocations of transfer ' || coalesce(x.transfer_id, e.transfer_id) || ' (' ||
               coalesce(x.kind, e.kind) || ':' || coalesce(x.owner_id, e.owner_id) || ')',
           coalesce(e.amount_points, 0)::text, coalesce(x.points, 0)::text
    FROM expected x FULL JOIN actual e
      ON e.transfer_id = x.transfer_id AND e.kind = x.kind AND e.owner_id = x.owner_id
    WHERE coalesce(x.points, 0) <> coalesce(e.amount_points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
)

_sql_check(
    "top-ups",
    _("Every top-up moved its points from its operator to its customer"),
    """
    SELECT 'top-up ' || coalesce(u.transfer_id, t.id),
           coalesce(t.operator || ' gave ' || t.amount || ' to ' || t.customer || ', ' || t.reference || ', ' || t.reason,
                    'a transfer'),
           coalesce(u.operator_id || ' gave ' || u.amount_points || ' to ' || u.customer_id || ', ' || u.reference
                    || ', ' || u.reason, 'no record')
    FROM points_payment_topup u
    FULL JOIN (
        SELECT t.id, t.reference, t.reason, t.actor_id, t.created_at,
               max(a.owner_id) FILTER (WHERE a.kind = 'operator') AS operator,
               max(a.owner_id) FILTER (WHERE a.kind = 'customer_paid') AS customer,
               max(e.amount_points) FILTER (WHERE a.kind = 'customer_paid') AS amount
        FROM points_payment_transfer t
        JOIN points_payment_entry e ON e.transfer_id = t.id
        JOIN points_payment_account a ON a.id = e.account_id
        WHERE t.kind = 'top_up' GROUP BY t.id
    ) t ON t.id = u.transfer_id
    WHERE (u.operator_id, u.customer_id, u.amount_points, u.reference, u.reason, u.created_at)
          IS DISTINCT FROM (t.operator, t.customer, t.amount, t.reference, t.reason, t.created_at)
    """,  # noqa: E501 - SQL keeps its own lines
)

_sql_check(
    "cards-unchanged",
    _("No card was changed, added or removed after its batch was made"),
    """
    SELECT 'card ' || d.number, d.digest, d.now FROM (
        SELECT c.number, c.digest, sha256(convert_to(concat_ws(
            '|', c.number, c.batch_id, c.first_key_version, c.last_key_version, c.last_four, encode(c.code_hmac, 'hex')
        ), 'UTF8')) AS now
        FROM points_payment_card c
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'batch ' || b.id, CASE WHEN b.first_number IS NULL THEN '0' ELSE b.number_of_cards::text END || ' cards',
           count(c.id) || ' cards'
    FROM points_payment_batch b LEFT JOIN points_payment_card c ON c.batch_id = b.id
    GROUP BY b.id
    HAVING count(c.id) <> CASE WHEN b.first_number IS NULL THEN 0 ELSE b.number_of_cards END
        OR min(c.number) <> b.first_number OR max(c.number) <> b.last_number
    """,  # noqa: E501 - SQL keeps its own lines
    """
    WITH events AS MATERIALIZED (
        SELECT id, batch_id, card_state, first_number, last_number FROM points_payment_batchevent
        WHERE card_state <> '' AND first_number IS NOT NULL
    ), marks AS (
        SELECT batch_id, first_number AS number FROM events UNION SELECT batch_id, last_number + 1 FROM events
        UNION SELECT id, first_number FROM points_payment_batch WHERE first_number IS NOT NULL
        UNION SELECT id, last_number + 1 FROM points_payment_batch WHERE first_number IS NOT NULL
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

_sql_check(
    "batches",
    _("Every batch is as it was drafted, in the state that its events led to"),
    """
    SELECT 'batch ' || d.id, d.digest, d.now FROM (
        SELECT b.id, b.digest, points_row_digest(
            to_jsonb(b), 'id', 'face_value_points', 'number_of_cards', 'code_digits', 'expires_on', 'note',
            'drafted_by_id', 'created_at') AS now
        FROM points_payment_batch b
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
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

_sql_check(
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


_sql_check(
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

_sql_check(
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

_sql_check(
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


def _broken_chain() -> Iterable[Finding]:
    """The hash chain over sealed transfers, from the first to the last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.position, s.transfer_id, s.digest, t.digest FROM points_payment_seal s"
            " LEFT JOIN points_payment_transfer t ON t.id = s.transfer_id ORDER BY s.position"
        )
        last, expected_position = FIRST_DIGEST, 1
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
                if found >= MAX_FINDINGS:
                    return
                # Go on from what is stored, so that one broken link is one finding.
                last, expected_position = bytes(digest), position + 1


register_check(Check("chain", _("The hash chain over all sealed transfers holds"), _broken_chain))

_sql_check(
    "sealed-in-time",
    _("Every transfer is sealed within a day"),
    """
    SELECT 'transfer ' || t.id, 'a seal', 'none since ' || t.created_at
    FROM points_payment_transfer t LEFT JOIN points_payment_seal s ON s.transfer_id = t.id
    WHERE s.position IS NULL AND t.created_at < now() - interval '1 day'
      AND EXISTS (SELECT 1 FROM points_payment_seal)
    """,
)

_sql_check(
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

_sql_check(
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
