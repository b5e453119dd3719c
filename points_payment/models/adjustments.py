"""Corrections of the books by hand, and what customers were told of expiring points."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from points_payment.kinds import ADJUSTABLE_KINDS, AdjustmentState
from points_payment.models.ledger import Transfer
from points_payment.models.wallets import Lot


class Adjustment(models.Model):
    """One person proposes it, another one carries it out. Its terms never change, only its state does."""

    account_kind = models.CharField(
        _("account"), max_length=24, choices=[(kind.value, kind.label) for kind in ADJUSTABLE_KINDS]
    )
    owner_id = models.BigIntegerField(_("owner"))
    #: Added to the account; taken from it where negative.
    amount_points = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(
        _("state"), max_length=12, choices=AdjustmentState, default=AdjustmentState.PROPOSED
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.CharField(_("answer"), max_length=200, blank=True)
    transfer = models.OneToOneField(
        Transfer,
        verbose_name=_("transfer"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="adjustment",
    )

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount_points=0), name="points_adjustment_something"),
            models.CheckConstraint(
                condition=Q(state=AdjustmentState.PROPOSED, decided_by=None, transfer=None)
                | Q(state=AdjustmentState.WITHDRAWN, decided_by=F("proposed_by"), transfer=None)
                | (
                    (
                        Q(state=AdjustmentState.REFUSED, transfer=None)
                        | Q(state=AdjustmentState.DONE, transfer__isnull=False)
                    )
                    & Q(decided_by__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))
                ),
                name="points_adjustment_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ExpiryNotice(models.Model):
    """The customer was told that this lot expires soon."""

    lot = models.OneToOneField(
        Lot,
        verbose_name=_("lot"),
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="expiry_notice",
    )
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("notice of expiry")
        verbose_name_plural = _("notices of expiry")

    def __str__(self) -> str:
        return str(self.lot_id)
