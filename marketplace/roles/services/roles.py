"""Making, changing, giving and taking platform roles. Every change is recorded with who and why."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.text import slugify

from marketplace.roles.errors import LastHolder, NameTaken, RoleProtected
from marketplace.roles.models import Role, RoleChange
from marketplace.roles.seeds import ADMIN, CUSTOMER, SEEDS
from marketplace.roles.services.audit import PLATFORM, record_change
from marketplace.roles.services.rights import refresh_staff_flag, require_held, write_rights
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission


@transaction.atomic
def create_role(
    *,
    name: str,
    description: str,
    permissions: Collection[PlatformPermission],
    actor: User | None,
    reason: str = "",
) -> Role:
    """Make a role of these rights.

    Raises:
        NotHeld: the actor lacks some of the rights, or the right to manage roles.
        NameTaken: another role is called so.
    """
    require_held(actor=actor, rights=permissions)
    _require_free_name(name=name, but_for=None)
    slug = slugify(name)[:50]
    if not slug or Role.objects.filter(slug=slug).exists() or slug in SEEDS:
        slug = f"{slug or 'role'}-{uuid.uuid4().hex[:8]}"
    group = Group.objects.create(name=f"role:{slug}")
    write_rights(group=group, rights=permissions)
    role = Role.objects.create(slug=slug, own_name=name, own_description=description, group=group)
    _record(role, RoleChange.Action.CREATED, actor=actor, reason=reason, added=permissions)
    return role


@transaction.atomic
def edit_role(
    *,
    role: Role,
    name: str,
    description: str,
    permissions: Collection[PlatformPermission],
    actor: User | None,
    reason: str = "",
) -> Role:
    """Rename a role, or change its rights for everyone who has it.

    Raises:
        NotHeld: the actor lacks a right that is added or removed.
        RoleProtected: the rights of Admin are every right, always.
        NameTaken: another role is called so.
    """
    role = _lock(role)
    before, after = role.permissions, frozenset(permissions)
    if role.slug == ADMIN and after != before:
        raise RoleProtected(role.name)
    require_held(actor=actor, rights=before ^ after)
    if name != role.name:
        _require_free_name(name=name, but_for=role)
        role.own_name = name
    if description != role.description:
        role.own_description = description
    role.save(update_fields=["own_name", "own_description"])
    if before != after:
        write_rights(group=role.group, rights=after)
        refresh_staff_flag(people=role.group.user_set.all())
    _record(
        role,
        RoleChange.Action.EDITED,
        actor=actor,
        reason=reason,
        added=after - before,
        removed=before - after,
    )
    return role


@transaction.atomic
def delete_role(*, role: Role, actor: User | None, reason: str = "") -> None:
    """Remove a role and take it from everyone who has it.

    Raises:
        RoleProtected: it is Admin or Customer, on which the shop relies.
        NotHeld: the actor lacks some of its rights.
    """
    role = _lock(role)
    if role.slug in {ADMIN, CUSTOMER}:
        raise RoleProtected(role.name)
    require_held(actor=actor, rights=role.permissions)
    holders = list(role.group.user_set.order_by("pk"))
    for person in holders:
        _record(role, RoleChange.Action.TAKEN, actor=actor, reason=reason, person=person)
    _record(role, RoleChange.Action.DELETED, actor=actor, reason=reason, removed=role.permissions)
    group = role.group
    role.delete()
    group.delete()
    refresh_staff_flag(people=holders)


@transaction.atomic
def give_role(*, role: Role, person: User, actor: User | None, reason: str = "") -> bool:
    """Give a person a role; whether they did not have it yet.

    Raises:
        NotHeld: the actor lacks some of its rights.
    """
    role = _lock(role)
    require_held(actor=actor, rights=role.permissions)
    if role.group.user_set.filter(pk=person.pk).exists():
        return False
    role.group.user_set.add(person)
    refresh_staff_flag(people=[person])
    _record(role, RoleChange.Action.GIVEN, actor=actor, reason=reason, person=person)
    return True


@transaction.atomic
def take_role(*, role: Role, person: User, actor: User | None, reason: str = "") -> bool:
    """Take a role from a person, from their next request on; whether they had it.

    Raises:
        NotHeld: the actor lacks some of its rights.
        LastHolder: nobody else is Admin.
    """
    # Locked before the others are counted: two admins cannot remove each other at once.
    role = _lock(role)
    require_held(actor=actor, rights=role.permissions)
    if not role.group.user_set.filter(pk=person.pk).exists():
        return False
    if role.slug == ADMIN and not role.group.user_set.filter(is_active=True).exclude(pk=person.pk).exists():
        raise LastHolder(role.name)
    role.group.user_set.remove(person)
    refresh_staff_flag(people=[person])
    _record(role, RoleChange.Action.TAKEN, actor=actor, reason=reason, person=person)
    return True


@transaction.atomic
def seed_platform_roles() -> list[Role]:
    """Make the roles that come with the shop where they are missing; what people edited stays.

    A seeded role that somebody deleted is not made again. Admin alone is brought up to date, so
    that it holds the rights that a new version adds.
    """
    for slug, seed in SEEDS.items():
        role = Role.objects.filter(slug=slug).first()
        if role is not None:
            if slug == ADMIN:
                write_rights(group=role.group, rights=seed.permissions)
            continue
        if RoleChange.objects.filter(
            scope=PLATFORM, action=RoleChange.Action.DELETED, role_slug=slug
        ).exists():
            continue
        group, _created = Group.objects.get_or_create(name=f"role:{slug}")
        write_rights(group=group, rights=seed.permissions)
        role = Role.objects.create(slug=slug, group=group, seeded=True)
        _record(role, RoleChange.Action.CREATED, actor=None, reason="", added=seed.permissions)
    return list(Role.objects.filter(seeded=True))


def _lock(role: Role) -> Role:
    return Role.objects.select_for_update(no_key=True, of=("self",)).select_related("group").get(pk=role.pk)


def _require_free_name(*, name: str, but_for: Role | None) -> None:
    wanted = name.strip().casefold()
    for role in Role.objects.exclude(pk=but_for.pk if but_for else None):  # type: ignore[misc]
        if role.name.casefold() == wanted:
            raise NameTaken


def _record(
    role: Role,
    action: RoleChange.Action,
    *,
    actor: User | None,
    reason: str,
    person: User | None = None,
    added: Collection[PlatformPermission] = (),
    removed: Collection[PlatformPermission] = (),
) -> None:
    details = {}
    if added:
        details["added"] = sorted(permission.value for permission in added)
    if removed:
        details["removed"] = sorted(permission.value for permission in removed)
    record_change(
        scope=PLATFORM,
        action=action,
        role_slug=role.slug,
        role_name=role.own_name,
        person=person,
        actor=actor,
        reason=reason,
        details=details,
    )
