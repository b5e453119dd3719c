from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.users.numbers import WholeNumberField
from points_payment.forms import MAX_KEY_LENGTH
from points_payment.kinds import ADJUSTABLE_KINDS, AdjustmentState
from points_payment.services.adjustments import MAX_ADJUSTMENT_POINTS


class AdjustmentFilterForm(forms.Form):
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *AdjustmentState.choices]
    )


class FindVendorForm(forms.Form):
    vendor = forms.CharField(
        label=_("Vendor"), max_length=128, help_text=_("Its name, or its code in the address of its pages.")
    )


class ProposalForm(forms.Form):
    direction = forms.ChoiceField(
        label=_("What is to be done"),
        choices=[("add", _("Add points")), ("take", _("Take points away"))],
        widget=forms.RadioSelect,
    )
    amount_points = WholeNumberField(label=_("Points"), least=1, most=MAX_ADJUSTMENT_POINTS)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Somebody else decides by it, and it stays in the books."),
    )
    account_kind = forms.ChoiceField(
        widget=forms.HiddenInput, choices=[(kind.value, kind.label) for kind in ADJUSTABLE_KINDS]
    )
    owner_id = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)
    #: Made with the page: a double click proposes once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    @property
    def signed_points(self) -> int:
        """Added to the account; taken from it where negative."""
        facts: dict[str, Any] = self.cleaned_data
        points: int = facts["amount_points"]
        return points if facts["direction"] == "add" else -points
