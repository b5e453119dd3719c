"""The bands of one governorate, typed row by row; mistakes are told beside the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from forked_apps.partner.governorates import Governorate
from forked_apps.shipping.models import ShippingRate
from forked_apps.shipping.services import tariff_of
from forked_apps.shipping.weights import WeightField, weight_text
from marketplace.users.numbers import PointsField
from vendor_portal.services.weights import WeightRules

MOST_BANDS = 6


class WeightForm(forms.Form):
    """Up to where the base charge goes, the bands above it, and what each further kilogram costs."""

    base_up_to = WeightField(
        label=_("The charge is for goods up to, in kg"),
        required=False,
        help_text=_("Leave it empty to ask one charge for any weight."),
    )
    per_further_kg = PointsField(
        label=_("For each further kilogram, in points"),
        required=False,
        help_text=_("Beyond the heaviest band. Leave it empty if you don't deliver heavier goods."),
    )
    also = forms.MultipleChoiceField(
        label=_("Ask the same by weight in"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, rate: ShippingRate, others: Sequence[str], **kwargs: Any) -> None:
        self.rate = rate
        bands = list(rate.bands.all())
        initial: dict[str, Any] = {
            "base_up_to": rate.base_up_to_grams,
            "per_further_kg": rate.per_further_kg_points,
        }
        for row, band in enumerate(bands[:MOST_BANDS]):
            initial |= {f"up_to_{row}": band.up_to_grams, f"charge_{row}": band.charge_points}
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for row in range(MOST_BANDS):
            self.fields[f"up_to_{row}"] = WeightField(label=_("Up to, in kg"), required=False)
            self.fields[f"charge_{row}"] = PointsField(label=_("Charge in points"), required=False)
        self.fields["also"].choices = [  # type: ignore[attr-defined]
            (code, Governorate(code).label) for code in others
        ]
        if not others:
            del self.fields["also"]

    def band_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"up_to_{row}"], self[f"charge_{row}"]) for row in range(MOST_BANDS)]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        filled = [row for row in range(MOST_BANDS) if self._is_filled(row)]
        if filled or data.get("per_further_kg") is not None:
            self._want("base_up_to", gettext("Say up to which weight the base charge is for."))
        for row in range(filled[-1] + 1 if filled else 0):
            self._want(f"up_to_{row}", gettext("Write up to which weight, and leave no row empty above it."))
            self._want(f"charge_{row}", gettext("Write a number."))
        self._check_order(filled)
        return data

    def _is_filled(self, row: int) -> bool:
        names = (f"up_to_{row}", f"charge_{row}")
        return any(self.cleaned_data.get(name) is not None or name in self.errors for name in names)

    def _want(self, name: str, message: str) -> None:
        if self.cleaned_data.get(name) is None and name not in self.errors:
            self.add_error(name, message)

    def _check_order(self, filled: Sequence[int]) -> None:
        """Heavier rows below lighter ones, and none cheaper than a lighter one."""
        weight, charge = self.cleaned_data.get("base_up_to"), self.rate.charge_points
        for row in filled:
            up_to, points = (self.cleaned_data.get(f"{name}_{row}") for name in ("up_to", "charge"))
            if up_to is not None and weight is not None and up_to <= weight:
                self.add_error(
                    f"up_to_{row}",
                    gettext("More than %(weight)s, where the row above ends.")
                    % {"weight": weight_text(weight)},
                )
            if points is not None and points < charge:
                self.add_error(
                    f"charge_{row}",
                    gettext("Not less than lighter goods pay: %(points)s.") % {"points": f"{charge:,}"},
                )
            weight = up_to if up_to is not None else weight
            charge = points if points is not None else charge

    @property
    def rules(self) -> WeightRules:
        data = self.cleaned_data
        rows = ((data[f"up_to_{row}"], data[f"charge_{row}"]) for row in range(MOST_BANDS))
        return WeightRules(
            base_up_to_grams=data["base_up_to"],
            bands=[(grams, points) for grams, points in rows if grams is not None],
            per_further_kg_points=data["per_further_kg"],
        )


def weights_summary(rate: ShippingRate) -> str:
    """One line for the page of all rates; the rate must know its bands."""
    bands = [(band.up_to_grams, band.charge_points) for band in rate.bands.all()]
    tariff = tariff_of(rate, bands)
    if tariff.heaviest is None:
        return gettext("One charge for any weight")
    number = len(bands) + 1
    facts = {"number": number, "weight": weight_text(tariff.heaviest[0])}
    words = ngettext(
        "%(number)s weight band up to %(weight)s", "%(number)s weight bands up to %(weight)s", number
    )
    if tariff.per_further_kg_points is not None:
        words = ngettext(
            "%(number)s weight band up to %(weight)s, then by the kilogram",
            "%(number)s weight bands up to %(weight)s, then by the kilogram",
            number,
        )
    return words % facts
