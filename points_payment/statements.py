"""A wallet's statement: its movements in their order, and the balance that each led to.

A wallet has two accounts, and its entries' ids are their order: they are given out under the wallet's lock.
Each entry keeps the balance of its account, so no balance is ever summed up from the start, and each query
here reads some rows of an index, however long the wallet is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from points_payment.kinds import WALLET_KINDS, AccountKind, TransferKind
from points_payment.models import Account, Entry, Lot, LotUse, Transfer
from points_payment.services.expiry import last_day_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STATEMENT_ROWS = 25
#: Of an export, read by one query.
EXPORT_ROWS = 2_000
#: Kinds whose reference is the number of an order.
ORDER_KINDS = frozenset({TransferKind.PURCHASE, TransferKind.CANCELLATION, TransferKind.RETURN})


class MovementGroup(models.TextChoices):
    """Kinds of transfers as customers think of them."""

    CARDS = "cards", _("Cards")
    TOP_UPS = "top_ups", _("Top-ups")
    PURCHASES = "purchases", _("Purchases")
    REFUNDS = "refunds", _("Refunds")
    GIFTS = "gifts", _("Gifts")
    EXPIRED = "expired", _("Expired")
    CORRECTIONS = "corrections", _("Corrections")


#: Every kind that moves points of a wallet is in one group.
KINDS_OF_GROUP = {
    MovementGroup.CARDS: (TransferKind.CARD_REDEMPTION,),
    MovementGroup.TOP_UPS: (TransferKind.TOP_UP, TransferKind.TOP_UP_REVERSAL),
    MovementGroup.PURCHASES: (TransferKind.PURCHASE,),
    MovementGroup.REFUNDS: (TransferKind.CANCELLATION, TransferKind.RETURN),
    MovementGroup.GIFTS: (TransferKind.VOUCHER, TransferKind.REFERRAL, TransferKind.GOODWILL),
    MovementGroup.EXPIRED: (TransferKind.POINTS_EXPIRY,),
    MovementGroup.CORRECTIONS: (TransferKind.ADJUSTMENT,),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the shop's time zone, both included."""

    first_day: date
    last_day: date

    @classmethod
    def month(cls, day: date) -> Period:
        """The month of this day."""
        first = day.replace(day=1)
        return cls(first, _next_month(first) - timedelta(days=1))

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.first_day)

    @property
    def ends_before(self) -> datetime:
        return _midnight(self.last_day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class StatementRow:
    entry_id: int
    created_at: datetime
    kind: str
    kind_label: str | _StrPromise
    reference: str
    is_promotional: bool
    amount_points: int
    #: The whole wallet's, after this entry.
    balance_points: int

    @property
    def order_number(self) -> str:
        """Number of the order that the reference names, if it names one."""
        return self.reference if self.kind in ORDER_KINDS else ""

    @property
    def card_serial(self) -> str:
        """Serial of the card that the reference names, if it names one."""
        return self.reference if self.kind == TransferKind.CARD_REDEMPTION else ""


@dataclass(frozen=True, slots=True)
class Statement:
    rows: Sequence[StatementRow]
    #: Where the next, older page begins; None on the last one.
    older_before: int | None
    is_first_page: bool


@dataclass(frozen=True, slots=True)
class Balances:
    """The whole wallet's, before the first movement of a period and after its last."""

    opening_points: int
    closing_points: int


@dataclass(frozen=True, slots=True)
class Span:
    """Ids of entries of one wallet: those above the first and up to the second.

    What is added to the wallet later is not in it, so that all that is read of one span agrees.
    """

    accounts: dict[int, str]
    above: int
    up_to: int


def statement(
    *,
    customer_id: int,
    before: int | None = None,
    rows: int = STATEMENT_ROWS,
    group: MovementGroup | None = None,
    period: Period | None = None,
) -> Statement:
    """A page of a wallet's entries, newest first: three queries, five of a period, however many there are.

    The balance beside each is the whole wallet's, also when others between them are not shown.
    """
    span = span_of(customer_id=customer_id, period=period)
    up_to = span.up_to if before is None else min(span.up_to, before - 1)
    found = _rows(replace(span, up_to=up_to), group=group, count=rows + 1, newest_first=True)
    shown = found[:rows]
    return Statement(
        rows=shown,
        older_before=shown[-1].entry_id if len(found) > rows else None,
        is_first_page=before is None,
    )


def span_of(*, customer_id: int, period: Period | None = None) -> Span:
    """The wallet's entries of a period; without one all that there are now."""
    accounts = _accounts(customer_id)
    newest = max((pk for pk, _points in _newest(accounts, up_to=LARGEST_ID)), default=0)
    if period is None:
        return Span(accounts, 0, newest)
    first, end = (
        _last_before(accounts, moment, newest=newest) for moment in (period.starts_at, period.ends_before)
    )
    return Span(accounts, first, end)


def export_rows(span: Span, *, group: MovementGroup | None = None) -> Iterator[StatementRow]:
    """All entries of a span, oldest first, some thousand read at a time."""
    above = span.above
    while found := _rows(replace(span, above=above), group=group, count=EXPORT_ROWS, newest_first=False):
        yield from found
        above = found[-1].entry_id


def balances(span: Span) -> Balances:
    """What the wallet held before a span and after it."""
    return Balances(_balance_at(span.accounts, span.above), _balance_at(span.accounts, span.up_to))


def first_day(*, customer_id: int) -> date | None:
    """The day of the wallet's first movement; None where nothing has moved."""
    span = span_of(customer_id=customer_id)
    oldest = _rows(span, group=None, count=1, newest_first=False)
    return timezone.localdate(oldest[0].created_at) if oldest else None


def months(*, customer_id: int) -> list[date]:
    """The first days of all months since the wallet's first movement, the newest first."""
    first = first_day(customer_id=customer_id)
    found: list[date] = []
    if first is not None:
        month, last = first.replace(day=1), timezone.localdate().replace(day=1)
        while month <= last:
            found.append(month)
            month = _next_month(month)
    return found[::-1]


# One movement -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LotLine:
    """What one movement did to one lot."""

    #: Where the lot's points came from, and when.
    source_label: str | _StrPromise
    created_at: datetime
    is_promotional: bool
    expires_at: datetime | None
    #: Taken from it (negative) or put into it.
    points: int
    is_new: bool

    @property
    def last_day(self) -> date | None:
        return last_day_of(self.expires_at) if self.expires_at else None


@dataclass(frozen=True, slots=True)
class Related:
    """Another movement of the same wallet."""

    transfer_id: int
    entry_id: int
    kind_label: str | _StrPromise
    created_at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer, as far as it is this wallet's."""

    transfer: Transfer
    row: StatementRow
    paid_points: int
    promotional_points: int
    #: Of the card that was redeemed; the code itself is nowhere.
    card_last_four: str
    lots: Sequence[LotLine]
    reversed_by: Related | None
    reverses: Related | None
    #: The other movements of the same order, oldest first.
    of_same_order: Sequence[Related]

    @property
    def total_points(self) -> int:
        return self.paid_points + self.promotional_points


def movement(*, customer_id: int, entry_id: int) -> Movement | None:
    """What one entry's transfer did in this wallet; None for an entry that is not of it."""
    accounts = _accounts(customer_id)
    entry = (
        Entry.objects.filter(pk=entry_id, account_id__in=accounts)
        .select_related("transfer__actor", "transfer__redeemed_card")
        .first()
    )
    if entry is None:
        return None
    transfer = entry.transfer
    (row,) = _rows(Span(accounts, entry_id - 1, entry_id), group=None, count=1, newest_first=True)
    parts = Entry.objects.filter(transfer_id=transfer.pk, account_id__in=accounts)
    points = {accounts[pk]: amount for pk, amount in parts.values_list("account_id", "amount_points")}
    card = getattr(transfer, "redeemed_card", None)
    return Movement(
        transfer=transfer,
        row=row,
        paid_points=points.get(AccountKind.CUSTOMER_PAID, 0),
        promotional_points=points.get(AccountKind.CUSTOMER_PROMOTIONAL, 0),
        card_last_four=card.last_four if card else "",
        lots=_lot_lines(transfer, customer_id=customer_id),
        reversed_by=_first(_related(accounts, transfer__reverses_id=transfer.pk)),
        reverses=_first(_related(accounts, transfer_id=transfer.reverses_id)),
        of_same_order=_of_same_order(accounts, row, transfer),
    )


def _of_same_order(accounts: dict[int, str], row: StatementRow, transfer: Transfer) -> list[Related]:
    if not row.order_number:
        return []
    found = _related(accounts, transfer__reference=row.order_number, transfer__kind__in=ORDER_KINDS)
    return [related for related in found if related.transfer_id != transfer.pk]


def _related(accounts: dict[int, str], **where: object) -> list[Related]:
    """Movements of the wallet, one for each transfer, oldest first."""
    found: dict[int, Related] = {}
    entries = Entry.objects.filter(account_id__in=accounts, **where).select_related("transfer")
    for entry in entries.order_by("id"):
        transfer, before = entry.transfer, found.get(entry.transfer_id)
        found[transfer.pk] = Related(
            transfer_id=transfer.pk,
            entry_id=before.entry_id if before else entry.pk,
            kind_label=transfer.get_kind_display(),
            created_at=transfer.created_at,
            points=entry.amount_points + (before.points if before else 0),
        )
    return list(found.values())


def _first(found: list[Related]) -> Related | None:
    return found[0] if found else None


def _lot_lines(transfer: Transfer, *, customer_id: int) -> list[LotLine]:
    """Lots that the transfer used or filled, then the one that it made."""
    by_lot: dict[int, tuple[Lot, int]] = {}
    uses = LotUse.objects.filter(transfer=transfer, lot__customer_id=customer_id)
    for use in uses.select_related("lot__transfer").order_by("id"):
        by_lot[use.lot_id] = (use.lot, by_lot.get(use.lot_id, (use.lot, 0))[1] + use.points)
    made = Lot.objects.filter(transfer=transfer, customer_id=customer_id).select_related("transfer")
    # What only passed through a lot on its way into another (a refund's grace) is not told.
    lines = [_lot_line(lot, points, is_new=False) for lot, points in by_lot.values() if points]
    return lines + [_lot_line(lot, lot.original_points, is_new=True) for lot in made.order_by("id")]


def _lot_line(lot: Lot, points: int, *, is_new: bool) -> LotLine:
    return LotLine(
        source_label=lot.transfer.get_kind_display(),
        created_at=lot.created_at,
        is_promotional=lot.account_kind == AccountKind.CUSTOMER_PROMOTIONAL,
        expires_at=lot.expires_at,
        points=points,
        is_new=is_new,
    )


# Reading entries ----------------------------------------------------------------------------
#
# Rows are compared whole, (account, id) with (account, id): only the index of both gives that order. With
# account = … ORDER BY id the planner may walk all entries by id instead, looking for a rare account's.
# Transfers are looked up one by one (OFFSET 0 keeps them from being joined whole): there are few.

#: The newest id of a wallet's entries that was written before a moment, found bit by bit: each step asks
#: whether the first entry from an id on is older. Times and ids may disagree by the length of a transaction
#: where a movement waited for another; the ids count, so that a period is without gaps.
LAST_BEFORE = """
    WITH RECURSIVE search (bit, id) AS (
        SELECT floor(log(2, greatest(%(newest)s, 1)))::integer + 1, 0::bigint
        UNION ALL
        SELECT search.bit - 1,
               CASE WHEN (SELECT t.created_at FROM points_payment_transfer t WHERE t.id = next.transfer_id)
                         < %(moment)s THEN tried.id ELSE search.id END
          FROM search
         CROSS JOIN LATERAL (SELECT search.id + (1::bigint << search.bit) AS id) AS tried
          LEFT JOIN LATERAL (
                SELECT first.id, first.transfer_id
                  FROM unnest(%(accounts)s::bigint[]) AS account (id)
                 CROSS JOIN LATERAL (SELECT e.id, e.transfer_id, e.account_id FROM points_payment_entry e
                                      WHERE (e.account_id, e.id) >= (account.id, tried.id)
                                      ORDER BY e.account_id, e.id LIMIT 1) AS first
                 WHERE first.account_id = account.id
                 ORDER BY first.id LIMIT 1) AS next ON true
         WHERE search.bit >= 0
    )
    SELECT id FROM search WHERE bit = -1
"""

#: The newest entry of each account up to an id.
NEWEST = """
    SELECT newest.id, newest.balance_after_points
      FROM unnest(%(accounts)s::bigint[]) AS account (id)
     CROSS JOIN LATERAL (SELECT e.id, e.account_id, e.balance_after_points FROM points_payment_entry e
                          WHERE (e.account_id, e.id) <= (account.id, %(up_to)s)
                          ORDER BY e.account_id DESC, e.id DESC LIMIT 1) AS newest
     WHERE newest.account_id = account.id
"""

#: Each account, and each kind where some are asked for, is one part of an index; the newest (or oldest) of
#: all are taken. Beside each entry the wallet's other account, as it stood.
ROWS = """
    SELECT e.id, t.created_at, t.kind, t.reference, e.account_id, e.amount_points,
           e.balance_after_points + coalesce(other.points, 0)
      FROM (
            SELECT found.*
              FROM unnest(%(accounts)s::bigint[]) AS account (id) {kinds}
             CROSS JOIN LATERAL (
                   SELECT e.id, e.transfer_id, e.account_id, e.amount_points, e.balance_after_points
                     FROM points_payment_entry e
                    WHERE ({columns}) > ({values}, %(above)s) AND ({columns}) <= ({values}, %(up_to)s)
                          {is_kept}
                    ORDER BY {order} LIMIT %(count)s) AS found
             ORDER BY found.id {direction} LIMIT %(count)s
           ) AS e
     CROSS JOIN LATERAL (SELECT t.created_at, t.kind, t.reference FROM points_payment_transfer t
                          WHERE t.id = e.transfer_id OFFSET 0) AS t
      LEFT JOIN LATERAL (
            SELECT before.balance_after_points AS points
              FROM unnest(%(accounts)s::bigint[]) AS account (id)
             CROSS JOIN LATERAL (SELECT b.account_id, b.balance_after_points FROM points_payment_entry b
                                  WHERE (b.account_id, b.id) < (account.id, e.id)
                                  ORDER BY b.account_id DESC, b.id DESC LIMIT 1) AS before
             WHERE before.account_id = account.id AND account.id <> e.account_id) AS other ON true
     ORDER BY e.id {direction}
"""


def _rows_sql(*, of_kinds: bool, newest_first: bool) -> str:
    direction = "DESC" if newest_first else "ASC"
    columns = ["e.transfer_kind", "e.account_id", "e.id"] if of_kinds else ["e.account_id", "e.id"]
    return ROWS.format(
        kinds="CROSS JOIN unnest(%(kinds)s::text[]) AS kind (name)" if of_kinds else "",
        columns=", ".join(columns),
        values="kind.name, account.id" if of_kinds else "account.id",
        # What the index of kinds is about; it does not follow from the comparison.
        is_kept="AND e.transfer_kind IS NOT NULL" if of_kinds else "",
        order=", ".join(f"{column} {direction}" for column in columns),
        direction=direction,
    )


#: Both directions, with and without kinds.
ROWS_SQL = {
    (of_kinds, newest_first): _rows_sql(of_kinds=of_kinds, newest_first=newest_first)
    for of_kinds in (False, True)
    for newest_first in (False, True)
}
LARGEST_ID = 2**63 - 1


def _accounts(customer_id: int) -> dict[int, str]:
    found = Account.objects.filter(kind__in=WALLET_KINDS, owner_id=customer_id)
    return dict(found.values_list("id", "kind"))


def _newest(accounts: dict[int, str], *, up_to: int) -> list[tuple[int, int]]:
    """Of each account the newest entry up to this one: its id, and the account's balance after it."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, {"accounts": list(accounts), "up_to": up_to})
        return cursor.fetchall()


def _last_before(accounts: dict[int, str], moment: datetime, *, newest: int) -> int:
    """Id of the wallet's newest entry before a moment; 0 if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_BEFORE, {"accounts": list(accounts), "moment": moment, "newest": newest})
        return int(cursor.fetchone()[0])


def _balance_at(accounts: dict[int, str], entry_id: int) -> int:
    """The wallet's balance after this entry."""
    return sum(points for _pk, points in _newest(accounts, up_to=entry_id))


def _rows(span: Span, *, group: MovementGroup | None, count: int, newest_first: bool) -> list[StatementRow]:
    facts: dict[str, Any] = {
        "accounts": list(span.accounts),
        "kinds": [kind.value for kind in KINDS_OF_GROUP[group]] if group else [],
        "above": span.above,
        "up_to": span.up_to,
        "count": count,
    }
    with connection.cursor() as cursor:
        cursor.execute(ROWS_SQL[group is not None, newest_first], facts)
        return [
            StatementRow(
                entry_id=entry_id,
                created_at=created_at,
                kind=kind,
                kind_label=TransferKind(kind).label,
                reference=reference,
                is_promotional=span.accounts[account_id] == AccountKind.CUSTOMER_PROMOTIONAL,
                amount_points=amount,
                balance_points=balance,
            )
            for entry_id, created_at, kind, reference, account_id, amount, balance in cursor.fetchall()
        ]


def _next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _midnight(day: date) -> datetime:
    """When a day begins in the shop's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
