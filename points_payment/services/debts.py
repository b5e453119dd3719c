"""What a vendor owes after late refunds, and what follows from it.

A debt is what it owes beyond what is payable to it. Later releases fill it first. Beyond one limit nothing is
paid out and the reserve is the longest; beyond another its offers are not sold. Nobody is locked for ever:
orders under way still release their points, money can be brought, an adjustment counts, staff can give time
(``give_time``), and each way back is looked at in the transaction that takes it, and hourly.

Locks: the vendor's balance, then its debt; a watcher may lock what it changes after them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import OwesNothing, OwnVendor, ReasonMissing, TooLong
from points_payment.kinds import AccountKind, DebtLevel
from points_payment.models import Account, VendorDebt, VendorDebtEvent
from points_payment.retry import retry_on_conflict
from points_payment.services.vendor_funds import funds_of, lock_vendor_balance
from points_payment.vendors import works_for

if TYPE_CHECKING:
    from marketplace.users.models import User

TOPIC = "vendor.debt"
HOLD_POINTS, STOP_POINTS = 100_000, 1_000_000
#: For which staff may let sales go on at once.
MOST_GRACE_DAYS = 90


@dataclass(frozen=True, slots=True)
class DebtLimits:
    hold_points: int
    stop_points: int


#: Told, within the transaction, of a vendor whose sales stop (True) or may go on; twice does no harm.
Watcher = Callable[[int, bool], None]
_watchers: list[Watcher] = []


def register_sales_watcher(watcher: Watcher) -> None:
    """Let a package above stop a vendor's sales; the same one twice counts once."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def debt_limits() -> DebtLimits:
    """From ``settings.VENDOR_DEBT``; sales never stop before payouts do, nor without any debt."""
    given = getattr(settings, "VENDOR_DEBT", {})
    hold = max(1, given.get("hold_points", HOLD_POINTS))
    return DebtLimits(hold, max(hold, given.get("stop_points", STOP_POINTS)))


def level_for(*, owed_points: int, has_grace: bool) -> DebtLevel:
    limits = debt_limits()
    if owed_points <= 0:
        return DebtLevel.CLEAR
    if owed_points < limits.hold_points:
        return DebtLevel.OWES
    return DebtLevel.HELD if has_grace or owed_points < limits.stop_points else DebtLevel.STOPPED


def debt_level(*, vendor_id: int) -> DebtLevel:
    """As it was found last."""
    level = VendorDebt.objects.filter(pk=vendor_id).values_list("level", flat=True).first()
    return DebtLevel(level or DebtLevel.CLEAR)


def review_debt(*, vendor_id: int) -> DebtLevel:
    """Look at what the vendor owes, under the lock of its balance and in the transaction that moved it."""
    owed = funds_of(vendor_id=vendor_id).debt_points
    debt = VendorDebt.objects.select_for_update(no_key=True).filter(pk=vendor_id).first()
    if debt is None:
        if not owed:
            return DebtLevel.CLEAR
        debt = VendorDebt(vendor_id=vendor_id)
    return _write(debt, owed_points=owed)


@retry_on_conflict
@transaction.atomic
def give_time(*, vendor_id: int, days: int, reason: str, actor: User) -> VendorDebt:
    """Let a vendor who owes sell for so many days from now all the same: selling is how it can repay.

    0 days take back what was given.

    Raises:
        ReasonMissing: no reason was given.
        TooLong: more than ``MOST_GRACE_DAYS``.
        OwnVendor: the actor works for it.
        OwesNothing: there is no debt.
    """
    if not reason.strip():
        raise ReasonMissing
    if not 0 <= days <= MOST_GRACE_DAYS:
        raise TooLong
    if works_for(user_id=actor.pk, vendor_id=vendor_id):
        raise OwnVendor
    lock_vendor_balance(vendor_id=vendor_id)
    debt = VendorDebt.objects.select_for_update(no_key=True).filter(pk=vendor_id).first()
    owed = funds_of(vendor_id=vendor_id).debt_points
    if debt is None or not owed:
        raise OwesNothing
    debt.grace_until = timezone.now() + timedelta(days=days) if days else None
    _write(debt, owed_points=owed, actor=actor, reason=reason.strip())
    return debt


def review_all_debts() -> int:
    """Look at everyone who owes or ever did: given time is over, or a limit is another one. How many."""
    owing = Account.objects.filter(kind=AccountKind.VENDOR_RECEIVABLE).order_by("owner_id")
    vendor_ids = list(owing.values_list("owner_id", flat=True))
    for vendor_id in vendor_ids:
        _review_one(vendor_id)
    return len(vendor_ids)


@retry_on_conflict
@transaction.atomic
def _review_one(vendor_id: int) -> None:
    lock_vendor_balance(vendor_id=vendor_id)
    level = review_debt(vendor_id=vendor_id)
    # Said again, in case that somebody changed it there.
    _tell_watchers(vendor_id, level)


def _write(debt: VendorDebt, *, owed_points: int, actor: User | None = None, reason: str = "") -> DebtLevel:
    now = timezone.now()
    before = DebtLevel(debt.level)
    level = level_for(owed_points=owed_points, has_grace=_has_grace(debt, now))
    debt.owed_points, debt.level = owed_points, level
    debt.since = (debt.since or now) if owed_points else None
    if not owed_points:
        debt.grace_until = None
    debt.save()
    if level != before or actor is not None:
        event = VendorDebtEvent.objects.create(
            vendor_id=debt.vendor_id, level_before=before, level=level, owed_points=owed_points,
            grace_until=debt.grace_until, actor=actor, reason=reason,
        )  # fmt: skip
        enqueue(topic=TOPIC, payload={"event_id": event.pk})
    if DebtLevel.STOPPED in {level, before} and level != before:
        _tell_watchers(debt.vendor_id, level)
    return level


def _tell_watchers(vendor_id: int, level: DebtLevel) -> None:
    for watcher in _watchers:
        watcher(vendor_id, level == DebtLevel.STOPPED)


def _has_grace(debt: VendorDebt, now: datetime) -> bool:
    return debt.grace_until is not None and debt.grace_until > now
