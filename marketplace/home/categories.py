"""The menu of categories: two levels, kept in this process, one query when it is cold.

Where a top category has a single one below it ("Electronics": "Laptops"), that one's own join it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from forked_apps.catalogue.models import Category
from marketplace.env import BASE_DIR

#: Another process may have changed a category: this long its change may stay unseen here.
MAX_AGE_SECONDS = 60
#: Categories with a drawing of their own, by slug.
DRAWN = frozenset(file.stem for file in (BASE_DIR / "marketplace/static/img/categories").glob("*.svg"))


@dataclass(frozen=True, slots=True)
class MenuCategory:
    pk: int
    name: str
    url: str
    slug: str
    children: tuple[MenuCategory, ...] = ()

    @property
    def drawing(self) -> str:
        """A static file."""
        return f"img/categories/{self.slug if self.slug in DRAWN else 'everything'}.svg"


_menus: dict[str, tuple[float, tuple[MenuCategory, ...]]] = {}
#: Drawn templates, by name and language, beside the menu that they were drawn from.
_drawn: dict[tuple[str, str], tuple[tuple[MenuCategory, ...], SafeString]] = {}


def forget_menus(**_signal: object) -> None:
    """A category changed."""
    _menus.clear()
    _drawn.clear()


def drawn(template: str, categories: tuple[MenuCategory, ...]) -> SafeString:
    """A template of categories, drawn anew only when the menu is: it stands on every page."""
    key = (template, get_language() or "")
    kept = _drawn.get(key)
    if kept is None or kept[0] != categories:
        kept = _drawn[key] = (categories, render_to_string(template, {"categories": categories}))
    return kept[1]


def menu() -> tuple[MenuCategory, ...]:
    """The categories at the top with those below them, in the current language."""
    language = get_language() or ""
    kept = _menus.get(language)
    if kept is None or time.monotonic() - kept[0] > MAX_AGE_SECONDS:
        kept = _menus[language] = (time.monotonic(), _read())
    return kept[1]


def top_categories(limit: int) -> tuple[MenuCategory, ...]:
    """What a strip or tiles show: where the top is but a heading or two, what stands under them, by turns."""
    roots = menu()
    if len(roots) >= limit or not any(root.children for root in roots):
        return roots[:limit]
    mixed: list[MenuCategory] = []
    rows = [list(root.children) or [root] for root in roots]
    # The bigger branch gives more, but none is left out.
    shares = [max(1, round(limit * len(row) / sum(map(len, rows)))) for row in rows]
    for row, share in zip(rows, shares, strict=True):
        mixed.extend(row[:share])
    return tuple(mixed[:limit])


def _read() -> tuple[MenuCategory, ...]:
    step = Category.steplen
    slugs: dict[str, str] = {}
    by_parent: dict[str, dict[str, MenuCategory]] = {"": {}}
    shown = Category.objects.browsable().filter(depth__lte=3, exclude_from_menu=False).order_by("path")
    for category in shown:
        parent = category.path[:-step]
        if parent not in by_parent:
            # What is above it is left out of the menu.
            continue
        slug = slugs[category.path] = f"{slugs[parent]}/{category.slug}" if parent else category.slug
        url = reverse("catalogue:category", kwargs={"category_slug": slug, "pk": category.pk})
        by_parent[parent][category.path] = MenuCategory(category.pk, category.name, url, category.slug)
        by_parent[category.path] = {}
    return tuple(replace(root, children=_below(path, by_parent)) for path, root in by_parent[""].items())


def _below(path: str, by_parent: dict[str, dict[str, MenuCategory]]) -> tuple[MenuCategory, ...]:
    children = by_parent[path]
    if len(children) == 1:
        (only,) = children
        return (children[only], *by_parent[only].values())
    return tuple(children.values())
