"""Addresses that people give us: pages of this shop, or none."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit, urlunsplit

from django.urls import Resolver404, ResolverMatch, resolve


class NotOwnPage(ValueError):
    """The address is of no page of this shop."""


def own_page(address: str) -> tuple[str, ResolverMatch]:
    """The address from the root of this shop, and the page that it opens.

    Raises:
        NotOwnPage: it leads elsewhere, or nowhere.
    """
    try:
        # Also takes out line ends and tabs, which browsers do not see.
        parts = urlsplit(address.replace("\x00", "").strip())
    except ValueError as error:
        raise NotOwnPage(address) from error
    # "//" begins an address of another site; a backslash is a slash to browsers.
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path[1:2] in {"/", "\\"}:
        raise NotOwnPage(address)
    try:
        match = resolve(unquote(parts.path))
    except Resolver404:
        raise NotOwnPage(address) from None
    return urlunsplit(("", "", parts.path, parts.query, parts.fragment)), match
