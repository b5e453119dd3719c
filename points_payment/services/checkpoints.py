"""A checkpoint: what the books said when they were proved whole. Made in the snapshot of that proof."""

from __future__ import annotations

from django.utils import timezone

from points_payment.figures import all_figures, card_sums
from points_payment.models import Checkpoint, Seal
from points_payment.services.sealing import FIRST_DIGEST


def last_checkpoint() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-id").first()


def make_checkpoint() -> Checkpoint | None:
    """Write down what the snapshot's books say; None if this day has its checkpoint.

    To be called where the whole proof was clean and its transfers were sealed, in the same snapshot and
    under the sealing lock: then the last seal divides what was proved from what came later.
    """
    day = timezone.localdate()
    if Checkpoint.objects.filter(day=day).exists():
        return None
    before = last_checkpoint()
    seal = Seal.objects.order_by("-position").first()
    figures = all_figures()
    checkpoint = Checkpoint.objects.create(
        day=day,
        position=seal.position if seal else 0,
        seal_digest=seal.digest if seal else FIRST_DIGEST,
        transfers_count=figures.transfers_count,
        entries_count=figures.entries_count,
        totals=dict(figures.totals),
        flows=dict(figures.flows),
        cards=card_sums(),
        previous_digest=before.digest if before else FIRST_DIGEST,
    )
    # The trigger made the digest.
    checkpoint.refresh_from_db()
    return checkpoint
