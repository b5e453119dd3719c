"""The shop's details, with the numbers that stand on its invoices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forked_apps.partner.models import Partner
from forked_apps.partner.official_numbers import MOST_CHARACTERS, validate_official_number
from marketplace.users.fields import visible
from marketplace.users.phones import ascii_digits
from vendor_portal.forms import ShopForm, shop_initial


class OfficialNumberField(forms.CharField):
    """A number that an authority gave, with digits of any script; its value has ASCII ones."""

    default_validators = [validate_official_number]

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"})
        super().__init__(**{"required": False, "max_length": MOST_CHARACTERS, "widget": widget, **kwargs})

    def to_python(self, value: Any) -> str:
        return " ".join(visible(ascii_digits(super().to_python(value) or "")).split())


class DetailsForm(ShopForm):
    registration_number = OfficialNumberField(
        label=_("Commercial registration number"),
        help_text=_("Stands on your invoices from now on. Leave it empty if you have none."),
    )
    tax_number = OfficialNumberField(
        label=_("Tax number"),
        help_text=_("Stands on your invoices from now on. Leave it empty if you have none."),
    )


def details_initial(vendor: Partner) -> dict[str, str]:
    return {
        **shop_initial(vendor),
        "registration_number": vendor.registration_number,
        "tax_number": vendor.tax_number,
    }
