"""Catalogue and offers in Django's admin: lists open, more rows cost no more, changes reach the search."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

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


def test_a_product_has_its_page_and_a_change_reaches_the_search(staff: Client) -> None:
    product = ProductFactory()
    page = staff.get(f"/admin/catalogue/product/{product.pk}/change/")
    assert page.status_code == 200
    form: Any = page.context["adminform"].form
    initial = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: value for name, value in initial.items() if value is not None and value is not False}
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    response = staff.post(f"/admin/catalogue/product/{product.pk}/change/", data | {"title_ar": "سرير"})
    assert response.status_code == 302, response.context["adminform"].form.errors
    product.refresh_from_db()
    assert product.title_ar == "سرير"
    assert OutboxMessage.objects.filter(topic="search.products", payload={"ids": [product.pk]}).exists()


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
