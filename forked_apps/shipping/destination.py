"""Where a visitor would have goods delivered, before they have said so."""

from __future__ import annotations

from django.http import HttpRequest

from forked_apps.partner.governorates import Governorate

#: Most customers live there.
DEFAULT_GOVERNORATE = Governorate.BAGHDAD


def governorate_of(request: HttpRequest) -> str:
    """The code of the governorate for which days and charges are shown."""
    return DEFAULT_GOVERNORATE.value
