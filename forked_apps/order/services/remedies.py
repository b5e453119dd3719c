"""What an accepted offer or a final decision does, by the services that move pieces and points anyway.

A remedy is written down when it is offered or decided, and carried out later, so what was given back in
between counts: nothing is paid back twice, and never more than the line or the way cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Sum

from forked_apps.order.dispute_errors import IllegalRemedy, RemedyNotPossible
from forked_apps.order.dispute_models import Dispute, DisputeReason, Remedy, RemedyKind, RemedyLine
from forked_apps.order.models import LineReduction, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.numbers import shipping_reference
from forked_apps.order.return_models import Return, ReturnReason, Side
from forked_apps.order.services.cancellation import cancel_lines
from forked_apps.order.services.delivery_charge import charge_left, share_of_charge
from forked_apps.order.services.parts import (
    Pieces,
    deductions_left,
    give_back,
    move,
    pieces_of,
    points_of_pieces,
    reduce_lines,
    settled_points,
)
from forked_apps.order.services.returns import open_agreed_return
from forked_apps.order.status import WITH_THE_BUYER
from forked_apps.payment.sources import source_of
from marketplace.outbox.services import enqueue_many

if TYPE_CHECKING:
    from marketplace.users.models import User

_S = VendorOrderStatus
_REASON_OF_RETURN = {
    DisputeReason.DAMAGED: ReturnReason.DAMAGED,
    DisputeReason.WRONG_OR_MISSING: ReturnReason.WRONG_ITEM,
}


@dataclass(frozen=True, slots=True)
class PaidBack:
    goods_points: int = 0
    shipping_points: int = 0

    @property
    def total_points(self) -> int:
        return self.goods_points + self.shipping_points


# Before -----------------------------------------------------------------------------------
def points_left(part: VendorOrder) -> dict[int, int]:
    """What of each line could still be given back, by line id: deductions included."""
    settled, deducted = settled_points(part), deductions_left(part)
    return {
        line.pk: line.line_points - settled.get(line.pk, 0) + deducted.get(line.pk, 0)
        for line in part.lines.all()
    }


def write_remedy(
    part: VendorOrder,
    one: Dispute,
    *,
    side: Side,
    kind: RemedyKind,
    reason: str,
    actor: User | None,
    points: Mapping[int, int] | None = None,
    shipping_points: int = 0,
) -> Remedy:
    """Write an offer or a decision down, if it could be carried out now. ``points`` by line id, for a part.

    Raises:
        RemedyNotPossible: goods are to go back that are not with the buyer.
        IllegalRemedy: more points than are left, or of a line that the dispute is not about, or none.
    """
    points = {pk: number for pk, number in (points or {}).items() if number}
    if kind == RemedyKind.RETURN:
        _check_with_the_buyer(part, one)
    if kind == RemedyKind.PARTIAL:
        _check_points(part, one, points, shipping_points)
    else:
        points, shipping_points = {}, 0
    remedy = Remedy.objects.create(
        of=one, side=side, kind=kind, reason=reason, actor=actor, shipping_points=shipping_points
    )
    RemedyLine.objects.bulk_create(
        RemedyLine(of=remedy, line_id=line_id, points=number) for line_id, number in sorted(points.items())
    )
    return remedy


def may_go_back(part: VendorOrder, one: Dispute) -> bool:
    """Whether the buyer has all of these pieces, so that they can be sent back."""
    known = pieces_of(part)
    return part.status in WITH_THE_BUYER and all(
        row.quantity <= known[row.line_id].kept for row in one.dispute_lines.all()
    )


def _check_with_the_buyer(part: VendorOrder, one: Dispute) -> None:
    if not may_go_back(part, one):
        raise RemedyNotPossible


def _check_points(part: VendorOrder, one: Dispute, points: Mapping[int, int], shipping_points: int) -> None:
    left, about = points_left(part), {row.line_id for row in one.dispute_lines.all()}
    for line_id, number in points.items():
        most = left.get(line_id, 0) if line_id in about else 0
        if not 0 < number <= most:
            raise IllegalRemedy(most_points=most)
    if not 0 <= shipping_points <= charge_left(part):
        raise IllegalRemedy(most_points=charge_left(part))
    if not points and not shipping_points:
        raise IllegalRemedy(most_points=0)


# Carrying out -----------------------------------------------------------------------------
def send_back_first(part: VendorOrder, one: Dispute, remedy: Remedy) -> Return:
    """Raises:
    RemedyNotPossible: the buyer does not have the goods any more.
    """
    _check_with_the_buyer(part, one)
    return open_agreed_return(
        part,
        {row.line_id: row.quantity for row in one.dispute_lines.all()},
        reason=_REASON_OF_RETURN.get(DisputeReason(one.reason), ReturnReason.NOT_AS_DESCRIBED),
        description=one.description,
        answer=remedy.reason,
    )


def pay_back(part: VendorOrder, one: Dispute, remedy: Remedy, *, actor: User | None) -> PaidBack:
    """Give back all of the pieces, or the points of a part; what is left of them by now."""
    before = _given_back(part)
    if remedy.kind == RemedyKind.REFUND:
        shipping = _refund_pieces(part, one, actor=actor)
    else:
        shipping = _give_points(part, one, remedy, actor=actor)
    paid = PaidBack(_given_back(part) - before, shipping)
    one.refunded_points += paid.total_points
    one.refunded_shipping_points += paid.shipping_points
    return paid


def _given_back(part: VendorOrder) -> int:
    rows = LineReduction.objects.filter(line__vendor_order=part)
    return int(rows.aggregate(points=Sum("refunded_points", default=0))["points"])


def _refund_pieces(part: VendorOrder, one: Dispute, *, actor: User | None) -> int:
    """Points of the way that went back with the pieces."""
    known, deducted = pieces_of(part), deductions_left(part)
    waiting: dict[int, int] = {}
    gone: dict[int, int] = {}
    contested: dict[int, int] = {}
    for row in one.dispute_lines.all():
        if one.reason == DisputeReason.RETURN and deducted.get(row.line_id):
            contested[row.line_id] = deducted[row.line_id]
            continue
        first, second = _split(row.quantity, known[row.line_id], one)
        waiting[row.line_id], gone[row.line_id] = first, second
    waiting = {pk: pieces for pk, pieces in waiting.items() if pieces}
    gone = {pk: pieces for pk, pieces in gone.items() if pieces}
    is_all = all(
        waiting.get(pk, 0) + gone.get(pk, 0) + pieces.cancelled == pieces.ordered
        for pk, pieces in known.items()
    )
    if contested:
        _undeduct(part, one, contested, actor=actor)
    shipping = _cancel(part, one, waiting, actor=actor) if waiting else 0
    if gone:
        # Who keeps nothing of an order pays nothing for its way, whatever of it was sent.
        back = (
            charge_left(part)
            if is_all
            else share_of_charge(part, worth_points=_worth(part, gone), pieces=sum(gone.values()))
        )
        _take_away(part, one, gone, shipping_points=back, actor=actor)
        shipping += back
    return shipping


def _split(quantity: int, pieces: Pieces, one: Dispute) -> tuple[int, int]:
    """How many of these pieces wait to be sent, and how many left: what is missing may never have left."""
    if one.reason == DisputeReason.NOT_DELIVERED:
        waiting = min(quantity, pieces.to_ship)
        return waiting, min(quantity - waiting, pieces.kept)
    gone = min(quantity, pieces.kept)
    return min(quantity - gone, pieces.to_ship), gone


def _cancel(part: VendorOrder, one: Dispute, pieces: Mapping[int, int], *, actor: User | None) -> int:
    left = charge_left(part)
    cancel_lines(vendor=part.vendor, actor=actor, vendor_order=part, quantities=pieces, reason=one.number)
    part.refresh_from_db()
    # With the last piece, and only if nothing was sent, the way went back too.
    return left if part.status == _S.CANCELLED else 0


def _take_away(
    part: VendorOrder,
    one: Dispute,
    pieces: Mapping[int, int],
    *,
    shipping_points: int,
    actor: User | None,
) -> None:
    is_lost = one.reason == DisputeReason.NOT_DELIVERED
    effects = reduce_lines(
        part,
        pieces,
        kind=ReductionKind.LOST if is_lost else ReductionKind.RETURNED,
        actor=actor,
        reason=one.number,
        shipping_points=shipping_points,
    )
    is_empty = not any(each.kept or each.to_ship for each in pieces_of(part).values())
    if is_empty:
        move(part, to=_S.RETURNED, actor=actor, note=one.number)
    elif part.status in {_S.DELIVERED, _S.PARTLY_RETURNED}:
        move(part, to=_S.PARTLY_RETURNED, actor=actor, note=one.number)
    # What a dispute has to say it says itself.
    enqueue_many(message for message in effects if message[0] != "vendor_order.reduced")


def _worth(part: VendorOrder, pieces: Mapping[int, int]) -> int:
    known, settled = pieces_of(part), settled_points(part)
    return sum(
        points_of_pieces(
            line, reduced=known[line.pk].reduced, settled=settled.get(line.pk, 0), pieces=pieces[line.pk]
        )
        for line in part.lines.all()
        if line.pk in pieces
    )


def _undeduct(part: VendorOrder, one: Dispute, points: Mapping[int, int], *, actor: User | None) -> None:
    lines = {line.pk: line for line in part.lines.all()}
    rows = [
        LineReduction(
            line=lines[pk], kind=ReductionKind.UNDEDUCTED, quantity=0, refunded_points=number,
            reason=one.number, actor=actor,
        )
        for pk, number in sorted(points.items())
    ]  # fmt: skip
    give_back(part, rows, actor=actor, reason=one.number)


def _give_points(part: VendorOrder, one: Dispute, remedy: Remedy, *, actor: User | None) -> int:
    """Points of the way that went back with those of the lines."""
    settled, deducted = settled_points(part), deductions_left(part)
    shipping = min(remedy.shipping_points, charge_left(part))
    rows: list[LineReduction] = []
    for wish in remedy.remedy_lines.select_related("line"):
        open_points = wish.line.line_points - settled.get(wish.line_id, 0)
        # Who contests a deduction means it before the rest of the line.
        sources = [
            (ReductionKind.UNDEDUCTED, deducted.get(wish.line_id, 0)),
            (ReductionKind.ALLOWANCE, open_points),
        ]
        if one.reason != DisputeReason.RETURN:
            sources.reverse()
        rows += _take(wish, sources, one=one, actor=actor)
    if rows:
        give_back(part, rows, actor=actor, reason=one.number, shipping_points=shipping)
    elif shipping:
        source_of(part.order).refund(
            order=part.order,
            points={shipping_reference(part.number): shipping},
            actor_id=actor.pk if actor else None,
            reason=one.number,
            key=f"remedy:{remedy.pk}",
        )
    return shipping


def _take(
    wish: RemedyLine,
    sources: Sequence[tuple[ReductionKind, int]],
    *,
    one: Dispute,
    actor: User | None,
) -> list[LineReduction]:
    rows, missing = [], wish.points
    for kind, most in sources:
        if points := min(missing, most):
            rows.append(
                LineReduction(
                    line=wish.line, kind=kind, quantity=0, refunded_points=points, reason=one.number,
                    actor=actor,
                )
            )  # fmt: skip
            missing -= points
    return rows
