"""Iraqi phone numbers in every spelling that people type, kept as E.164."""

from __future__ import annotations

import phonenumbers

REGION = "IQ"
#: Arabic-Indic and Persian digits, as Iraqi keyboards write them, to ASCII.
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def ascii_digits(text: str) -> str:
    """The same text with every Arabic or Persian digit as ASCII."""
    return text.translate(DIGITS)


class InvalidPhone(ValueError):
    """The text is no phone number that a message can reach."""


def to_e164(text: str) -> str:
    """``٠٧٧٠ ١٢٣ ٤٥٦٧``, ``07701234567`` or ``00964770…`` as ``+9647701234567``.

    Raises:
        InvalidPhone: it is not a mobile number, Iraqi unless it names another country.
    """
    ascii_text = ascii_digits(text).strip()
    if ascii_text.startswith("00"):
        ascii_text = "+" + ascii_text[2:]
    try:
        number = phonenumbers.parse(ascii_text, REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone(text) from error
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in mobile:
        raise InvalidPhone(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def to_national(e164: str) -> str:
    """``+9647701234567`` as people write it: ``0770 123 4567``."""
    return phonenumbers.format_number(
        phonenumbers.parse(e164, REGION), phonenumbers.PhoneNumberFormat.NATIONAL
    )
