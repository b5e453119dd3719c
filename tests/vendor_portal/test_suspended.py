"""A suspended vendor sells nothing, but answers what customers wait for: no deadline decides for it."""

from __future__ import annotations

import pytest
from django.urls import get_resolver, reverse

from forked_apps.order.dispute_models import DisputeMessage, DisputeState
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import ReturnMessage, ReturnReason, ReturnState
from forked_apps.order.services.returns import open_return
from forked_apps.partner.models import Partner, VendorStatus
from forked_apps.partner.permissions import VendorPermission as P
from tests.factories.disputes import delivered, dispute, escalate, make_disputable_order, refuse
from tests.factories.orders import make_offer, make_order
from tests.factories.vendors import Cast, a_cast

pytestmark = pytest.mark.django_db
ANSWERS = {
    "disputes-offer", "disputes-refuse", "disputes-message", "disputes-appeal",
    "returns-approve", "returns-refuse", "returns-settle", "returns-message",
}  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    return a_cast(bob_may=[P.ORDERS_VIEW])


@pytest.fixture
def part(cast: Cast) -> VendorOrder:
    """Delivered, and then the shop was suspended."""
    part = delivered(make_disputable_order(vendor=cast.vendor))
    suspend(cast.vendor)
    return part


def suspend(vendor: Partner, status: VendorStatus = VendorStatus.SUSPENDED) -> None:
    Partner.objects.filter(pk=vendor.pk).update(status=status, decision_reason="Fake goods")


def url(name: str, vendor: Partner, *args: object) -> str:
    return reverse(f"portal:{name}", args=[vendor.code, *args])


def a_return(part: VendorOrder):
    return open_return(
        customer=part.order.user, vendor_order=part, quantities={part.lines.earliest("pk").pk: 1},
        reason=ReturnReason.DAMAGED, description="Broken",
    )  # fmt: skip


def test_nothing_but_answers_is_open_to_a_suspended_vendor() -> None:
    portal = next(one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "portal")
    found = {
        one.name for one in portal.url_patterns if getattr(_door(one.callback), "while_suspended", False)
    }
    assert found == ANSWERS


def _door(view: object) -> object:
    """Past whatever was put around the door."""
    while not hasattr(view, "while_suspended") and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return view


def test_its_staff_see_and_answer_a_problem(cast: Cast, part: VendorOrder, sign_in) -> None:
    one = dispute(part)
    browser = sign_in(cast.alice)
    html = browser.get(url("disputes-detail", cast.vendor, one.number)).content.decode()
    assert url("disputes-offer", cast.vendor, one.number) in html
    assert url("disputes-message", cast.vendor, one.number) in html
    assert "Fake goods" in html
    browser.post(url("disputes-message", cast.vendor, one.number), {"text": "It was whole."})
    assert DisputeMessage.objects.filter(text="It was whole.").exists()
    browser.post(url("disputes-refuse", cast.vendor, one.number), {"reason": "It was whole."})
    one.refresh_from_db()
    assert one.state == DisputeState.REFUSED


def test_its_evidence_counts(cast: Cast, part: VendorOrder, sign_in) -> None:
    one = escalate(refuse(dispute(part)))
    sign_in(cast.alice).post(url("disputes-message", cast.vendor, one.number), {"text": "Our packing slip."})
    one.refresh_from_db()
    assert one.state == DisputeState.DECIDING


def test_an_offer_of_a_suspended_vendor_can_be_accepted(cast: Cast, part: VendorOrder, sign_in) -> None:
    one = dispute(part)
    sign_in(cast.alice).post(
        url("disputes-offer", cast.vendor, one.number), {"kind": "refund", "reason": "Sorry"}
    )
    one.refresh_from_db()
    assert one.state == DisputeState.OFFERED


def test_its_staff_see_and_answer_a_return(cast: Cast, part: VendorOrder, sign_in) -> None:
    asked = a_return(part)
    browser = sign_in(cast.alice)
    html = browser.get(url("returns-detail", cast.vendor, asked.number)).content.decode()
    assert url("returns-approve", cast.vendor, asked.number) in html
    browser.post(url("returns-message", cast.vendor, asked.number), {"text": "Wrap it well."})
    assert ReturnMessage.objects.filter(text="Wrap it well.").exists()
    browser.post(url("returns-approve", cast.vendor, asked.number), {"answer": "By courier"})
    asked.refresh_from_db()
    assert asked.state == ReturnState.APPROVED
    browser.post(
        url("returns-settle", cast.vendor, asked.number),
        {f"line_{asked.return_lines.get().line_id}": "1", "restock": ""},
    )
    asked.refresh_from_db()
    assert asked.state == ReturnState.REFUNDED


@pytest.mark.parametrize("step", ["accept", "pack", "ship", "delivered", "cancel", "allowance", "prepare"])
def test_it_does_nothing_else_with_an_order(cast: Cast, step: str, sign_in) -> None:
    part = make_order(offers=[make_offer(vendor=cast.vendor)]).vendor_orders.get()
    suspend(cast.vendor)
    answer = sign_in(cast.alice).post(
        url(f"orders-{step}", cast.vendor, part.number),
        {"tracking_code": "T", "reason": "-", f"line_{part.lines.get().pk}": "1"},
    )
    assert answer.status_code == 403
    assert VendorOrder.objects.get(pk=part.pk).status == "placed"


@pytest.mark.parametrize("status", [VendorStatus.CLOSED, VendorStatus.REFUSED, VendorStatus.APPLIED])
def test_a_vendor_that_is_not_suspended_but_gone_answers_nothing(
    cast: Cast, part: VendorOrder, status: VendorStatus, sign_in
) -> None:
    one = dispute(part)
    suspend(cast.vendor, status)
    answer = sign_in(cast.alice).post(url("disputes-message", cast.vendor, one.number), {"text": "Hello"})
    assert answer.status_code == 403
    assert not DisputeMessage.objects.filter(text="Hello").exists()


def test_who_may_not_answer_and_another_vendor_do_not(cast: Cast, part: VendorOrder, sign_in) -> None:
    one = dispute(part)
    bob, dana = sign_in(cast.bob), sign_in(cast.dana)
    for step in ("message", "offer", "refuse", "appeal"):
        data = {"text": "Hello", "reason": "No"}
        assert bob.post(url(f"disputes-{step}", cast.vendor, one.number), data).status_code == 403
        assert dana.post(url(f"disputes-{step}", cast.vendor, one.number), data).status_code == 404
        assert dana.post(url(f"disputes-{step}", cast.other_vendor, one.number), data).status_code == 404
    html = bob.get(url("disputes-detail", cast.vendor, one.number)).content.decode()
    assert url("disputes-message", cast.vendor, one.number) not in html
    one.refresh_from_db()
    assert one.state == DisputeState.CONTACTING
