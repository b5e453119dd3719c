"""What is known of the proofs: each run, what it found, checkpoints of proved books, and alerts."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person_or_none
from points_payment.kinds import ProofScope, ProofSource, ProofState


class Checkpoint(models.Model):
    """What the books said when they were proved whole, on one day. Append-only, and a chain of its own.

    Everything up to ``position`` was in the snapshot that was proved, and nothing else was.
    """

    day = models.DateField(_("day"), unique=True)
    #: The last seal; 0 and 32 zero bytes where there was no transfer yet.
    position = models.BigIntegerField(_("last seal"))
    seal_digest = models.BinaryField(_("digest of the last seal"), editable=False)
    transfers_count = models.BigIntegerField(_("number of transfers"))
    entries_count = models.BigIntegerField(_("number of entries"))
    #: Points by kind of account; the sum is 0.
    totals = models.JSONField(_("totals by kind of account"))
    #: By kind of transfer: what came into the books from outside, and what went back.
    flows = models.JSONField(_("issued and taken back by kind of transfer"))
    #: By state of cards: how many, and their value.
    cards = models.JSONField(_("cards by state"))
    #: Of the checkpoint before: removing or rewriting one breaks the next.
    previous_digest = models.BinaryField(_("digest of the checkpoint before"), editable=False)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(position__gte=0), name="points_checkpoint_place")]

    def __str__(self) -> str:
        return self.day.isoformat()


class ProofRun(models.Model):
    """One proof of the books: who asked for it, how far it is, how it ended."""

    scope = models.CharField(_("scope"), max_length=8, choices=ProofScope)
    source = models.CharField(_("asked by"), max_length=8, choices=ProofSource)
    state = models.CharField(_("state"), max_length=8, choices=ProofState, default=ProofState.WAITING)
    actor = person_or_none(_("who"))  # fmt: skip
    #: Where a proof of what is new began.
    since = models.ForeignKey(
        Checkpoint, verbose_name=_("since"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="later_runs",
    )  # fmt: skip
    #: Made of it, if it was whole and clean and the first of its day.
    checkpoint = models.OneToOneField(
        Checkpoint, verbose_name=_("checkpoint"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="made_by",
    )  # fmt: skip
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    checks_total = models.PositiveSmallIntegerField(_("number of checks"), default=0)
    checks_done = models.PositiveSmallIntegerField(_("checks made"), default=0)
    findings_count = models.PositiveIntegerField(_("number of findings"), default=0)
    sealed_count = models.PositiveIntegerField(_("transfers sealed"), default=0)

    class Meta:
        verbose_name = _("proof of the books")
        verbose_name_plural = _("proofs of the books")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[ProofState.WAITING, ProofState.RUNNING], finished_at=None)
                | Q(state=ProofState.CLEAN, finished_at__isnull=False, findings_count=0)
                | Q(state=ProofState.FAILED, finished_at__isnull=False, findings_count__gt=0),
                name="points_proof_ends_with_findings",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}: {self.state}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def took_seconds(self) -> float:
        """To a tenth; 0 while it is under way."""
        took = self.finished_at - self.started_at if self.finished_at and self.started_at else timedelta()
        return round(took.total_seconds(), 1)


class ProofFinding(models.Model):
    """What a run found. Append-only."""

    run = models.ForeignKey(
        ProofRun, verbose_name=_("proof"), on_delete=models.PROTECT, related_name="findings"
    )
    check_slug = models.CharField(_("check"), max_length=64)
    culprit = models.CharField(_("culprit"), max_length=200)
    expected = models.TextField(_("expected"))
    found = models.TextField(_("found"))

    class Meta:
        verbose_name = _("finding of a proof")
        verbose_name_plural = _("findings of proofs")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.check_slug}: {self.culprit}"


class LedgerAlert(models.Model):
    """The books did not prove. Open until somebody says why, after a newer whole proof was clean."""

    first_run = models.ForeignKey(
        ProofRun, verbose_name=_("raised by"), on_delete=models.PROTECT, related_name="+"
    )
    #: The newest run that failed while the alert was open.
    last_run = models.ForeignKey(
        ProofRun, verbose_name=_("last failed"), on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened"), db_default=Now())
    is_open = models.BooleanField(_("open"), default=True)
    #: Somebody looks into it; taken back when something else is found.
    acknowledged_by = person_or_none(_("being looked at by"))  # fmt: skip
    acknowledged_at = models.DateTimeField(_("since when"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    resolved_by = person_or_none(_("resolved by"))  # fmt: skip
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    clean_run = models.ForeignKey(
        ProofRun, verbose_name=_("proved by"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip

    class Meta:
        verbose_name = _("alert of the ledger")
        verbose_name_plural = _("alerts of the ledger")
        ordering = ["-id"]
        constraints = [
            # Also the index by which every staff page looks for it.
            models.UniqueConstraint(
                fields=["is_open"], condition=Q(is_open=True), name="points_alert_one_open"
            ),
            models.CheckConstraint(
                condition=Q(
                    is_open=True, resolved_by=None, resolved_at=None, clean_run=None, reason=""
                )
                | Q(
                    ~Q(reason=""),
                    is_open=False, resolved_by__isnull=False, resolved_at__isnull=False,
                    clean_run__gt=F("last_run"),
                ),
                name="points_alert_resolved_by_proof",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"#{self.pk}"
