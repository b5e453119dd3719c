from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.users.numbers import WholeNumberField
from points_payment.codes import number_of
from points_payment.errors import WrongCheckDigit
from points_payment.forms import MAX_KEY_LENGTH
from points_payment.services.batches import MAX_CARDS, MAX_FACE_VALUE_POINTS
from points_payment.services.topups import MAX_TOP_UP_POINTS
from points_payment.staff.production_forms import CodeFormatField

#: Cards lie in shops for a while.
USUAL_LIFE = timedelta(days=365 * 2)


class DraftForm(forms.Form):
    face_value_points = WholeNumberField(
        label=_("Value of a card, in points"), least=1, most=MAX_FACE_VALUE_POINTS
    )
    number_of_cards = WholeNumberField(label=_("Number of cards"), least=1, most=MAX_CARDS)
    expires_on = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"], initial=lambda: timezone.localdate() + USUAL_LIFE,
    )  # fmt: skip
    code_format = CodeFormatField()
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean_expires_on(self) -> date:
        day: date = self.cleaned_data["expires_on"]
        if day <= timezone.localdate():
            raise forms.ValidationError(_("The last day has to come after today."))
        return day


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class EmptyForm(forms.Form):
    """Asks for nothing but a yes."""


class FindCardForm(forms.Form):
    serial = forms.CharField(
        label=_("Serial of the card"), max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}),
        help_text=_("The printed number, never the code."),
    )  # fmt: skip

    def clean_serial(self) -> int:
        try:
            return number_of(self.cleaned_data["serial"])
        except WrongCheckDigit:
            raise forms.ValidationError(_("This serial is mistyped.")) from None


class FindCustomerForm(forms.Form):
    phone = forms.CharField(
        label=_("Customer's phone"), max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr", "autocomplete": "off"}),
    )  # fmt: skip


class TopUpForm(forms.Form):
    amount_points = WholeNumberField(label=_("Points to add"), least=1, most=MAX_TOP_UP_POINTS)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("For instance: cash at the counter.")
    )
    reference = forms.CharField(label=_("Reference"), max_length=64, help_text=_("Number of the receipt."))
    customer = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1)
    #: The customer's own, which this fulfils.
    request = forms.IntegerField(widget=forms.HiddenInput, max_value=2**63 - 1, required=False)
    #: Made with the page: a double click adds once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    def hide(self) -> TopUpForm:
        """The same answers, asked no more."""
        for field in self.fields.values():
            field.widget = forms.HiddenInput()
        return self


class AccountFilterForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from points_payment.kinds import AccountKind

        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("All accounts")), *AccountKind.choices]  # type: ignore[attr-defined]
