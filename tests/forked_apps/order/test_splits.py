"""10,000 random orders, without a database: whatever is split, the parts are whole and equal the whole.

The functions are those that placement, cancellation, returns and escrow call. Each split is also made a
second time, with fractions, by ``machine.books``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from forked_apps.basket.discounts import split_whole
from forked_apps.basket.models import Line as BasketLine
from forked_apps.basket.selectors import BasketPart, BasketRow, BasketSummary
from forked_apps.catalogue.models import Product
from forked_apps.order.models import Line, VendorOrder
from forked_apps.order.numbers import line_reference, vendor_order_number
from forked_apps.order.services import parts as order_parts
from forked_apps.order.services.commission import OrderTerms
from forked_apps.order.services.parts import points_of_pieces, subsidy_due
from forked_apps.order.services.placement import _allocations, _fields_of_lines, _unit_prices
from forked_apps.order.services.plan import OrderPlan, PlannedPart
from forked_apps.order.services.returns import share_of_charge
from forked_apps.partner.commission import Terms
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.shipping.models import ShippingRate
from forked_apps.shipping.services import ShippingQuote, answer_of
from points_payment.models import Allocation
from points_payment.oscar_adapter import whole_points
from points_payment.services import wallets
from points_payment.services.escrow import AllocationSpec, _Refund, commission_of
from points_payment.services.wallets import split_by_largest_remainder
from tests.forked_apps.order.machine.books import half_up, split, whole_parts

ORDERS = 10_000
BASIS_POINTS = (0, 1, 33, 800, 1_250, 9_999, 10_000)
TODAY = date(2027, 1, 1)
PRODUCT = Product(pk=1, title="Goods", upc="G-1")


def random_plan(chance: random.Random) -> OrderPlan:
    """Vendors, prices, charges, and discounts with fractions, as Oscar's offers come up with."""
    vendors = [
        Partner(pk=pk, name=f"V{pk}", commission_basis_points=chance.choice(BASIS_POINTS))
        for pk in range(1, chance.randint(1, 4) + 1)
    ]
    lines = [
        (chance.choice(vendors), chance.randint(1, chance.choice((9, 999, 900_000))), chance.randint(1, 9))
        for _ in range(chance.randint(1, 8))
    ]
    percent = chance.choice((Decimal(0), Decimal(chance.randint(1, 10_000)) / 100))
    exact = [
        (Decimal(price * pieces) * percent / 100).quantize(Decimal("0.01")) for _, price, pieces in lines
    ]
    discounts = split_whole(exact)
    assert discounts == whole_parts([Fraction(amount) for amount in exact])
    rows: dict[int, list[BasketRow]] = {}
    for pk, ((vendor, price, pieces), discount) in enumerate(zip(lines, discounts, strict=True), 1):
        rows.setdefault(vendor.pk, []).append(
            random_row(
                pk, vendor, price, pieces, discount, chance.choice((0, discount, chance.randint(0, discount)))
            )
        )
    parts = [BasketPart(vendor=of[0].line.stockrecord.partner, rows=tuple(of)) for of in rows.values()]
    return OrderPlan(
        summary=BasketSummary(basket=None, parts=tuple(parts)),  # type: ignore[arg-type]
        parts=tuple(
            PlannedPart(vendor=part.vendor, rows=part.rows, shipping=random_quote(chance, part), today=TODAY)
            for part in parts
        ),
        governorate="BG",
    )


def random_row(
    pk: int, vendor: Partner, price: int, pieces: int, discount: int, of_platform: int
) -> BasketRow:
    offer = StockRecord(pk=pk, partner=vendor, product=PRODUCT, partner_sku=f"S-{pk}", price=Decimal(price))
    line = BasketLine(pk=pk, product=PRODUCT, stockrecord=offer, quantity=pieces)
    return BasketRow(
        line=line, title="Goods", unit_points=price, list_price_points=None, quantity=pieces,
        available=pieces, discount_points=discount, change=None, images=None,
        discount_subsidy_points=of_platform,
    )  # fmt: skip


def random_quote(chance: random.Random, part: BasketPart) -> ShippingQuote:
    free_from = chance.choice((None, 0, 500, 100_000))
    rate = ShippingRate(charge_points=chance.choice((0, 250, 4_999)), free_from_points=free_from)
    # As ``rates_to`` reads it.
    rate.band_pairs = []  # type: ignore[attr-defined]
    answer = answer_of(rate, goods_points=part.value_points, grams=0)
    assert isinstance(answer, ShippingQuote)
    is_free = free_from is not None and part.value_points >= free_from
    assert answer.charge_points == (0 if is_free else rate.charge_points)
    return answer


