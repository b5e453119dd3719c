"""Orders of several vendors, and those that cannot be had."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.stateful import rule

from forked_apps.basket.models import Basket
from forked_apps.order.errors import BasketChanged
from forked_apps.order.models import Order
from forked_apps.order.services.placement import place_order
from points_payment.errors import InsufficientPoints
from tests.factories.orders import ADDRESS, make_basket
from tests.forked_apps.order.machine.books import Offer, Part
from tests.forked_apps.order.machine.steps import Steps, one_of, places

baskets = st.dictionaries(st.integers(0, 4), st.integers(1, 4), min_size=1, max_size=4)


class PlacingRules(Steps):
    @rule(place=places, wanted=baskets)
    def place_an_order(self, place: int, wanted: dict[int, int]) -> None:
        """Of what there still is; also for more than the customer has."""
        customer = one_of(list(self.customers), place)
        pieces = self.available(wanted)
        if pieces:
            self.order(customer, self.basket(customer, pieces), pieces)

    @rule(wanted=baskets)
    def two_want_the_same(self, wanted: dict[int, int]) -> None:
        """Both have it in their baskets; for the second there may not be enough left."""
        pieces = self.available(wanted)
        if not pieces:
            return
        baskets = {customer: self.basket(customer, pieces) for customer in self.customers}
        for customer, basket in baskets.items():
            self.order(customer, basket, pieces)

    def available(self, wanted: Mapping[int, int]) -> dict[Offer, int]:
        pieces = {
            self.books.offers[place]: min(number, self.books.offers[place].available)
            for place, number in wanted.items()
        }
        return {offer: number for offer, number in pieces.items() if number}

    def basket(self, customer: int, pieces: Mapping[Offer, int]) -> Basket:
        Basket.open.filter(owner=customer).delete()
        return make_basket(
            self.customers[customer],
            {self.stored_offers[offer.pk]: number for offer, number in pieces.items()},
        )

    def order(self, customer: int, basket: Basket, pieces: Mapping[Offer, int]) -> None:
        key = f"machine-{next(self.sequence):06d}"

        def send() -> Order:
            return place_order(
                customer=self.customers[customer],
                basket_id=basket.pk,
                address=ADDRESS,
                idempotency_key=key,
            )

        plan = self.books.plan(customer, pieces)
        wrong: type[Exception] | None = None
        if any(offer.available < number for offer, number in pieces.items()):
            wrong = BasketChanged
        elif (
            sum(amount.paid for part in plan for amount in part.amounts)
            > (self.books.accounts["wallet", customer])
        ):
            wrong = InsufficientPoints
        placed = self.try_step("place", wrong, send)
        if placed is None:
            return
        self.books.place(plan)
        self.name(plan, placed)
        # Pressed twice.
        assert send() == placed

    def name(self, plan: list[Part], placed: Order) -> None:
        """What the shop calls them; that they cost the same is seen after the step."""
        for part, stored in zip(plan, placed.vendor_orders.order_by("number"), strict=True):
            assert stored.vendor_id == part.vendor.pk
            part.pk, part.number, part.order = stored.pk, stored.number, placed.pk
            for line, row in zip(part.lines, stored.lines.order_by("pk"), strict=True):
                assert (row.stockrecord_id, row.line_points) == (line.offer.pk, line.amount.paid)
                line.pk, line.reference = row.pk, row.partner_line_reference
