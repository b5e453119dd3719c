"""Customers with points, offers that can be delivered, baskets and orders, made by the services."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import factory
from factory.django import DjangoModelFactory

from forked_apps.basket.models import Basket
from forked_apps.basket.services import add_offer
from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.order.models import Order
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.shipping.models import ShippingRate
from marketplace.users.models import User
from tests.factories.catalogue import OfferFactory, VendorFactory

ADDRESS = DeliveryAddress(
    full_name="Zainab Kareem",
    phone="+9647701234567",
    governorate=Governorate.BAGHDAD.value,
    district="Karrada",
    landmark="Near the Al-Rahman mosque",
)

_movements = itertools.count(1)


class CustomerFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"customer{number}@example.com")
    first_name = "Zainab"
    last_name = "Kareem"


class ShippingRateFactory(DjangoModelFactory[ShippingRate]):
    class Meta:
        model = ShippingRate

    vendor = factory.SubFactory(VendorFactory)
    governorate = Governorate.BAGHDAD
    charge_points = 5_000


def make_customer(*, points: int = 0, **fields: Any) -> User:
    """A customer who was given points by an operator, as one is in the shop."""
    customer = CustomerFactory.create(**fields)
    if points:
        give_points(customer, points)
    return customer


def give_points(customer: User, points: int) -> None:
    from points_payment.services.topups import top_up

    operator = User.objects.filter(email="operator@example.com").first() or CustomerFactory.create(
        email="operator@example.com"
    )
    name = f"test-{customer.pk}-{next(_movements)}"
    top_up(
        operator=operator,
        customer=customer,
        amount_points=points,
        reason="cash",
        reference=name,
        idempotency_key=name,
    )


def make_offer(*, vendor: Partner | None = None, charge_points: int = 5_000, **fields: Any) -> StockRecord:
    """An offer of a vendor that delivers to Baghdad."""
    offer = OfferFactory.create(partner=vendor or VendorFactory.create(), **fields)
    ShippingRate.objects.get_or_create(
        vendor=offer.partner, governorate=Governorate.BAGHDAD, defaults={"charge_points": charge_points}
    )
    return offer


def make_basket(
    customer: User | None, offers: Sequence[StockRecord] | Mapping[StockRecord, int], *, quantity: int = 1
) -> Basket:
    """An open basket with these offers; with a mapping, so many pieces of each."""
    basket = Basket.open.filter(owner=customer).first() if customer else None
    basket = basket or Basket(owner=customer)
    pieces = offers if isinstance(offers, Mapping) else dict.fromkeys(offers, quantity)
    for offer, number in pieces.items():
        add_offer(basket=basket, product=offer.product, offer_id=offer.pk, quantity=number)
    return Basket.objects.get(pk=basket.pk)


def make_order(
    customer: User | None = None, offers: Sequence[StockRecord] | Mapping[StockRecord, int] | None = None
) -> Order:
    """A placed order of a customer with points enough, of one offer if none is given."""
    customer = customer or make_customer(points=10_000_000)
    basket = make_basket(customer, offers or [make_offer()])
    from forked_apps.order.services.placement import place_order

    return place_order(
        customer=customer, basket_id=basket.pk, address=ADDRESS, idempotency_key=f"test-basket-{basket.pk}"
    )
