"""A vendor's people: invited by phone or e-mail, proved by signing in with it, and never above themselves."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.utils import timezone

from forked_apps.partner.models import Partner
from forked_apps.partner.permissions import VendorPermission as P
from marketplace.outbox.models import OutboxMessage
from marketplace.roles.errors import LastHolder, NameTaken, NotHeld, RoleProtected
from marketplace.roles.models import RoleChange
from marketplace.users.models import User
from tests.factories.vendors import Cast, a_cast, a_member, a_person, a_role, a_vendor, membership, seeded
from vendor_portal.errors import AlreadyMember, InvitationNotYours, InvitationOver
from vendor_portal.models import VendorInvitation, VendorMember, VendorRole
from vendor_portal.selectors import invitations_for, rights_in
from vendor_portal.services import members
from vendor_portal.services.members import (
    accept_invitation,
    change_roles,
    decline_invitation,
    invite_member,
    remove_member,
    withdraw_invitation,
)
from vendor_portal.services.roles import create_role, delete_role, edit_role, seed_vendor_roles

pytestmark = pytest.mark.django_db


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_a_new_vendor_has_five_roles_and_seeding_twice_changes_nothing() -> None:
    vendor = a_vendor()
    assert set(seed_vendor_roles(vendor)) == {"owner", "manager", "stock-clerk", "order-packer", "accountant"}
    assert VendorRole.objects.filter(vendor=vendor).count() == 5


def test_rights_are_guardian_object_permissions_on_this_vendor_alone() -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    bob = fresh(cast.bob)
    assert bob.has_perm(P.ORDERS_VIEW.full_name, cast.vendor)
    assert bob.has_perm(P.PORTAL_ACCESS.full_name, cast.vendor)
    assert not bob.has_perm(P.ORDERS_SHIP.full_name, cast.vendor)
    assert not bob.has_perm(P.ORDERS_VIEW.full_name, cast.other_vendor)
    assert not bob.has_perm(P.ORDERS_VIEW.full_name)
    assert rights_in(user=bob, vendor=cast.vendor) == {P.ORDERS_VIEW, P.PORTAL_ACCESS}
    assert rights_in(user=bob, vendor=cast.other_vendor) == frozenset()


def test_the_owner_holds_everything() -> None:
    cast = a_cast()
    assert rights_in(user=cast.alice, vendor=cast.vendor) == set(P)


def test_rights_of_a_person_in_two_vendors_stay_apart() -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    a_member(cast.other_vendor, P.MONEY_VIEW, user=cast.bob)
    assert rights_in(user=cast.bob, vendor=cast.vendor) == {P.PORTAL_ACCESS, P.ORDERS_VIEW}
    assert rights_in(user=cast.bob, vendor=cast.other_vendor) == {P.PORTAL_ACCESS, P.MONEY_VIEW}


def test_signing_in_with_the_invited_phone_is_the_proof() -> None:
    cast = a_cast()
    role = seeded(cast.vendor, "order-packer")
    invitation = invite_member(
        vendor=cast.vendor, role=role, actor=cast.alice, phone=cast.charlie.phone or ""
    )
    assert OutboxMessage.objects.filter(
        topic="vendor.invited", payload={"invitation_id": invitation.pk}
    ).exists()
    assert list(invitations_for(user=cast.charlie)) == [invitation]
    accept_invitation(invitation=invitation, user=cast.charlie)
    assert P.ORDERS_SHIP in rights_in(user=cast.charlie, vendor=cast.vendor)
    assert not invitations_for(user=cast.charlie).exists()


def test_someone_elses_invitation_gives_nothing() -> None:
    cast = a_cast()
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "manager"), actor=cast.alice, phone="+9647709999999"
    )
    with pytest.raises(InvitationNotYours):
        accept_invitation(invitation=invitation, user=cast.charlie)
    with pytest.raises(InvitationNotYours):
        decline_invitation(invitation=invitation, user=cast.charlie)
    assert not VendorMember.objects.filter(user=cast.charlie).exists()


def test_a_phone_that_was_not_verified_proves_nothing() -> None:
    cast = a_cast()
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "manager"), actor=cast.alice, phone="+9647709999999"
    )
    pretender = a_person(phone="+9647709999999")
    User.objects.filter(pk=pretender.pk).update(phone_verified=False)
    pretender = fresh(pretender)
    assert not invitations_for(user=pretender).exists()
    with pytest.raises(InvitationNotYours):
        accept_invitation(invitation=invitation, user=pretender)


@pytest.mark.parametrize("verified", [True, False])
def test_an_e_mail_counts_once_it_is_verified(verified: bool) -> None:
    cast = a_cast()
    EmailAddress.objects.create(user=cast.charlie, email="charlie@example.com", verified=verified)
    invitation = invite_member(
        vendor=cast.vendor,
        role=seeded(cast.vendor, "accountant"),
        actor=cast.alice,
        email="Charlie@Example.com",
    )
    if verified:
        accept_invitation(invitation=invitation, user=cast.charlie)
        assert P.MONEY_VIEW in rights_in(user=cast.charlie, vendor=cast.vendor)
    else:
        with pytest.raises(InvitationNotYours):
            accept_invitation(invitation=invitation, user=cast.charlie)


def test_an_invitation_works_once_and_not_after_its_day() -> None:
    cast = a_cast()
    role = seeded(cast.vendor, "order-packer")
    invitation = invite_member(
        vendor=cast.vendor, role=role, actor=cast.alice, phone=cast.charlie.phone or ""
    )
    VendorInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationOver):
        accept_invitation(invitation=invitation, user=cast.charlie)
    invitation = invite_member(
        vendor=cast.vendor, role=role, actor=cast.alice, phone=cast.charlie.phone or ""
    )
    accept_invitation(invitation=invitation, user=cast.charlie)
    remove_member(member=membership(cast.vendor, cast.charlie), actor=cast.alice)
    with pytest.raises(InvitationOver):
        accept_invitation(invitation=invitation, user=cast.charlie)
    assert rights_in(user=cast.charlie, vendor=cast.vendor) == frozenset()


def test_withdrawn_and_declined_invitations_are_over() -> None:
    cast = a_cast()
    role = seeded(cast.vendor, "order-packer")
    for close in (
        lambda one: withdraw_invitation(invitation=one, actor=cast.alice),
        lambda one: decline_invitation(invitation=one, user=cast.charlie),
    ):
        invitation = invite_member(
            vendor=cast.vendor, role=role, actor=cast.alice, phone=cast.charlie.phone or ""
        )
        close(invitation)
        with pytest.raises(InvitationOver):
            accept_invitation(invitation=invitation, user=cast.charlie)


def test_an_invitation_falls_with_the_rights_of_who_sent_it() -> None:
    cast = a_cast(bob_may=[P.MEMBERS_MANAGE, P.ORDERS_VIEW])
    role = a_role(cast.vendor, P.ORDERS_VIEW)
    invitation = invite_member(vendor=cast.vendor, role=role, actor=cast.bob, phone=cast.charlie.phone or "")
    remove_member(member=membership(cast.vendor, cast.bob), actor=cast.alice)
    with pytest.raises(InvitationOver):
        accept_invitation(invitation=invitation, user=cast.charlie)


def test_inviting_again_replaces_the_open_invitation() -> None:
    cast = a_cast()
    phone = cast.charlie.phone or ""
    invite_member(vendor=cast.vendor, role=seeded(cast.vendor, "manager"), actor=cast.alice, phone=phone)
    second = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "accountant"), actor=cast.alice, phone=phone
    )
    assert list(invitations_for(user=cast.charlie)) == [second]


def test_who_has_the_role_is_not_invited_again() -> None:
    cast = a_cast()
    with pytest.raises(AlreadyMember):
        invite_member(
            vendor=cast.vendor,
            role=seeded(cast.vendor, "owner"),
            actor=cast.alice,
            phone=cast.alice.phone or "",
        )


def test_nobody_invites_into_a_role_of_another_vendor() -> None:
    cast = a_cast()
    with pytest.raises(VendorRole.DoesNotExist):
        invite_member(
            vendor=cast.vendor,
            role=seeded(cast.other_vendor, "owner"),
            actor=cast.alice,
            phone="+9647709999999",
        )
    with pytest.raises(VendorRole.DoesNotExist):
        change_roles(
            member=membership(cast.vendor, cast.bob),
            roles=[seeded(cast.other_vendor, "owner")],
            actor=cast.alice,
        )


def test_a_clerk_cannot_escalate() -> None:
    cast = a_cast(bob_may=[P.MEMBERS_MANAGE, P.ORDERS_VIEW])
    own = membership(cast.vendor, cast.bob)
    own_role = own.roles.get()
    with pytest.raises(NotHeld):
        change_roles(member=own, roles=[seeded(cast.vendor, "owner")], actor=cast.bob)
    with pytest.raises(NotHeld):
        edit_role(role=own_role, name=own_role.name, permissions=set(P), actor=cast.bob)
    with pytest.raises(NotHeld):
        create_role(vendor=cast.vendor, name="More", permissions=[P.MONEY_VIEW], actor=cast.bob)
    with pytest.raises(NotHeld):
        invite_member(
            vendor=cast.vendor, role=seeded(cast.vendor, "accountant"), actor=cast.bob, phone="+9647709999999"
        )
    with pytest.raises(NotHeld):
        remove_member(member=membership(cast.vendor, cast.alice), actor=cast.bob)
    assert rights_in(user=cast.bob, vendor=cast.vendor) == {P.PORTAL_ACCESS, P.MEMBERS_MANAGE, P.ORDERS_VIEW}


def test_an_owner_manages_nothing_of_another_vendor() -> None:
    cast = a_cast()
    with pytest.raises(NotHeld):
        create_role(vendor=cast.vendor, name="Spy", permissions=[P.ORDERS_VIEW], actor=cast.dana)
    with pytest.raises(NotHeld):
        remove_member(member=membership(cast.vendor, cast.bob), actor=cast.dana)


def test_the_last_owner_stays() -> None:
    cast = a_cast()
    own = membership(cast.vendor, cast.alice)
    with pytest.raises(LastHolder):
        remove_member(member=own, actor=cast.alice)
    with pytest.raises(LastHolder):
        change_roles(member=own, roles=[seeded(cast.vendor, "manager")], actor=cast.alice)
    change_roles(
        member=membership(cast.vendor, cast.bob), roles=[seeded(cast.vendor, "owner")], actor=cast.alice
    )
    remove_member(member=own, actor=cast.alice)
    assert rights_in(user=cast.alice, vendor=cast.vendor) == frozenset()


def two_owners() -> Cast:
    cast = a_cast()
    change_roles(
        member=membership(cast.vendor, cast.bob), roles=[seeded(cast.vendor, "owner")], actor=cast.alice
    )
    return cast


def both_leave_at_once(cast: Cast) -> list[str]:
    barrier = threading.Barrier(2, timeout=10)
    outcomes: list[str] = []

    def leave(user: User) -> None:
        try:
            barrier.wait()
            remove_member(member=membership(cast.vendor, user), actor=user)
            outcomes.append("left")
        except LastHolder:
            outcomes.append("stayed")
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=[user]) for user in (cast.alice, cast.bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def owners_of(vendor: Partner) -> int:
    return VendorMember.objects.filter(vendor=vendor, is_active=True, roles__seed="owner").count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one() -> None:
    cast = two_owners()
    assert both_leave_at_once(cast) == ["left", "stayed"]
    assert owners_of(cast.vendor) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_owner_role_s_lock_both_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = two_owners()
    both_checked = threading.Barrier(2, timeout=10)
    take = members._take

    def take_after_both_checked(**arguments: Any) -> None:
        both_checked.wait()
        take(**arguments)

    monkeypatch.setattr(
        members, "_lock_owner_role", lambda vendor: VendorRole.objects.get(vendor=vendor, seed="owner")
    )
    monkeypatch.setattr(members, "_take", take_after_both_checked)
    assert both_leave_at_once(cast) == ["left", "left"]
    assert owners_of(cast.vendor) == 0


def test_a_clerk_may_leave_without_the_right_to_manage_members() -> None:
    cast = a_cast()
    remove_member(member=membership(cast.vendor, cast.bob), actor=cast.bob)
    assert rights_in(user=cast.bob, vendor=cast.vendor) == frozenset()
    assert not fresh(cast.bob).has_perm(P.ORDERS_VIEW.full_name, cast.vendor)


def test_who_comes_back_does_not_get_old_roles_back() -> None:
    cast = a_cast(bob_may=[P.MONEY_VIEW])
    remove_member(member=membership(cast.vendor, cast.bob), actor=cast.alice)
    invitation = invite_member(
        vendor=cast.vendor,
        role=a_role(cast.vendor, P.ORDERS_VIEW),
        actor=cast.alice,
        phone=cast.bob.phone or "",
    )
    accept_invitation(invitation=invitation, user=cast.bob)
    assert rights_in(user=cast.bob, vendor=cast.vendor) == {P.PORTAL_ACCESS, P.ORDERS_VIEW}


def test_editing_a_role_changes_what_its_people_may() -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    role = membership(cast.vendor, cast.bob).roles.get()
    edit_role(role=role, name="Stock", permissions=[P.PRODUCTS_VIEW], actor=cast.alice)
    assert rights_in(user=cast.bob, vendor=cast.vendor) == {P.PORTAL_ACCESS, P.PRODUCTS_VIEW}
    assert not fresh(cast.bob).has_perm(P.ORDERS_VIEW.full_name, cast.vendor)


def test_the_owner_role_cannot_be_narrowed_or_deleted() -> None:
    cast = a_cast()
    owner = seeded(cast.vendor, "owner")
    with pytest.raises(RoleProtected):
        edit_role(role=owner, name=owner.name, permissions=[P.ORDERS_VIEW], actor=cast.alice)
    with pytest.raises(RoleProtected):
        delete_role(role=owner, actor=cast.alice)


def test_deleting_a_role_takes_what_it_gave() -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    role = membership(cast.vendor, cast.bob).roles.get()
    delete_role(role=role, actor=cast.alice)
    assert rights_in(user=cast.bob, vendor=cast.vendor) == frozenset()
    assert not fresh(cast.bob).groups.exists()


def test_two_roles_of_a_vendor_have_two_names_but_vendors_do_not_share_them() -> None:
    cast = a_cast()
    create_role(vendor=cast.vendor, name="Night", permissions=[P.ORDERS_VIEW], actor=cast.alice)
    with pytest.raises(NameTaken):
        create_role(vendor=cast.vendor, name="NIGHT", permissions=[P.ORDERS_VIEW], actor=cast.alice)
    create_role(vendor=cast.other_vendor, name="Night", permissions=[P.ORDERS_VIEW], actor=cast.dana)


def test_changes_are_recorded_with_their_actor() -> None:
    cast = a_cast()
    change_roles(
        member=membership(cast.vendor, cast.bob), roles=[seeded(cast.vendor, "manager")], actor=cast.alice
    )
    actions = list(
        RoleChange.objects.filter(scope=f"vendor:{cast.vendor.code}", actor=cast.alice, person=cast.bob)
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == ["taken", "given"]
