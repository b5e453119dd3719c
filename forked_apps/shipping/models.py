from django.db import models
from django.utils.translation import gettext_lazy as _

from forked_apps.partner.governorates import Governorate


class ShippingRate(models.Model):
    """What one vendor asks for delivery to one governorate. No row: it does not deliver there."""

    vendor = models.ForeignKey(
        "partner.Partner", verbose_name=_("vendor"), on_delete=models.CASCADE, related_name="shipping_rates"
    )
    governorate = models.CharField(_("governorate"), max_length=2, choices=Governorate)
    charge_points = models.PositiveIntegerField(_("charge in points"))
    free_from_points = models.PositiveBigIntegerField(
        _("free from, in points"),
        null=True,
        blank=True,
        help_text=_("Goods of this worth are delivered free."),
    )
    days_min = models.PositiveSmallIntegerField(_("days on the way, at least"), default=1)
    days_max = models.PositiveSmallIntegerField(_("days on the way, at most"), default=3)

    class Meta:
        verbose_name = _("shipping rate")
        verbose_name_plural = _("shipping rates")
        constraints = [
            models.UniqueConstraint(fields=["vendor", "governorate"], name="shipping_rate_once"),
            models.CheckConstraint(
                condition=models.Q(days_min__lte=models.F("days_max")), name="shipping_rate_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} → {self.get_governorate_display()}"


from oscar.apps.shipping.models import *  # noqa: E402, F403
