"""Corrections of the books by hand, and what customers were told of expiring points."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from points_payment.kinds import ADJUSTABLE_KINDS, AdjustmentState
from points_payment.models.decided import Proposed, transfer_or_none, two_persons
from points_payment.models.wallets import Lot


class Adjustment(Proposed):
    """A correction: carried out by another person than the one who proposes it."""

    account_kind = models.CharField(
        _("account"), max_length=24, choices=[(kind.value, kind.label) for kind in ADJUSTABLE_KINDS]
    )
    owner_id = models.BigIntegerField(_("owner"))
    #: Added to the account; taken from it where negative.
    amount_points = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(
        _("state"), max_length=12, choices=AdjustmentState, default=AdjustmentState.PROPOSED
    )
    transfer = transfer_or_none("adjustment")

    class Meta(Proposed.Meta):
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = [
            models.CheckConstraint(condition=~Q(amount_points=0), name="points_adjustment_something"),
            two_persons("points_adjustment_two_persons", waiting=AdjustmentState.PROPOSED),
        ]


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
