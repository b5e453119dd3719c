"""The way from the top of the catalogue to a category, without a query per step.

The tree is small and changes rarely: each process keeps it for a minute, by language.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models.signals import post_delete, post_save
from django.urls import reverse
from django.utils.translation import get_language

from forked_apps.catalogue.models import Category

MAX_AGE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class CategoryStep:
    pk: int
    name: str
    url: str
    is_public: bool


_trees: dict[str, tuple[float, dict[int, tuple[CategoryStep, ...]]]] = {}


def ways_to(category_ids: Iterable[int]) -> list[tuple[CategoryStep, ...]]:
    """From the top down to each of these categories, the longest way first; private ones have none."""
    tree = _tree()
    ways = (tree.get(pk, ()) for pk in category_ids)
    shown = (way for way in ways if way and all(step.is_public for step in way))
    return sorted(shown, key=lambda way: (-len(way), way[-1].pk))


def _tree() -> dict[int, tuple[CategoryStep, ...]]:
    language = get_language() or ""
    kept = _trees.get(language)
    if kept is None or time.monotonic() - kept[0] > MAX_AGE_SECONDS:
        kept = _trees[language] = (time.monotonic(), _read())
    return kept[1]


def _read() -> dict[int, tuple[CategoryStep, ...]]:
    ways: dict[str, tuple[CategoryStep, ...]] = {}
    slugs: dict[str, str] = {}
    found: dict[int, tuple[CategoryStep, ...]] = {}
    for category in Category.objects.order_by("path"):
        above = category.path[: -Category.steplen]
        slugs[category.path] = f"{slugs[above]}/{category.slug}" if above in slugs else category.slug
        step = CategoryStep(
            pk=category.pk,
            name=category.name,
            url=reverse(
                "catalogue:category", kwargs={"category_slug": slugs[category.path], "pk": category.pk}
            ),
            is_public=category.is_public,
        )
        found[category.pk] = ways[category.path] = (*ways.get(above, ()), step)
    return found


def forget_tree(**_signal: object) -> None:
    """A category changed in this process."""
    _trees.clear()


post_save.connect(forget_tree, sender=Category, dispatch_uid="catalogue.tree.save")
post_delete.connect(forget_tree, sender=Category, dispatch_uid="catalogue.tree.delete")
