"""The links of the staff pages: each package registers its own in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from marketplace.users.permissions import PlatformPermission

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.utils.functional import _StrPromise

    from marketplace.users.models import User


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


@dataclass(frozen=True, slots=True)
class StaffCounter:
    """How much of something waits for staff; shown on ``/staff/`` to who may do it."""

    label: str | _StrPromise
    count: Callable[[], int]
    url_name: str
    permission: PlatformPermission
    icon: str
    #: Added to the address, such as ``?status=applied``.
    query: str = ""
    #: Whether more than none means that someone should act.
    is_waiting: bool = True
    order: int = 100
    #: In place of ``count``, where it depends on who looks: what waits for somebody else than oneself.
    count_for: Callable[[AbstractBaseUser], int] | None = None

    def number_for(self, user: AbstractBaseUser) -> int:
        return self.count_for(user) if self.count_for else self.count()


@dataclass(frozen=True, slots=True)
class PersonFact:
    """A line on the staff's page about a person: a number or a few words."""

    label: str | _StrPromise
    read: Callable[[User], int | str]
    permission: PlatformPermission
    order: int = 100
    #: Where the fact leads: a page that takes the person's number.
    url_name: str = ""

    def url_of(self, person: User) -> str:
        return reverse(self.url_name, args=[person.pk]) if self.url_name else ""


@dataclass(frozen=True, slots=True)
class StaffNotice:
    """What all staff must see, above every page of theirs."""

    text: str
    #: Bootstrap's: ``danger`` or ``warning``.
    tone: str = "danger"
    #: Where this reader may learn more.
    url: str = ""
    action: str | _StrPromise = ""


#: The notice for this reader, if there is one now. Asked for on every staff page: one cheap query at most.
StaffBanner = Callable[["User"], StaffNotice | None]

_banners: list[StaffBanner] = []
_counters: list[StaffCounter] = []
_facts: list[PersonFact] = []


def register_staff_counter(counter: StaffCounter) -> None:
    """Add a counter; the same one twice counts once."""
    if counter not in _counters:
        _counters.append(counter)


def staff_counters_for(user: AbstractBaseUser) -> list[StaffCounter]:
    return sorted(
        (counter for counter in _counters if user.has_perm(counter.permission.full_name)),  # type: ignore[attr-defined]
        key=lambda counter: counter.order,
    )


def register_staff_banner(banner: StaffBanner) -> None:
    """Add a banner; the same one twice counts once."""
    if banner not in _banners:
        _banners.append(banner)


def staff_notices_for(user: User) -> list[StaffNotice]:
    """What the banners have to say to this person now."""
    return [notice for banner in _banners if (notice := banner(user)) is not None]


def register_person_fact(fact: PersonFact) -> None:
    """Add a fact; the same one twice counts once."""
    if fact not in _facts:
        _facts.append(fact)


def person_facts_for(user: AbstractBaseUser) -> list[PersonFact]:
    """The facts that this member of staff may read about others."""
    return sorted(
        (fact for fact in _facts if user.has_perm(fact.permission.full_name)),  # type: ignore[attr-defined]
        key=lambda fact: fact.order,
    )
