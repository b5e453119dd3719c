from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _

MAX_KEY_LENGTH = 64


def new_key() -> str:
    return uuid.uuid4().hex


class RedeemForm(forms.Form):
    code = forms.CharField(
        label=_("Code of your card or voucher"),
        max_length=80,
        help_text=_(
            "The digits under the scratch field, or the letters of your voucher. Spaces don't matter."
        ),
        widget=forms.TextInput(
            attrs={
                "dir": "ltr",
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "class": "form-control-lg",
            }
        ),
        error_messages={"required": _("Type the code of your card or voucher.")},
    )
    #: Made with the page: sending it twice redeems once.
    idempotency_key = forms.CharField(required=False, max_length=MAX_KEY_LENGTH, widget=forms.HiddenInput)
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
