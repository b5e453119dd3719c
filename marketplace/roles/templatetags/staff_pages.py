"""The navigation of the staff pages, whatever view draws them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from marketplace.users.navigation import staff_links_for, staff_notices_for

register = template.Library()


@register.inclusion_tag("staff/navigation.html", takes_context=True)
def staff_navigation(context: dict[str, Any]) -> dict[str, Any]:
    """The links that this person may follow, in their groups."""
    request = context["request"]
    addresses = [(link, url) for link in staff_links_for(request.user) if (url := _address(link.url_name))]
    # Pages may lie below one another: the nearest one is where we are.
    here = max((url for _link, url in addresses if request.path.startswith(url)), key=len, default="")
    links = [{"link": link, "url": url, "is_here": url == here} for link, url in addresses]
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, entries in groupby(links, key=lambda entry: str(entry["link"].group)):  # type: ignore[attr-defined]
        groups.setdefault(name, []).extend(entries)
    return {"groups": groups.items(), "is_index": request.path == reverse("staff:index")}


@register.inclusion_tag("staff/banners.html", takes_context=True)
def staff_banners(context: dict[str, Any]) -> dict[str, Any]:
    """What all staff must see now."""
    return {"notices": staff_notices_for(context["request"].user)}


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
