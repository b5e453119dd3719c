"""Orders as Oscar itself places them, beside ours: the same rows, the same clients, in turns.

``place_like_oscar`` is what Oscar's checkout does with a basket that was put together: load it with a
strategy, apply offers, freeze, ``handle_order_placement`` without the mail. All of Oscar's own: strategy,
offers, shipping method, total, ``OrderPlacementMixin``, ``OrderCreator``, and ``all_lines`` of its basket,
which our fork replaces. It is given every advantage that can be argued about: one transaction around all
of it (Oscar's sandbox sets ATOMIC_REQUESTS), no session, no analytics, and nothing is charged to anybody;
ours moves points through the ledger meanwhile.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from oscar.apps.basket.abstract_models import AbstractBasket
from oscar.apps.checkout.calculators import OrderTotalCalculator
from oscar.apps.checkout.mixins import OrderPlacementMixin
from oscar.apps.offer.applicator import Applicator
from oscar.apps.partner.strategy import Default
from oscar.apps.payment.models import Source, SourceType
from oscar.apps.shipping.methods import FixedPrice

from forked_apps.basket.models import Basket
from forked_apps.order.models import Order, ShippingAddress
from marketplace.users.models import User
from tests.bench.orders import ADDRESS


def place_like_oscar(customer: User, basket_id: int, *, charge_points: int) -> Order:
    with transaction.atomic():
        basket = Basket.objects.get(pk=basket_id, owner=customer)
        basket.strategy = Default()
        # Fills the cache of lines: ours would read them with everything in one query.
        AbstractBasket.all_lines(basket)
        Applicator().apply(basket, customer)
        method = FixedPrice(charge_excl_tax=Decimal(charge_points), charge_incl_tax=Decimal(charge_points))
        charge = method.calculate(basket)
        total = OrderTotalCalculator().calculate(basket, charge)
        checkout = OrderPlacementMixin()
        order_number = checkout.generate_order_number(basket)
        basket.freeze()
        source_type, _ = SourceType.objects.get_or_create(name="points_payment", defaults={"code": "points"})
        checkout.add_payment_source(
            Source(
                source_type=source_type,
                currency=total.currency,
                amount_allocated=total.incl_tax,
                amount_debited=total.incl_tax,
            )
        )
        order: Order = checkout.place_order(
            order_number=order_number,
            user=customer,
            basket=basket,
            shipping_address=ShippingAddress(country_id="IQ", **ADDRESS.columns()),
            shipping_method=method,
            shipping_charge=charge,
            order_total=total,
            request=None,
        )
        basket.submit()
    return order
