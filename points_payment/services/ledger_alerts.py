"""The alert of a proof that failed: raised by the run, told to who watches the books, closed by a person.

Locks: the alert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from marketplace.outbox.services import enqueue
from points_payment.errors import AlertClosed, BooksNotProved, ReasonMissing
from points_payment.kinds import ProofScope, ProofState
from points_payment.models import LedgerAlert, ProofFinding, ProofRun

if TYPE_CHECKING:
    from marketplace.users.models import User

TOPIC = "ledger.alert"


def open_alert() -> LedgerAlert | None:
    """The one alert that nobody has closed, by the index that holds no other row."""
    return LedgerAlert.objects.filter(is_open=True).select_related("last_run", "acknowledged_by").first()


@transaction.atomic
def raise_alert(*, run: ProofRun) -> LedgerAlert:
    """Open the alert of a failed run, or add the run to the one that is open.

    What was not found before is told again, and whoever looks into the other things does not know of it.
    """
    alert = LedgerAlert.objects.select_for_update(no_key=True).filter(is_open=True).first()
    if alert is None:
        # Runs end one after the other, under the lock of sealing: no two of them open an alert.
        alert = LedgerAlert.objects.create(first_run=run, last_run=run)
        _tell(run)
        return alert
    is_new = bool(_culprits(run) - _culprits(alert.last_run))
    alert.last_run = run
    if is_new:
        alert.acknowledged_by = alert.acknowledged_at = None
        alert.note = ""
        _tell(run)
    alert.save(update_fields=["last_run", "acknowledged_by", "acknowledged_at", "note"])
    return alert


@transaction.atomic
def acknowledge_alert(*, alert: LedgerAlert, actor: User, note: str) -> LedgerAlert:
    """Say that one looks into it; the alert stays.

    Raises:
        AlertClosed: somebody resolved it before.
    """
    locked = _lock(alert)
    locked.acknowledged_by = actor
    locked.acknowledged_at = timezone.now()
    locked.note = note.strip()
    locked.save(update_fields=["acknowledged_by", "acknowledged_at", "note"])
    return locked


@transaction.atomic
def resolve_alert(*, alert: LedgerAlert, actor: User, reason: str) -> LedgerAlert:
    """Close the alert, once the books were proved whole since.

    Raises:
        ReasonMissing: it is for those who read it later.
        AlertClosed: somebody resolved it before.
        BooksNotProved: no whole proof was clean since the last one that failed.
    """
    if not reason.strip():
        raise ReasonMissing
    locked = _lock(alert)
    clean = clean_run_since(locked)
    if clean is None:
        raise BooksNotProved
    locked.is_open = False
    locked.resolved_by = actor
    locked.resolved_at = timezone.now()
    locked.reason = reason.strip()
    locked.clean_run = clean
    locked.save(update_fields=["is_open", "resolved_by", "resolved_at", "reason", "clean_run"])
    return locked


def clean_run_since(alert: LedgerAlert) -> ProofRun | None:
    """The newest whole proof that was clean and began after the last one that failed had ended."""
    return ProofRun.objects.filter(
        scope=ProofScope.WHOLE,
        state=ProofState.CLEAN,
        pk__gt=alert.last_run_id,
        started_at__gte=alert.last_run.finished_at,
    ).first()


def _lock(alert: LedgerAlert) -> LedgerAlert:
    locked = (
        LedgerAlert.objects.select_for_update(no_key=True, of=("self",))
        .select_related("last_run")
        .get(pk=alert.pk)
    )
    if not locked.is_open:
        raise AlertClosed(locked.pk)
    return locked


def _culprits(run: ProofRun) -> set[tuple[str, str]]:
    return set(ProofFinding.objects.filter(run=run).values_list("check_slug", "culprit"))


def _tell(run: ProofRun) -> None:
    enqueue(topic=TOPIC, payload={"run_id": run.pk, "findings": run.findings_count})
