"""Parcels that are packed and labelled, and wait for their courier.

Tables of their own: whatever counts what was sent (pieces, stock, deadlines, the buyer's page) reads parcels,
and none of these has left yet. A shipment takes one over, with its number, and its row here is gone.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PreparedParcel(models.Model):
    vendor_order = models.ForeignKey(
        "order.VendorOrder",
        verbose_name=_("vendor order"),
        on_delete=models.PROTECT,
        related_name="prepared_parcels",
    )
    #: Its number among all parcels of the vendor order, sent ones included; its label carries it.
    position = models.PositiveSmallIntegerField(_("position"))
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    #: Some carriers give it when they come.
    tracking_code = models.CharField(_("tracking code"), max_length=64, blank=True)
    weight_grams = models.PositiveIntegerField(_("weight (grams)"), null=True, blank=True)
    prepared_at = models.DateTimeField(_("prepared"), default=timezone.now)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("prepared by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("prepared parcel")
        verbose_name_plural = _("prepared parcels")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor_order", "position"], name="order_prepared_parcel_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_order_id}: {self.position}"


class PreparedLine(models.Model):
    parcel = models.ForeignKey(
        PreparedParcel, verbose_name=_("parcel"), on_delete=models.CASCADE, related_name="parcel_lines"
    )
    line = models.ForeignKey(
        "order.Line", verbose_name=_("line"), on_delete=models.PROTECT, related_name="prepared_lines"
    )
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("line of a prepared parcel")
        verbose_name_plural = _("lines of a prepared parcel")
        constraints = [
            models.UniqueConstraint(fields=["parcel", "line"], name="order_prepared_line_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_prepared_line_something"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} × {self.quantity}"
