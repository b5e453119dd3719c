"""Promotional points whose day has come are nobody's any more: from the wallet to breakage.

From its day on a lot is not spent (``points_lock_spendable_lots``), and ``Wallet.spendable_points`` does not
count it; the balance follows later.
Locks: the wallet, then its lots.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Lot, LotUse
from points_payment.retry import retry_on_conflict
from points_payment.services.ledger import LotChange, Posting, post_transfer
from points_payment.services.wallets import lock_wallet

#: Wallets and lots looked after in one call, so that a command or task ends.
MOST_AT_ONCE = 1_000
#: Customers are told so long before their points expire.
NOTICE_DAYS = 7


def expire_points(*, now: datetime | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Take expired promotional points off their wallets, one transfer a wallet; the points taken.

    Each wallet is a transaction of its own. Call again until it answers 0: ``limit`` counts wallets.
    """
    now = now or timezone.now()
    customers = (
        _expired_lots(now).order_by("customer_id").values_list("customer_id", flat=True).distinct()[:limit]
    )
    return sum(_expire_wallet(customer_id=customer_id, now=now) for customer_id in list(customers))


def _expired_lots(now: datetime) -> QuerySet[Lot]:
    return Lot.objects.filter(
        account_kind=AccountKind.CUSTOMER_PROMOTIONAL, remaining_points__gt=0, expires_at__lte=now
    )


@retry_on_conflict
@transaction.atomic
def _expire_wallet(*, customer_id: int, now: datetime) -> int:
    lock_wallet(customer_id=customer_id)
    lots = list(_expired_lots(now).filter(customer_id=customer_id).order_by("id"))
    if not lots:
        return 0
    points = sum(lot.remaining_points for lot in lots)
    # A lot can be filled again by a refund and expire again: its last use tells one time from the other.
    last_use = LotUse.objects.filter(lot__in=lots).order_by("-id").values_list("id", flat=True).first() or 0
    post_transfer(
        kind=TransferKind.POINTS_EXPIRY,
        idempotency_key=f"expiry:{customer_id}:{'-'.join(str(lot.pk) for lot in lots)}:{last_use}",
        postings=[
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer_id, -points),
            Posting(AccountKind.BREAKAGE, 0, points),
        ],
        lot_changes=[LotChange(lot.pk, -lot.remaining_points) for lot in lots],
    )
    return points


@retry_on_conflict
@transaction.atomic
def announce_expiry(*, now: datetime | None = None, limit: int = MOST_AT_ONCE) -> int:
    """Tell customers whose promotional points expire soon, once a lot; the number of customers told.

    Call again until it answers 0: ``limit`` counts lots.
    """
    now = now or timezone.now()
    by_customer: dict[int, list[Lot]] = {}
    for lot in _claim_notices(now, limit=limit):
        by_customer.setdefault(lot.customer_id, []).append(lot)
    for customer_id, lots in by_customer.items():
        soonest = lots[0].expires_at
        assert soonest is not None, "only what expires is claimed"
        enqueue(
            topic="points.expiring",
            payload={
                "user_id": customer_id,
                "amount_points": sum(lot.remaining_points for lot in lots),
                "first_on": last_day_of(soonest).isoformat(),
                # A lot is in one notice alone, so its number names the notice.
                "notice": str(lots[0].pk),
            },
        )
    return len(by_customer)


def _claim_notices(now: datetime, *, limit: int) -> list[Lot]:
    """Lots that expire soon and that nobody was told of, the soonest first.

    Another process that is at it too gets the others: only rows that this one wrote come back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO points_payment_expirynotice (lot_id, created_at)"
            " SELECT id, now() FROM ("
            "  SELECT l.id FROM points_payment_lot l"
            "  WHERE l.remaining_points > 0 AND l.expires_at > %s AND l.expires_at <= %s"
            "  AND NOT EXISTS (SELECT FROM points_payment_expirynotice n WHERE n.lot_id = l.id)"
            "  ORDER BY l.expires_at, l.id LIMIT %s) AS soon"
            # In one order, so that two processes wait for each other and never in a circle.
            " ORDER BY id ON CONFLICT DO NOTHING RETURNING lot_id",
            [now, now + timedelta(days=NOTICE_DAYS), limit],
        )
        claimed = [lot_id for (lot_id,) in cursor.fetchall()]
    return list(Lot.objects.filter(pk__in=claimed).order_by("expires_at", "id"))


def last_day_of(expires_at: datetime) -> date:
    """The last day on which they can be spent: before midnight, if that is when they expire."""
    return timezone.localdate(expires_at - timedelta(microseconds=1))


def expiring_next(*, customer_id: int) -> tuple[datetime, int] | None:
    """When the wallet's next promotional points expire, and how many share their last day; None: none do."""
    lots = Lot.objects.filter(
        customer_id=customer_id, remaining_points__gt=0, expires_at__gt=timezone.now()
    ).order_by("expires_at")
    first = lots.first()
    if first is None or first.expires_at is None:
        return None
    midnight = datetime.combine(last_day_of(first.expires_at) + timedelta(days=1), time.min)
    points = lots.filter(expires_at__lte=timezone.make_aware(midnight)).aggregate(
        total=Sum("remaining_points")
    )["total"]
    return first.expires_at, points
