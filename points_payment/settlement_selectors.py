"""Reading how vendors are settled: statements and their movements, payouts, destinations, debts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from points_payment.kinds import (
    LIVE_DESTINATIONS,
    AccountKind,
    DebtLevel,
    DestinationState,
    PayoutState,
    ProposalState,
    StatementState,
)
from points_payment.models import (
    Entry,
    Payout,
    PayoutDestination,
    SettlementPeriod,
    SettlementStatement,
    VendorDebt,
    VendorDebtEvent,
    VendorPayment,
)
from points_payment.vendor_figures import VENDOR_ACCOUNTS, moved_since, shipping_pattern

#: Of an export, read by one query.
EXPORT_ROWS = 2_000
OPEN_PAYOUTS = (PayoutState.REQUESTED, PayoutState.ORDERED)


# Statements ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenStatement:
    """A vendor's statement since the last closed month, as it stands now. Named as a closed one."""

    vendor_id: int
    first_day: date
    opening_points: int
    sales_points: int
    shipping_points: int
    commission_points: int
    refunds_points: int
    adjustments_points: int
    payouts_points: int
    payouts_returned_points: int
    paid_in_points: int
    closing_points: int
    receivable_points: int
    in_transit_points: int
    movements_count: int


def open_statement(*, vendor_id: int) -> OpenStatement:
    """Three queries: the last closed month, what the vendor had at its end, what came since."""
    period = _last_period()
    before = _statement_of(period, vendor_id) if period else None
    moved = moved_since(
        vendor_id=vendor_id,
        above=period.last_entry_id if period else 0,
        starts_at=period.ends_before if period else None,
    )
    opening = before.closing_points if before else 0
    return OpenStatement(
        vendor_id=vendor_id,
        first_day=timezone.localdate(period.ends_before) if period else timezone.localdate().replace(day=1),
        opening_points=opening,
        sales_points=moved.sales,
        shipping_points=moved.shipping,
        commission_points=moved.commission,
        refunds_points=moved.refunds,
        adjustments_points=moved.adjustments,
        payouts_points=moved.payouts,
        payouts_returned_points=moved.payouts_returned,
        paid_in_points=moved.paid_in,
        closing_points=opening + moved.net,
        receivable_points=(before.receivable_points if before else 0) + moved.receivable,
        in_transit_points=(before.in_transit_points if before else 0) + moved.escrow,
        movements_count=moved.movements,
    )


def statements_of(*, vendor_id: int) -> QuerySet[SettlementStatement]:
    """Closed ones, the newest first."""
    return (
        SettlementStatement.objects.filter(vendor_id=vendor_id)
        .select_related("period", "decided_by")
        .order_by("-period__first_day")
    )


def all_statements(*, state: str = "") -> QuerySet[SettlementStatement]:
    found = SettlementStatement.objects.select_related("period", "decided_by").order_by(
        "-period__first_day", "vendor_id"
    )
    return found.filter(state=state) if state else found


def statements_questioned() -> int:
    return SettlementStatement.objects.filter(state=StatementState.QUESTIONED).count()


def _last_period() -> SettlementPeriod | None:
    return SettlementPeriod.objects.order_by("-first_day").first()


def _statement_of(period: SettlementPeriod, vendor_id: int) -> SettlementStatement | None:
    return SettlementStatement.objects.filter(period=period, vendor_id=vendor_id).first()


# Movements ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of a statement's list: a part of an order, or one transfer. Nets sum to the statement's."""

    created_at: datetime
    kind: str
    #: The customer's order, for what an order moved.
    order_number: str
    #: The order's line or delivery charge; of other movements the transfer's own.
    reference: str
    sales_points: int = 0
    shipping_points: int = 0
    refunds_points: int = 0
    commission_points: int = 0
    other_points: int = 0

    @property
    def net_points(self) -> int:
        return (
            self.sales_points
            + self.shipping_points
            + self.refunds_points
            + self.commission_points
            + self.other_points
        )


