"""A vendor's own roles: guardian's object permissions on that vendor, held by the group under each role."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from guardian.models import GroupObjectPermission

from forked_apps.partner.models import Partner
from forked_apps.partner.permissions import VendorPermission
from marketplace.roles.errors import NameTaken, NotHeld, RoleProtected
from marketplace.roles.models import RoleChange
from marketplace.roles.services.audit import record_change
from marketplace.users.models import User
from vendor_portal.models import VendorMember, VendorRole
from vendor_portal.seeds import OWNER, SEEDS
from vendor_portal.selectors import rights_in, rights_of_roles


def scope_of(vendor: Partner) -> str:
    """Where a change of this vendor's roles is recorded."""
    return f"vendor:{vendor.code}"


def require_held(*, actor: User | None, vendor: Partner, rights: Iterable[VendorPermission]) -> None:
    """Nobody hands out or takes away what they don't hold, nor without the right to manage members.

    ``actor=None`` is the platform itself.

    Raises:
        NotHeld: the actor lacks some of it.
    """
    if actor is None:
        return
    missing = {*rights, VendorPermission.MEMBERS_MANAGE} - rights_in(user=actor, vendor=vendor)
    if missing:
        raise NotHeld([str(permission.label) for permission in missing])


@transaction.atomic
def seed_vendor_roles(vendor: Partner) -> dict[str, VendorRole]:
    """Make the roles that every vendor starts with, where they are missing, by the name of their seed."""
    roles = {role.seed: role for role in VendorRole.objects.filter(vendor=vendor).exclude(seed="")}
    for seed_name, seed in SEEDS.items():
        if seed_name not in roles:
            role = VendorRole.objects.create(vendor=vendor, seed=seed_name, group=_new_group(vendor))
            _write_rights(role=role, rights=seed.permissions)
            roles[seed_name] = role
    return roles


@transaction.atomic
def create_role(
    *, vendor: Partner, name: str, permissions: Collection[VendorPermission], actor: User | None
) -> VendorRole:
    """Make a role of these rights; opening the portal is part of every role.

    Raises:
        NotHeld: the actor lacks some of the rights.
        NameTaken: another role of this vendor is called so.
    """
    rights = {*permissions, VendorPermission.PORTAL_ACCESS}
    require_held(actor=actor, vendor=vendor, rights=rights)
    _require_free_name(vendor=vendor, name=name, but_for=None)
    role = VendorRole.objects.create(vendor=vendor, own_name=name, group=_new_group(vendor))
    _write_rights(role=role, rights=rights)
    _record(role, RoleChange.Action.CREATED, actor=actor, added=rights)
    return role


@transaction.atomic
def edit_role(
    *, role: VendorRole, name: str, permissions: Collection[VendorPermission], actor: User | None
) -> VendorRole:
    """Rename a role, or change its rights for everyone who has it.

    Raises:
        NotHeld: the actor lacks a right that is added or removed.
        RoleProtected: an owner always holds every right.
        NameTaken: another role of this vendor is called so.
    """
    role = (
        VendorRole.objects.select_for_update(no_key=True, of=("self",))
        .select_related("vendor")
        .get(pk=role.pk)
    )
    before = rights_of_roles([role])[role.pk]
    after = frozenset({*permissions, VendorPermission.PORTAL_ACCESS})
    if role.seed == OWNER and after != before:
        raise RoleProtected(role.name)
    require_held(actor=actor, vendor=role.vendor, rights=before ^ after)
    if name != role.name:
        _require_free_name(vendor=role.vendor, name=name, but_for=role)
        role.own_name = name
        role.save(update_fields=["own_name"])
    if before != after:
        _write_rights(role=role, rights=after)
    _record(role, RoleChange.Action.EDITED, actor=actor, added=after - before, removed=before - after)
    return role


@transaction.atomic
def delete_role(*, role: VendorRole, actor: User | None) -> None:
    """Remove a role, and with it what it gave to its people; they stay members.

    Raises:
        RoleProtected: it is the owner's.
        NotHeld: the actor lacks some of its rights.
    """
    role = (
        VendorRole.objects.select_for_update(of=("self",)).select_related("vendor", "group").get(pk=role.pk)
    )
    if role.seed == OWNER:
        raise RoleProtected(role.name)
    rights = rights_of_roles([role])[role.pk]
    require_held(actor=actor, vendor=role.vendor, rights=rights)
    for member in VendorMember.objects.filter(roles=role).select_related("user"):
        _record(role, RoleChange.Action.TAKEN, actor=actor, person=member.user)
    _record(role, RoleChange.Action.DELETED, actor=actor, removed=rights)
    group = role.group
    role.delete()
    # Its object permissions and memberships go with it.
    group.delete()


def _new_group(vendor: Partner) -> Group:
    return Group.objects.create(name=f"vendor:{vendor.pk}:{uuid.uuid4().hex}")


def _write_rights(*, role: VendorRole, rights: Collection[VendorPermission]) -> None:
    """Give the role's group exactly these object permissions on the vendor."""
    content_type = ContentType.objects.get_for_model(Partner)
    held = GroupObjectPermission.objects.filter(
        group_id=role.group_id, content_type=content_type, object_pk=str(role.vendor_id)
    )
    codenames = [right.value for right in rights]
    held.exclude(permission__codename__in=codenames).delete()
    GroupObjectPermission.objects.bulk_create(
        [
            GroupObjectPermission(
                group_id=role.group_id,
                permission=permission,
                content_type=content_type,
                object_pk=str(role.vendor_id),
            )
            for permission in Permission.objects.filter(content_type=content_type, codename__in=codenames)
        ],
        ignore_conflicts=True,
    )


def _require_free_name(*, vendor: Partner, name: str, but_for: VendorRole | None) -> None:
    wanted = name.strip().casefold()
    for role in VendorRole.objects.filter(vendor=vendor):
        if role.name.casefold() == wanted and (but_for is None or role.pk != but_for.pk):
            raise NameTaken


def _record(
    role: VendorRole,
    action: RoleChange.Action,
    *,
    actor: User | None,
    person: User | None = None,
    added: Collection[VendorPermission] = (),
    removed: Collection[VendorPermission] = (),
) -> None:
    details = {}
    if added:
        details["added"] = sorted(right.value for right in added)
    if removed:
        details["removed"] = sorted(right.value for right in removed)
    record_change(
        scope=scope_of(role.vendor),
        action=action,
        role_slug=role.seed or str(role.pk),
        role_name=role.own_name,
        person=person,
        actor=actor,
        details=details,
    )
