"""Work in the background. A task moves points only by a service that a command can call as well."""

from __future__ import annotations

from celery import shared_task

from points_payment.kinds import ProofScope, ProofSource
from points_payment.services.debts import review_all_debts
from points_payment.services.expiry import announce_expiry, expire_points
from points_payment.services.production import discard_exports
from points_payment.services.proving import run_proof
from points_payment.services.ranges import expire_cards
from points_payment.services.settlement import accept_silent_statements, close_periods


@shared_task
def prove_and_seal() -> int:
    """Prove what came since the last checkpoint, then seal it; the number of findings. Hourly in production.

    Before the first checkpoint everything is proved.
    """
    return run_proof(scope=ProofScope.SINCE, source=ProofSource.BEAT).findings_count


@shared_task
def prove_whole_and_checkpoint() -> int:
    """Prove everything, seal it and make the day's checkpoint; the number of findings. Nightly."""
    return run_proof(scope=ProofScope.WHOLE, source=ProofSource.BEAT).findings_count


@shared_task
def expire_promotional_points() -> int:
    """Take expired points off their wallets and tell whose points expire soon; the points taken."""
    while announce_expiry():
        pass
    taken = 0
    while points := expire_points():
        taken += points
    return taken


@shared_task
def expire_overdue_cards() -> int:
    """End the batches whose last day is over; the cards that expired. Run again, it finds nothing."""
    return expire_cards()


@shared_task
def discard_card_exports() -> int:
    """Delete files with codes that nobody let out in time; how many."""
    return discard_exports()


@shared_task
def close_settlement() -> int:
    """Close the months that are over, and take silence for a yes; the months. Run again, it finds none."""
    closed = close_periods()
    accept_silent_statements()
    return closed


@shared_task
def review_vendor_debts() -> int:
    """Look at every vendor who owes or did; how many."""
    return review_all_debts()
