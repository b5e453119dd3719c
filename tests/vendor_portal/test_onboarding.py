"""A vendor applies, is decided about, and disappears from the shop the moment it is suspended."""

from __future__ import annotations

import pytest

from forked_apps.partner import indexing
from forked_apps.partner.models import Partner, VendorStatus
from marketplace.outbox.models import OutboxMessage
from tests.factories.catalogue import OfferFactory
from tests.factories.vendors import a_cast, a_person, a_staff_member, a_vendor
from vendor_portal.errors import ApplicationWaiting, IllegalDecision, OwnVendor, ReasonMissing, ShopNameTaken
from vendor_portal.models import VendorMember
from vendor_portal.services.onboarding import (
    apply_as_vendor,
    approve_vendor,
    refuse_vendor,
    reinstate_vendor,
    suspend_vendor,
)

pytestmark = pytest.mark.django_db


def apply(name: str = "Basra Home", **fields: object) -> Partner:
    return apply_as_vendor(
        applicant=fields.pop("applicant", None) or a_person(),
        name=name,
        governorate="BA",
        phone="+9647701234567",
    )


def test_an_applicant_owns_a_vendor_that_waits() -> None:
    person = a_person()
    vendor = apply(applicant=person)
    assert vendor.status == VendorStatus.APPLIED
    assert vendor.code == "basra-home"
    assert not Partner.objects.selling().filter(pk=vendor.pk).exists()
    assert VendorMember.objects.get(vendor=vendor, user=person).roles.get().seed == "owner"
    # Oscar's own list of a partner's people would open its dashboard.
    assert not vendor.users.exists()


def test_an_arabic_name_makes_an_address_that_can_be_typed() -> None:
    assert apply("بيت البصرة").code.isascii()
    assert apply("invitations").code != "invitations"


def test_applying_twice_waits_for_the_first_decision() -> None:
    person = a_person()
    apply(applicant=person)
    with pytest.raises(ApplicationWaiting):
        apply("Another", applicant=person)
    assert Partner.objects.count() == 1


def test_a_taken_name_is_refused() -> None:
    apply("Basra Home")
    with pytest.raises(ShopNameTaken):
        apply("basra  home")


def test_approval_lets_it_sell_and_tells_the_vendor_once() -> None:
    vendor, admin = apply(), a_staff_member("admin")
    vendor = approve_vendor(vendor=vendor, actor=admin)
    assert vendor.is_selling
    assert (vendor.decided_by, vendor.decisions.get().decision) == (admin, "approved")
    assert OutboxMessage.objects.filter(topic="vendor.decided", payload__vendor_id=vendor.pk).count() == 1
    with pytest.raises(IllegalDecision):
        approve_vendor(vendor=vendor, actor=admin)
    assert OutboxMessage.objects.filter(topic="vendor.decided").count() == 1


def test_who_was_refused_reads_why_and_applies_again_with_the_same_shop() -> None:
    person, admin = a_person(), a_staff_member("admin")
    vendor = apply(applicant=person)
    with pytest.raises(ReasonMissing):
        refuse_vendor(vendor=vendor, actor=admin, reason="  ")
    refuse_vendor(vendor=vendor, actor=admin, reason="No address")
    again = apply("Basra Home 2", applicant=person)
    assert again.pk == vendor.pk
    assert (again.status, again.decision_reason) == (VendorStatus.APPLIED, "")
    assert again.decisions.get().reason == "No address"


def test_suspending_takes_its_products_out_of_search_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PRODUCTS_PER_MESSAGE", 2)
    vendor, admin = a_vendor(), a_staff_member("admin")
    products = {OfferFactory(partner=vendor).product_id for _ in range(3)}
    OfferFactory()
    suspend_vendor(vendor=vendor, actor=admin, reason="Fakes")
    assert not Partner.objects.selling().filter(pk=vendor.pk).exists()
    messages = OutboxMessage.objects.filter(topic="search.products")
    assert messages.count() == 2
    assert {pk for message in messages for pk in message.payload["ids"]} == products
    assert reinstate_vendor(vendor=vendor, actor=admin).is_selling


@pytest.mark.parametrize(
    ("status", "decide"),
    [
        (VendorStatus.APPROVED, refuse_vendor),
        (VendorStatus.APPLIED, suspend_vendor),
        (VendorStatus.APPLIED, reinstate_vendor),
        (VendorStatus.SUSPENDED, approve_vendor),
        (VendorStatus.REFUSED, approve_vendor),
        (VendorStatus.CLOSED, reinstate_vendor),
    ],
)
def test_decisions_that_lead_nowhere_change_nothing(status: VendorStatus, decide: object) -> None:
    vendor, admin = a_vendor(status=status), a_staff_member("admin")
    with pytest.raises(IllegalDecision):
        decide(vendor=vendor, actor=admin, reason="x")  # type: ignore[operator]
    vendor.refresh_from_db()
    assert vendor.status == status
    assert not OutboxMessage.objects.exists()


def test_nobody_decides_about_their_own_vendor() -> None:
    cast = a_cast()
    with pytest.raises(OwnVendor):
        suspend_vendor(vendor=cast.vendor, actor=cast.bob, reason="x")
