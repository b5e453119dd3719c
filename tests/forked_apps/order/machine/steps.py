"""What every rule stands on: people, vendors and offers of an example, and the comparison after each step."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from typing import ClassVar, TypeVar

from django.db.models import Sum
from django.utils import timezone
from hypothesis import note, strategies as st
from hypothesis.stateful import invariant, precondition

from forked_apps.offer.models import Bearer
from forked_apps.order.models import Line, LineReduction, Order, ParcelLine, VendorOrder
from forked_apps.order.return_models import Return
from forked_apps.order.status import order_status
from forked_apps.partner.models import Partner, StockRecord
from marketplace.users.models import User
from points_payment.models import Allocation, Entry
from points_payment.selectors import account_points
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import CustomerFactory, make_offer
from tests.factories.points import lift_limits, make_customer_with_points
from tests.forked_apps.basket.test_discounts import site_offer
from tests.forked_apps.order.machine import books
from tests.forked_apps.order.machine.books import Books, Offer, Part, Vendor, whole_status
from tests.invariants import assert_ledger_proved
from tests.machines import RolledBackMachine

T = TypeVar("T")
CUSTOMERS = 2
#: Commission, delivery charge, and from what it is free.
VENDORS = ((800, 250, None), (1_250, 333, 2_000), (0, 0, None))
#: Vendor, price, pieces: few, so that they sell out.
OFFERS = ((0, 1_000, 9), (0, 333, 7), (1, 999, 8), (1, 41, 12), (2, 505, 6))
PAID, PROMOTIONAL = 9_000, 1_500

#: One of what there is, by its place; a place beyond the end starts again.
places = st.integers(0, 50)
#: Now and then a step is tried where it does not fit.
strays = st.sampled_from([False, False, False, True])
#: Pieces of a part's lines; mostly few, so that lines are taken apart in several steps.
counts = st.lists(st.sampled_from([1, 0, 1, 2, 4]), min_size=5, max_size=5)


def some_part_is(*statuses: str) -> Callable[[T], T]:
    """Only then is a rule worth a step; it is tried on others in strays."""
    found: Callable[[T], T] = precondition(
        lambda self: any(part.status in statuses for part in self.books.parts)
    )
    return found


def some_return_is(*states: str) -> Callable[[T], T]:
    found: Callable[[T], T] = precondition(
        lambda self: any(one.state in states for part in self.books.parts for one in part.returns)
    )
    return found


def one_of(found: Sequence[T], place: int) -> T:
    return found[place % len(found)]


class Steps(RolledBackMachine):
    tables: ClassVar[tuple[str, ...]] = (
        "points_payment_", "order_", "basket_", "partner_", "payment_", "outbox_", "catalogue_product",
    )  # fmt: skip
    #: How often each rule was carried out, and how often refused, in all examples so far.
    done: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.started = timezone.now()
        self.books = Books()
        self.sequence = itertools.count()

    def open_shop(self, *, sale: int, is_platforms: bool) -> None:
        """People, vendors and offers; called by the machine before it gives them something to begin with."""
        if sale:
            site_offer(str(sale), borne_by=Bearer.MARKETPLACE if is_platforms else Bearer.VENDOR)
        self.books.sale, self.books.is_platforms = sale, is_platforms
        self.staff: list[User] = [CustomerFactory.create() for _ in range(2)]
        lift_limits(self.staff[0])
        self.customers: dict[int, User] = {}
        for _ in range(CUSTOMERS):
            customer = make_customer_with_points(paid=PAID, promotional=PROMOTIONAL)
            self.customers[customer.pk] = customer
            self.books.accounts["wallet", customer.pk] = PAID + PROMOTIONAL
            self.books.accounts["promotions", 0] -= PROMOTIONAL
        self.vendors: dict[int, Partner] = {}
        known = [self._open_vendor(*facts) for facts in VENDORS]
        for vendor, price, pieces in OFFERS:
            stored = make_offer(
                vendor=self.vendors[known[vendor].pk],
                price=price,
                num_in_stock=pieces,
                charge_points=known[vendor].charge,
            )
            self.books.offers.append(Offer(stored.pk, known[vendor], price, pieces, pieces))
        for vendor_facts in known:
            self.vendors[vendor_facts.pk].shipping_rates.update(free_from_points=vendor_facts.free_from)
        self.stored_offers = StockRecord.objects.select_related("product").in_bulk()

    def _open_vendor(self, basis_points: int, charge: int, free_from: int | None) -> Vendor:
        stored = VendorFactory.create(commission_basis_points=basis_points)
        self.vendors[stored.pk] = stored
        return Vendor(stored.pk, basis_points, charge, free_from)

    # Helpers --------------------------------------------------------------------------------
    def part(self, place: int, stray: bool, statuses: AbstractSet[str]) -> Part:
        """One in such a status, if there is one; a stray step takes any."""
        fitting = [part for part in self.books.parts if part.status in statuses]
        return one_of(self.books.parts if stray or not fitting else fitting, place)

    def stored(self, part: Part) -> VendorOrder:
        return VendorOrder.objects.select_related("vendor", "order__user").get(pk=part.pk)

    def asked(self, part: Part) -> dict[str, object]:
        """What most services of vendors want to know."""
        stored = self.stored(part)
        return {"vendor": stored.vendor, "actor": self.staff[0], "vendor_order": stored}

    def pieces(
        self, part: Part, numbers: Iterable[int], there: Callable[[books.Line], int]
    ) -> dict[books.Line, int]:
        """So many of each line, as far as there are."""
        wanted = {line: min(number, there(line)) for line, number in zip(part.lines, numbers, strict=False)}
        return {line: number for line, number in wanted.items() if number}

    def try_step(self, name: str, wrong: type[Exception] | None, request: Callable[[], T]) -> T | None:
        """Do it, or see it refused for that reason; None then."""
        note(f"{name}: {'refused, ' + wrong.__name__ if wrong else 'done'}")
        self.done[f"{name}: {'refused' if wrong else 'done'}"] += 1
        if wrong is not None:
            self.refused(wrong, request)
            return None
        return request()

    # What must hold -------------------------------------------------------------------------
    @invariant()
    def each_part_is_where_the_model_says(self) -> None:
        type(self).steps += 1
        stored = VendorOrder.objects.values_list("pk", "status", "handover_failures")
        assert {pk: (status, wrong) for pk, status, wrong in stored} == {
            part.pk: (part.status, part.wrong_codes) for part in self.books.parts
        }
        returns = Return.objects.values_list("pk", "state", "refunded_points")
        assert {pk: (state, refunded) for pk, state, refunded in returns} == {
            one.pk: (one.state, one.refunded) for part in self.books.parts for one in part.returns
        }
        parts: dict[int, list[Part]] = defaultdict(list)
        for part in self.books.parts:
            parts[part.order].append(part)
        for order in Order.objects.prefetch_related("vendor_orders"):
            assert order_status(order.vendor_orders.all()) == whole_status(parts[order.pk])

    @invariant()
    def each_piece_is_where_the_model_says(self) -> None:
        lines = [line for part in self.books.parts for line in part.lines]
        stock = StockRecord.objects.values_list("pk", "num_in_stock", "num_allocated")
        assert {pk: (in_stock, allocated or 0) for pk, in_stock, allocated in stock} == {
            offer.pk: (offer.in_stock, offer.allocated) for offer in self.books.offers
        }
        for offer in self.books.offers:
            of_it = [line for line in lines if line.offer is offer]
            gone = sum(line.shipped - line.refused - line.restocked for line in of_it)
            assert offer.in_stock + gone == offer.stocked
            assert offer.allocated == sum(line.to_ship for line in of_it)
            assert 0 <= offer.allocated <= offer.in_stock
        assert stored_pieces() == {
            line.pk: (line.ordered, line.to_ship, line.shipped, line.cancelled, line.refused, line.returned)
            for line in lines
        }

    @invariant()
    def each_point_is_where_the_model_says(self) -> None:
        assert stored_amounts() == {
            reference: (
                amount.gross,
                amount.added,
                amount.refunded + amount.back,
                amount.back,
                amount.released,
                amount.commission,
            )
            for reference, amount in self._named_amounts().items()
        }
        assert stored_balances(self.customers, self.vendors) == self.books.balances()
        for customer in self.customers:
            assert User.objects.get(pk=customer).point_balance == self.books.accounts["wallet", customer]

    def _named_amounts(self) -> Mapping[str, books.Amount]:
        named = {line.reference: line.amount for part in self.books.parts for line in part.lines}
        named |= {f"{part.number}-S": part.shipping for part in self.books.parts}
        return {reference: amount for reference, amount in named.items() if amount.gross}

    @invariant()
    def what_was_paid_is_held_released_or_refunded(self) -> None:
        """By the books of the shop alone: per vendor order, per vendor, and in all."""
        allocated = stored_amounts()
        names: dict[int, list[str]] = defaultdict(list)
        for part, reference in Line.objects.values_list("vendor_order_id", "partner_line_reference"):
            names[part].append(reference)
        paid, held = Counter[int](), Counter[int]()
        for pk, vendor, number, goods, shipping in VendorOrder.objects.values_list(
            "pk", "vendor_id", "number", "goods_points", "shipping_points"
        ):
            amounts = [allocated.get(name, (0,) * 6) for name in [f"{number}-S", *names[pk]]]
            gross, added, refunded, back, released, _fees = (
                sum(column) for column in zip(*amounts, strict=True)
            )
            in_escrow = gross - refunded - released
            assert in_escrow >= 0
            assert gross - added == goods + shipping
            assert 0 <= back <= added
            paid[vendor] += gross - added
            held[vendor] += in_escrow
        for vendor in self.vendors:
            assert account_points(kind="vendor_escrow", owner_id=vendor) == held[vendor]
        totals = Order.objects.aggregate(points=Sum("total_incl_tax", default=0))
        assert totals["points"] == paid.total()

    @invariant()
    def the_books_prove(self) -> None:
        assert_ledger_proved()


def stored_pieces() -> dict[int, tuple[int, ...]]:
    """Of each line: ordered, allocated, shipped, cancelled, refused, returned."""
    shipped = dict(ParcelLine.objects.values_list("line_id").annotate(pieces=Sum("quantity")))
    reduced = {
        (line, kind): pieces
        for line, kind, pieces in LineReduction.objects.order_by()
        .values_list("line_id", "kind")
        .annotate(pieces=Sum("quantity"))
    }
    kinds = ("cancelled", "refused", "returned")
    return {
        pk: (ordered, allocated, shipped.get(pk, 0), *(reduced.get((pk, kind), 0) for kind in kinds))
        for pk, ordered, allocated in Line.objects.values_list("pk", "quantity", "num_allocated")
    }


def stored_amounts() -> dict[str, tuple[int, ...]]:
    rows = Allocation.objects.values_list(
        "reference", "gross_points", "subsidy_points", "refunded_points", "refunded_subsidy_points",
        "released_points", "commission_points",
    )  # fmt: skip
    return {reference: tuple(points) for reference, *points in rows}


def stored_balances(customers: Iterable[int], vendors: Iterable[int]) -> dict[tuple[str, int], int]:
    """By kind and owner; a wallet's two accounts as one."""
    found: Counter[tuple[str, int]] = Counter()
    rows = Entry.objects.values_list("account__kind", "account__owner_id").annotate(
        points=Sum("amount_points")
    )
    for kind, owner, points in rows:
        if kind.startswith("customer_"):
            found["wallet", owner] += points
        elif kind.startswith("vendor_") or kind in {"commission", "payouts", "promotions"}:
            found[kind, owner] += points
    return {account: points for account, points in found.items() if points}
