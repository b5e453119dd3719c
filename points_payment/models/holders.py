"""What the desk that looks after cards and shops keeps: changes of holders, and alerts of guessing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import CounterScope
from points_payment.models.supply import Distributor, Shop


class HolderChange(models.Model):
    """Who changed what about a distributor or a shop, and why. Append-only."""

    distributor = models.ForeignKey(
        Distributor, verbose_name=_("distributor"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="changes",
    )  # fmt: skip
    shop = models.ForeignKey(
        Shop, verbose_name=_("shop"), null=True, blank=True, on_delete=models.PROTECT, related_name="changes"
    )
    #: The fields' values from now on, by name.
    values = models.JSONField(_("values"), default=dict)
    actor = person(_("who"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("change of a holder of cards")
        verbose_name_plural = _("changes of holders of cards")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(distributor=None, shop__isnull=False) | Q(distributor__isnull=False, shop=None),
                name="points_change_of_one_holder",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class GuessingAlert(models.Model):
    """Someone types one wrong card code after the other; at most one alert an hour for each subject."""

    scope = models.CharField(_("scope"), max_length=12, choices=CounterScope)
    #: The account's id, the device, the address; empty for the whole shop.
    subject = models.CharField(_("subject"), max_length=64)
    #: The beginning of the hour.
    hour = models.DateTimeField(_("hour"))
    #: The most that were counted in that hour.
    failures = models.PositiveIntegerField(_("wrong codes"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    seen_by = person_or_none(_("looked at by"))  # fmt: skip
    seen_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("alert of guessing")
        verbose_name_plural = _("alerts of guessing")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["scope", "subject", "hour"], name="points_alert_once_an_hour"),
            models.CheckConstraint(
                condition=Q(seen_by=None, seen_at=None, note="")
                | Q(seen_by__isnull=False, seen_at__isnull=False),
                name="points_alert_seen_by_someone",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(seen_at=None), name="points_alert_waiting"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.scope} {self.subject}: {self.failures}"
