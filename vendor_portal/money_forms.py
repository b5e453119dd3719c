"""What people type about the vendor's money; the rules themselves are in the ledger's services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.users.fields import WordsField
from marketplace.users.numbers import PointsField
from points_payment.forms import MAX_KEY_LENGTH, new_key
from points_payment.payout_methods import Destination, method_label, payout_methods

if TYPE_CHECKING:
    from points_payment.settlement_selectors import PayoutDestination


class DestinationForm(forms.Form):
    """Where the vendor wants to be paid. Every field shows for every way; what one needs not is left out."""

    method = forms.ChoiceField(label=_("How do you want to be paid?"), widget=forms.RadioSelect)
    holder_name = WordsField(
        label=_("Name of the holder"),
        max_length=80,
        help_text=_("As it stands on the account, or on the identity card of who picks the cash up."),
    )
    provider = forms.CharField(
        label=_("Bank or operator"), max_length=60, required=False, help_text=_("Not for cash.")
    )
    number = forms.CharField(
        label=_("Account number, IBAN or phone of the wallet"),
        max_length=60,
        required=False,
        help_text=_("Not for cash."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = [(one.code, one.label) for one in payout_methods()]  # type: ignore[attr-defined]

    @property
    def destination(self) -> Destination:
        facts = self.cleaned_data
        return Destination(facts["holder_name"], facts["provider"], facts["number"])


class PayoutRequestForm(forms.Form):
    destination = forms.TypedChoiceField(label=_("Where to"), coerce=int)
    amount_points = PointsField(label=_("Points to be paid out"), least=1)
    #: Made with the page: a double click asks once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    def __init__(self, *args: Any, destinations: Iterable[PayoutDestination], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"idempotency_key": new_key()})
        super().__init__(*args, **kwargs)
        self.fields["destination"].choices = [  # type: ignore[attr-defined]
            (one.pk, _in_words(one)) for one in destinations
        ]


def _in_words(one: PayoutDestination) -> str:
    parts = (method_label(one.method), one.provider, one.masked_number, one.holder_name)
    return " · ".join(part for part in parts if part)


class QuestionForm(forms.Form):
    text = forms.CharField(
        label=_("What is wrong with it?"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Name the order and the amount that you expected."),
    )
