"""Returns in the browser's way, from both sides; each sees what is theirs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.urls import reverse
from PIL import Image

from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import Return, ReturnState
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.partner.models import Partner
from forked_apps.partner.permissions import VendorPermission as P
from marketplace.notifications.models import Notification
from marketplace.users.models import User
from tests.factories.orders import make_customer, make_offer, make_order
from tests.factories.vendors import a_cast, a_person

pytestmark = pytest.mark.django_db


def picture(kind: str = "PNG") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, kind)
    file.seek(0)
    file.name = f"photo.{kind.lower()}"
    return file


@pytest.fixture(autouse=True)
def private_files(settings, tmp_path: Path) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path, "base_url": None},
        },
    }
    return tmp_path


@pytest.fixture
def cast():
    return a_cast(bob_may=[P.ORDERS_VIEW])


@pytest.fixture
def part(cast) -> VendorOrder:
    customer = make_customer(points=1_000_000)
    Partner.objects.filter(pk=cast.vendor.pk).update(phone="+9647701112233")
    order = make_order(customer, {make_offer(vendor=cast.vendor, price=1_000): 3})
    part = order.vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=customer, vendor_order=part, tracking_code="T")
    mark_delivered(vendor=part.vendor, actor=customer, vendor_order=part)
    return VendorOrder.objects.get(pk=part.pk)


def mine(part: VendorOrder, name: str, *more: object) -> str:
    asked = Return.objects.first()
    number = part.number if name == "return-new" else asked.number if asked else "none"
    return reverse(f"orders:{name}", args=[part.order.number, number, *more])


def theirs(part: VendorOrder, name: str, *more: object) -> str:
    return reverse(f"portal:{name}", args=[part.vendor.code, Return.objects.get().number, *more])


def ask(client, part: VendorOrder, **changes: object):
    client.force_login(part.order.user)
    data = {
        f"line_{part.lines.get().pk}": "٢",
        "reason": "damaged",
        "description": "A corner is broken.",
        **changes,
    }
    return client.post(mine(part, "return-new"), data)


def test_a_return_from_both_sides(client, cast, part, drain_outbox) -> None:
    client.force_login(part.order.user)
    assert mine(part, "return-new") in client.get(f"/account/orders/{part.order.number}/").content.decode()
    assert client.get(mine(part, "return-new")).status_code == 200
    assert ask(client, part, photos=[picture(), picture("JPEG")]).status_code == 302
    asked = Return.objects.get()
    assert asked.return_lines.get().quantity == 2
    page = client.get(mine(part, "return")).content.decode()
    photo = asked.photos.first()
    assert mine(part, "return-photo", photo.pk) in page
    answer = client.get(mine(part, "return-photo", photo.pk))
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
    assert "no-store" in answer["Cache-Control"]
    client.post(mine(part, "return-message"), {"text": "Shall I wrap it?"})

    client.force_login(cast.alice)
    assert asked.number in client.get(reverse("portal:returns", args=[cast.vendor.code])).content.decode()
    desk = client.get(theirs(part, "returns-detail")).content.decode()
    assert "Shall I wrap it?" in desk
    assert client.get(theirs(part, "returns-photo", photo.pk)).status_code == 200
    assert client.post(theirs(part, "returns-approve"), {"answer": ""}).status_code == 422
    client.post(theirs(part, "returns-message"), {"text": "Yes, please"})
    client.post(theirs(part, "returns-approve"), {"answer": "By courier to our shop"})

    client.force_login(part.order.user)
    page = client.get(mine(part, "return")).content.decode()
    assert "By courier to our shop" in page
    client.post(mine(part, "return-sent"), {"tracking_code": "BACK-1", "carrier": "Fast"})
    asked.refresh_from_db()
    assert asked.state == ReturnState.SENT

    client.force_login(cast.alice)
    settle, line = theirs(part, "returns-settle"), f"line_{part.lines.get().pk}"
    before = User.objects.get(pk=part.order.user_id).point_balance
    for data in (
        {line: "1", "answer": ""},
        {line: "9", "answer": "All of it"},
        {line: "2", "deducted": "2001", "answer": "Worn"},
    ):
        assert client.post(settle, data).status_code == 422, data
    assert User.objects.get(pk=part.order.user_id).point_balance == before
    assert client.post(settle, {line: "2", "restock": "on"}).status_code == 302
    asked.refresh_from_db()
    assert asked.state == ReturnState.REFUNDED
    assert User.objects.get(pk=part.order.user_id).point_balance == before + asked.refunded_points
    client.post(settle, {line: "2"})
    assert User.objects.get(pk=part.order.user_id).point_balance == before + asked.refunded_points
    drain_outbox()
    told = Notification.objects.filter(kind__startswith="return.").values_list("kind", flat=True)
    assert sorted(told) == ["return.changed"] * 4 + ["return.message"] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "because"},
        {"description": ""},
        {"description": "١٢"},
        {"photos": io.BytesIO(b"<svg onload=alert(1)>")},
    ],
)
def test_a_wrong_return_is_told_beside_the_field(client, part, wrong) -> None:
    response = ask(client, part, **wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(wrong)
    assert not Return.objects.exists()


def test_pieces_are_chosen_and_there_are_enough_of_them(client, part) -> None:
    line = f"line_{part.lines.get().pk}"
    for pieces in ("0", "", "4", "x"):
        assert ask(client, part, **{line: pieces}).status_code == 422, pieces
    six = [picture() for _ in range(6)]
    assert ask(client, part, photos=six).status_code == 422
    assert not Return.objects.exists()


def test_a_second_return_waits_for_the_first(client, part) -> None:
    ask(client, part)
    assert ask(client, part).status_code == 422
    client.post(mine(part, "return-withdraw"))
    assert Return.objects.get().state == ReturnState.WITHDRAWN
    # What is over is over: nothing changes, and words say so.
    assert client.post(mine(part, "return-withdraw")).status_code == 302
    assert client.post(mine(part, "return-sent"), {}).status_code == 302
    assert Return.objects.get().state == ReturnState.WITHDRAWN


def test_nobody_else_sees_a_return_or_its_photos(client, cast, part) -> None:
    ask(client, part, photos=[picture()])
    photo = Return.objects.get().photos.get()
    client.force_login(a_person("Stranger"))
    for address in (mine(part, "return"), mine(part, "return-photo", photo.pk), mine(part, "return-new")):
        assert client.get(address).status_code == 404
    for address in (theirs(part, "returns-detail"), theirs(part, "returns-photo", photo.pk)):
        assert client.get(address).status_code == 404
        client.force_login(cast.dana)
        elsewhere = address.replace(part.vendor.code, cast.other_vendor.code)
        assert client.get(elsewhere).status_code == 404
    # A clerk who may only look.
    client.force_login(cast.bob)
    page = client.get(theirs(part, "returns-detail")).content.decode()
    assert theirs(part, "returns-settle") not in page
    for step in ("approve", "refuse", "settle", "message"):
        assert (
            client.post(theirs(part, f"returns-{step}"), {"answer": "Yes", "text": "Yes"}).status_code == 403
        )
    assert Return.objects.get().state == ReturnState.REQUESTED


def test_a_refused_return_says_why(client, cast, part) -> None:
    ask(client, part)
    client.force_login(cast.alice)
    assert client.post(theirs(part, "returns-refuse"), {"answer": ""}).status_code == 422
    client.post(theirs(part, "returns-refuse"), {"answer": "It was whole when it left"})
    client.force_login(part.order.user)
    assert "It was whole when it left" in client.get(mine(part, "return")).content.decode()
