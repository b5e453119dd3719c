"""Transfers per second through the service, beside the same transfer written by hand in psycopg.

The transfer is an order of one line paid by a customer's paid points (the wallet, one lot, an
allocation): locked, checked, posted and committed. By hand it is the statements that a careful
programmer would write, on the same tables with the same triggers, over one connection a client.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

import psycopg
from django.db import connection, connections, transaction
from django.utils import timezone

from marketplace.users.models import User
from points_payment.services.escrow import AllocationSpec, hold_for_order
from points_payment.services.topups import MAX_TOP_UP_POINTS, top_up
from tests.factories.points import lift_limits

SECONDS = 3.0
CLIENTS = (1, 8)
#: One vendor for all: the busiest case.
VENDOR_ID = 990_001

Transfer = Callable[[int, str], None]


def measure() -> dict[str, float]:
    """Run both ways in turn; ``ledger_vs_psycopg_n`` is the service's rate by the hand-written one's."""
    figures: dict[str, float] = {}
    customers = [_customer_with_points() for _ in range(max(CLIENTS))]
    for clients in CLIENTS:
        ours = _rate(_through_the_service, customers[:clients])
        theirs = _rate(_by_hand_client(), customers[:clients])
        figures[f"ledger_per_s_{clients}"] = round(ours, 1)
        figures[f"ledger_vs_psycopg_{clients}"] = round(ours / theirs, 3)
    return figures


def _customer_with_points() -> int:
    operator, customer = (User.objects.create_user(first_name="Bench") for _ in range(2))
    top_up(
        operator=lift_limits(operator), customer=customer, amount_points=MAX_TOP_UP_POINTS, reason="bench",
        reference="bench", idempotency_key=uuid.uuid4().hex,
    )  # fmt: skip
    return customer.pk


def _rate(transfer: Transfer, customers: list[int]) -> float:
    """Transfers a second of as many clients as customers, each with a thread and a connection."""
    counts = [0] * len(customers)
    start = threading.Barrier(len(customers) + 1)
    stop = threading.Event()

    def run(place: int) -> None:
        transfer(customers[place], uuid.uuid4().hex)  # warms connection and plans
        start.wait()
        while not stop.is_set():
            transfer(customers[place], uuid.uuid4().hex)
            counts[place] += 1
        connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(customers))]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    time.sleep(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _through_the_service(customer_id: int, key: str) -> None:
    with transaction.atomic():
        hold_for_order(
            customer_id=customer_id,
            order_reference=key,
            allocations=[AllocationSpec(f"{key}-1", VENDOR_ID, 1, 800)],
            idempotency_key=key,
            actor_id=customer_id,
        )


def _by_hand_client() -> Transfer:
    """The same rows by plain statements; accounts are known beforehand, as a script would."""
    local = threading.local()
    url = connection.get_connection_params()
    parameters = {name: url[name] for name in ("dbname", "host", "port", "user", "password") if url.get(name)}

    def transfer(customer_id: int, key: str) -> None:
        if not hasattr(local, "connection"):
            local.connection = psycopg.connect(**parameters)
            find = "SELECT id FROM points_payment_account WHERE kind = %s AND owner_id = %s"
            local.wallet = local.connection.execute(find, ("customer_paid", customer_id)).fetchone()[0]
            local.escrow = local.connection.execute(find, ("vendor_escrow", VENDOR_ID)).fetchone()[0]
            local.connection.commit()
        execute = local.connection.execute
        with local.connection.transaction():
            execute(
                "SELECT 1 FROM points_payment_wallet WHERE user_id = %s FOR NO KEY UPDATE", (customer_id,)
            )
            lot = execute(
                "SELECT id, remaining_points FROM points_payment_lot"
                " WHERE customer_id = %s AND remaining_points > 0 AND (expires_at IS NULL OR expires_at > %s)"
                " ORDER BY account_kind DESC, expires_at, id",
                (customer_id, timezone.now()),
            ).fetchone()
            assert lot[1] >= 1
            posted = execute(
                "INSERT INTO points_payment_transfer"
                " (kind, idempotency_key, request_hash, entries_count, reference, actor_id, reason, digest)"
                " VALUES ('purchase', %s, %s, 2, %s, %s, '', '') RETURNING id",
                (key, key, key, customer_id),
            ).fetchone()[0]
            after = execute(
                "UPDATE points_payment_wallet SET paid_points = paid_points - 1"
                " WHERE user_id = %s AND paid_points >= 1 RETURNING paid_points",
                (customer_id,),
            ).fetchone()[0]
            execute(
                "INSERT INTO points_payment_entry"
                " (transfer_id, account_id, amount_points, balance_after_points)"
                " VALUES (%s, %s, -1, %s), (%s, %s, 1, NULL)",
                (posted, local.wallet, after, posted, local.escrow),
            )
            execute(
                "UPDATE points_payment_lot SET remaining_points = remaining_points - 1"
                " WHERE id = %s AND remaining_points >= 1",
                (lot[0],),
            )
            execute(
                "INSERT INTO points_payment_lotuse (lot_id, transfer_id, points) VALUES (%s, %s, -1)",
                (lot[0], posted),
            )
            execute(
                "INSERT INTO points_payment_allocation (reference, order_reference, customer_id, vendor_id,"
                " transfer_id, gross_points, paid_points, promotional_points, commission_basis_points,"
                " digest, refunded_points, refunded_promotional_points, released_points, commission_points)"
                " VALUES (%s, %s, %s, %s, %s, 1, 1, 0, 800, '', 0, 0, 0, 0)",
                (f"{key}-1", key, customer_id, VENDOR_ID, posted),
            )

    return transfer
