"""What is in the basket is kept for its customer while they check out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from forked_apps.basket.models import Basket, Line
from forked_apps.partner.services.holds import has_had_its_time, keep_pieces
from points_payment.retry import retry_on_conflict

if TYPE_CHECKING:
    from marketplace.users.models import User


@dataclass(frozen=True, slots=True)
class CheckoutHold:
    #: Until when all that is kept is kept; None: nothing is.
    held_until: datetime | None
    #: Whether that is everything in the basket.
    is_whole: bool
    #: Whether the customer has had all the time that anyone gets; what is left may go to others.
    is_over: bool = False


@retry_on_conflict
@transaction.atomic
def hold_basket(*, basket: Basket, customer: User) -> CheckoutHold:
    """Keep what is in the customer's basket for them, or keep it longer: they took a step in the checkout.

    A basket that is not open any more, or another's, keeps nothing.
    """
    # The basket first, as in placement: its customer's holds change one at a time.
    locked = Basket.objects.select_for_update(no_key=True).filter(
        pk=basket.pk, owner=customer, status=Basket.OPEN
    )
    if locked.first() is None:
        return CheckoutHold(held_until=None, is_whole=False)
    lines = Line.objects.filter(basket_id=basket.pk).order_by("pk")
    wanted = dict(lines.values_list("stockrecord_id", "quantity"))
    kept = keep_pieces(customer_id=customer.pk, wanted=wanted)
    if not kept:
        return CheckoutHold(None, is_whole=False, is_over=has_had_its_time(customer_id=customer.pk))
    return CheckoutHold(
        held_until=min(each.held_until for each in kept.values()),
        is_whole=all(pk in kept and kept[pk].pieces == pieces for pk, pieces in wanted.items()),
    )
