"""How well a vendor serves its customers, as a grade; what leads to it is in ``order.vendor_health``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.db import models
from django.utils.translation import gettext_lazy as _


class VendorGrade(models.TextChoices):
    GOOD = "good", _("Good")
    WATCH = "watch", _("To be watched")
    POOR = "poor", _("Poor")


#: By how much dearer an offer counts in the buy box, in basis points of its price. Customers never pay it.
HANDICAP_BASIS_POINTS: Mapping[str, int] = MappingProxyType(
    {VendorGrade.GOOD: 0, VendorGrade.WATCH: 300, VendorGrade.POOR: 1_000}
)
