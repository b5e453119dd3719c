"""Staff see orders in the admin, and change nothing there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from forked_apps.order.dispute_models import Dispute
from forked_apps.order.models import Order
from forked_apps.order.return_models import Return, ReturnReason
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.returns import open_return
from marketplace.users.models import User
from tests.factories.disputes import delivered, dispute, make_disputable_order
from tests.factories.orders import CustomerFactory, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(client: Client) -> Order:
    admin = User.objects.create_superuser(email="admin@example.com", password="x")
    client.force_login(admin)
    order = make_order()
    part = order.vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=CustomerFactory(), vendor_order=part, tracking_code="T-1")
    return order


@pytest.mark.parametrize("model", ["order", "vendororder", "line", "parcel"])
def test_rows_are_listed_and_shown_but_not_changed(client: Client, order: Order, model: str) -> None:
    part = order.vendor_orders.get()
    row = {"order": order, "vendororder": part, "line": part.lines.get(), "parcel": part.parcels.get()}[model]
    assert client.get(reverse(f"admin:order_{model}_changelist"), {"q": "1"}).status_code == 200
    change = reverse(f"admin:order_{model}_change", args=[row.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"status": "cancelled"}).status_code == 403
    assert client.get(reverse(f"admin:order_{model}_add")).status_code == 403
    assert (
        client.post(reverse(f"admin:order_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    )


@pytest.mark.parametrize("model", ["return", "dispute"])
def test_returns_and_disputes_are_found_by_their_number_and_not_changed(client: Client, model: str) -> None:
    client.force_login(User.objects.create_superuser(email="admin@example.com", password="x"))
    row: Return | Dispute = delivered_dispute() if model == "dispute" else delivered_return()
    for words, listed in ((row.number, True), (row.vendor_order.order.number, True), ("999999-Z", False)):
        html = client.get(reverse(f"admin:order_{model}_changelist"), {"q": words}).content.decode()
        assert (f"/{row.pk}/change/" in html) == listed
    change = reverse(f"admin:order_{model}_change", args=[row.pk])
    assert "A corner is broken." in client.get(change).content.decode()
    assert client.post(change, {"state": "withdrawn"}).status_code == 403
    assert client.get(reverse(f"admin:order_{model}_add")).status_code == 403
    delete = reverse(f"admin:order_{model}_delete", args=[row.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


def delivered_dispute() -> Dispute:
    return dispute(delivered(make_disputable_order()))


def delivered_return() -> Return:
    part = delivered(make_disputable_order())
    return open_return(
        customer=part.order.user, vendor_order=part, quantities={part.lines.earliest("pk").pk: 1},
        reason=ReturnReason.DAMAGED, description="A corner is broken.",
    )  # fmt: skip


def test_rates_of_shipping_are_listed(client: Client, order: Order) -> None:
    assert client.get(reverse("admin:shipping_shippingrate_changelist")).status_code == 200
