"""Pictures of products in the sizes that the pages need, by sorl-thumbnail, as WebP.

Thumbnails are made when a picture comes in (``prepare``), so that no request has to. sorl's names
for them follow from the original's name and the size; so a page knows the addresses without asking
sorl's key-value store, and a process remembers them by the original's name.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from oscar.core.utils import slugify
from sorl.thumbnail import default
from sorl.thumbnail.images import ImageFile

from forked_apps.catalogue.drawing import SIZE as DRAWING_SIZE, STYLE, draw, palette_of
from forked_apps.catalogue.kinds import ANYTHING
from forked_apps.catalogue.models import Product, ProductImage

logger = logging.getLogger("nuqta.images")

#: Pixels of a square, for screens of one and of two dots a pixel.
SIZES: Final = {"line": (96, 192), "card": (240, 480), "detail": (600, 1200)}
_ALL_SIZES: Final = tuple(size for sizes in SIZES.values() for size in sizes)
_DRAWINGS: Final = "products/drawings/"
Use = Literal["line", "card", "detail"]
_OPTIONS: Final[dict[str, Any]] = {
    "format": "WEBP",
    "quality": 80,
    "padding": True,
    "padding_color": "#ffffff",
}
_THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class DetailImage:
    """One picture of a product's gallery."""

    url: str
    url_2x: str
    thumbnail_url: str
    thumbnail_url_2x: str
    caption: str


def card_images(product: Product) -> tuple[str, str]:
    """Addresses of a product's picture on a card: for one and for two dots a pixel.

    Without a query where the caller has prefetched ``images``.
    """
    return image_urls(_primary(product), "card")


def line_images(product: Product) -> tuple[str, str]:
    """The same for a line of the basket or of an order."""
    return image_urls(_primary(product), "line")


def detail_images(product: Product) -> list[DetailImage]:
    """The pictures of a product's page, in order; at least one."""
    return detail_images_of([(image.original.name, image.caption) for image in product.images.all()])  # type: ignore[misc]


def detail_images_of(originals: Sequence[tuple[str, str]]) -> list[DetailImage]:
    """The same for originals' names and captions that the caller has read already."""
    return [
        DetailImage(*image_urls(name, "detail"), *image_urls(name, "line"), caption=caption)
        for name, caption in originals or [(_missing(), "")]
    ]


def image_urls_of(originals: Sequence[tuple[str, str]], use: Use) -> tuple[str, str]:
    """Addresses of the first of these originals."""
    return image_urls(originals[0][0] if originals else _missing(), use)


def image_urls(name: str, use: Use) -> tuple[str, str]:
    """Addresses of an original's thumbnails; of the stand-in's where the original is gone."""
    small, large = SIZES[use]
    try:
        return _thumbnail_url(name, small), _thumbnail_url(name, large)
    except (OSError, ValueError):
        logger.warning("A product's picture cannot be read: %s", name)
        if name == MISSING:
            raise
        return image_urls(_missing(), use)


def _primary(product: Product) -> str:
    image = next(iter(product.images.all()), None)
    return image.original.name if image is not None else _missing()  # type: ignore[return-value]


@lru_cache(maxsize=50_000)
def _thumbnail_url(name: str, size: int) -> str:
    if _is_drawing(name) and size == DRAWING_SIZE:
        return str(default_storage.url(name))
    thumbnail = _thumbnail(name, size)
    if not thumbnail.exists():
        # A picture that came in by another way than ours: made once, by whoever looks first.
        _make(name, [size])
    return str(thumbnail.url)


def _is_drawing(name: str) -> bool:
    """Whether it is one of ours: WebP already, in the largest size that a page shows."""
    return name.startswith(_DRAWINGS)


def _thumbnail(name: str, size: int) -> ImageFile:
    """sorl's file for this original and size, by its own rule and without its key-value store."""
    path = default.backend._get_thumbnail_filename(ImageFile(name), f"{size}x{size}", _options())
    return ImageFile(path, default.storage)


