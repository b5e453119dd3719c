"""Form fields for what people type about themselves: phones, e-mails, names, codes."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from marketplace.users.phones import InvalidPhone, ascii_digits, to_e164, to_national

#: Joiners that Kurdish and Persian words need; all other invisible characters are taken out.
JOINERS = {"\u200c", "\u200d"}


def visible(text: str) -> str:
    """The text without control and direction characters, which can make one name look like another."""
    return "".join(
        character
        for character in text
        if character in JOINERS or not unicodedata.category(character).startswith("C")
    )


def letters(text: str) -> int:
    """How many letters, of any script, the text has."""
    return sum(unicodedata.category(character).startswith("L") for character in text)


class PhoneField(forms.CharField):
    """A phone number in any spelling; its value is E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Phone"))
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "dir": "ltr"})
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return to_e164(text)
        except InvalidPhone:
            raise ValidationError(
                _("This is not a mobile number we can reach. Write it like 0770 123 4567."),
                code="invalid_phone",
            ) from None

    def prepare_value(self, value: Any) -> Any:
        """A stored number is shown the way people write it."""
        return to_national(value) if isinstance(value, str) and value.startswith("+964") else value


class ContactField(forms.CharField):
    """A phone number or an e-mail address: the value is E.164 or lower case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Phone or e-mail"))
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={
                    "autocomplete": "username",
                    "dir": "ltr",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                }
            ),
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = visible(super().clean(value) or "").strip()
        if "@" in text:
            try:
                validate_email(text)
            except ValidationError:
                raise ValidationError(
                    _("This is not a complete e-mail address."), code="invalid_email"
                ) from None
            return text.lower()
        try:
            return to_e164(text)
        except InvalidPhone:
            raise ValidationError(
                _("Write a mobile number like 0770 123 4567, or an e-mail address."), code="invalid_contact"
            ) from None


class WordsField(forms.CharField):
    """A line of words: at least two letters, in any script, and nothing invisible."""

    def to_python(self, value: Any) -> str:
        return visible(super().to_python(value) or "").strip()

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and letters(value) < 2:
            raise ValidationError(_("Write it in words, please."), code="no_words")


class CodeField(forms.CharField):
    """A code that was sent, typed with the digits of any keyboard."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Code"))
        kwargs.setdefault("max_length", 20)
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={
                    "autocomplete": "one-time-code",
                    "inputmode": "numeric",
                    "dir": "ltr",
                    "autofocus": True,
                    "class": "text-center fs-4",
                }
            ),
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return ascii_digits(super().to_python(value) or "")


def is_phone(contact: str) -> bool:
    """Whether a cleaned contact is a phone number; otherwise it is an e-mail address."""
    return contact.startswith("+")
