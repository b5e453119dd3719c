"""What `make demo` says at its end: where the shop is, who to be, and five unused card codes."""

from __future__ import annotations

from typing import Protocol

from django.utils import translation
from django.utils.text import capfirst

from marketplace.demo.guard import require_demo
from marketplace.demo.money import unused_codes
from marketplace.demo.people import ACCOUNTS, DEMO_PASSWORD
from marketplace.users.phones import to_national


class Output(Protocol):
    def write(self, text: str, /) -> object: ...


def write_summary(*, stdout: Output, address: str) -> None:
    """Print address, accounts and codes; codes that were used since the last time are replaced.

    Raises:
        SettingsError: this is no demo.
    """
    require_demo()
    with translation.override("en"):
        lines = _lines(address)
    for line in lines:
        stdout.write(f"{line}\n")


def _lines(address: str) -> list[str]:
    codes = unused_codes()
    points = {code.points for code in codes}
    return [
        f"The shop:  {address}",
        f"Phones:    {address}demo/phone/  (the codes that a phone would receive)",
        "",
        f"Sign in by phone or e-mail; the password of all of them is  {DEMO_PASSWORD}",
        *(f"  {capfirst(str(a.label)):38} {to_national(a.phone)}   {a.email}" for a in ACCOUNTS),
        "",
        f"Unused card codes of {' or '.join(f'{value:,}' for value in sorted(points))} points each:",
        *(f"  {code.code}" for code in codes),
    ]
