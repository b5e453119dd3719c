"""What a long wallet's statement costs beside a short one's: the same, whatever is filtered.

Both wallets reach over two months, with an entry of each rare kind among many purchases and refunds. Their
rows are written in sets, since posting them one by one would take most of a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from marketplace.users.models import User
from points_payment import statements
from points_payment.kinds import AccountKind
from points_payment.models import Account
from points_payment.statements import MovementGroup, Period

SHORT, LONG = 100, 100_000
#: So that a month of the short one fills a page as well.
DAYS = 60
ROUNDS = 200

#: Most are purchases and refunds; a twentieth is promotional, one in all is a correction.
PLANNED = """
    CREATE TEMPORARY TABLE bench_planned ON COMMIT DROP AS
    SELECT n, 'bench:' || %(customer)s || ':' || n AS key,
           CASE WHEN n = 1 THEN 'top_up' WHEN n = 7 THEN 'adjustment' WHEN n %% 20 = 0 THEN 'goodwill'
                WHEN n %% 2 = 0 THEN 'purchase' ELSE 'cancellation' END AS kind,
           CASE WHEN n = 1 THEN 1000000 WHEN n %% 20 = 0 THEN 3 WHEN n %% 2 = 0 THEN -5 ELSE 5 END AS points,
           CASE WHEN n %% 20 = 0 THEN %(promotional)s ELSE %(paid)s END AS account_id,
           %(began)s + n * %(days)s / %(entries)s::float * interval '1 day' AS created_at
      FROM generate_series(1, %(entries)s) AS n
"""
TRANSFERS = """
    INSERT INTO points_payment_transfer
           (kind, idempotency_key, request_hash, entries_count, reference, reason, created_at, digest)
    SELECT kind, key, '', 2, key, '', created_at, '' FROM bench_planned ORDER BY n
"""
ENTRIES = """
    INSERT INTO points_payment_entry (transfer_id, account_id, amount_points, balance_after_points)
    SELECT t.id, side.account_id, side.points, side.after
      FROM (SELECT *, sum(points) OVER (PARTITION BY account_id ORDER BY n) AS after FROM bench_planned) p
      JOIN points_payment_transfer t ON t.idempotency_key = p.key
     CROSS JOIN LATERAL (VALUES (p.account_id, p.points, p.after), (%(platform)s, -p.points, NULL))
                AS side (account_id, points, after)
     ORDER BY p.n
"""


def measure() -> dict[str, float]:
    """``long_statement_ratio``: the time of all pages below with 100,000 entries by that with 100."""
    short, long = make_wallet(SHORT), make_wallet(LONG)
    seconds = quickest(short, long)
    return {"long_statement_ratio": round(sum(seconds[long].values()) / sum(seconds[short].values()), 3)}


def quickest(*customers: int) -> dict[int, dict[str, float]]:
    """Seconds of each page for each customer: whatever else the machine did only made the others slower."""
    found: dict[int, dict[str, float]] = {customer_id: {} for customer_id in customers}
    for name, read in pages().items():
        # In turn, so that a busy time falls on all of them.
        for _ in range(ROUNDS):
            for customer_id in customers:
                started = time.perf_counter()
                read(customer_id)
                seconds = time.perf_counter() - started
                found[customer_id][name] = min(seconds, found[customer_id].get(name, seconds))
    return found


def pages() -> dict[str, Callable[[int], object]]:
    month = Period.month(timezone.localdate() - timedelta(days=DAYS // 2))

    def page(**filters: object) -> Callable[[int], object]:
        return lambda customer_id: statements.statement(customer_id=customer_id, **filters)

    return {
        "first": page(),
        "rare kind": page(group=MovementGroup.CORRECTIONS),
        "month": page(period=month),
        "kind and month": page(group=MovementGroup.REFUNDS, period=month),
        "balances": lambda customer_id: statements.balances(
            statements.span_of(customer_id=customer_id, period=month)
        ),
        "months": lambda customer_id: statements.months(customer_id=customer_id),
    }


@transaction.atomic
def make_wallet(entries: int) -> int:
    """A customer with so many entries over the last two months."""
    customer = User.objects.create_user(first_name="Bench")
    paid, promotional, platform = (
        Account.objects.create(kind=kind, owner_id=customer.pk).pk
        for kind in (AccountKind.CUSTOMER_PAID, AccountKind.CUSTOMER_PROMOTIONAL, AccountKind.OPERATOR)
    )
    facts = {
        "customer": customer.pk,
        "paid": paid,
        "promotional": promotional,
        "platform": platform,
        "entries": entries,
        "began": timezone.now() - timedelta(days=DAYS),
        "days": DAYS,
    }
    with connection.cursor() as cursor:
        for statement in (PLANNED, TRANSFERS, ENTRIES):
            cursor.execute(statement, facts)
        cursor.execute("DROP TABLE bench_planned")
    return customer.pk
