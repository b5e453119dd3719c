"""Catalogue and offers in Django's admin: lists open, more rows cost no more, changes reach the search."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.fields.files import FieldFile
from django.test import Client
from django.test.utils import CaptureQueriesContext

from forked_apps.catalogue import indexing
from forked_apps.catalogue.models import (
    AttributeOption,
    AttributeOptionGroup,
    ProductAttribute,
    ProductAttributeValue,
    ProductImage,
)
from forked_apps.partner.models import VendorStatus
from marketplace.outbox.models import OutboxMessage
from marketplace.users.models import User
from tests.factories.catalogue import BrandFactory, CategoryFactory, OfferFactory, ProductFactory

pytestmark = pytest.mark.django_db

LISTS = (
    "catalogue/product", "catalogue/brand", "catalogue/category", "catalogue/productclass",
    "catalogue/productattribute", "catalogue/productimage", "partner/partner", "partner/stockrecord",
)  # fmt: skip


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(email="admin@example.com", password="kahwa-and-dates-7"))
    return client


@pytest.mark.parametrize("path", LISTS)
def test_lists_and_their_search_open(staff: Client, path: str) -> None:
    OfferFactory(product=ProductFactory(category=CategoryFactory(), brand=BrandFactory()))
    assert staff.get(f"/admin/{path}/").status_code == 200
    assert staff.get(f"/admin/{path}/", {"q": "a"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["catalogue/product", "partner/stockrecord", "partner/partner", "catalogue/brand"]
)
def test_more_rows_cost_no_more_queries(staff: Client, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(f"/admin/{path}/").status_code == 200
        return len(captured)

    def add_rows() -> None:
        OfferFactory(product=ProductFactory(brand=BrandFactory()))

    add_rows()
    queries()
    few = queries()
    for _ in range(5):
        add_rows()
    assert queries() == few


def change(staff: Client, path: str, pk: int, **changed: Any) -> None:
    """Save the page of a row with one thing changed, and nothing in its inlines."""
    page = staff.get(f"/admin/catalogue/{path}/{pk}/change/")
    assert page.status_code == 200
    form: Any = page.context["adminform"].form
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {
        name: getattr(value, "pk", value)
        for name, value in initial.items()
        # A file that is not sent again stays.
        if value is not None and value is not False and not isinstance(value, FieldFile)
    }
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    response = staff.post(f"/admin/catalogue/{path}/{pk}/change/", data | changed)
    assert response.status_code == 302, response.context["adminform"].form.errors


def asked_for() -> list[list[int]]:
    """Which products the search was told of, and forget it."""
    messages = OutboxMessage.objects.filter(topic="search.products").order_by("pk")
    found = [message.payload["ids"] for message in messages]
    messages.delete()
    return found


def test_a_product_has_its_page_and_a_change_reaches_the_search(staff: Client) -> None:
    product = ProductFactory()
    change(staff, "product", product.pk, title_ar="سرير")
    product.refresh_from_db()
    assert product.title_ar == "سرير"
    assert asked_for() == [[product.pk]]
    staff.post(f"/admin/catalogue/product/{product.pk}/delete/", {"post": "yes"})
    assert asked_for() == [[product.pk]]


def test_what_products_tell_of_reaches_their_documents(staff: Client) -> None:
    """A brand's name, a category's, an attribute's and an option's are in the documents of products."""
    above = CategoryFactory()
    brand, category = BrandFactory(), CategoryFactory(parent=above)
    product = ProductFactory(brand=brand, category=category)
    ProductFactory(brand=BrandFactory(), category=CategoryFactory())
    group = AttributeOptionGroup.objects.create(name="Colours")
    option = AttributeOption.objects.create(group=group, option="Red")
    attribute = ProductAttribute.objects.create(
        product_class=product.product_class, name="Colour", code="colour", type="option", option_group=group
    )
    ProductAttributeValue.objects.create(product=product, attribute=attribute, value_option=option)
    image = ProductImage.objects.create(product=product, original="images/a.png")
    asked_for()
    for path, row, changed in (
        ("brand", brand, {"name": "Another"}),
        ("category", category, {"name_ar": "غيرها"}),
        ("category", above, {"name_ar": "فوق"}),
        ("productattribute", attribute, {"is_facet": "on"}),
        ("attributeoptiongroup", group, {"name": "Shades"}),
        ("attributeoption", option, {"option_en": "Crimson"}),
        ("productimage", image, {"caption": "From above"}),
    ):
        change(staff, path, row.pk, **changed)
        assert asked_for() == [[product.pk]], path
    for path, row in (("productimage", image), ("attributeoption", option), ("category", category)):
        assert staff.post(f"/admin/catalogue/{path}/{row.pk}/delete/", {"post": "yes"}).status_code == 302
        assert asked_for() == [[product.pk]], path


def test_a_category_that_is_dragged_elsewhere_takes_its_products_along(staff: Client) -> None:
    moved, target = CategoryFactory(), CategoryFactory()
    product = ProductFactory(category=CategoryFactory(parent=moved))
    asked_for()
    facts = {"node": moved.pk, "target": target.pk, "relation": "child"}
    assert staff.post("/admin/catalogue/category/move/", facts).status_code == 200
    assert asked_for() == [[product.pk]]
    moved.refresh_from_db()
    assert moved.get_parent().pk == target.pk
    assert staff.post("/admin/catalogue/category/move/", {**facts, "node": "x"}).status_code == 400
    assert asked_for() == []


def test_many_products_are_told_of_in_messages_of_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PRODUCTS_PER_MESSAGE", 2)
    indexing.enqueue_products([5, 3, 3, 9])
    assert asked_for() == [[3, 5], [9]]


def test_the_admin_neither_decides_about_vendors_nor_moves_what_is_allocated(staff: Client) -> None:
    offer = OfferFactory(num_in_stock=5, num_allocated=2)
    page = f"/admin/partner/partner/{offer.partner_id}/change/"
    vendor = offer.partner
    staff.post(
        page,
        {"name": vendor.name, "governorate": "BG", "commission_basis_points": 800, "status": "suspended"},
    )
    vendor.refresh_from_db()
    assert vendor.status == VendorStatus.APPROVED
    assert staff.post(f"/admin/partner/partner/{vendor.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"/admin/partner/stockrecord/{offer.pk}/delete/", {"post": "yes"}).status_code == 403