#: Entries of what moved the balance; a release stands here also where commission took all of it.
ENTRIES = f"""
    SELECT e.id, t.id, t.kind, t.created_at, t.reference,
           CASE WHEN a.kind = 'vendor_escrow' THEN 0 ELSE e.amount_points END
      FROM points_payment_account a
      JOIN points_payment_entry e ON e.account_id = a.id AND e.id > %(above)s
      JOIN points_payment_transfer t ON t.id = e.transfer_id
     WHERE a.owner_id = %(vendor)s AND a.kind IN {VENDOR_ACCOUNTS}
       AND (a.kind <> 'vendor_escrow' OR t.kind = 'release')
       AND (%(starts_at)s::timestamptz IS NULL OR t.created_at >= %(starts_at)s)
       AND (%(ends_before)s::timestamptz IS NULL OR t.created_at < %(ends_before)s)
     ORDER BY e.id LIMIT %(count)s
"""  # noqa: S608 - constants
PARTS = """
    SELECT m.transfer_id, l.order_reference, l.reference, l.reference LIKE %(shipping)s, m.released_points,
           m.commission_points
      FROM points_payment_allocationmove m JOIN points_payment_allocation l ON l.id = m.allocation_id
     WHERE m.transfer_id = ANY(%(transfers)s) AND l.vendor_id = %(vendor)s
     ORDER BY m.transfer_id, l.id
"""


def movements(*, vendor_id: int, statement: SettlementStatement | None = None) -> Iterator[Movement]:
    """What moved the balance in a statement's month, or since the last closed one; oldest first.

    Some thousand entries are read at a time, with two queries, while the list is written.
    """
    facts: dict[str, Any] = {"vendor": vendor_id, "count": EXPORT_ROWS, **_bounds(statement)}
    left: list[tuple[Any, ...]] = []
    while True:
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, facts)
            found = cursor.fetchall()
        rows = left + found
        is_last = len(found) < EXPORT_ROWS
        # A transfer's entries stand together: they are written under the lock of the vendor's balance.
        left = [] if is_last else [row for row in rows if row[1] == rows[-1][1]]
        yield from _movements(vendor_id, rows[: len(rows) - len(left)])
        if is_last:
            return
        facts["above"] = found[-1][0]


def _movements(vendor_id: int, rows: list[tuple[Any, ...]]) -> Iterator[Movement]:
    parts = _parts(vendor_id, [row[1] for row in rows])
    for (transfer_id, kind, created_at, reference), entries in groupby(rows, key=lambda row: row[1:5]):
        of_orders = parts.get(transfer_id)
        if of_orders is None:
            yield Movement(
                created_at, kind, "", reference, other_points=sum(points for *_ids, points in entries)
            )
            continue
        for order_number, name, is_shipping, released, commission in of_orders:
            yield Movement(
                created_at, kind, order_number, name,
                sales_points=released if released > 0 and not is_shipping else 0,
                shipping_points=released if released > 0 and is_shipping else 0,
                refunds_points=min(0, released),
                commission_points=-commission,
            )  # fmt: skip


