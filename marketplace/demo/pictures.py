"""The demo's pictures: drawn, and made in every size before anyone asks."""

from __future__ import annotations

from forked_apps.catalogue.images import MISSING, draw_missing_images, prepare
from forked_apps.catalogue.models import Product, ProductImage
from marketplace.demo.guard import require_demo


def pictures_exist() -> bool:
    return not Product.objects.filter(images=None).exists() and not prepare(_originals(), dry_run=True)


def load_pictures() -> str:
    require_demo()
    drawn = draw_missing_images()
    made = prepare(_originals())
    return f"{drawn} products, {made} drawings in all sizes"


def _originals() -> set[str]:
    return {MISSING, *ProductImage.objects.values_list("original", flat=True).distinct()}
