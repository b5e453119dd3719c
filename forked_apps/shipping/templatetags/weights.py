"""Weights on pages."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from forked_apps.shipping.weights import weight_text

register = template.Library()


@register.filter
def weight(grams: int | None) -> SafeString:
    """``<bdi>2.5 kg</bdi>``; nothing for what nobody knows."""
    return format_html("<bdi>{}</bdi>", weight_text(grams)) if grams else SafeString("")
