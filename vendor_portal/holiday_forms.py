"""What a vendor types about its holiday."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forked_apps.partner.models import Partner
from marketplace.users.fields import visible

#: A shop that is away for longer is closed, and how long it may plan ahead.
LONGEST = timedelta(days=90)
FURTHEST = timedelta(days=365)


class HolidayForm(forms.Form):
    """Both days are part of the holiday."""

    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    message = forms.CharField(
        label=_("Message to customers"),
        max_length=200,
        required=False,
        help_text=_("They read it beside your products in their basket. You need not write anything."),
    )

    def clean_message(self) -> str:
        return visible(self.cleaned_data["message"]).strip()

    def clean(self) -> dict[str, Any]:
        first: date | None = self.cleaned_data.get("starts_on")
        last: date | None = self.cleaned_data.get("ends_on")
        if first is None or last is None:
            return self.cleaned_data
        today = timezone.localdate()
        if last < first:
            self.add_error("ends_on", _("Not before the first day."))
        elif last < today:
            self.add_error("ends_on", _("This day has passed."))
        elif last - first > LONGEST:
            self.add_error("ends_on", _("A holiday lasts 90 days at most."))
        if first > today + FURTHEST:
            self.add_error("starts_on", _("A holiday begins within a year."))
        return self.cleaned_data


def holiday_initial(vendor: Partner) -> dict[str, Any]:
    """The holiday that is planned or under way; one that is over is forgotten."""
    if vendor.holiday_until is None or vendor.holiday_until < timezone.localdate():
        return {}
    return {
        # As the field of a browser wants it, whatever the language.
        "starts_on": vendor.holiday_from and vendor.holiday_from.isoformat(),
        "ends_on": vendor.holiday_until.isoformat(),
        "message": vendor.holiday_message,
    }
