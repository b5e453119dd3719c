"""What vendors write about a product: sanitised when it is saved, and again when it is shown."""

from __future__ import annotations

import nh3
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe

TAGS = {"p", "br", "ul", "ol", "li", "strong", "b", "em", "i", "u", "h3", "h4", "a", "table", "thead",
        "tbody",
        "tr", "th", "td", "blockquote", "span", "div", "bdi"}  # fmt: skip
ATTRIBUTES = {"*": {"dir", "lang"}, "a": {"href", "title"}, "td": {"colspan"}, "th": {"colspan", "scope"}}


def sanitise(html: str) -> str:
    """Only harmless elements, no style, no script; ``dir`` and ``lang`` stay, for mixed languages."""
    if not html:
        return ""
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel"},
        link_rel="nofollow noopener noreferrer ugc",
    )  # fmt: skip


def render_description(text: str) -> SafeString:
    """A description for a page; plain text keeps its lines."""
    if not text.strip():
        return SafeString("")
    html = text if "<" in text else linebreaks(text)
    # Safe because nothing but nh3's own output is marked.
    return mark_safe(sanitise(html))  # noqa: S308