def _options() -> dict[str, Any]:
    """As ``get_thumbnail`` would complete ours: the files' names follow from them."""
    return {**default.backend.default_options, **_OPTIONS}


def _make(name: str, sizes: Iterable[int]) -> None:
    """Make thumbnails with sorl's engine, reading the original once.

    Raises:
        OSError: the original is gone or no picture.
    """
    options = _options()
    picture = default.engine.get_image(ImageFile(name))
    for size in sizes:
        made = default.engine.create(picture.copy(), (size, size), options)
        default.engine.write(made, options, _thumbnail(name, size))


# When pictures come in --------------------------------------------------------------------


def prepare(
    names: Iterable[str], *, progress: Callable[[int, int], None] | None = None, dry_run: bool = False
) -> int:
    """Make the thumbnails that these originals lack, in all sizes; the number of originals worked on."""
    todo = sorted({name for name in names if not _is_prepared(name)})
    if dry_run:
        return len(todo)
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, _ in enumerate(pool.map(_prepare_one, todo), start=1):
            if progress:
                progress(done, len(todo))
    return len(todo)


def _is_prepared(name: str) -> bool:
    return all(_thumbnail(name, size).exists() for size in _sizes_of(name))


def _sizes_of(name: str) -> list[int]:
    return [size for size in _ALL_SIZES if not (_is_drawing(name) and size == DRAWING_SIZE)]


def _prepare_one(name: str) -> None:
    try:
        _make(name, _sizes_of(name))
    except OSError:
        logger.warning("A product's picture cannot be read: %s", name)


# Drawings ---------------------------------------------------------------------------------


def drawing_name(*, drawing: str, brand: str, palette: int) -> str:
    return f"{_DRAWINGS}{drawing}-{slugify(brand) or 'any'}-{palette}-v{STYLE}.webp"


MISSING: Final = drawing_name(drawing=ANYTHING, brand="", palette=palette_of(drawing=ANYTHING, series=""))


def _missing() -> str:
    if not default_storage.exists(MISSING):
        _store((ANYTHING, "", palette_of(drawing=ANYTHING, series="")))
    return MISSING


def _key(product: Product) -> tuple[str, str, int]:
    drawing = product.kind or ANYTHING
    # Lists write a series first ("PAX Wardrobe"), or the brand.
    series = (product.title_en or product.title or "").partition(" ")[0]  # type: ignore[attr-defined]
    return drawing, product.brand.name if product.brand else "", palette_of(drawing=drawing, series=series)


def _store(key: tuple[str, str, int]) -> str:
    drawing, brand, palette = key
    name = drawing_name(drawing=drawing, brand=brand, palette=palette)
    if not default_storage.exists(name):
        saved = default_storage.save(name, ContentFile(draw(drawing=drawing, brand=brand, palette=palette)))
        if saved != name:
            # Another process was faster; one file is enough.
            with contextlib.suppress(OSError):
                default_storage.delete(saved)
    return name


def draw_missing_images(*, progress: Callable[[int, int], None] | None = None) -> int:
    """Give every product without a picture the drawing of its kind; the number of such products."""
    _missing()
    products = list(Product.objects.filter(images=None).select_related("brand").order_by("pk"))
    keys = {product.pk: _key(product) for product in products}
    distinct = sorted(set(keys.values()))
    with ThreadPoolExecutor(_THREADS) as pool:
        names: dict[tuple[str, str, int], str] = {}
        for done, (key, name) in enumerate(zip(distinct, pool.map(_store, distinct), strict=True), start=1):
            names[key] = name
            if progress:
                progress(done, len(distinct))
    ProductImage.objects.bulk_create(
        [
            ProductImage(product_id=product, original=names[key], display_order=0)
            for product, key in keys.items()
        ],
        batch_size=2_000,
        ignore_conflicts=True,
    )
    return len(products)
