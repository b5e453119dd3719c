"""Form fields for whole points and pieces, typed on any keyboard."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from marketplace.users.phones import ascii_digits

#: More than the sum of all cards ever; keeps sums far from the database's limits.
MOST_POINTS = 999_999_999
MOST_PIECES = 1_000_000
#: What people put between groups of three digits; a dot or comma groups only where three digits follow.
_GROUPED = re.compile(r"\d{1,3}(?:[ \u00a0\u202f,.٬،'’]\d{3})+|\d+", re.ASCII)


class WholeNumberField(forms.CharField):
    """A whole number in any digits; its value is an ``int``, or None when it is optional and empty."""

    def __init__(self, *, least: int = 0, most: int = MOST_PIECES, **kwargs: Any) -> None:
        self.least, self.most = least, most
        kwargs.setdefault("max_length", 20)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"})
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        digits = ascii_digits(text).strip()
        if not _GROUPED.fullmatch(digits):
            raise ValidationError(_("Write a whole number, without a fraction or a sign."), code="not_whole")
        number = int(re.sub(r"\D", "", digits))
        if number < self.least:
            raise ValidationError(
                _("The least is %(least)s."), code="too_small", params={"least": self.least}
            )
        if number > self.most:
            raise ValidationError(_("The most is %(most)s."), code="too_big", params={"most": self.most})
        return number

    def prepare_value(self, value: Any) -> Any:
        return str(int(value)) if isinstance(value, (int, float)) or hasattr(value, "quantize") else value


class PointsField(WholeNumberField):
    """An amount of whole points; 1 point = 1 dinar."""

    def __init__(self, *, least: int = 0, **kwargs: Any) -> None:
        super().__init__(least=least, most=MOST_POINTS, **kwargs)
