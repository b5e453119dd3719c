"""Forms of who sends cards, and of who helps with one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.users.fields import PhoneField, WordsField
from marketplace.users.governorates import Governorate
from marketplace.users.numbers import WholeNumberField
from points_payment.codes import number_of
from points_payment.errors import WrongCheckDigit
from points_payment.forms import MAX_KEY_LENGTH
from points_payment.kinds import ConsignmentState
from points_payment.models import Distributor, Shop
from points_payment.services.batches import MAX_CARDS, MAX_FACE_VALUE_POINTS
from points_payment.supply_selectors import Range

SERIAL_WIDGET = {"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}


class SerialField(forms.CharField):
    """A serial in any spelling; its value is the card's number."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 40)
        options.setdefault("widget", forms.TextInput(attrs=SERIAL_WIDGET))
        super().__init__(**options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return number_of(text)
        except WrongCheckDigit:
            raise forms.ValidationError(_("This serial is mistyped.")) from None


# Distributors and shops -----------------------------------------------------------------------


class _HolderForm(forms.ModelForm):
    name = WordsField(label=_("Name"), max_length=100)
    phone = PhoneField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["governorate"].choices = [("", _("Choose")), *Governorate.choices]  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["reason"] = forms.CharField(label=_("Why it changes"), max_length=200)

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


class DistributorForm(_HolderForm):
    class Meta:
        model = Distributor
        fields = ("name", "phone", "governorate", "note")


class ShopForm(_HolderForm):
    class Meta:
        model = Shop
        fields = ("name", "phone", "governorate", "address", "distributor", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["distributor"]
        field.empty_label = _("Gets its cards from us")  # type: ignore[attr-defined]


class HolderFilterForm(forms.Form):
    q = forms.CharField(
        label=_("Name or phone"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    governorate = forms.ChoiceField(
        label=_("Governorate"), required=False, choices=[("", _("All")), *Governorate.choices]
    )


# Ranges -----------------------------------------------------------------------------------------


class PartForm(forms.Form):
    """A part of a range, if one is named: its first serial and the last one, or the number of cards."""

    first_serial = SerialField(label=_("First serial"), required=False)
    last_serial = SerialField(label=_("Last serial"), required=False)
    cards = WholeNumberField(label=_("Or number of cards"), least=1, most=MAX_CARDS, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last, cards = (data.get(name) for name in ("first_serial", "last_serial", "cards"))
        if self.errors or (first, last, cards) == (None, None, None):
            return data
        if first is None:
            self.add_error("first_serial", _("Type the first serial too."))
        elif last is None and cards is None:
            self.add_error("last_serial", _("Type the last serial, or the number of cards."))
        elif last is not None and cards is not None and last != first + cards - 1:
            self.add_error("cards", _("The last serial and the number of cards don't agree."))
        elif last is not None and last < first:
            self.add_error("last_serial", _("The last serial comes before the first."))
        return data

    @property
    def range(self) -> Range | None:
        """The part that is meant; None: the whole."""
        first, last = self.cleaned_data.get("first_serial"), self.cleaned_data.get("last_serial")
        if first is None:
            return None
        return Range(first, last if last is not None else first + self.cleaned_data["cards"] - 1)

    def hide(self) -> PartForm:
        """The same answers, asked no more."""
        for field in self.fields.values():
            field.widget = forms.HiddenInput()
        return self


class StepForm(PartForm):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class WholeStepForm(PartForm):
    """For a step that is about a whole consignment."""

    first_serial = last_serial = cards = None  # type: ignore[assignment]
    reason = forms.CharField(label=_("Reason"), max_length=200)


class SendForm(PartForm):
    """Which cards go to whom."""

    field_order = ("holder", "first_serial", "last_serial", "cards", "reason")
    holder = forms.ChoiceField(label=_("To"))
    reason = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(
        self, *args: Any, distributors: Iterable[Distributor], shops: Iterable[Shop], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.holders: dict[str, Distributor | Shop] = {
            **{f"distributor-{one.pk}": one for one in distributors},
            **{f"shop-{one.pk}": one for one in shops},
        }
        groups = [
            (title, [(key, _label(one)) for key, one in self.holders.items() if isinstance(one, kind)])
            for title, kind in ((_("Distributors"), Distributor), (_("Shops"), Shop))
        ]
        choices = [("", _("Choose")), *(group for group in groups if group[1])]
        self.fields["holder"].choices = choices  # type: ignore[attr-defined]
        self.fields["first_serial"].required = True

    @property
    def chosen(self) -> Distributor | Shop:
        return self.holders[self.cleaned_data["holder"]]


def _label(holder: Distributor | Shop) -> str:
    return f"{holder.name} · {holder.get_governorate_display()}"


class ConsignmentFilterForm(forms.Form):
    state = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *ConsignmentState.choices]
    )
    serial = SerialField(label=_("Serial of a card in it"), required=False)
    batch = WholeNumberField(label=_("Batch"), least=1, most=2**31, required=False)


# Money ------------------------------------------------------------------------------------------


class PaymentForm(forms.Form):
    amount_points = WholeNumberField(label=_("Points paid"), least=1, most=MAX_CARDS * MAX_FACE_VALUE_POINTS)
    reference = forms.CharField(label=_("Reference"), max_length=64, help_text=_("Number of the receipt."))
    reason = forms.CharField(label=_("Note"), max_length=200, required=False)
    #: Made with the page: a double click pays once.
    idempotency_key = forms.CharField(max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)

    def hide(self) -> PaymentForm:
        """The same answers, asked no more."""
        for field in self.fields.values():
            field.widget = forms.HiddenInput()
        return self


class ReportFilterForm(forms.Form):
    governorate = forms.ChoiceField(
        label=_("Governorate"), required=False, choices=[("", _("All")), *Governorate.choices]
    )
    first_day = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


# One card ---------------------------------------------------------------------------------------


class ReplacementForm(forms.Form):
    last_four = forms.CharField(
        label=_("Last four digits of the code"), max_length=10, widget=forms.TextInput(attrs=SERIAL_WIDGET),
        help_text=_("As they can still be read on the card."),
    )  # fmt: skip
    reason = forms.CharField(label=_("What happened to the card"), max_length=200)
    proof_seen = forms.CharField(
        label=_("What you saw as proof"), max_length=200,
        help_text=_("For instance: the card itself, a photo of both sides, the receipt."),
    )  # fmt: skip


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("Answer"), max_length=200, required=False)


class RefusalForm(forms.Form):
    answer = forms.CharField(label=_("Why not"), max_length=200)


class NoteForm(forms.Form):
    note = forms.CharField(label=_("What you found"), max_length=200)
