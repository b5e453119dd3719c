"""The links of the staff pages: each package registers its own in ``AppConfig.ready``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marketplace.users.permissions import PlatformPermission

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class StaffLink:
    label: str | _StrPromise
    url_name: str
    permission: PlatformPermission
    group: str | _StrPromise
    #: Name of a Bootstrap icon, without its ``bi-``.
    icon: str
    order: int = 100


_links: list[StaffLink] = []


def register_staff_link(link: StaffLink) -> None:
    """Add a link; the same one twice counts once."""
    if link not in _links:
        _links.append(link)


def staff_links_for(user: AbstractBaseUser) -> list[StaffLink]:
    """The links that this person may follow, in order."""
    return sorted(
        (link for link in _links if user.has_perm(link.permission.full_name)),  # type: ignore[attr-defined]
        key=lambda link: link.order,
    )
