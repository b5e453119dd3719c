"""Whole numbers as people type them, with any digits and separators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from points_payment.codes import ascii_digits


class WholeNumberField(forms.IntegerField):
    """Reads ``٢٥٬٠٠٠``, ``25,000`` and ``25 000``; a fraction is an error."""

    default_error_messages = {"invalid": _("Type a whole number.")}

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"})
        )
        super().__init__(**options)

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            # A point or a comma between thousands, whichever of them; nobody has parts of a point.
            text = value.replace(",", "").replace("٬", "").replace("،", "")
            if "." in text or "٫" in text or "-" in text:
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
            value = ascii_digits(text)
            if value and not value.isascii():
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)
