"""The proof of what came after the last checkpoint: cheap, so that it can be made every hour.

What the checkpoint said and what came since must be what the books say now, the chain must go on from its
seal, and every transfer since, with all that hangs on it, must hold by itself. Only simple sums are made
over everything; where one differs, the whole checks of that part name the culprit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import connection
from django.utils.translation import gettext_lazy as _

from points_payment.figures import (
    Figures,
    all_figures,
    card_sums,
    figures_at,
    figures_of,
    fresh_transfers,
)
from points_payment.kinds import AccountKind, CardState, TransferKind
from points_payment.models import Checkpoint
from points_payment.proof import checkpoints, guards, settlement
from points_payment.proof.base import Finding, checks, select_findings, snapshot
from points_payment.proof.cards import CARDS_UNCHANGED
from points_payment.proof.ledger import broken_chain

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Since:
    """A checkpoint and what came after it, read once."""

    checkpoint: Checkpoint

    @cached_property
    def transfer_ids(self) -> list[int]:
        return fresh_transfers(self.checkpoint)

    @cached_property
    def expected(self) -> Figures:
        """What the books must say now; of the flows nothing is asked."""
        return figures_at(self.checkpoint) + figures_of(self.transfer_ids, flows=False)


@dataclass(frozen=True, slots=True)
class SinceCheck:
    slug: str
    title: str | _StrPromise
    find: Callable[[Since], Iterable[Finding]]


_checks: dict[str, SinceCheck] = {}


def register_since_check(check: SinceCheck) -> None:
    """Let every proof since a checkpoint make this check too. It should not read everything."""
    _checks[check.slug] = check


def since_checks() -> list[SinceCheck]:
    return list(_checks.values())


def prove_since(checkpoint: Checkpoint) -> list[Finding]:
    """Make every check of what came after the checkpoint, in one snapshot; an empty list is the proof."""
    with snapshot(read_only=True):
        since = Since(checkpoint)
        return [finding for check in since_checks() for finding in check.find(since)]


def whole_check(slug: str) -> list[Finding]:
    """What a check of the whole proof finds."""
    return [finding for check in checks() if check.slug == slug for finding in check.find()]


# The checkpoint and what the books sum to --------------------------------------------------


def _broken_checkpoints(since: Since) -> Iterable[Finding]:
    return select_findings(checkpoints.SLUG, checkpoints.STANDS)


def _broken_chain(since: Since) -> Iterable[Finding]:
    return broken_chain(after=since.checkpoint.position, since=bytes(since.checkpoint.seal_digest))


#: Where a sum differs, who knows more: slugs of whole checks.
CULPRITS: dict[str, Sequence[str]] = {
    "entries": ("transfers-whole", "transfers-unchanged", "sealed-in-time"),
    AccountKind.CUSTOMER_PAID: ("balances", "lots", "running-balances"),
    AccountKind.CUSTOMER_PROMOTIONAL: ("balances", "lots", "running-balances"),
    AccountKind.VENDOR_PAYABLE: ("balances",),
    AccountKind.VENDOR_ESCROW: ("allocations",),
    AccountKind.COMMISSION: ("allocations",),
    AccountKind.BATCH: ("cards-unchanged", "cards-money"),
}
#: What is kept beside the entries. An adjustment may touch neither escrow nor commission nor cards.
KEPT = """
SELECT 'wallets', 'customer_paid', (SELECT coalesce(sum(paid_points), 0) FROM points_payment_wallet)
UNION ALL
SELECT 'wallets', 'customer_promotional', (SELECT coalesce(sum(promotional_points), 0) FROM points_payment_wallet)
UNION ALL
SELECT 'lots', account_kind, sum(remaining_points) FROM points_payment_lot WHERE remaining_points > 0 GROUP BY 2
UNION ALL
SELECT 'balances of vendors', 'vendor_payable', (SELECT coalesce(sum(payable_points), 0) FROM points_payment_vendorbalance)
UNION ALL
SELECT 'allocations', x.kind, x.points FROM (
    SELECT coalesce(sum(gross_points - refunded_points - released_points), 0) AS escrow,
           coalesce(sum(commission_points), 0) AS commission FROM points_payment_allocation
) a CROSS JOIN LATERAL (VALUES ('vendor_escrow', a.escrow), ('commission', a.commission)) AS x (kind, points)
"""  # noqa: E501 - SQL keeps its own lines


def kept_points() -> list[tuple[str, str, int]]:
    """Where points are kept beside the entries: what it is called, the kind of account, how many."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT)
        return [(place, kind, int(points)) for place, kind, points in cursor.fetchall()]


