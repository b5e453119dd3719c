from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from marketplace.users.fields import is_phone
from marketplace.users.phones import to_national

register = template.Library()


@register.filter
def contact(value: object) -> SafeString | str:
    """A phone number as people write it, or an e-mail address; left to right in every language."""
    text = str(value or "")
    if not text:
        return ""
    return format_html(
        '<bdi dir="ltr" class="text-nowrap">{}</bdi>', to_national(text) if is_phone(text) else text
    )


@register.filter
def browser(user_agent: str) -> str:
    """``Firefox, Android`` of a browser's long name for itself; names of products, so not translated."""
    browsers = (
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    found = [next((name for mark, name in names if mark in user_agent), "") for names in (browsers, systems)]
    return ", ".join(name for name in found if name) or user_agent[:40]
