"""Codes that lower the price of a basket: Oscar's vouchers, entered by the customer.

Codes that credit points are another thing: they go into the box of the wallet.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from oscar.apps.voucher.models import Voucher

from forked_apps.basket.discounts import apply_offers
from forked_apps.basket.errors import BasketError
from forked_apps.basket.models import Basket
from forked_apps.basket.services import open_and_lock
from marketplace.users.phones import ascii_digits

if TYPE_CHECKING:
    from marketplace.users.models import User


class UnknownDiscountCode(BasketError):
    code = "unknown_discount_code"

    @property
    def message(self) -> str:
        return _("There is no such discount code. Codes that give points are redeemed in your wallet.")


class DiscountCodeNotValid(BasketError):
    """Not begun yet, over, or used up: by this customer, or by anybody."""

    code = "discount_code_not_valid"

    def __init__(self, *, is_over: bool = False, is_early: bool = False) -> None:
        super().__init__(is_over, is_early)
        self.is_over, self.is_early = is_over, is_early

    @property
    def message(self) -> str:
        if self.is_over:
            return _("This code has expired.")
        if self.is_early:
            return _("This code is not valid yet.")
        return _("This code was used already, or is for customers who are signed in.")


class DiscountCodeChangesNothing(BasketError):
    code = "discount_code_changes_nothing"

    @property
    def message(self) -> str:
        return _("This code takes nothing off what is in your basket.")


class DiscountCodeInBasket(BasketError):
    code = "discount_code_in_basket"

    @property
    def message(self) -> str:
        return _("This code is in your basket already.")


@dataclass(frozen=True, slots=True)
class CodeInBasket:
    pk: int
    code: str
    name: str
    #: In whole points; 0 where it takes nothing off any more.
    points: int


@transaction.atomic
def use_discount_code(*, basket: Basket, code: str, user: User | None) -> Voucher:
    """Put a code into the basket, if it takes something off what is in there.

    Raises:
        UnknownDiscountCode, DiscountCodeNotValid, DiscountCodeChangesNothing, DiscountCodeInBasket
        BasketClosed
    """
    # As Oscar keeps them; who made it may have written digits of another script.
    typed = code.strip().upper()
    voucher = Voucher.objects.filter(code__in={typed, ascii_digits(typed)}).first()
    if voucher is None:
        raise UnknownDiscountCode
    open_and_lock(basket)
    if basket.vouchers.filter(pk=voucher.pk).exists():
        raise DiscountCodeInBasket
    now = timezone.now()
    if not voucher.is_active(now):
        raise DiscountCodeNotValid(is_over=voucher.end_datetime < now, is_early=voucher.start_datetime > now)
    if not voucher.is_available_to_user(user or AnonymousUser())[0]:
        raise DiscountCodeNotValid
    before = _points_off_all(basket, user)
    basket.vouchers.add(voucher)
    # It may displace a discount that everybody has, and take less off.
    if _points_off_all(basket, user) <= before:
        # With the transaction the code leaves the basket again.
        raise DiscountCodeChangesNothing
    return voucher


@transaction.atomic
def drop_discount_code(*, basket: Basket, voucher_id: int) -> Voucher:
    """Raises:
    UnknownDiscountCode: it is not in the basket any more.
    """
    open_and_lock(basket)
    voucher = basket.vouchers.filter(pk=voucher_id).first()
    if voucher is None:
        raise UnknownDiscountCode
    basket.vouchers.remove(voucher)
    basket.reset_offer_applications()
    return voucher


def codes_in(basket: Basket) -> list[CodeInBasket]:
    """Of a basket to which offers were applied; one query."""
    if basket.pk is None:
        return []
    return [
        CodeInBasket(voucher.pk, voucher.code, voucher.name, points_off(basket, voucher_id=voucher.pk))
        for voucher in basket.vouchers.order_by("pk")
    ]


def _points_off_all(basket: Basket, user: User | None) -> int:
    return sum(line.points for line in apply_offers(basket=basket, user=user).values())


def points_off(basket: Basket, *, voucher_id: int) -> int:
    """What a code takes off, in points; fractions are rounded where the lines are."""
    used = [
        Decimal(one["discount"])
        for one in basket.offer_applications
        if one["voucher"] is not None and one["voucher"].pk == voucher_id
    ]
    return round(sum(used, Decimal(0)))
