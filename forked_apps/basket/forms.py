from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

#: More than any basket may hold; keeps the number small enough for the database.
MOST_PIECES = 100_000


class QuantityForm(forms.Form):
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MOST_PIECES)


class OfferForm(forms.Form):
    """Adding to the basket: how many pieces (one, if it doesn't say), and of whose offer."""

    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=MOST_PIECES, required=False)
    offer = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)

    def clean_quantity(self) -> int:
        quantity: int | None = self.cleaned_data["quantity"]
        return 1 if quantity is None else quantity


class DiscountCodeForm(forms.Form):
    discount_code = forms.CharField(
        label=_("Discount code"),
        max_length=128,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "dir": "ltr"}),
    )


class SwapForm(forms.Form):
    """Having a line's pieces from another vendor."""

    offer = forms.IntegerField(min_value=1, max_value=2**63 - 1)
