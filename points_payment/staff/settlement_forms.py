"""What staff type about vendors' money; the rules themselves are in the services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.users.numbers import WholeNumberField
from points_payment.forms import MAX_KEY_LENGTH, new_key
from points_payment.kinds import PayoutState, StatementState
from points_payment.payout_methods import method_label
from points_payment.services.debts import MOST_GRACE_DAYS

if TYPE_CHECKING:
    from points_payment.models import PayoutDestination

MOST_POINTS = 10**12


class PayoutFilterForm(forms.Form):
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *PayoutState.choices]
    )


class StatementFilterForm(forms.Form):
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *StatementState.choices]
    )


class OrderPayoutForm(forms.Form):
    """A payout that nobody asked for."""

    destination = forms.TypedChoiceField(label=_("Where to"), coerce=int)
    amount_points = WholeNumberField(label=_("Points to be paid out"), least=1, most=MOST_POINTS)
    #: Made with the page: a double click orders once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    def __init__(self, *args: Any, destinations: Iterable[PayoutDestination], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"idempotency_key": new_key()})
        super().__init__(*args, **kwargs)
        self.fields["destination"].choices = [  # type: ignore[attr-defined]
            (one.pk, f"{method_label(one.method)} · {one.provider} {one.masked_number} · {one.holder_name}")
            for one in destinations
        ]


class ConfirmPayoutForm(forms.Form):
    paid_reference = forms.CharField(
        label=_("Number of the receipt"),
        max_length=64,
        help_text=_("Of the bank's transfer, or of the receipt that was signed."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("How did you make sure?"),
        max_length=200,
        help_text=_("Whom you called, on which number; never the number that came with the request."),
    )


class RefuseDestinationForm(forms.Form):
    note = forms.CharField(label=_("Reason"), max_length=200, help_text=_("The vendor reads it."))


class VendorReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("The vendor reads it."))


class VendorPaymentForm(forms.Form):
    amount_points = WholeNumberField(label=_("Money that was brought"), least=1, most=MOST_POINTS)
    reference = forms.CharField(label=_("Number of the receipt"), max_length=64)
    #: Made with the page: a double click takes it once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"idempotency_key": new_key()})
        super().__init__(*args, **kwargs)


class TimeForm(forms.Form):
    days = WholeNumberField(
        label=_("Days from today"),
        least=0,
        most=MOST_GRACE_DAYS,
        help_text=_("For so long its offers are sold all the same. 0 takes back what was given."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Your answer"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The vendor reads it."),
    )
