"""Who may do what for which vendor."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import CharField, F, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from guardian.models import GroupObjectPermission

from forked_apps.order.models import Order
from forked_apps.partner.models import Partner, VendorStatus
from forked_apps.partner.permissions import VendorPermission
from marketplace.users.models import User
from vendor_portal.models import VendorInvitation, VendorMember, VendorRole
from vendor_portal.seeds import OWNER

#: From a member to the codenames of the rights that their roles' groups hold on this very vendor.
_GRANT = "roles__group__groupobjectpermission"


def _known(codenames: Iterable[str | None]) -> frozenset[VendorPermission]:
    values = {permission.value for permission in VendorPermission}
    return frozenset(VendorPermission(codename) for codename in codenames if codename in values)


def memberships_with_rights(*, user: User) -> QuerySet[VendorMember, Any]:
    """A person's places in vendors' teams, each with ``codenames`` of its rights: one query for all."""
    return (
        VendorMember.objects.filter(user=user, is_active=True)
        .select_related("vendor")
        .annotate(
            codenames=ArrayAgg(
                f"{_GRANT}__permission__codename",
                filter=Q(
                    **{
                        f"{_GRANT}__content_type": ContentType.objects.get_for_model(Partner),
                        f"{_GRANT}__object_pk": Cast(F("vendor_id"), CharField()),
                    }
                ),
                distinct=True,
                default=[],
            )
        )
    )


def membership_in(*, user: User, code: str) -> tuple[VendorMember, frozenset[VendorPermission]] | None:
    """A person's place in the team of the vendor with this code, and what they may do there."""
    member = memberships_with_rights(user=user).filter(vendor__code=code).first()
    return (member, _known(member.codenames)) if member is not None else None


def rights_in(*, user: User, vendor: Partner) -> frozenset[VendorPermission]:
    """What a person may do for this vendor; nothing for who is not in its team."""
    found = membership_in(user=user, code=vendor.code)
    return found[1] if found is not None else frozenset()


def rights_of_roles(roles: Iterable[VendorRole]) -> dict[int, frozenset[VendorPermission]]:
    """The rights of each of these roles, by the role's id; one query for all."""
    by_group = {role.group_id: role for role in roles}
    codenames: dict[int, set[str]] = {role.pk: set() for role in by_group.values()}
    grants = GroupObjectPermission.objects.filter(
        group_id__in=by_group, content_type=ContentType.objects.get_for_model(Partner)
    ).values_list("group_id", "object_pk", "permission__codename")
    for group_id, object_pk, codename in grants:
        role = by_group[group_id]
        if object_pk == str(role.vendor_id):
            codenames[role.pk].add(codename)
    return {pk: _known(names) for pk, names in codenames.items()}


def vendors_of(*, user: User) -> QuerySet[Partner, Any]:
    """The vendors in whose teams a person is, by name."""
    return Partner.objects.filter(members__user=user, members__is_active=True).order_by("name", "pk")


def members_of(*, vendor: Partner) -> QuerySet[VendorMember, Any]:
    return (
        VendorMember.objects.filter(vendor=vendor, is_active=True)
        .select_related("user")
        .prefetch_related("roles")
    )


def people_with(permission: VendorPermission, *, vendor_ids: Iterable[int]) -> dict[int, list[User]]:
    """Who holds this right in each of these vendors' teams, by the vendor's id; one query for all."""
    of_vendor = {
        f"{_GRANT}__permission__codename": permission.value,
        f"{_GRANT}__content_type": ContentType.objects.get_for_model(Partner),
        f"{_GRANT}__object_pk": Cast(F("vendor_id"), CharField()),
    }
    found: dict[int, list[User]] = {}
    members = VendorMember.objects.filter(vendor_id__in=list(vendor_ids), is_active=True, **of_vendor)
    for member in members.select_related("user").order_by("pk").distinct():
        found.setdefault(member.vendor_id, []).append(member.user)
    return found


def owners_of(*, vendor_id: int) -> list[User]:
    """Its owners, the first one first."""
    members = VendorMember.objects.filter(vendor_id=vendor_id, is_active=True, roles__seed=OWNER)
    return [member.user for member in members.select_related("user").order_by("pk").distinct()]


def owner_of(*, vendor_id: int) -> User | None:
    """The first of its owners, who reads what is written to the vendor."""
    return next(iter(owners_of(vendor_id=vendor_id)), None)


def roles_of(*, vendor: Partner) -> QuerySet[VendorRole, Any]:
    return VendorRole.objects.filter(vendor=vendor).order_by("id")


def open_invitations() -> QuerySet[VendorInvitation, Any]:
    return VendorInvitation.objects.filter(
        accepted_at=None, closed_at=None, expires_at__gt=timezone.now()
    ).select_related("vendor", "role", "invited_by")


def invitations_for(*, user: User) -> QuerySet[VendorInvitation, Any]:
    """Open invitations to a phone or an e-mail that this person has proved to be theirs."""
    proved = Q(pk__in=[])
    if user.phone and user.phone_verified:
        proved |= Q(phone=user.phone)
    emails = verified_emails(user=user)
    if emails:
        proved |= Q(email__in=emails)
    return open_invitations().filter(proved)


def verified_emails(*, user: User) -> list[str]:
    """Lower-case addresses that this person has shown to be theirs."""
    from allauth.account.models import EmailAddress

    return [
        email.lower()
        for email in EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    ]


def vendors_waiting() -> int:
    return Partner.objects.filter(status=VendorStatus.APPLIED).count()


def orders_of_last_days(days: int = 7) -> int:
    """How many orders customers placed lately."""
    return Order.objects.filter(date_placed__gte=timezone.now() - timedelta(days=days)).count()
