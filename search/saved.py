"""Lists that customers come back to."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.users.models import User
from search.addresses import NotOwnPage, own_page
from search.models import SavedSearch
from search.query_log import may_be_card

MOST_SAVED = 50
LONGEST_ADDRESS = 1_000
_LISTS = frozenset({"search:search", "catalogue:index", "catalogue:category"})


class NotAList(ValueError):
    """The address is of no list of this shop."""


class HoldsCard(NotAList):
    """The words may be a card's code, which is written down nowhere."""


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
        HoldsCard: the list is one of a card's code.
        TooManySavedSearches: the customer has as many as one may have.
    """
    address = list_address(address)
    # Two at once by one person wait for each other, so that the limit holds.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    kept = saved_searches_of(user)
    if not kept.filter(address=address).exists() and kept.count() >= MOST_SAVED:
        raise TooManySavedSearches(MOST_SAVED)
    name = " ".join(name.replace("\x00", "").split())[:120]
    if not any(character.isalnum() for character in name):
        # Nothing of it could be seen.
        name = _("Saved search")
    search, _created = SavedSearch.objects.update_or_create(
        user=user, address=address, defaults={"name": name, "created_at": timezone.now()}
    )
    return search


def list_address(address: str) -> str:
    """The address of a list, from the root of this shop.

    Raises:
        NotAList: it is of anything else.
        HoldsCard: what is searched for may be a card's code.
    """
    try:
        path, match = own_page(address)
    except NotOwnPage as error:
        raise NotAList(address) from error
    if match.view_name not in _LISTS or len(path) > LONGEST_ADDRESS:
        raise NotAList(address)
    if any(may_be_card(text) for text in QueryDict(urlsplit(path).query).getlist("q")):
        raise HoldsCard
    return path