def _wrong_totals(since: Since) -> Iterable[Finding]:
    """Sums over everything: what the checkpoint said, and what came since."""
    expected, now = since.expected, all_figures(flows=False)
    wrong: set[str] = set()
    for kind in sorted({*expected.totals, *now.totals}):
        if expected.totals.get(kind, 0) != now.totals.get(kind, 0):
            wrong.add("entries")
            yield _total(f"accounts {kind}", expected.totals.get(kind, 0), now.totals.get(kind, 0))
    for name, then, today in (
        ("transfers", expected.transfers_count, now.transfers_count),
        ("entries", expected.entries_count, now.entries_count),
    ):
        if then != today:
            wrong.add("entries")
            yield _total(f"number of {name}", then, today)
    for place, kind, points in kept_points():
        if points != expected.totals.get(kind, 0):
            wrong.add(kind)
            yield _total(f"all {place} ({kind})", expected.totals.get(kind, 0), points)
    cards = card_sums()
    for culprit, then, today in _cards(since, cards):
        if then != today:
            wrong.add(AccountKind.BATCH)
            yield _total(culprit, then, today)
    for slug in dict.fromkeys(slug for kind in sorted(wrong) for slug in CULPRITS.get(kind, ())):
        yield from whole_check(slug)


def _cards(since: Since, now: dict[str, tuple[int, int]]) -> Iterable[tuple[str, int, int]]:
    """Facts about all cards: what each is called, what it must be, what it is."""
    then = {state: tuple(sums) for state, sums in since.checkpoint.cards.items()}
    worth = sum(now[state][1] for state in (CardState.ACTIVE, CardState.FROZEN))
    yield "value of cards", since.expected.totals.get(AccountKind.BATCH, 0), worth
    redeemed = then.get(CardState.REDEEMED, (0, 0))[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM points_payment_transfer WHERE id = ANY(%s) AND kind = %s",
            [since.transfer_ids, TransferKind.CARD_REDEMPTION.value],
        )
        redeemed += cursor.fetchone()[0]
        cursor.execute(
            "SELECT coalesce(sum(number_of_cards), 0) FROM points_payment_batch"
            " WHERE first_number IS NOT NULL"
        )
        printed = int(cursor.fetchone()[0])
    yield "number of redeemed cards", redeemed, now[CardState.REDEEMED][0]
    yield "number of cards", printed, sum(cards for cards, _points in now.values())


def _total(culprit: str, expected: int, found: int) -> Finding:
    return Finding("totals", culprit, str(expected), str(found))


register_since_check(
    SinceCheck(
        checkpoints.SLUG, _("The last checkpoint stands in its chain and on its seal"), _broken_checkpoints
    )
)
register_since_check(SinceCheck("chain", _("The hash chain goes on from the checkpoint"), _broken_chain))
register_since_check(
    SinceCheck(
        "totals", _("What the checkpoint said and what came since is what the books say now"), _wrong_totals
    )
)


# What came since, transfer by transfer -----------------------------------------------------


def since_sql_check(slug: str, title: str | _StrPromise, *statements: str) -> None:
    """A check whose statements select culprit, expected, found of what is wrong.

    In them ``%(fresh)s`` is the array of the transfers since, ``%(made)s`` when the checkpoint was made.
    """

    def find(since: Since) -> Iterable[Finding]:
        return select_findings(
            slug, statements, {"fresh": since.transfer_ids, "made": since.checkpoint.created_at}
        )

    register_since_check(SinceCheck(slug, title, find))