def random_terms(chance: random.Random, plan: OrderPlan) -> OrderTerms:
    """Of each line and charge, as rules of the commission would give them."""

    def some() -> Terms:
        floor = chance.choice((0, 0, 3, 500))
        return Terms(
            None,
            basis_points=chance.choice(BASIS_POINTS),
            fixed_points=chance.choice((0, 0, 7, 250)),
            floor_points=floor,
            cap_points=chance.choice((None, floor, floor + 1_000)),
        )

    return OrderTerms(
        {row.line.pk: some() for row in plan.summary.rows}, {part.vendor.pk: some() for part in plan.parts}
    )


def written(plan: OrderPlan, terms: OrderTerms) -> tuple[list[Line], list[VendorOrder]]:
    """The rows that placement would write."""
    lines: list[Line] = []
    vendor_orders = []
    for position, part in enumerate(plan.parts):
        vendor_order = VendorOrder(
            vendor=part.vendor,
            number=vendor_order_number("1", position),
            goods_points=part.goods_points,
            shipping_points=part.shipping_points,
            subsidy_points=part.subsidy_points,
            commission_basis_points=part.vendor.commission_basis_points,
        )
        vendor_orders.append(vendor_order)
        for fields in _fields_of_lines(part, terms):
            reference = line_reference("1", len(lines) + 1)
            lines.append(Line(vendor_order=vendor_order, partner_line_reference=reference, **fields))
    return lines, vendor_orders


def check_placed(
    plan: OrderPlan,
    lines: Sequence[Line],
    vendor_orders: Sequence[VendorOrder],
    specs: Sequence[AllocationSpec],
) -> None:
    before = sum(row.unit_points * row.quantity for row in plan.summary.rows)
    assert plan.goods_points == before - plan.summary.discount_points
    assert plan.total_points == sum(part.total_points for part in vendor_orders)
    for vendor_order in vendor_orders:
        own = [line for line in lines if line.vendor_order is vendor_order]
        assert vendor_order.goods_points == sum(line.line_points for line in own)
        assert vendor_order.subsidy_points == sum(line.subsidy_points for line in own)
        assert vendor_order.value_points == vendor_order.total_points + vendor_order.subsidy_points
    for line in lines:
        # The columns that Oscar reads have no fraction either.
        for column in ("line_price_incl_tax", "line_price_before_discounts_incl_tax", "unit_price_incl_tax"):
            assert whole_points(getattr(line, column)) >= 0
        prices = _unit_prices(line.line_points, line.quantity)
        assert sum(whole_points(unit) * pieces for unit, pieces in prices) == line.line_points
        assert sum(pieces for _unit, pieces in prices) == line.quantity
        # What the buyer pays, and who bears the rest of the price.
        bears = (line.line_points, line.subsidy_points, line.vendor_discount_points)
        assert min(bears) >= 0
        assert sum(bears) == line.unit_points * line.quantity
    assert sum(spec.customer_points for spec in specs) == plan.total_points
    assert sum(spec.subsidy_points for spec in specs) == plan.subsidy_points
    assert all(type(points) is int for spec in specs for points in (spec.gross_points, spec.subsidy_points))


def check_promotional_split(chance: random.Random, specs: Sequence[AllocationSpec]) -> None:
    """Who pays with promotional points pays some of each line with them."""
    weights = [spec.customer_points for spec in specs]
    promotional = chance.randint(0, sum(weights))
    shares = split_by_largest_remainder(total_points=promotional, weights=weights)
    assert shares == split(promotional, weights)
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def check_taken_apart(chance: random.Random, line: Line, charge: int) -> None:
    """In random steps, allowances between them: pieces go back whole, and so does the charge for them."""
    reduced = settled = returned = charge_back = refunded = added_back = 0
    while reduced < line.quantity:
        if chance.random() < 0.2:
            allowance = chance.randint(0, line.line_points - settled)
            settled, refunded = settled + allowance, refunded + allowance
            added_back = check_subsidy(line, reduced, refunded, added_back)
            continue
        pieces = chance.randint(1, line.quantity - reduced)
        points = points_of_pieces(line, reduced=reduced, settled=settled, pieces=pieces)
        assert type(points) is int
        assert 0 <= points <= line.line_points - settled
        if line.line_points:
            charge_back += share_of_charge(
                charge_points=charge, goods_points=line.line_points, before=returned, worth=points
            )
        deducted = chance.randint(0, points)
        assert sum(split_by_largest_remainder(total_points=deducted, weights=[points, 0])) == deducted
        reduced, settled, returned = reduced + pieces, settled + points, returned + points
        refunded += points - deducted
        added_back = check_subsidy(line, reduced, refunded, added_back)
    assert settled == line.line_points
    assert added_back == line.subsidy_points
    # Without an allowance the goods went back whole.
    assert charge_back == charge if 0 < returned == line.line_points else 0 <= charge_back <= charge


def check_subsidy(line: Line, reduced: int, refunded: int, before: int) -> int:
    """What the platform has back by now: its part of what the buyer has, and never more than it added."""
    due = max(before, subsidy_due(line, reduced=reduced, refunded=refunded))
    assert type(due) is int
    assert 0 <= due <= line.subsidy_points
    if line.line_points:
        assert due >= Fraction(line.subsidy_points * refunded, line.line_points) - 1
    return due


