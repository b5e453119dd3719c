"""How numbers and dates are written in the three languages.

Django's own formats of ``ar`` and ``ckb`` group no thousands and name the months as they are
named outside Iraq; CLDR's ``ar_IQ`` and ``ckb_IQ``, which Babel carries, are right. Digits are
western everywhere: that is how prices are written in Iraq's shops.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date as babel_date, format_time as babel_time, get_datetime_format
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import get_language

#: Django's language code to the CLDR locale whose conventions the shop follows.
LOCALES = {"ar": "ar_IQ", "ckb": "ckb_IQ", "en": "en_GB"}


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES.get(language, "en_GB"))


def current_locale() -> Locale:
    return _locale(get_language() or "en")


def isolated(text: str) -> str:
    """Words of any script within a sentence of any script: neither changes the order of the other."""
    return f"\u2068{text}\u2069"


def format_number(number: int | float | Decimal, *, signed: bool = False) -> str:
    """``1234567`` as ``1,234,567``, with a true minus sign where negative; ``signed`` with a plus as well."""
    text = _format_number(number, get_language() or "en")
    return f"+{text}" if signed and number > 0 else text


@lru_cache(maxsize=50_000)
def _format_number(number: int | float | Decimal, language: str) -> str:
    # A page of products writes some hundred numbers, and Babel reads its pattern for each.
    # The pattern of every language here is the same; CLDR's own carries marks of direction, <bdi>'s work.
    amount: float | Decimal = -number if number < 0 else number
    text = format_decimal(amount, format="#,##0.##", locale=_locale(language), numbering_system="latn")
    return f"\N{MINUS SIGN}{text}" if number < 0 else text


def format_date(value: datetime.date) -> str:
    """``4 تموز 2026``, in the shop's time zone."""
    return babel_date(_local(value), format="long", locale=current_locale())


def format_month(value: datetime.date) -> str:
    """``تموز 2026``."""
    return babel_date(_local(value), format="LLLL y", locale=current_locale())


def format_datetime(value: datetime.date) -> str:
    """``4 تموز 2026، 3:05 م``, in the shop's time zone; of a date without a time the date alone."""
    local = _local(value)
    if not isinstance(local, datetime.datetime):
        return format_date(local)
    locale = current_locale()
    pattern = str(get_datetime_format("medium", locale=locale)).replace("'", "")
    time = babel_time(local, format="short", locale=locale)
    return pattern.replace("{0}", time).replace("{1}", format_date(local))


def format_time(value: datetime.datetime) -> str:
    """``2:25 م``, in the shop's time zone."""
    return babel_time(timezone.localtime(value), format="short", locale=current_locale())


def _local(value: datetime.date) -> datetime.date:
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        return timezone.localtime(value).replace(tzinfo=None)
    return value