def _parts(vendor_id: int, transfer_ids: list[int]) -> Mapping[int, list[tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            PARTS, {"transfers": transfer_ids, "vendor": vendor_id, "shipping": shipping_pattern()}
        )
        found: dict[int, list[tuple[Any, ...]]] = {}
        for transfer_id, *part in cursor.fetchall():
            # A part of which nothing was released yet moved escrow alone.
            if part[3] or part[4]:
                found.setdefault(transfer_id, []).append(tuple(part))
        return found


def _bounds(statement: SettlementStatement | None) -> dict[str, Any]:
    """Of the statement's month, or behind the last closed one."""
    if statement is None:
        period = _last_period()
        return {
            "above": period.last_entry_id if period else 0,
            "starts_at": period.ends_before if period else None,
            "ends_before": None,
        }
    period = statement.period
    before = SettlementPeriod.objects.filter(first_day__lt=period.first_day).order_by("-first_day").first()
    return {
        "above": before.last_entry_id if before else 0,
        "starts_at": period.starts_at,
        "ends_before": period.ends_before,
    }


@dataclass(frozen=True, slots=True)
class InTransit:
    """Points of a part of an order that escrow still held at a time."""

    allocation_id: int
    order_number: str
    reference: str
    created_at: datetime
    gross_points: int
    held_points: int


IN_TRANSIT = """
    SELECT l.id, l.order_reference, l.reference, t.created_at, l.gross_points,
           l.gross_points - coalesce(m.gone, 0)
      FROM points_payment_allocation l
      JOIN points_payment_transfer t ON t.id = l.transfer_id
      LEFT JOIN LATERAL (
            SELECT sum(m.refunded_points + m.released_points)::bigint AS gone
              FROM points_payment_allocationmove m JOIN points_payment_transfer x ON x.id = m.transfer_id
             WHERE m.allocation_id = l.id
               AND (%(ends_before)s::timestamptz IS NULL OR x.created_at < %(ends_before)s)
           ) m ON true
     WHERE l.vendor_id = %(vendor)s AND l.id > %(after)s
       AND (%(ends_before)s::timestamptz IS NULL OR t.created_at < %(ends_before)s)
       AND l.gross_points > coalesce(m.gone, 0)
     ORDER BY l.id LIMIT %(count)s
"""


def in_transit(*, vendor_id: int, statement: SettlementStatement | None = None) -> Iterator[InTransit]:
    """What escrow held for the vendor when the statement's month ended, or holds now; by order."""
    facts: dict[str, Any] = {
        "vendor": vendor_id,
        "ends_before": statement.period.ends_before if statement else None,
        "after": 0,
        "count": EXPORT_ROWS,
    }
    while True:
        with connection.cursor() as cursor:
            cursor.execute(IN_TRANSIT, facts)
            found = [InTransit(*row) for row in cursor.fetchall()]
        yield from found
        if len(found) < EXPORT_ROWS:
            return
        facts["after"] = found[-1].allocation_id


# Payouts and destinations -------------------------------------------------------------------


def payouts_of(*, vendor_id: int) -> QuerySet[Payout]:
    return all_payouts().filter(vendor_id=vendor_id)


def all_payouts(*, state: str = "") -> QuerySet[Payout]:
    """The newest first."""
    found = Payout.objects.select_related(
        "destination", "requested_by", "ordered_by", "confirmed_by", "ended_by"
    ).order_by("-id")
    return found.filter(state=state) if state else found


def payouts_waiting() -> int:
    """For staff: to order or to confirm."""
    return Payout.objects.filter(state__in=OPEN_PAYOUTS).count()


def destinations_of(*, vendor_id: int) -> QuerySet[PayoutDestination]:
    """All that there ever were, the newest first: the log of changes."""
    return (
        PayoutDestination.objects.filter(vendor_id=vendor_id)
        .select_related("created_by", "decided_by", "retired_by")
        .order_by("-id")
    )


def live_destinations(*, vendor_id: int) -> QuerySet[PayoutDestination]:
    return destinations_of(vendor_id=vendor_id).filter(state__in=LIVE_DESTINATIONS)


def destinations_waiting() -> QuerySet[PayoutDestination]:
    """For a second look, the oldest first."""
    return (
        PayoutDestination.objects.filter(state=DestinationState.WAITING)
        .select_related("created_by")
        .order_by("id")
    )


def destinations_to_look_at() -> int:
    return destinations_waiting().count()


# Debts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DebtCause:
    """A refund that the vendor's balance could not pay."""

    created_at: datetime
    order_number: str
    reason: str
    points: int


def debt_of(*, vendor_id: int) -> VendorDebt | None:
    """None, or of level clear, where nothing is owed."""
    return VendorDebt.objects.filter(pk=vendor_id).first()


def debts() -> QuerySet[VendorDebt]:
    """Vendors who owe, the largest debt first."""
    return VendorDebt.objects.filter(owed_points__gt=0).order_by("-owed_points", "vendor_id")


def vendors_in_debt() -> int:
    """Beyond the first limit: someone should speak with them."""
    return VendorDebt.objects.filter(level__in=[DebtLevel.HELD, DebtLevel.STOPPED]).count()


def debt_causes(*, vendor_id: int, count: int = 20) -> list[DebtCause]:
    """The newest refunds that made the vendor owe; two queries whatever it owes."""
    entries = (
        Entry.objects.filter(
            account__kind=AccountKind.VENDOR_RECEIVABLE, account__owner_id=vendor_id, amount_points__lt=0
        )
        .select_related("transfer")
        .order_by("-id")[:count]
    )
    return [
        DebtCause(
            entry.transfer.created_at, entry.transfer.reference, entry.transfer.reason, -entry.amount_points
        )
        for entry in entries
    ]


def debt_events(*, vendor_id: int) -> QuerySet[VendorDebtEvent]:
    return VendorDebtEvent.objects.filter(vendor_id=vendor_id).select_related("actor").order_by("-id")


def vendor_payments(*, state: str = "") -> QuerySet[VendorPayment]:
    found = VendorPayment.objects.select_related("proposed_by", "decided_by").order_by("-id")
    return found.filter(state=state) if state else found


def vendor_payments_waiting() -> int:
    return VendorPayment.objects.filter(state=ProposalState.WAITING).count()
