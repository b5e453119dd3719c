"""Lists that customers come back to."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.db.models import QuerySet
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from marketplace.users.models import User
from search.models import SavedSearch

MOST_SAVED = 50
LONGEST_ADDRESS = 1_000
_LISTS = frozenset({"search:search", "catalogue:index", "catalogue:category"})


class NotAList(ValueError):
    """The address is of no list of this shop."""


class TooManySavedSearches(Exception):
    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


def saved_searches_of(user: User) -> QuerySet[SavedSearch]:
    return SavedSearch.objects.filter(user=user)


@transaction.atomic
def save_search(*, user: User, name: str, address: str) -> SavedSearch:
    """Keep a list; the same one again changes its name and place.

    Raises:
        NotAList: the address is not of a list of this shop.
        TooManySavedSearches: the customer has as many as one may have.
    """
    address = _checked(address)
    # Two at once by one person wait for each other, so that the limit holds.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    kept = saved_searches_of(user)
    if not kept.filter(address=address).exists() and kept.count() >= MOST_SAVED:
        raise TooManySavedSearches(MOST_SAVED)
    name = name.replace("\x00", "").strip()[:120] or _("Saved search")
    search, _created = SavedSearch.objects.update_or_create(
        user=user, address=address, defaults={"name": name}
    )
    return search


def _checked(address: str) -> str:
    parts = urlsplit(address.replace("\x00", ""))
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or len(address) > LONGEST_ADDRESS:
        raise NotAList(address)
    try:
        match = resolve(unquote(parts.path))
    except Resolver404:
        raise NotAList(address) from None
    if match.view_name not in _LISTS:
        raise NotAList(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
