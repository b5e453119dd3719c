"""Where staff see the row that a finding names, as far as a page exists and the reader may open it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.http import urlencode

from marketplace.users.permissions import PlatformPermission as P
from points_payment.codes import serial_of

if TYPE_CHECKING:
    from marketplace.users.models import User

Address = Callable[[str], str]


def _page(name: str) -> Address:
    return lambda key: reverse(name, args=[key])


def _row(model: str) -> Address:
    return lambda key: reverse(f"admin:points_payment_{model}_change", args=[key])


def _card(number: str) -> str:
    return f"{reverse('points_staff:find-card')}?{urlencode({'serial': serial_of(int(number))})}"


def _allocation(reference: str) -> str:
    return f"{reverse('admin:points_payment_allocation_changelist')}?{urlencode({'q': reference})}"


#: How a culprit is called (the group is what the address is made of), who may see it, where it is.
PLACES: tuple[tuple[str, P, Address], ...] = (
    (r"(?:account of |cards of |event \d+ of )?batch (\d+)", P.CARDS_VIEW, _page("points_staff:batch")),
    (r"card (\d+)", P.CARDS_VIEW, _card),
    (r"wallet (\d+)", P.CUSTOMERS_VIEW, _page("staff:person")),
    (r"(?:[a-z]+ (?:of|by) )?transfer (\d+)\b", P.RECORDS_VIEW, _row("transfer")),
    (r"payment (\d+)", P.RECORDS_VIEW, _row("transfer")),
    (r"entry (\d+)", P.RECORDS_VIEW, _row("entry")),
    (r"lot (\d+)", P.RECORDS_VIEW, _row("lot")),
    (r"balance of vendor (\d+)", P.RECORDS_VIEW, _row("vendorbalance")),
    (r"top-up (\d+)", P.RECORDS_VIEW, _row("topup")),
    (r"adjustment (\d+)", P.RECORDS_VIEW, _row("adjustment")),
    (r"(?:event \d+ of )?consignment (\d+)", P.RECORDS_VIEW, _row("consignment")),
    (r"replacement (\d+)", P.RECORDS_VIEW, _row("cardreplacement")),
    (r"account of shop (\d+)", P.RECORDS_VIEW, _row("shop")),
    (r"allocation (\S+)", P.RECORDS_VIEW, _allocation),
)  # fmt: skip
_PLACES = [(re.compile(pattern), right, address) for pattern, right, address in PLACES]


def address_of(culprit: str, *, user: User) -> str:
    """The page of the row, or nothing."""
    for pattern, right, address in _PLACES:
        if found := pattern.match(culprit):
            return address(found[1]) if user.has_perm(right.full_name) else ""
    return ""
