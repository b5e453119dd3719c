"""What becomes of a production and its file when its batch ends before the file was let out."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from points_payment.card_exports import delete_export
from points_payment.kinds import ProductionState
from points_payment.models import Batch, CardProduction
from points_payment.models.production import ENDED


def discard_production(batch: Batch) -> bool:
    """Let nobody make or release the codes of a locked batch any more; whether anything waited for that."""
    production = (
        CardProduction.objects.select_for_update(no_key=True)
        .filter(batch=batch)
        .exclude(state__in=ENDED)
        .first()
    )
    if production is None:
        return False
    production.state, production.finished_at = ProductionState.DISCARDED, timezone.now()
    production.save(update_fields=["state", "finished_at"])
    if production.file_name:
        delete_after_commit(production.file_name)
    return True


def delete_after_commit(name: str) -> None:
    """Forget a file if and when what made it useless is committed; a stray one is found later."""
    transaction.on_commit(lambda: delete_export(name), robust=True)
