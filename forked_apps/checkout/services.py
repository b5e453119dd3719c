from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from oscar.apps.address.models import UserAddress

from forked_apps.checkout.addresses import DeliveryAddress, iraq

if TYPE_CHECKING:
    from marketplace.users.models import User


def keep_address(*, customer: User, address: DeliveryAddress) -> UserAddress:
    """Write an address into the customer's address book; one that is there already is not written again."""
    kept = UserAddress(user=customer, country=iraq(), **address.columns())
    same = UserAddress.objects.filter(user=customer, hash=kept.generate_hash())
    if (existing := same.first()) is not None:
        return existing
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError:
        # The button was pressed twice at once: the other request wrote it.
        return same.get()
    return kept
