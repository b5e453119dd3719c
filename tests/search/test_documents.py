"""What a product's document says: of variants, of attributes of every type."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from forked_apps.catalogue.models import (
    AttributeOption,
    AttributeOptionGroup,
    Product,
    ProductAttribute,
    ProductAttributeValue,
)
from search import services
from tests.factories.catalogue import OfferFactory, ProductClassFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def listing(client: Client, **query: Any) -> Any:
    return client.get("/search/", query).context["listing"]


def counts(found: Any, name: str) -> dict[str, int | None]:
    return {
        value.label: value.count for group in found.groups if group.name == name for value in group.values
    }


class Shoes:
    """A class with an attribute of each type, and products of it."""

    def __init__(self) -> None:
        self.product_class = ProductClassFactory(slug="shoe", name_en="Shoe")
        group = AttributeOptionGroup.objects.create(name="Colours")
        self.red, self.blue = (
            AttributeOption.objects.create(group=group, option_en=name) for name in ("Red", "Blue")
        )
        self.colours = self.attribute("colours", "multi_option", option_group=group)
        self.waterproof = self.attribute("waterproof", "boolean")
        self.size = self.attribute("size", "integer")

    def attribute(self, code: str, kind: str, **fields: Any) -> ProductAttribute:
        return ProductAttribute.objects.create(
            product_class=self.product_class,
            code=code,
            name_en=code.title(),
            type=kind,
            is_facet=True,
            **fields,
        )

    def product(self, title: str, **fields: Any) -> Product:
        product: Product = ProductFactory(title_en=title, product_class=self.product_class, **fields)
        return product

    def colour(self, product: Product, *options: AttributeOption) -> None:
        value = ProductAttributeValue.objects.create(product=product, attribute=self.colours)
        value.value_multi_option.set(options)


def test_options_of_which_a_product_may_have_several_are_counted_each(
    search_backend: Any, english: Client
) -> None:
    shoes = Shoes()
    for title, options in (
        ("Red shoe", [shoes.red]),
        ("Both shoe", [shoes.red, shoes.blue]),
        ("Plain shoe", []),
    ):
        product = shoes.product(title)
        OfferFactory(product=product)
        shoes.colour(product, *options)
    services.rebuild()
    assert counts(listing(english, q="shoe"), "a_colours") == {"Red": 2, "Blue": 1}
    blue = listing(english, q="shoe", a_colours=shoes.blue.pk)
    assert [card.title for card in blue.cards] == ["Both shoe"]
    both = listing(english, q="shoe", a_colours=[shoes.blue.pk, shoes.red.pk])
    assert {card.title for card in both.cards} == {"Red shoe", "Both shoe"}
    # Words of options are searched for as well.
    assert listing(english, q="blue shoe").count == 1


def test_yes_and_no_are_words_and_what_is_unknown_is_neither(search_backend: Any, english: Client) -> None:
    shoes = Shoes()
    for title, value in (("Boot shoe", True), ("Slipper shoe", False), ("Sandal shoe", None)):
        product = shoes.product(title)
        OfferFactory(product=product)
        if value is not None:
            ProductAttributeValue.objects.create(
                product=product, attribute=shoes.waterproof, value_boolean=value
            )
    services.rebuild()
    assert counts(listing(english, q="shoe"), "a_waterproof") == {"Yes": 1, "No": 1}
    assert [card.title for card in listing(english, q="shoe", a_waterproof="false").cards] == ["Slipper shoe"]
    assert listing(english, q="shoe", a_waterproof="maybe").count == 0


def test_variants_stand_in_their_parents_document_and_count_once(
    search_backend: Any, english: Client
) -> None:
    shoes = Shoes()
    parent = shoes.product("Running shoe", structure=Product.PARENT)
    for number, size in enumerate((40, 41, 41)):
        child = Product.objects.create(structure=Product.CHILD, parent=parent, title_en=f"Variant {number}")
        OfferFactory(product=child, partner_sku=f"RUN-{number}", price=1_000 * (number + 1))
        ProductAttributeValue.objects.create(product=child, attribute=shoes.size, value_integer=size)
        shoes.colour(child, shoes.red)
    other = shoes.product("Walking shoe")
    OfferFactory(product=other)
    ProductAttributeValue.objects.create(product=other, attribute=shoes.size, value_integer=41)
    services.rebuild()
    found = listing(english, q="shoe")
    assert found.count == 2
    assert counts(found, "a_size") == {"40": 1, "41": 2}
    assert counts(listing(english, q="shoe", a_colours=shoes.red.pk), "a_colours") == {"Red": 1}
    by_code = listing(english, q="run-2")
    assert [(card.id, card.price_points) for card in by_code.cards] == [(parent.pk, 1_000)]
    # A change of a variant is one of its parent.
    child = Product.objects.get(title_en="Variant 0")
    child.stockrecords.update(price=500)
    services.reindex([child.pk])
    assert listing(english, q="run-2").cards[0].price_points == 500
    assert listing(english, q="shoe").count == 2
    services.reindex([])
