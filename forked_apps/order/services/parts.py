"""What every change of a vendor order needs: its lock, its pieces, their points and their stock.

Below the services that decide (``fulfilment``, ``cancellation``, ``delivery``). Locks: the vendor order, then
the wallet and allocations (by refunds), then stock records by id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F, Sum

from forked_apps.order.errors import PiecesNotThere
from forked_apps.order.models import (
    Line,
    LineReduction,
    ParcelLine,
    ReductionKind,
    VendorOrder,
    VendorOrderEvent,
    VendorOrderStatus,
)
from forked_apps.order.numbers import shipping_reference
from forked_apps.order.status import check_step
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.payment.sources import source_of
from marketplace.outbox.services import enqueue
from points_payment.services.wallets import split_by_largest_remainder

if TYPE_CHECKING:
    from marketplace.users.models import User


def lock_part(
    vendor_order: VendorOrder, *, vendor: Partner | None = None, customer: User | None = None
) -> VendorOrder:
    """This vendor's or this customer's, as it is now, and nobody else changes it meanwhile.

    Raises:
        VendorOrder.DoesNotExist: it is someone else's.
    """
    queryset = VendorOrder.objects.select_for_update(no_key=True, of=("self",)).select_related("order")
    if vendor is not None:
        queryset = queryset.filter(vendor=vendor)
    if customer is not None:
        queryset = queryset.filter(order__user=customer)
    return queryset.get(pk=vendor_order.pk)


def move(locked: VendorOrder, *, to: VendorOrderStatus, actor: User | None, note: str = "") -> VendorOrder:
    """Raises:
    IllegalStep: the table of steps has no such step.
    """
    check_step(locked.status, to)
    VendorOrderEvent.objects.create(
        vendor_order=locked, old_status=locked.status, new_status=to, actor=actor, note=note[:500]
    )
    locked.status = to
    locked.save(update_fields=["status", "delivered_at", "delivery_proof", "release_on"])
    if to == VendorOrderStatus.SHIPPED:
        # Documents are numbered in transactions of their own: see services.invoices.
        enqueue(topic="vendor_order.invoice", payload={"vendor_order_id": locked.pk})
    return locked


#: Before everything has left: what is reduced until then stands on no invoice.
NOTHING_INVOICED = frozenset(
    {
        VendorOrderStatus.PLACED,
        VendorOrderStatus.ACCEPTED,
        VendorOrderStatus.PACKED,
        VendorOrderStatus.CANCELLED,
    }
)


# Pieces -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Pieces:
    """Of one line."""

    ordered: int
    shipped: int
    #: Cancelled before they left.
    cancelled: int
    #: Shipped, and not taken at the door.
    refused: int
    #: Taken, and sent back later.
    returned: int
    #: Shipped, and never arrived: so it was decided.
    lost: int = 0

    @property
    def to_ship(self) -> int:
        return self.ordered - self.shipped - self.cancelled

    @property
    def arrived(self) -> int:
        """Shipped, and neither refused nor lost: with the buyer, once delivered."""
        return self.shipped - self.refused - self.lost

    @property
    def kept(self) -> int:
        """With the buyer still."""
        return self.arrived - self.returned

    @property
    def reduced(self) -> int:
        return self.cancelled + self.refused + self.returned + self.lost


def pieces_of(vendor_order: VendorOrder) -> dict[int, Pieces]:
    """How many pieces of each line went which way, by line id: three queries."""
    shipped = dict(
        ParcelLine.objects.filter(parcel__vendor_order=vendor_order)
        .values_list("line_id")
        .annotate(pieces=Sum("quantity"))
    )
    reduced: dict[tuple[int, str], int] = {
        (line_id, kind): pieces
        for line_id, kind, pieces in LineReduction.objects.filter(line__vendor_order=vendor_order)
        .order_by()
        .values_list("line_id", "kind")
        .annotate(pieces=Sum("quantity"))
    }
    return {
        line.pk: Pieces(
            ordered=line.quantity,
            shipped=shipped.get(line.pk, 0),
            cancelled=reduced.get((line.pk, ReductionKind.CANCELLED), 0),
            refused=reduced.get((line.pk, ReductionKind.REFUSED), 0),
            returned=reduced.get((line.pk, ReductionKind.RETURNED), 0),
            lost=reduced.get((line.pk, ReductionKind.LOST), 0),
        )
        for line in vendor_order.lines.all()
    }


def pieces_left(vendor_order: VendorOrder) -> dict[int, int]:
    """Pieces that wait to be shipped, by line id."""
    return {pk: pieces.to_ship for pk, pieces in pieces_of(vendor_order).items()}


def check_pieces(wanted: Mapping[int, int], there: Mapping[int, int]) -> None:
    """Raises:
    PiecesNotThere: a line is another order's, has fewer pieces, or nothing is wanted.
    """
    wrong = [pk for pk, pieces in wanted.items() if pieces < 1 or pieces > there.get(pk, 0)]
    if wrong or not wanted:
        raise PiecesNotThere(line_ids=wrong)


# Points -----------------------------------------------------------------------------------
def allocation_references(vendor_order: VendorOrder) -> list[str]:
    """What the ledger calls the amounts of this vendor order, goods and shipping."""
    references = [line.partner_line_reference for line in vendor_order.lines.all() if line.value_points]
    if vendor_order.shipping_points:
        references.append(shipping_reference(vendor_order.number))
    return references


def points_of_pieces(line: Line, *, reduced: int, settled: int, pieces: int) -> int:
    """The share of so many pieces of a line, of which so many pieces and points were settled before.

    However a line is taken apart, with allowances in between, all of it together is what it cost.
    """
    left = line.line_points - settled
    if reduced + pieces == line.quantity:
        return left
    before, after = (line.line_points * n // line.quantity for n in (reduced, reduced + pieces))
    return min(after - before, left)


def settled_points(vendor_order: VendorOrder) -> dict[int, int]:
    """Points that went back so far, or were deducted for good, by line id; lines without any have no key."""
    return dict(
        LineReduction.objects.filter(line__vendor_order=vendor_order)
        # A deduction that was paid back after all was settled when it was made.
        .exclude(kind=ReductionKind.UNDEDUCTED)
        .order_by()
        .values_list("line_id")
        .annotate(points=Sum(F("refunded_points") + F("deducted_points")))
    )


def deductions_left(vendor_order: VendorOrder) -> dict[int, int]:
    """Points that were deducted from returns and not paid back since, by line id."""
    deducted: dict[int, int] = {}
    rows = LineReduction.objects.filter(line__vendor_order=vendor_order).order_by()
    for line_id, kind, refunded, less in rows.values_list("line_id", "kind").annotate(
        refunded=Sum("refunded_points"), less=Sum("deducted_points")
    ):
        change = -refunded if kind == ReductionKind.UNDEDUCTED else less
        deducted[line_id] = deducted.get(line_id, 0) + change
    return {line_id: points for line_id, points in deducted.items() if points}


def reduce_lines(
    locked: VendorOrder,
    pieces: Mapping[int, int],
    *,
    kind: ReductionKind,
    actor: User | None,
    reason: str,
    shipping_points: int = 0,
    deducted_points: int = 0,
) -> list[tuple[str, dict[str, Any]]]:
    """Give the points of these pieces back and write down why; messages for the outbox.

    ``shipping_points`` of the delivery charge go back too; ``deducted_points`` of the pieces' share do not.
    What happens to the stock is the caller's.
    """
    known, before = pieces_of(locked), settled_points(locked)
    lines = {line.pk: line for line in locked.lines.all()}
    rows = [
        LineReduction(
            line=lines[pk],
            kind=kind,
            quantity=number,
            refunded_points=points_of_pieces(
                lines[pk], reduced=known[pk].reduced, settled=before.get(pk, 0), pieces=number
            ),
            reason=reason[:200],
            actor=actor,
        )
        for pk, number in sorted(pieces.items())
    ]
    shares = [row.refunded_points for row in rows]
    for row, less in zip(
        rows, split_by_largest_remainder(total_points=deducted_points, weights=shares), strict=True
    ):
        row.refunded_points -= less
        row.deducted_points = less
    give_back(locked, rows, actor=actor, reason=reason or str(kind.label), shipping_points=shipping_points)
    return [
        ("search.products", {"ids": sorted({lines[pk].product_id for pk in pieces if lines[pk].product_id})}),
        (
            "vendor_order.reduced",
            {
                "vendor_order_id": locked.pk,
                "pieces": sum(pieces.values()),
                "reduction_id": rows[-1].pk,
            },
        ),
    ]


def give_back(
    locked: VendorOrder,
    rows: Sequence[LineReduction],
    *,
    actor: User | None,
    reason: str,
    shipping_points: int = 0,
) -> None:
    """Write reductions and move their points to the buyer, in one refund; the platform has its part back."""
    return_subsidies(locked, rows)
    LineReduction.objects.bulk_create(rows)
    # A line may have several rows: a deduction that is paid back after all, and an allowance on top.
    points: Counter[str] = Counter()
    subsidies: Counter[str] = Counter()
    for row in rows:
        points[row.line.partner_line_reference] += row.refunded_points
        subsidies[row.line.partner_line_reference] += row.returned_subsidy_points
    points[shipping_reference(locked.number)] += shipping_points
    source_of(locked.order).refund(
        order=locked.order,
        # Without what is nothing.
        points=+points,
        subsidies=+subsidies,
        actor_id=actor.pk if actor else None,
        reason=reason,
        # Whoever reduces holds the vendor order's lock, so the last row names this refund.
        key=refund_key(rows[-1].pk),
    )
    if locked.status not in NOTHING_INVOICED:
        enqueue(
            topic="vendor_order.credit_note",
            payload={
                "vendor_order_id": locked.pk,
                "reduction_ids": [row.pk for row in rows],
                "shipping_points": shipping_points,
            },
        )


def return_subsidies(locked: VendorOrder, rows: Sequence[LineReduction]) -> None:
    """Say of each new reduction what the platform has back of what it added to the line."""
    lines = {row.line_id: row.line for row in rows if row.line.subsidy_points}
    if not lines:
        return
    so_far = {
        line_id: tuple(sums)
        for line_id, *sums in LineReduction.objects.filter(line__vendor_order=locked, line__in=lines)
        .order_by()
        .values_list("line_id")
        .annotate(
            pieces=Sum("quantity"), refunded=Sum("refunded_points"), returned=Sum("returned_subsidy_points")
        )
    }
    for row in rows:
        if row.line_id not in lines:
            continue
        pieces, refunded, returned = so_far.get(row.line_id, (0, 0, 0))
        pieces, refunded = pieces + row.quantity, refunded + row.refunded_points
        due = subsidy_due(row.line, reduced=pieces, refunded=refunded)
        row.returned_subsidy_points = max(0, due - returned)
        so_far[row.line_id] = pieces, refunded, max(due, returned)


def subsidy_due(line: Line, *, reduced: int, refunded: int) -> int:
    """What the platform has back once so many pieces are gone and so many points with the buyer.

    As much of what it added as the buyer has back of what they paid, and at least the pieces' share: who
    keeps nothing, or pays nothing after all, needs no discount.
    """
    paid, added = line.line_points, line.subsidy_points
    if reduced == line.quantity or refunded == paid > 0:
        return added
    of_pieces, of_paid = (points * reduced // line.quantity for points in (paid + added, paid))
    return max(of_pieces - of_paid, added * refunded // paid if paid else 0)


def refund_key(reduction_id: int) -> str:
    """By which the ledger knows the refund that this reduction, the last of those written at once, names."""
    return f"reduction:{reduction_id}"


# Stock ------------------------------------------------------------------------------------
#: The constraint of the table refuses what would leave less in stock than is allocated.
CONSUME = (
    "num_in_stock = stock.num_in_stock - moved.pieces, num_allocated = stock.num_allocated - moved.pieces"
)
FREE = "num_allocated = stock.num_allocated - moved.pieces"
PUT_BACK = "num_in_stock = stock.num_in_stock + moved.pieces"


def consume_stock(pieces_by_line: Mapping[int, int]) -> None:
    """Allocated pieces leave the house."""
    _change_stock(CONSUME, pieces_by_line)
    _allocated_less(pieces_by_line)


def free_stock(pieces_by_line: Mapping[int, int]) -> None:
    """Allocated pieces are on sale again."""
    _change_stock(FREE, pieces_by_line)
    _allocated_less(pieces_by_line)


def put_back_in_stock(pieces_by_line: Mapping[int, int]) -> None:
    """Pieces that had left came home and can be sold."""
    _change_stock(PUT_BACK, pieces_by_line)


def _allocated_less(pieces_by_line: Mapping[int, int]) -> None:
    for line_id, pieces in pieces_by_line.items():
        Line.objects.filter(pk=line_id).update(num_allocated=F("num_allocated") - pieces)


def _change_stock(change: str, pieces_by_line: Mapping[int, int]) -> None:
    lines = Line.objects.filter(pk__in=pieces_by_line)
    moved = _pieces_by_offer((line, pieces_by_line[line.pk]) for line in lines)
    list(StockRecord.objects.select_for_update(no_key=True).filter(pk__in=moved).order_by("pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE partner_stockrecord AS stock SET {change}, date_updated = now()"  # noqa: S608 - a constant above
            " FROM unnest(%s::bigint[], %s::int[]) AS moved (id, pieces) WHERE stock.id = moved.id",
            [list(moved), list(moved.values())],
        )


def _pieces_by_offer(pieces_of_lines: Iterable[tuple[Line, int]]) -> dict[int, int]:
    # Several lines of one offer are one change of it; an offer that was deleted has no stock to change.
    pieces: dict[int, int] = {}
    for line, number in pieces_of_lines:
        if line.stockrecord_id is not None and number:
            pieces[line.stockrecord_id] = pieces.get(line.stockrecord_id, 0) + number
    return pieces
