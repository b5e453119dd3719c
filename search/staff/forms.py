from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from search.models import LONGEST_QUERY, Synonym

LINES = {"rows": 6, "dir": "auto"}


class _VersionedForm(forms.Form):
    """A form that tells which version of the thing was on the page when somebody began to change it."""

    seen_at = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    @property
    def version(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return None


class SynonymForm(_VersionedForm):
    kind = forms.ChoiceField(label=_("What they are to each other"), choices=Synonym.Kind.choices)
    words = forms.CharField(
        label=_("Words"),
        max_length=2000,
        widget=forms.Textarea(attrs=LINES),
        help_text=_("One a line, in any language; a line may have up to four words."),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    is_active = forms.BooleanField(label=_("In force"), required=False, initial=True)

    @property
    def phrases(self) -> list[str]:
        return list(self.cleaned_data["words"].splitlines())


class RuleForm(_VersionedForm):
    query = forms.CharField(
        label=_("Words searched for"),
        max_length=LONGEST_QUERY,
        help_text=_("The rule is for exactly these words, however they are written."),
    )
    products = forms.CharField(
        label=_("Products that stand first"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "ltr"}),
        help_text=_("One a line, in this order: barcode, SKU or number."),
    )
    redirect_to = forms.CharField(
        label=_("Page to open instead"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=_("An address of this shop, beginning with /. With it no results are shown."),
    )
    is_active = forms.BooleanField(label=_("In force"), required=False, initial=True)

    @property
    def product_codes(self) -> list[str]:
        return list(self.cleaned_data["products"].splitlines())


class PreviewForm(forms.Form):
    q = forms.CharField(label=_("Try a search"), max_length=LONGEST_QUERY)
