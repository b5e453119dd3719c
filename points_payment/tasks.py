"""Work in the background. A task moves points only by a service that a command can call as well."""

from __future__ import annotations

import logging

from celery import shared_task

from points_payment.proof import prove
from points_payment.services.expiry import announce_expiry, expire_points
from points_payment.services.production import discard_exports
from points_payment.services.ranges import expire_cards
from points_payment.services.sealing import seal_transfers

logger = logging.getLogger("nuqta.points")


@shared_task
def prove_and_seal() -> int:
    """Prove the books, then seal what is new; the number of findings. Hourly in production."""
    findings = prove()
    for finding in findings:
        logger.error("proof of the ledger: %s", finding)
    if not findings:
        # Sealing over a broken row would vouch for it.
        seal_transfers()
    return len(findings)


@shared_task
def expire_promotional_points() -> int:
    """Take expired points off their wallets and tell whose points expire soon; the points taken."""
    while announce_expiry():
        pass
    taken = 0
    while points := expire_points():
        taken += points
    return taken
    announce_expiry()
    return expire_points()


@shared_task
def expire_overdue_cards() -> int:
    """End the batches whose last day is over; the cards that expired. Run again, it finds nothing."""
    return expire_cards()


def discard_card_exports() -> int:
    """Delete files with codes that nobody let out in time; how many."""
    return discard_exports()
