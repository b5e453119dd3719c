"""The staff's pages of vouchers: campaigns, codes as a file, pausing."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from marketplace.users.permissions import PlatformPermission
from points_payment.models import Voucher, VoucherCampaign, VoucherEvent
from points_payment.voucher_codes import new_voucher_code, normalise_voucher_code
from tests.factories.points import make_person
from tests.factories.vouchers import make_campaign, make_vouchers
from tests.points_payment.test_pages import sign_in, staff

pytestmark = pytest.mark.django_db
LIST = "/staff/vouchers/"


@pytest.fixture(autouse=True)
def manager(client):
    client.cookies["django_language"] = "en"
    return sign_in(client, staff(PlatformPermission.VOUCHERS_MANAGE))


def answers(**more: str) -> dict[str, str]:
    first = timezone.localdate()
    return {
        "name": "Eid 2027",
        "shared_code": "eid-2027",
        "value_points": "٢٬٥٠٠",
        "first_day": first.isoformat(),
        "last_day": (first + timedelta(days=3)).isoformat(),
        "total_limit": "1,000",
        "per_customer_limit": "1",
        "lifetime_days": "30",
        **more,
    }


def csv_of(response) -> list[dict[str, str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


@pytest.mark.parametrize("address", ["", "new/", "{pk}/"])
def test_pages_open_for_their_right_alone(client, address):
    address = LIST + address.format(pk=make_campaign().pk)
    assert client.get(address).status_code == 200
    sign_in(client, staff(*(right for right in PlatformPermission if right != "vouchers_manage")))
    assert client.get(address).status_code == 403


def test_a_campaign_is_checked_before_it_begins(client, manager):
    assert "No campaigns yet" in client.get(LIST).text
    check = client.post(f"{LIST}new/check/", answers())
    assert "2,500,000" in check.text
    assert not VoucherCampaign.objects.exists()
    fields = {name: check.context["form"][name].value() for name in answers()}
    response = client.post(f"{LIST}new/create/", fields)
    campaign = VoucherCampaign.objects.get()
    assert response["Location"] == f"{LIST}{campaign.pk}/"
    assert (campaign.value_points, campaign.total_limit, campaign.created_by) == (2_500, 1_000, manager)
    # From the first midnight of Baghdad to the one after the last day.
    baghdad = ZoneInfo("Asia/Baghdad")
    today = timezone.localdate()
    assert campaign.starts_at == datetime(today.year, today.month, today.day, tzinfo=baghdad)
    assert campaign.ends_at - campaign.starts_at == timedelta(days=4)
    page = client.get(response["Location"])
    assert "EID2027" in page.text
    assert "Make codes" not in page.text
    assert "Eid 2027" in client.get(LIST).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"shared_code": "EID"}, "shared_code"),
        ({"shared_code": "2027"}, "shared_code"),
        ({"shared_code": new_voucher_code()}, "shared_code"),
        ({"value_points": "0"}, "value_points"),
        ({"value_points": "1.5"}, "value_points"),
        ({"value_points": "1000000", "total_limit": "1001"}, "total_limit"),
        ({"first_day": "2020-01-01", "last_day": "2020-01-02"}, "last_day"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"first_day": "soon"}, "first_day"),
        ({"lifetime_days": "99999"}, "lifetime_days"),
        ({"per_customer_limit": ""}, "per_customer_limit"),
    ],
)
@pytest.mark.parametrize("step", ["check/", "create/"])
def test_wrong_terms_are_told_beside_the_field(client, wrong, field, step):
    response = client.post(f"{LIST}new/{step}", answers(**wrong))
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {field}
    assert response.context["form"]["name"].value() == wrong.get("name", "Eid 2027")
    assert not VoucherCampaign.objects.exists()


def test_a_taken_code_is_told_beside_the_field(client):
    make_campaign(shared_code="EID2027")
    response = client.post(f"{LIST}new/create/", answers())
    assert response.status_code == 422
    assert "Another campaign" in response.text
    assert VoucherCampaign.objects.count() == 1


def test_codes_are_made_once_for_a_press_and_downloaded_as_a_file(client, manager):
    campaign = make_campaign()
    address = f"{LIST}{campaign.pk}/"
    page = client.get(address)
    assert "Download" not in page.text
    fields = {"count": "١٢", "idempotency_key": page.context["form"]["idempotency_key"].value()}
    for _ in range(2):
        client.post(f"{address}codes/make/", fields)
    assert "used already" in client.post(f"{address}codes/make/", fields | {"count": "13"}, follow=True).text
    assert Voucher.objects.count() == 12
    response = client.post(f"{address}codes/download/")
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Disposition"].endswith(f'nuqta-vouchers-{campaign.pk}.csv"')
    rows = csv_of(response)
    assert {normalise_voucher_code(row["code"]) for row in rows} == set(
        Voucher.objects.values_list("code", flat=True)
    )
    assert {(row["points"], row["used"]) for row in rows} == {("2000", "no")}
    event = VoucherEvent.objects.last()
    assert event is not None
    assert (event.kind, event.codes, event.actor) == ("downloaded", 12, manager)
    sign_in(client, make_person())
    client.post("/wallet/redeem/", {"code": rows[0]["code"]})
    sign_in(client, manager)
    assert [row["used"] for row in csv_of(client.post(f"{address}codes/download/"))].count("yes") == 1
    context = client.get(address).context
    assert (context["codes_made"], context["left_count"]) == (12, 11)
    assert [left for _campaign, left in client.get(LIST).context["rows"]] == [11]


def test_a_large_file_comes_in_parts(client):
    campaign = make_campaign()
    make_vouchers(campaign, 1_000)
    parts = list(client.post(f"{LIST}{campaign.pk}/codes/download/").streaming_content)
    assert len(parts) > 1
    assert b"".join(parts).count(b"\r\n") == 1_001


@pytest.mark.parametrize("count", ["", "0", "100001", "1.5", "x"])
def test_wrong_number_of_codes_is_told_beside_the_field(client, count):
    campaign = make_campaign()
    response = client.post(f"{LIST}{campaign.pk}/codes/make/", {"count": count, "idempotency_key": "k"})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"count"}
    assert not Voucher.objects.exists()


def test_a_shared_code_stays_the_only_one(client):
    campaign = make_campaign(shared_code="EID2027")
    response = client.post(
        f"{LIST}{campaign.pk}/codes/make/", {"count": "5", "idempotency_key": "k"}, follow=True
    )
    assert "gets no others" in response.text
    assert Voucher.objects.count() == 1


def test_pausing_and_resuming_is_said_and_done_once(client):
    campaign = make_campaign(shared_code="EID2027")
    address = f"{LIST}{campaign.pk}/"
    assert "is paused" in client.post(f"{address}pause/", follow=True).text
    assert "meanwhile" in client.post(f"{address}pause/", follow=True).text
    assert not VoucherCampaign.objects.get().is_active
    assert "Resume" in client.get(address).text
    assert "goes on" in client.post(f"{address}resume/", follow=True).text
    assert VoucherCampaign.objects.get().is_active


def test_a_campaign_that_is_over_offers_nothing_more(client, monkeypatch):
    campaign = make_campaign(ends_at=timezone.now() + timedelta(minutes=1))
    later = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    page = client.get(f"{LIST}{campaign.pk}/").text
    assert "Make codes" not in page
    assert f"{campaign.pk}/pause/" not in page


@pytest.mark.parametrize("step", ["codes/make/", "codes/download/", "pause/", "resume/"])
def test_actions_are_posted_and_unknown_campaigns_are_not_found(client, step):
    assert client.get(f"{LIST}{make_campaign().pk}/{step}").status_code == 405
    assert client.post(f"{LIST}999/{step}", {"count": "1"}).status_code == 404
    assert client.get(f"{LIST}999/").status_code == 404
