from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.users.numbers import WholeNumberField
from points_payment.forms import MAX_KEY_LENGTH
from points_payment.services.vouchers import (
    MAX_BUDGET_POINTS,
    MAX_CODES,
    MAX_LIFETIME_DAYS,
    MAX_PER_CUSTOMER,
    MAX_TOTAL_LIMIT,
    MAX_VALUE_POINTS,
)
from points_payment.text import points_text
from points_payment.voucher_codes import is_shared_code

USUAL_WINDOW = timedelta(days=30)
USUAL_LIFETIME_DAYS = 90


def _day_field(label: Any, *, initial: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"], initial=initial,
    )  # fmt: skip


class CampaignForm(forms.Form):
    """Days are whole, of Baghdad: a campaign begins and ends at midnight."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Customers read it in their statement.")
    )
    shared_code = forms.CharField(
        label=_("One code for everybody"), required=False, max_length=30,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("4 to 11 Latin letters and digits, such as EID2027. Leave it empty for single-use codes, which are made in the next step."),  # noqa: E501
    )  # fmt: skip
    value_points = WholeNumberField(label=_("Value of a voucher, in points"), least=1, most=MAX_VALUE_POINTS)
    first_day = _day_field(_("First day"), initial=timezone.localdate)
    last_day = _day_field(_("Last day"), initial=lambda: timezone.localdate() + USUAL_WINDOW)
    total_limit = WholeNumberField(
        label=_("Redemptions in all"), least=1, most=MAX_TOTAL_LIMIT,
        help_text=_("The campaign gives no more than this, however many codes there are."),
    )  # fmt: skip
    per_customer_limit = WholeNumberField(
        label=_("Redemptions per customer"), least=1, most=MAX_PER_CUSTOMER, initial=1
    )
    lifetime_days = WholeNumberField(
        label=_("Days that the points live"), least=1, most=MAX_LIFETIME_DAYS,
        initial=USUAL_LIFETIME_DAYS, help_text=_("Counted from the moment in which a customer redeems."),
    )  # fmt: skip

    def clean_shared_code(self) -> str:
        code: str = self.cleaned_data["shared_code"].strip()
        if code and not is_shared_code(code):
            raise forms.ValidationError(
                _("A shared code has 4 to 11 Latin letters and digits, and at least one letter.")
            )
        return code

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        first, last = facts.get("first_day"), facts.get("last_day")
        if last is not None and last < max(first or last, timezone.localdate()):
            self.add_error("last_day", _("The last day lies before the first, or is over."))
        value, limit = facts.get("value_points"), facts.get("total_limit")
        if value and limit and value * limit > MAX_BUDGET_POINTS:
            self.add_error(
                "total_limit",
                _("One campaign gives at most %(most)s in all.") % {"most": points_text(MAX_BUDGET_POINTS)},
            )
        return facts

    @property
    def budget_points(self) -> int:
        """The most that the campaign will ever give."""
        value: int = self.cleaned_data["value_points"] * self.cleaned_data["total_limit"]
        return value

    def terms(self) -> dict[str, Any]:
        """As ``create_campaign`` takes them."""
        terms = dict(self.cleaned_data)
        terms["starts_at"] = _midnight(terms.pop("first_day"))
        terms["ends_at"] = _midnight(terms.pop("last_day") + timedelta(days=1))
        return terms

    def hide(self) -> CampaignForm:
        """The same answers, asked no more."""
        for field in self.fields.values():
            field.widget = forms.HiddenInput()
        return self


class MakeCodesForm(forms.Form):
    count = WholeNumberField(label=_("How many codes"), least=1, most=MAX_CODES)
    #: Made with the page: a double click makes one set.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
