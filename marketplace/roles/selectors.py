"""Reading people and their platform roles."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from marketplace.roles.models import Role, RoleChange
from marketplace.roles.services.audit import PLATFORM
from marketplace.roles.services.rights import rights_held_by
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from marketplace.users.phones import InvalidPhone, ascii_digits, to_e164

#: A name or a number must be this long before people are listed for it.
FEWEST_CHARACTERS = 3


def all_roles() -> QuerySet[Role, Any]:
    """Every platform role, with its rights and how many people have it."""
    return (
        Role.objects.select_related("group")
        .prefetch_related("group__permissions")
        .annotate(people_count=Count("group__user", distinct=True))
    )


def roles_of(*, person: User) -> list[Role]:
    return list(all_roles().filter(pk__in=Role.objects.filter(group__user=person).values("pk")))


def givable_roles(*, actor: User) -> list[Role]:
    """Roles of which this person holds every right, and so may give and take."""
    held = rights_held_by(actor)
    if PlatformPermission.ROLES_MANAGE not in held:
        return []
    return [role for role in all_roles() if role.permissions <= held]


def holders_of(*, role: Role) -> QuerySet[User, Any]:
    return User.objects.filter(groups=role.group_id).order_by("first_name", "pk")


def find_people(*, words: str) -> QuerySet[User, Any]:
    """People by phone in any spelling, e-mail or name; nobody for too few characters."""
    words = " ".join(words.split())
    if len(words) < FEWEST_CHARACTERS:
        return User.objects.none()
    found = Q(email__istartswith=words)
    for word in words.split():
        found |= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    digits = ascii_digits(words).replace(" ", "")
    try:
        found |= Q(phone=to_e164(words))
    except InvalidPhone:
        if digits.isdigit():
            found |= Q(phone__endswith=digits)
    return User.objects.filter(found).order_by("first_name", "pk")


def person_by_contact(*, contact: str) -> User | None:
    """Whoever has exactly this phone (E.164) or e-mail."""
    whom = Q(phone=contact) if contact.startswith("+") else Q(email__iexact=contact)
    return User.objects.filter(whom, is_active=True).first()


def changes_about(*, person: User) -> QuerySet[RoleChange, Any]:
    return RoleChange.objects.filter(scope=PLATFORM, person=person).select_related("actor")


def changes_of(*, role: Role) -> QuerySet[RoleChange, Any]:
    return RoleChange.objects.filter(scope=PLATFORM, role_slug=role.slug).select_related("actor", "person")
