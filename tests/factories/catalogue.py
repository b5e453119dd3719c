"""Vendors, categories, products and offers for tests."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from forked_apps.catalogue.models import Brand, Category, Product, ProductClass
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord, VendorStatus


class VendorFactory(DjangoModelFactory[Partner]):
    """A vendor that sells now."""

    class Meta:
        model = Partner

    name = factory.Sequence(lambda number: f"Vendor {number}")
    code = factory.Sequence(lambda number: f"vendor-{number}")
    status = VendorStatus.APPROVED
    governorate = Governorate.BAGHDAD


class BrandFactory(DjangoModelFactory[Brand]):
    class Meta:
        model = Brand

    name = factory.Sequence(lambda number: f"Brand {number}")


class ProductClassFactory(DjangoModelFactory[ProductClass]):
    class Meta:
        model = ProductClass
        django_get_or_create = ("slug",)

    name_en = "Goods"
    name_ar = "بضائع"
    name_ckb = "کاڵا"
    slug = "goods"
    track_stock = True


class CategoryFactory(DjangoModelFactory[Category]):
    """A root, or a child of ``parent``."""

    class Meta:
        model = Category

    name_en = factory.Sequence(lambda number: f"Category {number}")
    slug = factory.Sequence(lambda number: f"category-{number}")

    @classmethod
    def _create(
        cls, model_class: type[Category], *args: Any, parent: Category | None = None, **fields: Any
    ) -> Category:
        node = model_class(*args, **fields)
        tree = model_class.objects
        return tree.add_child(parent, instance=node) if parent else tree.add_root(instance=node)


class ProductFactory(DjangoModelFactory[Product]):
    """A public product, in ``category`` if one is given; nobody offers it yet: see OfferFactory."""

    class Meta:
        model = Product
        skip_postgeneration_save = True

    product_class = factory.SubFactory(ProductClassFactory)
    upc = factory.Sequence(lambda number: f"SKU-{number:06d}")
    title_en = factory.Sequence(lambda number: f"Product {number}")
    slug = factory.Sequence(lambda number: f"product-{number}")

    @factory.post_generation
    def category(product: Product, create: bool, category: Category | None, **_: Any) -> None:  # noqa: N805
        if create and category is not None:
            product.categories.add(category)


class OfferFactory(DjangoModelFactory[StockRecord]):
    """One vendor's offer; new vendor and product unless they are given."""

    class Meta:
        model = StockRecord

    product = factory.SubFactory(ProductFactory)
    partner = factory.SubFactory(VendorFactory)
    partner_sku = factory.Sequence(lambda number: f"OFFER-{number:06d}")
    price_currency = "IQD"
    price = 25_000
    num_in_stock = 10
