"""What is asked about formats of codes, printers and the making of cards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from points_payment.codes import CODE_FORMATS, STANDARD_FORMAT, CodeFormat
from points_payment.kinds import CodeAlphabet, ExportKind
from points_payment.models import Batch, Printer
from points_payment.services.production import MAX_SMALL_RUN_CARDS, may_print_here


class CodeFormatField(forms.TypedChoiceField):
    """Length and alphabet in one choice; nothing chosen is the usual format."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Codes"), required=False, choices=_format_choices, coerce=_format_of,
            initial=_name_of(STANDARD_FORMAT),
            empty_value=STANDARD_FORMAT,  # type: ignore[arg-type] # the stubs know texts alone
            help_text=gettext_lazy(
                "Short codes are quicker to type and easier to guess: with ten million cards in circulation, "
                "one guess in 100 million finds a card where codes have 16 digits, one in 10,000 million "
                "where they have 18. Letters cannot be typed on an Arabic keyboard."
            ),
            **options,
        )  # fmt: skip


def format_label(code_format: CodeFormat) -> str:
    """``18 digits``."""
    count = {"count": code_format.length}
    if code_format.alphabet == CodeAlphabet.CROCKFORD:
        return (
            ngettext("%(count)s letter or digit", "%(count)s letters and digits", code_format.length) % count
        )
    return ngettext("%(count)s digit", "%(count)s digits", code_format.length) % count


def _format_choices() -> list[tuple[str, str]]:
    usual_first = sorted(CODE_FORMATS, key=lambda one: one != STANDARD_FORMAT)
    return [(_name_of(one), format_label(one)) for one in usual_first]


def _name_of(code_format: CodeFormat) -> str:
    return f"{code_format.alphabet.value}-{code_format.length}"


def _format_of(name: str) -> CodeFormat:
    return next(one for one in CODE_FORMATS if _name_of(one) == name)


class _PrinterField(forms.ModelChoiceField):
    def label_from_instance(self, printer: Any) -> str:
        return f"{printer.name} · {printer.fingerprint}"


class ProductionForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("File"), choices=ExportKind.choices)
    printer = _PrinterField(
        label=gettext_lazy("Printer"), queryset=Printer.objects.none(), required=False,
        help_text=gettext_lazy("Only the printer's own key opens the file. The digits are its fingerprint."),
    )  # fmt: skip

    def __init__(self, data: Any, *, batch: Batch) -> None:
        super().__init__(data)
        kind, printer = self.fields["kind"], self.fields["printer"]
        if batch.number_of_cards > MAX_SMALL_RUN_CARDS:
            kind.choices = [(ExportKind.LIST.value, ExportKind.LIST.label)]  # type: ignore[attr-defined]
        printer.queryset = usable_printers()  # type: ignore[attr-defined]
        if may_print_here(batch):
            printer.empty_label = _("None: printed in the house, the file opens at once")  # type: ignore[attr-defined]
        else:
            printer.required = True

    def clean_kind(self) -> ExportKind:
        return ExportKind(self.cleaned_data["kind"])


def usable_printers() -> QuerySet[Printer]:
    return Printer.objects.filter(confirmed_at__isnull=False, retired_at=None)


class PrinterForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the printer"), max_length=100)
    public_key = forms.CharField(
        label=gettext_lazy("The printer's public key (age)"), max_length=100,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "It begins with age1. The printer makes it with age-keygen and keeps the other half."
        ),
    )  # fmt: skip
