"""Forms of the top-up desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.users.numbers import WholeNumberField
from points_payment.caller_questions import Answer, CallerQuestion
from points_payment.forms import MAX_KEY_LENGTH
from points_payment.kinds import OperatorLimit
from points_payment.services.topups import MAX_TOP_UP_POINTS
from points_payment.services.verification import RIGHT_ANSWERS_NEEDED

MAX_CASH_POINTS = 10**12
BLANK = (None, "")


class CallerForm(forms.Form):
    """Whom an operator has on the phone, and which request of theirs it is about."""

    customer = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1)
    request = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1, required=False)


class CallerCodeForm(CallerForm):
    code = forms.CharField(
        label=_("Code that the caller reads out"), max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off", "class": "text-center fs-4"}
        ),
        help_text=_("It was sent to the customer's phone and ends after ten minutes."),
    )  # fmt: skip


class CallerAnswersForm(CallerForm):
    """One block of fields for each question; at least two questions have to be answered."""

    def __init__(self, *args: Any, questions: Sequence[CallerQuestion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            for name, field in question.fields().items():
                self.fields[f"{question.slug}-{name}"] = field

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and len(self.answers(data)) < RIGHT_ANSWERS_NEEDED:
            raise forms.ValidationError(_("Ask at least two questions and type what the caller says."))
        return data

    def answers(self, data: Mapping[str, Any]) -> dict[str, Answer]:
        """What the caller said, by question; without the questions that were not answered whole."""
        found: dict[str, Answer] = {}
        for question in self.questions:
            prefix = f"{question.slug}-"
            answer = {
                name.removeprefix(prefix): value for name, value in data.items() if name.startswith(prefix)
            }
            if answer and not any(value in BLANK for value in answer.values()):
                found[question.slug] = answer
        return found


class LimitsForm(forms.Form):
    """Of one operator; an empty field means the usual limit."""

    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, usual: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for limit in OperatorLimit:
            most = MAX_TOP_UP_POINTS if limit == OperatorLimit.MOVEMENT else MAX_CASH_POINTS
            self.fields[limit.value] = WholeNumberField(
                label=limit.label, least=0, most=most, required=False,
                help_text=_("Usual: %(points)s") % {"points": f"{usual[limit.value]:,}"},
            )  # fmt: skip
        self.order_fields([*(limit.value for limit in OperatorLimit), "reason"])

    def limits(self) -> dict[OperatorLimit, int | None]:
        return {limit: self.cleaned_data[limit.value] for limit in OperatorLimit}


class HandInForm(forms.Form):
    amount_points = WholeNumberField(label=_("Cash to hand in, in dinars"), least=1, most=MAX_CASH_POINTS)
    reference = forms.CharField(label=_("Reference"), max_length=64, help_text=_("Number of the receipt."))
    #: Made with the page: a double click hands in once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)


class CountForm(forms.Form):
    counted_points = WholeNumberField(
        label=_("Cash counted in the drawer, in dinars"), least=0, most=MAX_CASH_POINTS
    )
    reason = forms.CharField(
        label=_("Reason of a difference"), max_length=200, required=False,
        help_text=_("Needed only where the cash differs from what should be there."),
    )  # fmt: skip


class DayForm(forms.Form):
    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )  # fmt: skip

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not 2000 <= day.year <= 9000:
            raise forms.ValidationError(_("This is no day of ours."))
        return day
