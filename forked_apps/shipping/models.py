from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from forked_apps.partner.governorates import Governorate

#: Where a carrier's address takes the tracking code.
CODE_MARK = "{code}"


def check_tracking_link(link: str) -> None:
    """Raises:
    ValidationError: customers would be led somewhere unsafe, or not to their parcel.
    """
    address = urlsplit(link)
    if address.scheme != "https" or not address.hostname or CODE_MARK not in address.path + address.query:
        raise ValidationError(
            _("Write an address that begins with https:// and holds {code} after the name of the site."),
            code="bad_link",
        )


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
    #: What the charge is for; None: whatever the goods weigh, and then there are no bands.
    base_up_to_grams = models.PositiveIntegerField(_("charge up to (grams)"), null=True, blank=True)
    #: Beyond the heaviest band, for each kilogram begun; None: so much is not delivered.
    per_further_kg_points = models.PositiveIntegerField(
        _("per further kilogram, in points"), null=True, blank=True
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
            models.CheckConstraint(
                # Said aloud, for what is unknown passes a check.
                condition=models.Q(base_up_to_grams__isnull=False, base_up_to_grams__gt=0)
                | models.Q(base_up_to_grams=None, per_further_kg_points=None),
                name="shipping_rate_weight",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor} → {self.get_governorate_display()}"


class ShippingBand(models.Model):
    """What a rate asks for goods heavier than its base and the band before, up to so many grams."""

    rate = models.ForeignKey(
        ShippingRate, verbose_name=_("shipping rate"), on_delete=models.CASCADE, related_name="bands"
    )
    up_to_grams = models.PositiveIntegerField(_("up to (grams)"))
    charge_points = models.PositiveIntegerField(_("charge in points"))

    class Meta:
        verbose_name = _("weight band")
        verbose_name_plural = _("weight bands")
        ordering = ["up_to_grams"]
        constraints = [
            models.UniqueConstraint(fields=["rate", "up_to_grams"], name="shipping_band_once"),
            models.CheckConstraint(condition=models.Q(up_to_grams__gt=0), name="shipping_band_something"),
        ]

    def __str__(self) -> str:
        return f"≤ {self.up_to_grams} g: {self.charge_points}"


class Carrier(models.Model):
    """Who carries parcels, and where a parcel of theirs can be followed. Staff keep the list."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    tracking_link = models.CharField(
        _("address where a parcel is followed"),
        max_length=300,
        blank=True,
        validators=[check_tracking_link],
        help_text=_("With {code} where the tracking code belongs; leave it empty where there is none."),
    )

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


from oscar.apps.shipping.models import *  # noqa: E402, F403
