"""Which rights a person holds, and which of Django's own permissions follow from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from marketplace.roles.errors import NotHeld
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission

#: Oscar's dashboard asks for Django's permissions on models. Orders and people are only looked at
#: there: changing an order goes through the services, never through Oscar's forms.
DASHBOARD_EDITS = ("catalogue", "offer", "voucher", "reviews", "flatpages", "communication")
DASHBOARD_VIEWS = ("order", "partner", "shipping", "address")
#: What the administration shows. Sessions, second factors and messages (with codes in them) are left out.
RECORDS_SHOWN = (
    "users",
    "auth",
    "roles",
    "vendor_portal",
    "guardian",
    "catalogue",
    "reviews",
    "partner",
    "basket",
    "order",
    "shipping",
    "offer",
    "voucher",
    "address",
    "points_payment",
    "payment",
)


def rights_held_by(user: User) -> frozenset[PlatformPermission]:
    """The platform rights of a person, as Django's backends see them."""
    return frozenset(permission for permission in PlatformPermission if user.has_perm(permission.full_name))


def require_held(*, actor: User | None, rights: Iterable[PlatformPermission]) -> None:
    """Nobody hands out or takes away what they don't hold, nor without the right to manage roles.

    ``actor=None`` is the platform itself.

    Raises:
        NotHeld: the actor lacks some of it.
    """
    if actor is None:
        return
    missing = {*rights, PlatformPermission.ROLES_MANAGE} - rights_held_by(actor)
    if missing:
        raise NotHeld([str(permission.label) for permission in missing])


def write_rights(*, group: Group, rights: Collection[PlatformPermission]) -> None:
    """Give a group these rights and what follows from them, and nothing else."""
    wanted = Q(content_type__app_label="users", codename__in=[permission.value for permission in rights])
    if PlatformPermission.DASHBOARD_USE in rights:
        wanted |= Q(content_type__app_label__in=DASHBOARD_EDITS)
        wanted |= Q(content_type__app_label__in=DASHBOARD_VIEWS, codename__startswith="view_")
    if PlatformPermission.RECORDS_VIEW in rights:
        wanted |= Q(content_type__app_label__in=RECORDS_SHOWN, codename__startswith="view_")
    group.permissions.set(Permission.objects.filter(wanted))


def refresh_staff_flag(*, people: Iterable[User]) -> None:
    """Django's ``is_staff`` follows the rights: Oscar's dashboard and the admin ask for it as well."""
    ids = [person.pk for person in people]
    entitled = Q(is_superuser=True) | Q(
        groups__platform_role__isnull=False,
        groups__permissions__content_type__app_label="users",
        groups__permissions__codename__in=[PlatformPermission.DASHBOARD_USE, PlatformPermission.RECORDS_VIEW],
    )
    staff = set(User.objects.filter(entitled, pk__in=ids).values_list("pk", flat=True))
    User.objects.filter(pk__in=ids, is_staff=False).filter(pk__in=staff).update(is_staff=True)
    User.objects.filter(pk__in=ids, is_staff=True).exclude(pk__in=staff).update(is_staff=False)