since_sql_check(
    "transfers-whole",
    _("Every transfer since has all of its entries, and they sum to 0"),
    """
    SELECT 'transfer ' || t.id, t.entries_count || ' entries, sum 0',
           coalesce(e.entries, 0) || ' entries, sum ' || coalesce(e.total, 0)
    FROM points_payment_transfer t
    LEFT JOIN (
        SELECT e.transfer_id, count(a.id) AS entries, sum(e.amount_points) AS total
        FROM points_payment_entry e LEFT JOIN points_payment_account a ON a.id = e.account_id
        WHERE e.transfer_id = ANY(%(fresh)s) GROUP BY 1
    ) e ON e.transfer_id = t.id
    WHERE t.id = ANY(%(fresh)s) AND (e.entries IS DISTINCT FROM t.entries_count OR e.total <> 0)
    """,
)

since_sql_check(
    "transfers-unchanged",
    _("No transfer since and no entry of one was changed after it was written"),
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
            FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
            WHERE e.transfer_id = ANY(%(fresh)s) GROUP BY 1
        ) e ON e.transfer_id = t.id
        WHERE t.id = ANY(%(fresh)s)
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,  # noqa: E501 - SQL keeps its own lines
)

since_sql_check(
    "running-balances",
    _("Every entry since shows the balance that it led to, and the last one is what is kept"),
    """
    SELECT 'entry ' || e.id, coalesce(before.balance_after_points, 0) + e.amount_points || '',
           coalesce(e.balance_after_points::text, 'no balance')
    FROM points_payment_entry e
    JOIN points_payment_account a ON a.id = e.account_id
     AND a.kind IN ('customer_paid', 'customer_promotional', 'vendor_payable')
    LEFT JOIN LATERAL (
        SELECT p.balance_after_points FROM points_payment_entry p
        WHERE p.account_id = e.account_id AND p.id < e.id ORDER BY p.id DESC LIMIT 1
    ) before ON true
    WHERE e.transfer_id = ANY(%(fresh)s)
      AND e.balance_after_points IS DISTINCT FROM coalesce(before.balance_after_points, 0) + e.amount_points
    """,
    """
    SELECT 'entry ' || e.id, 'no balance', e.balance_after_points::text
    FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
    WHERE e.transfer_id = ANY(%(fresh)s) AND e.balance_after_points IS NOT NULL
      AND a.kind NOT IN ('customer_paid', 'customer_promotional', 'vendor_payable')
    """,
    """
    SELECT CASE WHEN m.kind = 'vendor_payable' THEN 'balance of vendor ' ELSE 'wallet ' END || m.owner_id,
           last.balance_after_points || ' ' || m.kind, coalesce(k.points::text, 'nothing')
    FROM (
        SELECT DISTINCT a.id, a.kind, a.owner_id
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
        WHERE e.transfer_id = ANY(%(fresh)s) AND a.kind IN ('customer_paid', 'customer_promotional', 'vendor_payable')
    ) m
    LEFT JOIN LATERAL (
        SELECT p.balance_after_points FROM points_payment_entry p
        WHERE p.account_id = m.id ORDER BY p.id DESC LIMIT 1
    ) last ON true
    LEFT JOIN LATERAL (
        SELECT CASE m.kind WHEN 'customer_paid' THEN w.paid_points ELSE w.promotional_points END AS points
        FROM points_payment_wallet w WHERE w.user_id = m.owner_id AND m.kind <> 'vendor_payable'
        UNION ALL
        SELECT b.payable_points FROM points_payment_vendorbalance b
        WHERE b.vendor_id = m.owner_id AND m.kind = 'vendor_payable'
    ) k ON true
    WHERE k.points IS DISTINCT FROM last.balance_after_points
    """,  # noqa: E501 - SQL keeps its own lines
)