def check_what_an_invoice_says(line: Line) -> None:
    """Pieces that are cancelled before the rest is sent: nobody bears less than nothing of a discount."""
    due = 0
    for gone in range(line.quantity):
        refunded = line.line_points * gone // line.quantity
        due = max(due, subsidy_due(line, reduced=gone, refunded=refunded))
        price = line.unit_points * (line.quantity - gone)
        assert price - (line.line_points - refunded) - (line.subsidy_points - due) >= 0


def whole_commission(spec: AllocationSpec) -> Fraction:
    """Of the whole line: percentage and fixed sum within floor and cap, and never more than the line."""
    wanted = Fraction(spec.gross_points * spec.commission_basis_points, 10_000) + spec.commission_fixed_points
    wanted = max(wanted, Fraction(spec.commission_floor_points))
    cap = spec.gross_points if spec.commission_cap_points is None else spec.commission_cap_points
    return min(wanted, Fraction(cap), Fraction(spec.gross_points))


def check_commission(chance: random.Random, spec: AllocationSpec) -> None:
    """Released, then given back bit by bit: what vendor and marketplace have is what was released."""
    allocation = Allocation(
        reference=spec.reference,
        paid_points=spec.customer_points,
        gross_points=spec.gross_points,
        promotional_points=0,
        subsidy_points=spec.subsidy_points,
        refunded_points=0,
        refunded_promotional_points=0,
        refunded_subsidy_points=0,
        released_points=0,
        commission_points=0,
        commission_basis_points=spec.commission_basis_points,
        commission_fixed_points=spec.commission_fixed_points,
        commission_floor_points=spec.commission_floor_points,
        commission_cap_points=spec.commission_cap_points,
    )
    to_buyer, to_platform = random_refund(chance, allocation, chance.randint(0, spec.gross_points))
    early = to_buyer + to_platform
    allocation.refunded_points, allocation.refunded_subsidy_points = early, to_platform
    allocation.released_points = spec.gross_points - early
    allocation.commission_points = commission_of(allocation, points=allocation.released_points)
    vendor = allocation.released_points - allocation.commission_points
    while (left := allocation.released_points) and chance.random() < 0.7:
        move = _Refund.of(allocation, *random_refund(chance, allocation, left)).move()
        vendor += move.released_points - move.commission_points
        allocation.refunded_points += move.refunded_points
        allocation.refunded_subsidy_points += move.refunded_subsidy_points
        allocation.released_points += move.released_points
        allocation.commission_points += move.commission_points
        exact = whole_commission(spec) * Fraction(allocation.released_points, spec.gross_points)
        assert allocation.commission_points == half_up(exact)
        assert vendor + allocation.commission_points == allocation.released_points
        assert allocation.refunded_points + allocation.released_points == spec.gross_points


def random_refund(chance: random.Random, allocation: Allocation, left: int) -> tuple[int, int]:
    """For the buyer and for the platform, at most so many points."""
    points = chance.randint(1, left) if left else 0
    of_platform = chance.randint(
        max(0, points - allocation.refundable_points), min(points, allocation.subsidy_left_points)
    )
    return points - of_platform, of_platform


def check_orders(number: int) -> None:
    chance = random.Random(2027)
    for _ in range(number):
        plan = random_plan(chance)
        terms = random_terms(chance, plan)
        lines, vendor_orders = written(plan, terms)
        specs = _allocations(lines, vendor_orders, plan=plan, terms=terms)
        check_placed(plan, lines, vendor_orders, specs)
        if specs:
            check_promotional_split(chance, specs)
        for line in lines:
            check_what_an_invoice_says(line)
            check_taken_apart(chance, line, line.vendor_order.shipping_points)  # type: ignore[union-attr]
        for spec in specs:
            check_commission(chance, spec)


def test_10_000_random_orders_are_split_without_losing_a_point() -> None:
    check_orders(ORDERS)


def rounded_each_time(line: Line, *, reduced: int, settled: int, pieces: int) -> int:
    return line.line_points * pieces // line.quantity


def last_of_equals(*, total_points: int, weights: Sequence[int]) -> list[int]:
    return wallets.split_by_largest_remainder(total_points=total_points, weights=weights[::-1])[::-1]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("points_of_pieces", rounded_each_time), ("split_by_largest_remainder", last_of_equals)],
)
def test_control_a_split_that_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: Callable[..., object]
) -> None:
    monkeypatch.setitem(globals(), name, wrong)
    with pytest.raises(AssertionError):
        check_orders(500)


def test_of_equal_remainders_the_first_line_gets_the_point() -> None:
    assert split_by_largest_remainder(total_points=2, weights=[1, 1, 1]) == [1, 1, 0]
    assert split_whole([Decimal("0.5")] * 4) == [1, 1, 0, 0]
    assert order_parts.split_by_largest_remainder is split_by_largest_remainder
