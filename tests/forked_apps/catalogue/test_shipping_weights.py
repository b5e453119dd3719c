"""Lists bring the shipping weight of their products; what people wrote stays where a list says nothing."""

from __future__ import annotations

import pytest

from forked_apps.catalogue.importing import import_products, read_catalogue
from forked_apps.catalogue.models import Product

pytestmark = pytest.mark.django_db
HEADER = "sku,title,brand,category,price_iqd"


def weights_after(*lines: str, columns: str) -> dict[str, int | None]:
    import_products(catalogue=read_catalogue("\n".join((f"{HEADER},{columns}", *lines)).encode()))
    return dict(Product.objects.values_list("upc", "shipping_weight_grams"))


def test_a_list_s_weight_is_kept_in_grams() -> None:
    assert weights_after(
        "A,Lamp,Nur,Home > Lamps,1000,1.25", "B,Lamp 2,Nur,Home > Lamps,1000,", columns="weight_kg"
    ) == {"A": 1_250, "B": None}


def test_measures_give_a_guess() -> None:
    assert weights_after(
        "A,Shelf,Nur,Home > Shelves,1000,80,202,28", columns="width_cm,height_cm,depth_cm"
    ) == {"A": 23_000}


def test_what_people_wrote_stays_where_the_list_says_nothing() -> None:
    lines = ("A,Lamp,Nur,Home > Lamps,1000,1.25", "B,Lamp 2,Nur,Home > Lamps,1000,")
    weights_after(*lines, columns="weight_kg")
    Product.objects.update(shipping_weight_grams=7)
    assert weights_after(*lines, columns="weight_kg") == {"A": 1_250, "B": 7}
