"""What people are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from marketplace.notifications.models import Notification
from tests.factories.vendors import a_cast, a_staff_member, seeded
from vendor_portal.handlers import tell_invited
from vendor_portal.services.members import decline_invitation, invite_member
from vendor_portal.services.onboarding import suspend_vendor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("contact", [{"phone": "+9647709999999"}, {"email": "someone@example.com"}])
def test_who_is_invited_is_told_once(contact: dict[str, str], drain_outbox: Callable[[], int]) -> None:
    cast = a_cast()
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "accountant"), actor=cast.alice, **contact
    )
    drain_outbox()
    tell_invited({"invitation_id": invitation.pk})
    told = Notification.objects.get(kind="team.invited")
    assert (told.phone or told.email) in contact.values()
    assert told.facts["vendor"] == cast.vendor.name


def test_an_invitation_that_is_over_tells_nobody() -> None:
    cast = a_cast()
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "accountant"), actor=cast.alice, phone=cast.charlie.phone
    )
    decline_invitation(invitation=invitation, user=cast.charlie)
    tell_invited({"invitation_id": invitation.pk})
    assert not Notification.objects.exists()


def test_a_suspended_vendors_owner_reads_why(drain_outbox: Callable[[], int]) -> None:
    cast = a_cast()
    suspend_vendor(vendor=cast.vendor, actor=a_staff_member("admin"), reason="Fake goods")
    drain_outbox()
    told = Notification.objects.get(kind="vendor.suspended")
    assert (told.user, told.facts["reason"]) == (cast.alice, "Fake goods")
