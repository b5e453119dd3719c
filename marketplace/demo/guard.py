"""The demo's accounts and codes are public knowledge; they must never reach a real shop."""

from __future__ import annotations

from django.conf import settings

from marketplace.env import SettingsError


def require_demo() -> None:
    """Raises:
    SettingsError: this is no demo.
    """
    if not settings.NUQTA_DEMO:
        raise SettingsError("NUQTA_MODE is not demo; demo accounts and card codes belong into no other shop.")
