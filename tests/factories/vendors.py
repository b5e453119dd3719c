"""The people of vendors: Alice owns, Bob is a clerk, Charlie is a stranger."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

from forked_apps.partner.models import Partner, VendorStatus
from forked_apps.partner.permissions import VendorPermission
from marketplace.roles.models import Role
from marketplace.roles.services import give_role, seed_platform_roles
from marketplace.users.models import User
from tests.factories.catalogue import VendorFactory
from vendor_portal.models import VendorMember, VendorRole
from vendor_portal.seeds import OWNER
from vendor_portal.services.members import add_member
from vendor_portal.services.roles import create_role, seed_vendor_roles

_numbers = itertools.count(1)


def a_person(name: str = "Person", *, phone: str | None = None, **fields: object) -> User:
    """Someone who signed up with a phone that they verified, and holds no role."""
    number = phone or f"+964770{next(_numbers):07d}"
    return User.objects.create_user(
        email=str(fields.pop("email", "")), first_name=name, phone=number, phone_verified=True, **fields
    )


def a_staff_member(*slugs: str, name: str = "Staff") -> User:
    """A person with these platform roles, given by the platform itself."""
    seed_platform_roles()
    person = a_person(name)
    for slug in slugs:
        give_role(role=Role.objects.get(slug=slug), person=person, actor=None)
    return User.objects.get(pk=person.pk)


def a_vendor(
    *, owner: User | None = None, status: VendorStatus = VendorStatus.APPROVED, **fields: object
) -> Partner:
    """A vendor with the roles that every vendor starts with, and an owner if one is given."""
    vendor: Partner = VendorFactory(status=status, **fields)
    roles = seed_vendor_roles(vendor)
    if owner is not None:
        add_member(vendor=vendor, user=owner, roles=[roles[OWNER]], actor=None)
    return vendor


def a_role(vendor: Partner, *rights: VendorPermission, name: str = "") -> VendorRole:
    return create_role(vendor=vendor, name=name or f"Role {next(_numbers)}", permissions=rights, actor=None)


def a_member(
    vendor: Partner, *rights: VendorPermission, name: str = "Member", user: User | None = None
) -> User:
    """Someone in the vendor's team who may do exactly this, and open the portal."""
    person = user or a_person(name)
    add_member(vendor=vendor, user=person, roles=[a_role(vendor, *rights)], actor=None)
    return person


def membership(vendor: Partner, user: User) -> VendorMember:
    return VendorMember.objects.get(vendor=vendor, user=user)


def seeded(vendor: Partner, seed: str) -> VendorRole:
    return VendorRole.objects.get(vendor=vendor, seed=seed)


@dataclass(frozen=True, slots=True)
class Cast:
    """Two vendors and the people around them."""

    vendor: Partner
    other_vendor: Partner
    alice: User
    bob: User
    charlie: User
    dana: User


def a_cast(*, bob_may: Collection[VendorPermission] = (VendorPermission.ORDERS_VIEW,)) -> Cast:
    """Alice owns the vendor, Bob is its clerk, Charlie a stranger, Dana owns another vendor."""
    alice, dana = a_person("Alice"), a_person("Dana")
    vendor, other = a_vendor(owner=alice), a_vendor(owner=dana)
    bob = a_member(vendor, *bob_may, name="Bob")
    return Cast(
        vendor=vendor, other_vendor=other, alice=alice, bob=bob, charlie=a_person("Charlie"), dana=dana
    )
