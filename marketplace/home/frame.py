"""The frame of every page: header, footer, navigation on phones, styles and scripts.

It is the same for everybody who reads one language and has the same places to go, so each kind is drawn
once. What belongs to one person or one page (name, balance, pieces, words searched for, address, CSRF
token) is drawn as a mark and filled in for each request.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.translation import get_language

#: Nobody outside this process knows it, so nobody's words can stand for a mark.
_SECRET = secrets.token_hex(16)
Fact = bool | str

_drawn: dict[tuple[object, ...], str] = {}


def mark(name: str) -> str:
    """What a drawn template says where ``fill`` puts the value of this name."""
    return f"[{name}:{_SECRET}]"


def drawn_once(template: str, *, names: tuple[str, ...], facts: Mapping[str, Fact], **same: object) -> str:
    """The template in the current language, with marks for ``names``.

    ``facts`` may differ from request to request and have few values; ``same`` never differs.
    """
    key = (template, get_language(), *facts.items())
    text = _drawn.get(key)
    if text is None:
        context = {**same, **facts, **{name: mark(name) for name in names}}
        text = _drawn[key] = render_to_string(template, context)
    return text


def fill(text: str, values: Mapping[str, Callable[[], str]]) -> str:
    """Put values, escaped, in the place of their marks; those without a mark are not asked for."""
    for name, value in values.items():
        place = mark(name)
        if place in text:
            text = text.replace(place, conditional_escape(value()))
    return text
