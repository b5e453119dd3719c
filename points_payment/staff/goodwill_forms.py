from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.users.numbers import WholeNumberField
from points_payment.forms import MAX_KEY_LENGTH
from points_payment.services.goodwill import (
    LONGEST_GOODWILL_DAYS,
    MAX_GOODWILL_POINTS,
    USUAL_GOODWILL_DAYS,
)


class GoodwillForm(forms.Form):
    amount_points = WholeNumberField(label=_("Points to give"), least=1, most=MAX_GOODWILL_POINTS)
    last_day = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        initial=lambda: timezone.localdate() + timedelta(days=USUAL_GOODWILL_DAYS),
        help_text=_("What is not spent by then expires."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("For instance: the parcel came a week late.")
    )
    customer = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1)
    #: Made with the page: a double click gives once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        days = (day - timezone.localdate()).days
        if days < 0:
            raise forms.ValidationError(_("This day is over."))
        if days > LONGEST_GOODWILL_DAYS:
            raise forms.ValidationError(_("Points are given for a year at most."))
        return day

    def hide(self) -> GoodwillForm:
        """The same answers, asked no more."""
        for field in self.fields.values():
            field.widget = forms.HiddenInput()
        return self
