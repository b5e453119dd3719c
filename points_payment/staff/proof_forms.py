from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class AcknowledgeForm(forms.Form):
    note = forms.CharField(
        label=_("Note"), max_length=200, required=False, help_text=_("For instance: what you suspect.")
    )


class ResolveForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("What was wrong, and how it was put right.")
    )
