"""The menu of categories: two levels, kept in this process, one query when it is cold."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.translation import get_language

from forked_apps.catalogue.models import Category

#: Another process may have changed a category: this long its change may stay unseen here.
MAX_AGE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class MenuCategory:
    pk: int
    name: str
    url: str
    #: Names the drawing ``img/categories/<slug>.svg``, where there is one.
    slug: str
    children: tuple[MenuCategory, ...] = ()


_menus: dict[str, tuple[float, tuple[MenuCategory, ...]]] = {}


def forget_menus(**_signal: object) -> None:
    """A category changed."""
    _menus.clear()


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
    roots: dict[str, MenuCategory] = {}
    children: dict[str, list[MenuCategory]] = {}
    slugs: dict[str, str] = {}
    step = Category.steplen
    shown = Category.objects.browsable().filter(depth__lte=2, exclude_from_menu=False).order_by("path")
    for category in shown:
        parent = category.path[:-step]
        if category.depth > 1 and parent not in roots:
            continue
        slug = f"{slugs[parent]}/{category.slug}" if parent else category.slug
        slugs[category.path] = slug
        url = reverse("catalogue:category", kwargs={"category_slug": slug, "pk": category.pk})
        entry = MenuCategory(pk=category.pk, name=category.name, url=url, slug=category.slug)
        if parent:
            children.setdefault(parent, []).append(entry)
        else:
            roots[category.path] = entry
    return tuple(replace(root, children=tuple(children.get(path, ()))) for path, root in roots.items())
