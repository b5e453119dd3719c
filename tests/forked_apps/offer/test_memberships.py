"""Which products a range has: ours asks once, and answers as Oscar does."""

from __future__ import annotations

import random

import pytest

from forked_apps.catalogue.models import Category, Product
from forked_apps.offer.memberships import asked_together
from forked_apps.offer.models import Range
from tests.factories.catalogue import ProductClassFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods() -> list[Product]:
    """Of two classes, in a tree of categories, some with variants, some in no category at all."""
    classes = [ProductClassFactory(), ProductClassFactory()]
    top = Category.add_root(name="Home")
    below = [top.add_child(name="Tables"), top.add_child(name="Chairs")]
    deep, other = below[0].add_child(name="Desks"), Category.add_root(name="Laptops")
    found = []
    for place, category in enumerate([top, *below, deep, other, None]):
        for product_class in classes:
            product = ProductFactory(product_class=product_class)
            product.categories.set([category] if category else [])
            found.append(product)
            if place % 2:
                product.structure = Product.PARENT
                product.save()
                found.append(Product.objects.create(structure=Product.CHILD, parent=product, title="Variant"))
    return found


def random_range(chance: random.Random, goods: list[Product], number: int) -> Range:
    made = Range.objects.create(
        name=f"Range {number}", slug=f"range-{number}", includes_all_products=chance.random() < 0.4
    )
    categories, some = list(Category.objects.all()), chance.random
    if some() < 0.5:
        for product in chance.sample(goods, 3):
            made.add_product(product)
    if some() < 0.5:
        made.excluded_products.set(chance.sample(goods, 3))
    if some() < 0.3:
        made.classes.set([chance.choice(goods[:2]).product_class])
    if some() < 0.5:
        made.included_categories.set(chance.sample(categories, 2))
    if some() < 0.5:
        made.excluded_categories.set(chance.sample(categories, 2))
    return made


def test_ranges_of_any_kind_have_the_products_that_oscar_says(goods: list[Product]) -> None:
    chance = random.Random(7)
    had = 0
    for number in range(80):
        made = random_range(chance, goods, number)
        expected = set(Range.objects.get(pk=made.pk).product_queryset.values_list("pk", flat=True))
        with asked_together(product.pk for product in goods):
            found = {product.pk for product in goods if made.contains_product(product)}
        assert found == expected, number
        had += len(found)
    # Neither all nor nothing.
    assert 0 < had < 80 * len(goods)


def test_a_range_is_asked_once_for_all_products(goods: list[Product], django_assert_num_queries) -> None:
    made = random_range(random.Random(3), goods, 1)
    with asked_together(product.pk for product in goods), django_assert_num_queries(1):
        for product in goods:
            made.contains_product(product)
