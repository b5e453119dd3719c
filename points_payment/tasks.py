"""Work in the background. A task moves points only by a service that a command can call as well."""

from __future__ import annotations

from celery import shared_task

from points_payment.kinds import ProofScope, ProofSource
from points_payment.services.expiry import announce_expiry, expire_points
from points_payment.services.proving import run_proof


@shared_task
def prove_and_seal() -> int:
    """Prove what came since the last checkpoint, then seal it; the number of findings. Hourly in production.

    Before the first checkpoint everything is proved.
    """
    return run_proof(scope=ProofScope.SINCE, source=ProofSource.BEAT).findings_count


@shared_task
def prove_whole_and_checkpoint() -> int:
    """Prove everything, seal it and make the day's checkpoint; the number of findings. Nightly in production."""  # noqa: E501 - SQL keeps its own lines
    return run_proof(scope=ProofScope.WHOLE, source=ProofSource.BEAT).findings_count


@shared_task
def expire_promotional_points() -> int:
    """Take expired points off their wallets and tell whose points expire soon; the points taken."""
    announce_expiry()
    return expire_points()
