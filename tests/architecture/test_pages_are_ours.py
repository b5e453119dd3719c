"""No page that a customer or a vendor can reach carries what is left of Oscar's own front end."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oscar
import pytest
from django.template import loader
from django.template.base import Template
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.urls import URLPattern, URLResolver, get_resolver

from forked_apps.catalogue import pages
from marketplace.env import BASE_DIR
from marketplace.home import header

TEMPLATES = BASE_DIR / "templates"
#: Oscar's dashboard is the staff's, and keeps Oscar's own Bootstrap 4 and jQuery, from this server.
STAFF_TEMPLATES = ("oscar/dashboard/", "admin/")
#: Addresses that are the staff's, or no pages.
NOT_THE_SHOP = ("admin/", "dashboard/", "api/", "media/", "^media/")
#: Packages whose pages customers could reach, had we none in their place.
FOREIGN = ("oscar", "allauth")
#: Downloads, no pages.
NO_PAGES = frozenset({"mfa/recovery_codes/download.txt"})

PAGES = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    if not str(path.relative_to(TEMPLATES)).startswith(STAFF_TEMPLATES)
)
SHEETS = sorted(
    path for folder in ("marketplace", "search", "forked_apps", "vendor_portal", "points_payment")
    for path in (BASE_DIR / folder).rglob("static/**/*.css")
)  # fmt: skip

FORBIDDEN_IN_PAGES = {
    "jQuery": r"jquery|\$\(",
    "Bootstrap 4": r"bootstrap@4|bootstrap4|\bdata-(toggle|target|dismiss|parent)=|\bsr-only\b",
    "a foreign server": r"""(src|href|action)=["']?(https?:)?//""",
    "an inline style": r"\sstyle\s*=|<style\b",
    "an inline script": r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=\s*[\"']|javascript:",
    "a script that htmx would have to evaluate": r"\bhx-on|\bhx-vals=[\"']js:|hx-headers=[\"']js:",
    "unescaped words": r"\|\s*safe\b|autoescape off|\|safeseq",
}
PHYSICAL_CLASSES = (
    r"(text|float|border|rounded)-(\w+-)?(left|right)|[mp][lr]-(\w+-)?(\d|auto)|(left|right)-(0|50|100)"
    r"|dropdown-menu-(left|right)|offcanvas-(left|right)"
)
PHYSICAL_PROPERTIES = (
    r"(?<![\w-])(margin|padding|border|scroll-margin|scroll-padding)-(left|right)\b|(?<![\w-])(left|right)\s*:"
    r"|border-(top|bottom)-(left|right)-radius|text-align\s*:\s*(left|right)|(?<![\w-])(float|clear)\s*:\s*(left|right)"
)


def _name(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_a_page_brings_nothing_inline_and_nothing_foreign(path: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}",
        "",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    found = [what for what, pattern in FORBIDDEN_IN_PAGES.items() if re.search(pattern, text, re.IGNORECASE)]
    classes = [word for value in re.findall(r'class="([^"]*)"', text) for word in value.split()]
    found += [word for word in classes if re.fullmatch(PHYSICAL_CLASSES, word)]
    assert not found


@pytest.mark.parametrize("path", SHEETS, ids=_name)
def test_a_sheet_serves_both_directions(path: Path) -> None:
    css = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not [found.group() for found in re.finditer(PHYSICAL_PROPERTIES, css)]
    assert not re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", css)


def _views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _views(entry, address)
        elif isinstance(entry, URLPattern):
            yield address, entry.callback


def _template_names(view: Any) -> Iterator[str]:
    found = getattr(getattr(view, "view_class", None), "template_name", None)
    if isinstance(found, str):
        yield found
    elif isinstance(found, list | tuple):
        yield from found
    module = inspect.getmodule(inspect.unwrap(view))
    file = Path(getattr(module, "__file__", None) or "")
    if module and file.is_relative_to(BASE_DIR) and not file.is_relative_to(BASE_DIR / ".venv"):
        # Views that are functions name their templates in their text.
        yield from re.findall(r'"([\w/]+\.html)"', inspect.getsource(module))


SHOP_VIEWS = [
    (address, view) for address, view in _views(get_resolver()) if not address.startswith(NOT_THE_SHOP)
]
SHOP_TEMPLATES = sorted({name for _, view in SHOP_VIEWS for name in _template_names(view)} - NO_PAGES)
#: What views choose while they run, or Django by itself.
CHOSEN_LATER = [
    "oscar/catalogue/detail.html", "oscar/customer/order/order_detail.html",
    "400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html",
    "oscar/403.html", "oscar/404.html", "oscar/500.html", "oscar/error.html",
    "oscar/base.html", "oscar/layout.html", "oscar/layout_2_col.html", "oscar/layout_3_col.html",
]  # fmt: skip
#: Drawn once and filled in for each request (``marketplace.home.header``, ``forked_apps.catalogue.pages``).
DRAWN_APART = sorted(
    {name for view in (header, pages) for name in re.findall(r'"([\w/]+\.html)"', inspect.getsource(view))}
)


def _load(name: str) -> Template:
    return loader.get_template(name).template  # type: ignore[attr-defined]


def _nodes(template: Template) -> Iterator[Any]:
    for kind in (ExtendsNode, IncludeNode):
        yield from template.nodelist.get_nodes_by_type(kind)


def _parts(name: str, seen: set[str]) -> None:
    """The template with all it extends and includes by a name that is written in it."""
    if name in seen:
        return
    seen.add(name)
    for node in _nodes(_load(name)):
        expression = node.parent_name if isinstance(node, ExtendsNode) else node.template
        part = expression.var if hasattr(expression, "var") else None
        if isinstance(part, str) and part:
            _parts(part, seen)


@pytest.mark.parametrize("name", sorted({*SHOP_TEMPLATES, *CHOSEN_LATER, *DRAWN_APART}))
def test_every_part_of_a_page_of_the_shop_is_our_own(name: str) -> None:
    seen: set[str] = set()
    _parts(name, seen)
    origins = {part: str(_load(part).origin.name) for part in seen}
    assert not [
        part
        for part, origin in origins.items()
        if any(f"/{package}/templates/" in origin for package in FOREIGN)
    ]


def test_the_walk_reaches_the_pages_it_is_about() -> None:
    """Were the walk to find nothing, everything above would pass."""
    assert "oscar/basket/basket.html" in SHOP_TEMPLATES
    assert "account/login.html" in SHOP_TEMPLATES
    assert len(SHOP_TEMPLATES) > 20
    seen: set[str] = set()
    _parts("404.html", seen)
    assert "base.html" in seen
    for name in DRAWN_APART:
        _parts(name, seen)
    assert {"components/header.html", "components/language_menu.html"} <= seen
    assert "oscar/catalogue/partials/page.html" in seen


def test_stocks_own_page_would_be_found_out() -> None:
    stock = str(_load("oscar/wishlists/wishlist_detail.html").origin.name)
    assert any(f"/{package}/templates/" in stock for package in FOREIGN)
    frame = (Path(oscar.__file__).parent / "templates/oscar/base.html").read_text(encoding="utf-8")
    found = {what for what, pattern in FORBIDDEN_IN_PAGES.items() if re.search(pattern, frame, re.IGNORECASE)}
    assert {"jQuery", "a foreign server", "an inline script"} <= found
