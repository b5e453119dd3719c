"""What people type about parcels and their weight."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from forked_apps.order.forms import PiecesForm
from forked_apps.shipping.models import Carrier
from forked_apps.shipping.weights import WeightField
from marketplace.users.fields import visible


class CarrierInput(forms.TextInput):
    """Suggests the carriers that we know; any other may be written. The page holds their list."""

    LIST_ID = "carriers"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"list": self.LIST_ID, "autocomplete": "off", **(attrs or {})})


def carrier_names() -> list[str]:
    return list(Carrier.objects.values_list("name", flat=True))


class TrackingForm(forms.Form):
    """With whom a parcel goes, and under which code."""

    tracking_code = forms.CharField(
        label=_("Tracking code"),
        max_length=64,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    carrier = forms.CharField(label=_("Carrier"), max_length=80, required=False, widget=CarrierInput)

    def clean_tracking_code(self) -> str:
        return visible(self.cleaned_data["tracking_code"]).strip()

    def clean_carrier(self) -> str:
        return " ".join(visible(self.cleaned_data["carrier"]).split())


class PrepareForm(TrackingForm, PiecesForm):
    """What is packed now, for a label; with whom it goes may be left open."""

    weight = WeightField(
        label=_("Weight in kg"), required=False, help_text=_("As weighed; it stands on the label.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tracking_code"].required = False
        self.fields["tracking_code"].help_text = _("Leave it empty if the carrier gives it later.")

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.quantities:
            raise forms.ValidationError(_("Choose at least one piece."), code="nothing")
        return self.cleaned_data
