"""The drawn part of a product's page, kept while everything that it was drawn from is unchanged.

Nothing here ages: each request reads what the page shows and compares it with what was read when the page
was drawn. So a new price, a sold piece or a suspended vendor is on the page at the next request, from
whatever process the change came.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from forked_apps.catalogue.selectors import ProductPage, ProductSource, product_page, way_to
from forked_apps.catalogue.tree import CategoryStep
from forked_apps.partner.governorates import Governorate

#: Drawn pages kept by a process; one is some 30 kB with what it was drawn from.
MOST_KEPT = 500
#: Stands in a kept page where a request's own token belongs. Nobody outside this process knows it.
_CSRF_MARK = secrets.token_hex(32)


@dataclass(frozen=True, slots=True)
class DrawnPage:
    source: ProductSource
    way: tuple[CategoryStep, ...]
    title: str
    url: str
    _html: str

    def html(self, *, csrf_token: str) -> SafeString:
        """What stands between the page's header and footer."""
        # Safe: drawn by our templates, which escape; the token is letters and digits.
        return mark_safe(self._html.replace(_CSRF_MARK, csrf_token))  # noqa: S308


_kept: OrderedDict[tuple[int, str | None, bool, str], DrawnPage] = OrderedDict()
_lock = Lock()


def forget_pages() -> None:
    """Have every page drawn anew; for tests."""
    _kept.clear()


def _context(page: ProductPage) -> dict[str, object]:
    return {"page": page, "governorates": Governorate.choices, "csrf_token": _CSRF_MARK}


def drawn_page(source: ProductSource) -> DrawnPage:
    """The page of this product in the current language, drawn anew only if anything on it changed."""
    way = way_to(source)
    key = (source.pk, get_language(), source.has_reviewed, source.governorate)
    with _lock:
        kept = _kept.get(key)
        if kept is not None and kept.source == source and kept.way == way:
            _kept.move_to_end(key)
            return kept
    page = product_page(source=source, way=way)
    html = render_to_string("oscar/catalogue/partials/page.html", _context(page))
    drawn = DrawnPage(source, way, page.product.title, page.url, html)
    with _lock:
        _kept[key] = drawn
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return drawn
