"""The portal's pages of service and holiday: the vendor sees every number, and plans its own days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from forked_apps.order.models import VendorOrder
from forked_apps.order.vendor_health import grade_vendors
from forked_apps.partner.models import Partner
from marketplace.outbox.models import OutboxMessage
from tests.factories.orders import make_customer, make_offer, make_order
from tests.factories.vendors import Cast, a_cast
from vendor_portal.services.settings import Rate, set_shipping_rates

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return a_cast()


def post(client: Any, cast: Cast, first: date | str, last: date | str, message: str = "") -> Any:
    return client.post(
        reverse("portal:holiday", args=[cast.vendor.code]),
        {"starts_on": str(first), "ends_on": str(last), "message": message},
    )


def planned(cast: Cast) -> tuple[date | None, date | None, str]:
    vendor = Partner.objects.get(pk=cast.vendor.pk)
    return vendor.holiday_from, vendor.holiday_until, vendor.holiday_message


def test_an_owner_plans_a_holiday_and_takes_it_back(sign_in, cast: Cast) -> None:
    client, today = sign_in(cast.alice), timezone.localdate()
    first, last = today + timedelta(days=5), today + timedelta(days=9)
    assert post(client, cast, first, last, " Eid\u200b Mubarak ").status_code == 302
    assert planned(cast) == (first, last, "Eid Mubarak")
    html = client.get(reverse("portal:holiday", args=[cast.vendor.code])).content.decode()
    assert f'value="{first.isoformat()}"' in html
    client.post(reverse("portal:holiday-end", args=[cast.vendor.code]))
    assert planned(cast) == (None, None, "")


@pytest.mark.parametrize(
    ("first", "last"), [(5, 4), (-9, -1), (0, 91), (366, 367), (None, 3), (3, None)],
    ids=["backwards", "over", "too long", "too far", "no beginning", "no end"],
)  # fmt: skip
def test_a_holiday_that_makes_no_sense_is_refused_and_changes_nothing(
    sign_in, cast: Cast, first: int | None, last: int | None
) -> None:
    today = timezone.localdate()
    days = ["" if each is None else today + timedelta(days=each) for each in (first, last)]
    answer = post(sign_in(cast.alice), cast, *days, "My words")
    assert answer.status_code == 422
    assert "My words" in answer.content.decode()
    assert planned(cast) == (None, None, "")


def test_a_clerk_and_another_vendor_s_owner_plan_nothing(sign_in, cast: Cast) -> None:
    today = timezone.localdate()
    assert post(sign_in(cast.bob), cast, today, today).status_code == 403
    assert post(sign_in(cast.dana), cast, today, today).status_code == 404
    assert planned(cast) == (None, None, "")


def test_the_vendor_reads_its_grade_its_numbers_and_what_follows(
    sign_in, cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    monkeypatch.setattr("forked_apps.order.vendor_health.LEAST_ORDERS", 3)
    offer = make_offer(vendor=cast.vendor, price=1_000)
    for _ in range(4):
        make_order(make_customer(points=100_000), [offer])
    VendorOrder.objects.update(deliver_from=timezone.localdate() - timedelta(days=1))
    grade_vendors()
    client = sign_in(cast.bob)
    client.cookies["django_language"] = "en"
    address = reverse("portal:health", args=[cast.vendor.code])
    client.get(address)
    with django_assert_max_num_queries(14):
        html = client.get(address).content.decode()
    for words in ("Your grade: Poor", "your price counts as 10% higher", "4 of 4", "100%", "Sent late"):
        assert words in html.replace("<bdi>", "").replace("</bdi>", "")


def test_few_orders_are_not_graded_and_the_page_says_so(sign_in, cast: Cast) -> None:
    client = sign_in(cast.alice)
    client.cookies["django_language"] = "en"
    html = client.get(reverse("portal:health", args=[cast.vendor.code])).content.decode()
    assert "Your grade: Good" in html
    assert "are graded" in html


@pytest.mark.parametrize(("governorate", "told"), [("BG", 1), ("BA", 0)])
def test_only_the_rate_that_lists_look_at_tells_the_search(cast: Cast, governorate: str, told: int) -> None:
    offer = make_offer(vendor=cast.vendor, charge_points=5_000)
    before = {"BG": Rate(5_000, None, 1, 3), "BA": Rate(5_000, None, 1, 3)}
    set_shipping_rates(vendor=cast.vendor, rates=before)
    OutboxMessage.objects.all().delete()
    set_shipping_rates(vendor=cast.vendor, rates=before)
    set_shipping_rates(vendor=cast.vendor, rates={**before, governorate: Rate(6_000, None, 1, 3)})
    messages = OutboxMessage.objects.filter(topic="search.products")
    assert [message.payload for message in messages] == [{"ids": [offer.product_id]}] * told