since_sql_check(
    "lots",
    _("Every lot that something since made or used is what its uses left of it"),
    """
    SELECT 'lot ' || d.id, d.digest, d.now FROM (
        SELECT l.id, l.digest, points_row_digest(
            to_jsonb(l), 'id', 'customer_id', 'account_id', 'account_kind', 'transfer_id', 'original_points',
            'expires_at', 'created_at') AS now
        FROM points_payment_lot l WHERE l.transfer_id = ANY(%(fresh)s)
    ) d WHERE d.now IS DISTINCT FROM d.digest
    """,
    """
    SELECT 'lot ' || l.id, (l.original_points + coalesce(u.points, 0))::text, l.remaining_points::text
    FROM (
        SELECT lot_id AS id FROM points_payment_lotuse WHERE transfer_id = ANY(%(fresh)s)
        UNION SELECT id FROM points_payment_lot WHERE transfer_id = ANY(%(fresh)s)
    ) m
    JOIN points_payment_lot l ON l.id = m.id
    LEFT JOIN LATERAL (SELECT sum(u.points) AS points FROM points_payment_lotuse u WHERE u.lot_id = l.id) u ON true
    WHERE l.remaining_points <> l.original_points + coalesce(u.points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    SELECT 'use of lot ' || u.id, 'returns of at most ' || -u.points || ' of its own purchase',
           'returns of ' || sum(r.points)
    FROM points_payment_lotuse u
    JOIN points_payment_lotuse r ON r.returns_id = u.id
    JOIN points_payment_transfer ut ON ut.id = u.transfer_id
    JOIN points_payment_transfer rt ON rt.id = r.transfer_id
    WHERE u.id IN (SELECT returns_id FROM points_payment_lotuse WHERE transfer_id = ANY(%(fresh)s))
    GROUP BY u.id, u.points
    HAVING sum(r.points) > -u.points OR bool_or(r.lot_id <> u.lot_id) OR bool_or(rt.reference <> ut.reference)
    """,
    """
    WITH moved AS (
        SELECT transfer_id, account_id, sum(points) AS points FROM (
            SELECT u.transfer_id, l.account_id, u.points
            FROM points_payment_lotuse u JOIN points_payment_lot l ON l.id = u.lot_id
            WHERE u.transfer_id = ANY(%(fresh)s)
            UNION ALL
            SELECT transfer_id, account_id, original_points FROM points_payment_lot WHERE transfer_id = ANY(%(fresh)s)
        ) m GROUP BY 1, 2
    ), entries AS (
        SELECT e.transfer_id, e.account_id, e.amount_points
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
        WHERE e.transfer_id = ANY(%(fresh)s) AND a.kind IN ('customer_paid', 'customer_promotional')
    )
    SELECT 'lots of transfer ' || coalesce(e.transfer_id, m.transfer_id), coalesce(e.amount_points, 0)::text,
           coalesce(m.points, 0)::text
    FROM entries e FULL JOIN moved m ON m.transfer_id = e.transfer_id AND m.account_id = e.account_id
    WHERE coalesce(e.amount_points, 0) <> coalesce(m.points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
)

since_sql_check(
    "allocations",
    _("Every order's part that something since held, refunded or released is the sum of its moves"),
    """
    WITH touched AS (
        SELECT id FROM points_payment_allocation WHERE transfer_id = ANY(%(fresh)s)
        UNION SELECT allocation_id FROM points_payment_allocationmove WHERE transfer_id = ANY(%(fresh)s)
    )
    SELECT 'allocation ' || a.reference,
           'its digest, ' || coalesce(m.refunded, 0) || ' refunded, ' || coalesce(m.released, 0) || ' released, commission '
               || coalesce(m.commission, 0) || ' of ' || coalesce(a.due, 0),
           CASE WHEN a.same THEN 'its digest, ' ELSE 'another digest, ' END || a.refunded_points || ' refunded, '
               || a.released_points || ' released, commission ' || a.commission_points
    FROM (
        SELECT a.*, a.digest = points_row_digest(
            to_jsonb(a), 'id', 'reference', 'order_reference', 'customer_id', 'vendor_id', 'transfer_id',
            'gross_points', 'paid_points', 'promotional_points', 'subsidy_points', 'commission_basis_points',
            'commission_fixed_points', 'commission_floor_points', 'commission_cap_points', 'created_at') AS same,
            points_commission(
                a.released_points, a.gross_points, a.commission_basis_points, a.commission_fixed_points,
                a.commission_floor_points, a.commission_cap_points) AS due
        FROM points_payment_allocation a JOIN touched USING (id)
    ) a
    LEFT JOIN LATERAL (
        SELECT sum(m.refunded_points) AS refunded, sum(m.refunded_promotional_points) AS promotional,
               sum(m.refunded_subsidy_points) AS subsidy, sum(m.released_points) AS released, sum(m.commission_points) AS commission
        FROM points_payment_allocationmove m WHERE m.allocation_id = a.id
    ) m ON true
    WHERE a.same IS NOT TRUE
       OR a.commission_points IS DISTINCT FROM a.due
       OR (a.refunded_points, a.refunded_promotional_points, a.refunded_subsidy_points, a.released_points,
           a.commission_points)
          IS DISTINCT FROM (coalesce(m.refunded, 0)::bigint, coalesce(m.promotional, 0)::bigint,
                            coalesce(m.subsidy, 0)::bigint, coalesce(m.released, 0)::bigint,
                            coalesce(m.commission, 0)::bigint)
    """,  # noqa: E501 - SQL keeps its own lines
    """
    WITH expected AS (
        SELECT transfer_id, kind, sum(points) AS points FROM (
            SELECT transfer_id, 'vendor_escrow' AS kind, gross_points AS points
            FROM points_payment_allocation WHERE transfer_id = ANY(%(fresh)s)
            UNION ALL
            SELECT transfer_id, 'promotions', -subsidy_points
            FROM points_payment_allocation WHERE transfer_id = ANY(%(fresh)s)
            UNION ALL
            SELECT transfer_id, 'promotions', refunded_subsidy_points
            FROM points_payment_allocationmove WHERE transfer_id = ANY(%(fresh)s)
            UNION ALL
            SELECT transfer_id, 'vendor_escrow', -refunded_points - released_points
            FROM points_payment_allocationmove WHERE transfer_id = ANY(%(fresh)s)
            UNION ALL
            SELECT transfer_id, 'commission', commission_points
            FROM points_payment_allocationmove WHERE transfer_id = ANY(%(fresh)s)
        ) parts GROUP BY 1, 2
    ), actual AS (
        SELECT e.transfer_id, a.kind, sum(e.amount_points) AS points
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id
        JOIN points_payment_transfer t ON t.id = e.transfer_id
        WHERE e.transfer_id = ANY(%(fresh)s) AND (a.kind IN ('vendor_escrow', 'commission')
            OR a.kind = 'promotions' AND t.kind IN ('purchase', 'cancellation', 'return')) GROUP BY 1, 2
    )
    SELECT 'allocations of transfer ' || coalesce(x.transfer_id, e.transfer_id) || ' (' || coalesce(x.kind, e.kind) || ')',
           coalesce(e.points, 0)::text, coalesce(x.points, 0)::text
    FROM expected x FULL JOIN actual e ON e.transfer_id = x.transfer_id AND e.kind = x.kind
    WHERE coalesce(x.points, 0) <> coalesce(e.points, 0)
    """,  # noqa: E501 - SQL keeps its own lines
)

since_sql_check(
    "cards-money",
    _("Every redemption since is of one card, for its value"),
    """
    SELECT 'card ' || coalesce(c.number::text, t.reference), 'one redemption of its value',
           coalesce(s.points, 0) || ' points of batch ' || coalesce(s.batch_id::text, '?') || ' for ' || t.reference
    FROM points_payment_transfer t
    LEFT JOIN points_payment_card c ON c.redemption_id = t.id
    LEFT JOIN points_payment_batch b ON b.id = c.batch_id
    LEFT JOIN LATERAL (
        SELECT max(a.owner_id) AS batch_id, -sum(e.amount_points) AS points
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id AND a.kind = 'batch'
        WHERE e.transfer_id = t.id
    ) s ON true
    WHERE t.id = ANY(%(fresh)s) AND t.kind = 'card_redemption' AND (
        c.id IS NULL OR c.state <> 'redeemed' OR s.batch_id IS DISTINCT FROM c.batch_id
        OR s.points IS DISTINCT FROM b.face_value_points OR left(t.reference, -1) <> lpad(c.number::text, 10, '0'))
    """,  # noqa: E501 - SQL keeps its own lines
)

#: Of batches about which something was written since; a transaction may have begun a while before.
_BATCHES = (
    "IN (SELECT batch_id FROM points_payment_batchevent"
    " WHERE created_at >= %(made)s::timestamptz - interval '1 day')"
)
since_sql_check(
    "cards-unchanged",
    _("No card of a batch that moved since was changed, added or removed"),
    *(statement.format(of=_BATCHES) for statement in CARDS_UNCHANGED),
)

since_sql_check(
    "top-ups",
    _("Every top-up since moved its points from its operator to its customer"),
    """
    SELECT 'top-up ' || t.id,
           s.operator || ' gave ' || s.amount || ' to ' || s.customer || ', ' || t.reference || ', ' || t.reason,
           coalesce(u.operator_id || ' gave ' || u.amount_points || ' to ' || u.customer_id || ', ' || u.reference
                    || ', ' || u.reason, 'no record')
    FROM points_payment_transfer t
    LEFT JOIN points_payment_topup u ON u.transfer_id = t.id
    LEFT JOIN LATERAL (
        SELECT max(a.owner_id) FILTER (WHERE a.kind = 'operator') AS operator,
               max(a.owner_id) FILTER (WHERE a.kind = 'customer_paid') AS customer,
               max(e.amount_points) FILTER (WHERE a.kind = 'customer_paid') AS amount
        FROM points_payment_entry e JOIN points_payment_account a ON a.id = e.account_id WHERE e.transfer_id = t.id
    ) s ON true
    WHERE t.id = ANY(%(fresh)s) AND t.kind = 'top_up'
      AND (u.operator_id, u.customer_id, u.amount_points, u.reference, u.reason, u.created_at)
          IS DISTINCT FROM (s.operator, s.customer, s.amount, t.reference, t.reason, t.created_at)
    """,  # noqa: E501 - SQL keeps its own lines
)

since_sql_check(
    "sealed-in-time",
    _("Every transfer is sealed within a day"),
    """
    SELECT 'transfer ' || t.id, 'a seal', 'none since ' || t.created_at
    FROM points_payment_transfer t LEFT JOIN points_payment_seal s ON s.transfer_id = t.id
    WHERE t.id = ANY(%(fresh)s) AND s.position IS NULL AND t.created_at < now() - interval '1 day'
    """,
)


# Checks of the whole proof that read little -------------------------------------------------


def _borrow(slug: str, *, statements: int | None = None) -> None:
    """Make a check of the whole proof here too, or the first statements of it."""
    whole = next(check for check in checks() if check.slug == slug)

    def find(since: Since) -> Iterable[Finding]:
        return select_findings(slug, whole.statements[:statements]) if statements else whole.find()

    register_since_check(SinceCheck(slug, whole.title, find))


for _slug in (
    "batches",
    "batch-events",
    "adjustments",
    "replacements",
    "top-ups-allowed",
    "top-up-requests",
    "top-up-reversals",
    "cash-handed-in",
    "drawers",
    "vouchers-limits",
    "holders",
    "productions",
    "payouts",
    "vendor-payments",
    "vendor-debts",
    guards.SLUG,
):
    _borrow(_slug)
# The others look at every card of a range.
_borrow("consignments", statements=3)
_borrow("shops", statements=1)


def _changed_statements(since: Since) -> Iterable[Finding]:
    return settlement.broken_statements(frozen_alone=True)


register_since_check(
    SinceCheck(
        settlement.STATEMENTS_SLUG,
        _("Every closed statement is as it was frozen, and goes on from the one before"),
        _changed_statements,
    )
)
