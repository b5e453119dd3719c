"""What the books say in all: sums by kind of account, what was issued and what became of it, cards by state.

Every point comes into the books from outside (a shop that got cards, an operator's cash, a promotion, a
correction) and stands somewhere inside. Since all accounts sum to 0, what was issued less what went back
is what stands inside, to the point, whatever kinds of transfers there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from points_payment.kinds import AccountKind, CardState
from points_payment.models import Checkpoint

#: Who gives points into the books: their accounts are what the platform is owed, or gave itself.
SOURCES = (
    AccountKind.SHOP,
    AccountKind.COLLECTIONS,
    AccountKind.OPERATOR,
    AccountKind.CASH,
    AccountKind.PROMOTIONS,
    AccountKind.ADJUSTMENTS,
)
_SOURCE_LIST = ", ".join(f"'{kind.value}'" for kind in SOURCES)

#: Of all entries, or of those of some transfers: kept apart, since the accounts of sources have very many.
ALL_ENTRIES = "points_payment_entry"
SOME_ENTRIES = "(SELECT * FROM points_payment_entry WHERE transfer_id = ANY(%s) OFFSET 0)"

TOTALS = """
SELECT a.kind, sum(e.amount_points)::bigint, count(*)
FROM {entries} e JOIN points_payment_account a ON a.id = e.account_id GROUP BY 1
"""
#: One transfer moves points in, out, or (a shop paying) from one source to another.
FLOWS = (
    "SELECT t.kind, coalesce(sum(-x.net) FILTER (WHERE x.net < 0), 0)::bigint,"  # noqa: S608 - constants
    " coalesce(sum(x.net) FILTER (WHERE x.net > 0), 0)::bigint FROM ("
    " SELECT e.transfer_id, sum(e.amount_points) AS net"
    " FROM {entries} e JOIN points_payment_account a ON a.id = e.account_id"
    f" WHERE a.kind IN ({_SOURCE_LIST}) GROUP BY 1"
    ") x JOIN points_payment_transfer t ON t.id = x.transfer_id WHERE x.net <> 0 GROUP BY 1"
)
CARDS = """
SELECT c.state, sum(c.cards)::bigint, sum(c.cards * b.face_value_points)::bigint
FROM (SELECT batch_id, state, count(*) AS cards FROM points_payment_card GROUP BY 1, 2) c
JOIN points_payment_batch b ON b.id = c.batch_id GROUP BY 1
"""
#: Transfers that a checkpoint did not see: sealed after it, or not yet. None runs for a day unseen.
FRESH = """
SELECT s.transfer_id FROM points_payment_seal s WHERE s.position > %s
UNION ALL
SELECT t.id FROM points_payment_transfer t WHERE t.created_at > %s::timestamptz - interval '1 day'
AND NOT EXISTS (SELECT 1 FROM points_payment_seal s WHERE s.transfer_id = t.id)
"""

#: Issued, and taken back.
Flow = tuple[int, int]
#: Number of cards, and their value.
CardSum = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Figures:
    #: By kind of account.
    totals: Mapping[str, int]
    #: By kind of transfer.
    flows: Mapping[str, Flow]
    transfers_count: int
    entries_count: int

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            totals={
                kind: self.totals.get(kind, 0) + other.totals.get(kind, 0)
                for kind in {**self.totals, **other.totals}
            },
            flows={
                kind: (
                    self.flows.get(kind, (0, 0))[0] + other.flows.get(kind, (0, 0))[0],
                    self.flows.get(kind, (0, 0))[1] + other.flows.get(kind, (0, 0))[1],
                )
                for kind in {**self.flows, **other.flows}
            },
            transfers_count=self.transfers_count + other.transfers_count,
            entries_count=self.entries_count + other.entries_count,
        )


def all_figures(*, flows: bool = True) -> Figures:
    """From every entry there is; without the flows it is a simple sum."""
    return _read(None, flows=flows)


def figures_of(transfer_ids: Sequence[int], *, flows: bool = True) -> Figures:
    """From the entries of these transfers alone."""
    return _read(list(transfer_ids), flows=flows)


def figures_at(checkpoint: Checkpoint) -> Figures:
    return Figures(
        totals=checkpoint.totals,
        flows={kind: (issued, back) for kind, (issued, back) in checkpoint.flows.items()},
        transfers_count=checkpoint.transfers_count,
        entries_count=checkpoint.entries_count,
    )


def figures_now(*, checkpoint: Checkpoint | None) -> Figures:
    """What a checkpoint said and what came since, so that a page does not read all entries."""
    if checkpoint is None:
        return all_figures()
    return figures_at(checkpoint) + figures_of(fresh_transfers(checkpoint))


def fresh_transfers(checkpoint: Checkpoint) -> list[int]:
    """Ids of the transfers that came after the checkpoint, in no order."""
    with connection.cursor() as cursor:
        cursor.execute(FRESH, [checkpoint.position, checkpoint.created_at])
        return [pk for (pk,) in cursor.fetchall()]


def card_sums() -> dict[str, CardSum]:
    """Of every state, also those in which no card is."""
    sums: dict[str, CardSum] = {state.value: (0, 0) for state in CardState}
    with connection.cursor() as cursor:
        cursor.execute(CARDS)
        sums.update({state: (cards, points) for state, cards, points in cursor.fetchall()})
    return sums


def _read(transfer_ids: list[int] | None, *, flows: bool) -> Figures:
    entries, parameters = (SOME_ENTRIES, [transfer_ids]) if transfer_ids is not None else (ALL_ENTRIES, None)
    with connection.cursor() as cursor:
        cursor.execute(TOTALS.format(entries=entries), parameters)
        sums = cursor.fetchall()
        moved: dict[str, Flow] = {}
        if flows:
            cursor.execute(FLOWS.format(entries=entries), parameters)
            moved = {kind: (issued, back) for kind, issued, back in cursor.fetchall()}
        if transfer_ids is None:
            cursor.execute("SELECT count(*) FROM points_payment_transfer")
        else:
            cursor.execute("SELECT count(*) FROM points_payment_transfer WHERE id = ANY(%s)", [transfer_ids])
        return Figures(
            totals={kind: points for kind, points, _count in sums},
            flows=moved,
            transfers_count=cursor.fetchone()[0],
            entries_count=sum(count for _kind, _points, count in sums),
        )
