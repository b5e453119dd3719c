"""Pictures: one drawing shared by many products, WebP in the pages' sizes, no query, never an error."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from forked_apps.catalogue import images
from forked_apps.catalogue.drawing import DRAWINGS, PALETTES, draw, palette_of
from forked_apps.catalogue.kinds import DRAWINGS as NAMED_DRAWINGS, drawing_for
from forked_apps.catalogue.models import Product, ProductImage
from tests.factories.catalogue import BrandFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    images._thumbnail_url.cache_clear()


def size_of(url: str) -> tuple[str | None, tuple[int, int]]:
    with default_storage.open(url.removeprefix("/media/")) as file:
        picture = Image.open(file)
        return picture.format, picture.size


def test_every_name_that_a_kind_may_get_is_drawn() -> None:
    assert set(NAMED_DRAWINGS) == set(DRAWINGS)


@pytest.mark.parametrize(
    ("kind", "category", "drawing"),
    [
        ("Corner sofa", ("Home & furniture", "Sofas & armchairs"), "corner_sofa"),
        ("Cover for corner sofa", ("Home & furniture", "Sofas & armchairs"), "cover"),
        ("Table and 4 chairs", ("Home & furniture", "Tables & desks"), "dining_set"),
        ("", ("Electronics", "Laptops", "Gaming"), "gaming_laptop"),
        ("", ("Garden", "Rakes"), "parcel"),
        ("Something else", ("Home & furniture", "Beds"), "bed"),
    ],
)
def test_the_kind_chooses_the_drawing_and_the_category_stands_in(
    kind: str, category: tuple[str, ...], drawing: str
) -> None:
    assert drawing_for(kind=kind, category=category) == drawing


def test_a_drawing_is_the_same_again_and_differs_by_palette() -> None:
    one = draw(drawing="sofa", brand="IKEA", palette=0)
    assert draw(drawing="sofa", brand="IKEA", palette=0) == one
    assert draw(drawing="sofa", brand="IKEA", palette=1) != one
    picture = Image.open(io.BytesIO(one))
    assert (picture.format, picture.size) == ("WEBP", (1200, 1200))
    assert {palette_of(drawing="sofa", series=str(number)) for number in range(50)} <= set(
        range(len(PALETTES))
    )


def test_products_alike_share_one_file(django_assert_num_queries: Any) -> None:
    brand = BrandFactory(name="IKEA")
    for number in range(3):
        ProductFactory(kind="bed", brand=brand, title_en=f"MALM Bed {number}")
    assert images.draw_missing_images() == 3
    names = set(ProductImage.objects.values_list("original", flat=True))
    assert len(names) == 1
    assert images.prepare(names) == 1
    assert images.draw_missing_images() == 0
    assert images.prepare(names) == 0
    products = list(Product.objects.prefetch_related("images"))
    with django_assert_num_queries(0):
        cards = [images.card_images(product) for product in products]
        (detail,) = images.detail_images(products[0])
        line = images.line_images(products[0])
    assert len(set(cards)) == 1
    sizes = [size_of(url) for url in (*line, *cards[0], detail.url, detail.url_2x)]
    assert sizes == [("WEBP", (size, size)) for size in (96, 192, 240, 480, 600, 1200)]


def test_a_product_without_a_picture_shows_the_stand_in() -> None:
    assert images.card_images(ProductFactory()) == images.image_urls(images.MISSING, "card")
    assert size_of(images.card_images(ProductFactory())[0]) == ("WEBP", (240, 240))


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_a_lost_or_broken_original_shows_the_stand_in(content: bytes | None) -> None:
    product = ProductFactory()
    ProductImage.objects.create(product=product, original="products/gone.jpg")
    if content is not None:
        default_storage.save("products/gone.jpg", ContentFile(content))
    assert images.prepare(["products/gone.jpg"]) == 1
    assert images.card_images(product) == images.image_urls(images.MISSING, "card")


def test_a_photograph_is_fitted_into_the_square() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 900), "#335577").save(buffer, "JPEG")
    name = default_storage.save("products/tall.jpg", ContentFile(buffer.getvalue()))
    product = ProductFactory()
    ProductImage.objects.create(product=product, original=name)
    images.prepare([name])
    assert size_of(images.detail_images(product)[0].url_2x) == ("WEBP", (1200, 1200))
