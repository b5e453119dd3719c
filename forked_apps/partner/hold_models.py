"""Pieces that are kept for a customer who checks out."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class StockHold(models.Model):
    """So many pieces of an offer are kept for a customer until a time.

    After ``held_until`` it counts for nothing. The row stays for a while, so that who let it run out, or
    kept it for as long as anyone may, cannot begin anew at once.
    """

    stockrecord = models.ForeignKey(
        "partner.StockRecord", verbose_name=_("offer"), on_delete=models.CASCADE, related_name="holds"
    )
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.CASCADE,
        related_name="stock_holds",
    )
    pieces = models.PositiveIntegerField(_("pieces"))
    #: When the customer's time began to run; activity extends the hold, and never this.
    started_at = models.DateTimeField(_("since"))
    held_until = models.DateTimeField(_("kept until"), db_index=True)

    class Meta:
        verbose_name = _("hold of stock")
        verbose_name_plural = _("holds of stock")
        constraints = [
            models.UniqueConstraint(fields=["stockrecord", "customer"], name="partner_hold_once"),
            models.CheckConstraint(condition=Q(pieces__gt=0), name="partner_hold_something"),
            models.CheckConstraint(
                condition=Q(held_until__gte=F("started_at")), name="partner_hold_forwards"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stockrecord_id}: {self.pieces} until {self.held_until:%H:%M}"
