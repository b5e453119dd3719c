"""Points in sentences of messages and errors, where no template can write them."""

from __future__ import annotations

from django.utils.translation import ngettext


def points_text(points: int) -> str:
    """``12,500 points``; the number is isolated from the text around it."""
    number = f"\N{FIRST STRONG ISOLATE}{points:,}\N{POP DIRECTIONAL ISOLATE}"
    return ngettext("%(number)s point", "%(number)s points", abs(points)) % {"number": number}
