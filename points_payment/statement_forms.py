"""Which movements somebody wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.formats import format_month
from points_payment.statements import MovementGroup, Period

#: Nothing moved before; and days that no calendar of ours can go on from are not asked for.
EARLIEST = date(2000, 1, 1)


class StatementForm(forms.Form):
    """Filters of a statement. What makes no sense filters nothing; an export says what is wrong."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All movements")), *MovementGroup.choices]
    )
    month = forms.ChoiceField(label=_("Month"), required=False)
    first_day = forms.DateField(
        label=_("From day"), required=False, input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    last_day = forms.DateField(
        label=_("To day"), required=False, input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, months: Sequence[date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Kept, since the labels of one language must not stay for another.
        self.months = {f"{month:%Y-%m}": month for month in months}
        self.fields["month"].choices = [  # type: ignore[attr-defined]
            ("", _("All months")),
            *((value, format_month(month)) for value, month in self.months.items()),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day comes before the first."))
        return cleaned

    @property
    def group(self) -> MovementGroup | None:
        value = self.cleaned_data.get("kind")
        return MovementGroup(value) if value else None

    @property
    def period(self) -> Period | None:
        """Chosen days, or else the chosen month."""
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first or last:
            today = timezone.localdate()
            last = min(last or today, today)
            return Period(min(max(first or EARLIEST, EARLIEST), last), last)
        month = self.months.get(self.cleaned_data.get("month") or "")
        return Period.month(month) if month else None

    @property
    def filters(self) -> dict[str, Any]:
        """How the statement is narrowed, as its selector wants it."""
        return {"group": self.group, "period": self.period, "before": self.cleaned_data.get("before")}

    @property
    def has_chosen_days(self) -> bool:
        """Whether the fields for days are to be open."""
        return bool(self["first_day"].value() or self["last_day"].value())

    @property
    def chosen(self) -> dict[str, str]:
        """What is filtered by, as it stands in an address."""
        names = ("kind", "month", "first_day", "last_day")
        return {
            name: str(self[name].value())
            for name in names
            if self[name].value() and name in self.cleaned_data
        }
