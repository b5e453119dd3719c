"""What goods weigh on their way: packed, in whole grams.

A product has a shipping weight, which the importer fills; a vendor that packs it otherwise says so at its
offer. Goods of which nobody knows the weight count as nothing, so they travel in the lightest band.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _, gettext_lazy

from marketplace.formats import format_number
from marketplace.users.phones import ascii_digits

if TYPE_CHECKING:
    from forked_apps.catalogue.models import Product
    from forked_apps.partner.models import StockRecord

GRAMS_PER_KG = 1_000
#: Heavier than anything that goes out as one order's parcels; keeps sums far from the database's limits.
MOST_GRAMS = 10_000_000
_KG = re.compile(r"\d{1,5}(?:\.\d{1,3})?")


def grams_of(offer: StockRecord, product: Product) -> int:
    """One piece of this offer of that product, packed; 0 where nobody knows."""
    return offer.weight_grams or product.shipping_weight_grams or 0


def weight_text(grams: int) -> str:
    """``2.5 kg``, or ``400 g`` below a kilogram, in the reader's language."""
    if grams < GRAMS_PER_KG:
        return _("%(number)s g") % {"number": format_number(grams)}
    return _("%(number)s kg") % {"number": format_number(Decimal(grams) / GRAMS_PER_KG)}


class WeightField(forms.CharField):
    """A weight in kilograms, in any digits; its value is whole grams, or None when it is empty."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 12)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"})
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        # The Arabic decimal sign, and the comma that some keyboards have in its place.
        digits = ascii_digits(text).strip().replace("٫", ".").replace(",", ".")
        if not _KG.fullmatch(digits):
            raise ValidationError(gettext_lazy("Write a weight in kilograms, such as 2.5."), code="no_weight")
        grams = int(Decimal(digits) * GRAMS_PER_KG)
        if not 0 < grams <= MOST_GRAMS:
            raise ValidationError(
                gettext_lazy("Write a weight between a gram and ten tonnes."), code="weight_range"
            )
        return grams

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        return f"{Decimal(value) / GRAMS_PER_KG:f}"
