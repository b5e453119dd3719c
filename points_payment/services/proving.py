"""A proof of the books from beginning to end: made in one snapshot, sealed, written down, and told.

What is proved, what is sealed and what a checkpoint says are one snapshot: a transfer that commits
meanwhile belongs to the next proof. Locks: the one of sealing, taken before the snapshot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import connection, connections, transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.kinds import ProofScope, ProofSource, ProofState
from points_payment.models import Checkpoint, ProofFinding, ProofRun
from points_payment.proof import Finding, checks, since_checks
from points_payment.proof.base import snapshot
from points_payment.proof.since import Since
from points_payment.services.checkpoints import last_checkpoint, make_checkpoint
from points_payment.services.ledger_alerts import raise_alert
from points_payment.services.sealing import SEALING_LOCK, seal_transfers

if TYPE_CHECKING:
    from marketplace.users.models import User

logger = logging.getLogger("nuqta.points")

TOPIC = "ledger.prove"
#: Of one run; whoever broke more than this knows enough.
MAX_STORED = 1_000
#: Whatever is under way for longer has died.
LONGEST = timedelta(hours=6)
UNFINISHED = (ProofState.WAITING, ProofState.RUNNING)

Step = Callable[[], Iterable[Finding]]


@transaction.atomic
def ask_for_proof(*, actor: User) -> ProofRun:
    """Have all books proved in the background; a proof that is under way already is enough."""
    under_way = ProofRun.objects.filter(
        scope=ProofScope.WHOLE,
        source=ProofSource.PAGE,
        state__in=UNFINISHED,
        asked_at__gt=timezone.now() - LONGEST,
    ).first()
    if under_way is not None:
        return under_way
    run = ProofRun.objects.create(scope=ProofScope.WHOLE, source=ProofSource.PAGE, actor=actor)
    enqueue(topic=TOPIC, payload={"run_id": run.pk})
    return run


def run_proof(*, scope: ProofScope, source: ProofSource) -> ProofRun:
    """Prove the books now, for who waits for it.

    Without a checkpoint everything is proved, whatever the scope.
    """
    since = last_checkpoint() if scope == ProofScope.SINCE else None
    run = ProofRun.objects.create(
        scope=ProofScope.SINCE if since else ProofScope.WHOLE, source=source, since=since
    )
    return carry_out(run_id=run.pk)


def carry_out_apart(*, run_id: int) -> None:
    """Make a proof that was asked for, outside of the caller's transaction: that would be no snapshot."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(_with_own_connection, partial(carry_out, run_id=run_id)).result()


def carry_out(*, run_id: int) -> ProofRun:
    """Make a proof that was asked for, seal what it proved, and write down how it ended.

    A proof that was begun and not ended (its process died) is made again; one that ended stays.
    """
    with _alone():
        run = ProofRun.objects.select_related("since").get(pk=run_id)
        if run.is_finished:
            return run
        _begin(run)
        try:
            findings, sealed, checkpoint = _prove(run)
        except Exception as error:  # noqa: BLE001 - books that cannot be proved, for whatever reason, are not
            findings, sealed, checkpoint = [_broken_off(run, error)], 0, None
        for finding in findings:
            logger.error("proof of the ledger: %s", finding)
        _finish(run, findings, sealed=sealed, checkpoint=checkpoint)
    return run


def _broken_off(run: ProofRun, error: Exception) -> Finding:
    """Kind of the error alone: its text may quote what rows hold."""
    return Finding("proof", f"proof {run.pk}", "an end", type(error).__name__)


def _begin(run: ProofRun) -> None:
    run.state = ProofState.RUNNING
    run.started_at = timezone.now()
    run.checks_done = 0
    run.checks_total = len(since_checks() if run.since else checks())
    run.save(update_fields=["state", "started_at", "checks_done", "checks_total"])


def _prove(run: ProofRun) -> tuple[list[Finding], int, Checkpoint | None]:
    """What was found; if nothing, how many transfers were sealed, and the day's checkpoint if it was made."""
    with _progress_of(run) as report, snapshot(read_only=False):
        findings: list[Finding] = []
        for done, step in enumerate(_steps(run), 1):
            findings += step()
            report(done)
        if findings:
            # Sealing over a broken row would vouch for it.
            return findings, 0, None
        sealed = seal_transfers()
        return [], sealed, make_checkpoint() if run.since is None else None


def _steps(run: ProofRun) -> list[Step]:
    if run.since is None:
        return [check.find for check in checks()]
    since = Since(run.since)
    return [partial(check.find, since) for check in since_checks()]


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else seals: taken before the snapshot, which has to see the last seal that there is."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SEALING_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SEALING_LOCK])


@contextmanager
def _progress_of(run: ProofRun) -> Iterator[Callable[[int], None]]:
    """Say how far the proof is, by a connection of its own: its transaction shows nothing until it ends."""
    if connection.in_atomic_block:
        yield lambda done: None
        return
    beside = connection.copy()
    try:

        def report(done: int) -> None:
            with beside.cursor() as cursor:
                cursor.execute(
                    "UPDATE points_payment_proofrun SET checks_done = %s WHERE id = %s", [done, run.pk]
                )

        yield report
    finally:
        beside.close()


@transaction.atomic
def _finish(run: ProofRun, findings: list[Finding], *, sealed: int, checkpoint: Checkpoint | None) -> None:
    ProofFinding.objects.bulk_create(
        ProofFinding(
            run=run,
            check_slug=finding.check,
            culprit=finding.culprit[:200],
            expected=finding.expected,
            found=finding.found,
        )
        for finding in findings[:MAX_STORED]
    )
    run.state = ProofState.FAILED if findings else ProofState.CLEAN
    run.finished_at = timezone.now()
    run.checks_done = run.checks_total
    run.findings_count = len(findings)
    run.sealed_count = sealed
    run.checkpoint = checkpoint
    run.save(
        update_fields=["state", "finished_at", "checks_done", "findings_count", "sealed_count", "checkpoint"]
    )
    if findings:
        raise_alert(run=run)


def _with_own_connection(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()
