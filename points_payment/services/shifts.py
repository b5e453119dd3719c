"""An operator counts their cash where a shift begins and ends. What differs is written down, never moved.

Locks: the operator, so that a top-up belongs to one shift and no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from points_payment.errors import DifferenceUnexplained, InvalidAmount, WrongShift
from points_payment.kinds import AccountKind, CountKind
from points_payment.models import DrawerCount, Entry
from points_payment.retry import retry_on_conflict
from points_payment.services.cash import handed_over_points
from points_payment.services.operators import held_points, lock_operator

if TYPE_CHECKING:
    from marketplace.users.models import User


def open_shift_of(*, operator_id: int) -> DrawerCount | None:
    """The count with which the operator's shift of now began."""
    newest = DrawerCount.objects.filter(operator_id=operator_id).first()
    return newest if newest is not None and newest.kind == CountKind.OPENING else None


@retry_on_conflict
@transaction.atomic
def open_shift(*, operator: User, counted_points: int, reason: str) -> DrawerCount:
    """Begin a shift with what is in the drawer.

    Raises:
        WrongShift: one is open.
        InvalidAmount, DifferenceUnexplained: as ``close_shift`` does.
    """
    lock_operator(operator_id=operator.pk)
    if open_shift_of(operator_id=operator.pk) is not None:
        raise WrongShift
    return _count(operator, CountKind.OPENING, counted_points=counted_points, reason=reason)


@retry_on_conflict
@transaction.atomic
def close_shift(*, operator: User, counted_points: int, reason: str) -> DrawerCount:
    """End the shift that is open; a difference between drawer and books needs a reason.

    Raises:
        WrongShift: none is open.
        InvalidAmount: less than nothing was counted.
        DifferenceUnexplained: the drawer holds more or less than the books say.
    """
    lock_operator(operator_id=operator.pk)
    opening = open_shift_of(operator_id=operator.pk)
    if opening is None:
        raise WrongShift
    return _count(operator, CountKind.CLOSING, counted_points=counted_points, reason=reason, opening=opening)


def _count(
    operator: User,
    kind: CountKind,
    *,
    counted_points: int,
    reason: str,
    opening: DrawerCount | None = None,
) -> DrawerCount:
    if counted_points < 0:
        raise InvalidAmount(counted_points)
    last = Entry.objects.filter(account__kind=AccountKind.OPERATOR, account__owner_id=operator.pk).aggregate(
        pk=Max("pk")
    )
    count = DrawerCount(
        operator=operator,
        kind=kind,
        opening=opening,
        last_entry_id=last["pk"] or 0,
        held_points=held_points(person_id=operator.pk),
        handed_over_points=handed_over_points(person_id=operator.pk),
        counted_points=counted_points,
        reason=reason.strip(),
    )
    if count.difference_points and not count.reason:
        raise DifferenceUnexplained(difference_points=count.difference_points)
    count.save()
    return count
