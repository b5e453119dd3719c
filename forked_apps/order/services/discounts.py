"""Write down which of Oscar's offers and vouchers an order used, and count their use without losing any."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import F
from oscar.apps.voucher.models import Voucher, VoucherApplication

from forked_apps.basket.changes import ChangeKind, LineChange
from forked_apps.basket.models import Basket
from forked_apps.offer.models import Bearer, ConditionalOffer
from forked_apps.order.errors import BasketChanged
from forked_apps.order.models import Order, OrderDiscount
from forked_apps.order.services.plan import OrderPlan
from points_payment.services.wallets import split_by_largest_remainder

if TYPE_CHECKING:
    from marketplace.users.models import User


def record_discounts(*, order: Order, basket: Basket, customer: User, plan: OrderPlan) -> None:
    """No query where nothing was discounted. By bearer, the amounts add up to those of the lines.

    Raises:
        BasketChanged: an offer or voucher was used up or deleted meanwhile.
    """
    used = [application for application in basket.offer_applications if application["discount"] > 0]
    if not used:
        return
    amounts = _amounts(used, plan)
    _count_offers(used, amounts, order=order)
    _count_vouchers(used, amounts, order=order, customer=customer)
    OrderDiscount.objects.bulk_create(
        OrderDiscount(
            order=order,
            offer_id=application["offer"].pk,
            offer_name=application["offer"].name,
            voucher_id=application["voucher"].pk if application["voucher"] else None,
            voucher_code=application["voucher"].code if application["voucher"] else "",
            frequency=application["freq"],
            amount=Decimal(amount),
            borne_by=application["offer"].borne_by,
        )
        for application, amount in zip(used, amounts, strict=True)
    )


def _amounts(used: list[dict[str, Any]], plan: OrderPlan) -> list[int]:
    """Whole points of each application, split within what each bearer bears."""
    by_bearer = {
        Bearer.MARKETPLACE: plan.subsidy_points,
        Bearer.VENDOR: plan.summary.discount_points - plan.subsidy_points,
    }
    amounts = [0] * len(used)
    for bearer, points in by_bearer.items():
        places = [place for place, one in enumerate(used) if one["offer"].borne_by == bearer]
        # In ten-thousandths, so that the weights are whole.
        weights = [int(Decimal(used[place]["discount"]) * 10_000) for place in places]
        shares = split_by_largest_remainder(total_points=points, weights=weights)
        for place, share in zip(places, shares, strict=True):
            amounts[place] = share
    return amounts


def _count_offers(used: list[dict[str, Any]], amounts: list[int], *, order: Order) -> None:
    # Oscar's record_usage adds in Python and loses the updates of others.
    ids = [application["offer"].pk for application in used]
    locked = (
        ConditionalOffer.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").in_bulk()
    )
    for application, amount in zip(used, amounts, strict=True):
        offer = locked.get(application["offer"].pk)
        if offer is None or _is_used_up(offer, application["freq"]):
            raise _total_changed(order, amount)
        ConditionalOffer.objects.filter(pk=offer.pk).update(
            num_applications=F("num_applications") + application["freq"],
            num_orders=F("num_orders") + 1,
            total_discount=F("total_discount") + Decimal(amount),
        )


def _is_used_up(offer: ConditionalOffer, times: int) -> bool:
    # As Oscar reads its limits: an offer may give more points than its most, once.
    limit, most = offer.max_global_applications, offer.max_discount or None
    if limit is not None and offer.num_applications + times > limit:
        return True
    return most is not None and offer.total_discount >= most


def _count_vouchers(used: list[dict[str, Any]], amounts: list[int], *, order: Order, customer: User) -> None:
    points: dict[int, int] = {}
    for application, amount in zip(used, amounts, strict=True):
        if application["voucher"]:
            points[application["voucher"].pk] = points.get(application["voucher"].pk, 0) + amount
    locked = Voucher.objects.select_for_update(no_key=True).filter(pk__in=points).order_by("pk").in_bulk()
    for pk, amount in points.items():
        voucher = locked.get(pk)
        if voucher is None or not voucher.is_active() or not voucher.is_available_to_user(user=customer)[0]:
            raise _total_changed(order, amount)
        VoucherApplication.objects.create(voucher=voucher, order=order, user=customer)
        Voucher.objects.filter(pk=voucher.pk).update(
            num_orders=F("num_orders") + 1, total_discount=F("total_discount") + Decimal(amount)
        )


def _total_changed(order: Order, lost_points: int) -> BasketChanged:
    total = order.total_points
    return BasketChanged([LineChange(ChangeKind.TOTAL, None, "", total, total + lost_points)])
