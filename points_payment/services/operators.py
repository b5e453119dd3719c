"""What each operator of the top-up desk may do, and the lock under which that is counted.

Whatever changes an operator's account (a top-up, its reversal, cash handed in) locks their row first, so
that sums of it stand still while they are compared with a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from points_payment.errors import InvalidAmount, OverLimit, SamePerson
from points_payment.kinds import AccountKind, OperatorLimit, TransferKind
from points_payment.models import Entry, LimitChange, TopUp, TopUpOperator
from points_payment.retry import retry_on_conflict
from points_payment.selectors import account_points

if TYPE_CHECKING:
    from marketplace.users.models import User


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one operator, in points."""

    movement_points: int
    day_points: int
    customer_day_points: int
    float_points: int


def lock_operator(*, operator_id: int) -> TopUpOperator:
    """Lock what one operator does at the desk; their row is made by their first top-up."""
    rows = TopUpOperator.objects.select_for_update(no_key=True).filter(pk=operator_id)
    found = rows.first()
    if found is None:
        # Two first top-ups at once make one row, and one of them waits here.
        TopUpOperator.objects.bulk_create([TopUpOperator(pk=operator_id)], ignore_conflicts=True)
        found = rows.get()
    return found


def limits_of(operator: TopUpOperator | None) -> Limits:
    """An operator's own limits, and the usual ones where they have none."""
    usual: Mapping[str, int] = settings.TOP_UP_LIMITS
    return Limits(
        **{
            limit.value: usual[limit.value] if own is None else own
            for limit in OperatorLimit
            for own in [getattr(operator, limit.value, None)]
        }
    )


def operator_limits(*, operator_id: int) -> Limits:
    return limits_of(TopUpOperator.objects.filter(pk=operator_id).first())


def held_points(*, person_id: int, kind: AccountKind = AccountKind.OPERATOR) -> int:
    """Cash of the platform that a person holds by the books."""
    return -account_points(kind=kind, owner_id=person_id)


def day_start(now: datetime | None = None) -> datetime:
    """When the day began, in the shop's time zone."""
    local = timezone.localtime(now)
    return timezone.make_aware(datetime.combine(local.date(), time.min), local.tzinfo)


@dataclass(frozen=True, slots=True)
class AddedToday:
    #: Less what was reversed.
    points: int
    customer_points: int


def added_today(*, operator_id: int, customer_id: int) -> AddedToday:
    """What an operator added today, to everybody and to one customer; a reversal frees what it took."""
    today = {"operator_id": operator_id, "created_at__gte": day_start()}
    mine = Q(customer_id=customer_id)
    added = TopUp.objects.filter(**today).aggregate(
        points=Sum("amount_points"), customer=Sum("amount_points", filter=mine)
    )
    taken = Entry.objects.filter(
        account__kind=AccountKind.CUSTOMER_PAID,
        transfer__kind=TransferKind.TOP_UP_REVERSAL,
        **{f"transfer__reverses__top_up__{name}": value for name, value in today.items()},
    ).aggregate(
        points=Sum("amount_points"), customer=Sum("amount_points", filter=Q(account__owner_id=customer_id))
    )
    return AddedToday(
        points=(added["points"] or 0) + (taken["points"] or 0),
        customer_points=(added["customer"] or 0) + (taken["customer"] or 0),
    )


def require_within_limits(
    operator: TopUpOperator, *, customer_id: int, amount_points: int, is_approved: bool
) -> None:
    """Under the operator's lock: this much more is allowed. An approval lifts the limit of one top-up alone.

    Raises:
        OverLimit: the first limit that leaves less.
    """
    limits = limits_of(operator)
    added = added_today(operator_id=operator.pk, customer_id=customer_id)
    used = {
        OperatorLimit.DAY: added.points,
        OperatorLimit.CUSTOMER_DAY: added.customer_points,
        OperatorLimit.FLOAT: held_points(person_id=operator.pk),
    }
    if not is_approved:
        used = {OperatorLimit.MOVEMENT: 0, **used}
    for limit, used_points in used.items():
        limit_points: int = getattr(limits, limit.value)
        left_points = max(limit_points - used_points, 0)
        if amount_points > left_points:
            raise OverLimit(limit=limit.value, limit_points=limit_points, left_points=left_points)


@retry_on_conflict
@transaction.atomic
def set_operator_limits(
    *, operator: User, limits: Mapping[OperatorLimit, int | None], reason: str, actor: User
) -> list[LimitChange]:
    """Give an operator limits of their own (None: the usual one) and write down what changed.

    Raises:
        SamePerson: nobody sets their own limits.
        InvalidAmount: a limit below 0, or no reason.
    """
    if operator.pk == actor.pk:
        raise SamePerson
    if not reason.strip() or any(points is not None and points < 0 for points in limits.values()):
        raise InvalidAmount(reason)
    row = lock_operator(operator_id=operator.pk)
    changes = [
        LimitChange(
            operator=operator,
            limit=limit,
            old_points=getattr(row, limit.value),
            new_points=points,
            changed_by=actor,
            reason=reason.strip(),
        )
        for limit, points in limits.items()
        if getattr(row, limit.value) != points
    ]
    for change in changes:
        setattr(row, change.limit, change.new_points)
    row.save(update_fields=[limit.value for limit in OperatorLimit])
    return LimitChange.objects.bulk_create(changes)
