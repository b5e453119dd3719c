"""Commission at placement: by the rules of that moment, frozen, and as simulated before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from forked_apps.catalogue.models import Category
from forked_apps.order import commission as simulating
from forked_apps.order.commission import simulate
from forked_apps.order.models import Order, VendorOrder
from forked_apps.order.numbers import shipping_reference
from forked_apps.order.services.cancellation import cancel_lines
from forked_apps.order.services.delivery import complete_vendor_order, mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.partner.commission import current_rules
from forked_apps.partner.commission_models import CommissionRule
from forked_apps.partner.models import Partner, StockRecord
from points_payment.kinds import AccountKind
from points_payment.models import Allocation
from points_payment.selectors import account_points
from tests.factories.catalogue import BrandFactory, CategoryFactory, ProductFactory, VendorFactory
from tests.factories.commission import put_rules_in_force
from tests.factories.orders import make_basket, make_customer, make_offer, make_order
from tests.forked_apps.basket.test_discounts import site_offer

pytestmark = pytest.mark.django_db
AGREED = 700


def a_rule(basis_points: int = 0, **fields: object) -> CommissionRule:
    return CommissionRule(basis_points=basis_points, **fields)


@pytest.fixture
def vendor() -> Partner:
    return VendorFactory(commission_basis_points=AGREED)


def an_offer(vendor: Partner, price: int, category: Category | None = None, **fields: object) -> StockRecord:
    return make_offer(
        vendor=vendor, price=price, charge_points=3_000, product=ProductFactory(category=category, **fields)
    )


def frozen(order: Order) -> dict[str, tuple[int, int, int, int | None]]:
    """Terms by what is behind the order's number."""
    return {
        allocation.reference.removeprefix(order.number): (
            allocation.commission_basis_points,
            allocation.commission_fixed_points,
            allocation.commission_floor_points,
            allocation.commission_cap_points,
        )
        for allocation in Allocation.objects.filter(order_reference=order.number)
    }


# Placement ----------------------------------------------------------------------------------
def test_without_a_rule_every_vendor_pays_what_was_agreed_with_it_and_nothing_on_delivery(
    vendor: Partner,
) -> None:
    order = make_order(offers=[an_offer(vendor, 10_000)])
    assert frozen(order) == {"-1": (AGREED, 0, 0, None), "-A-S": (0, 0, 0, None)}
    assert order.lines.get().commission_rule is None
    assert order.vendor_orders.get().shipping_commission_rule is None


def test_each_line_freezes_the_terms_of_the_first_rule_that_matches_it(vendor: Partner) -> None:
    furniture, made_by = CategoryFactory(), BrandFactory()
    chairs = CategoryFactory(parent=furniture)
    other = VendorFactory(commission_basis_points=900)
    put_rules_in_force(
        a_rule(500, brand=made_by, cap_points=2_000),
        a_rule(300, category=furniture, price_from_points=50_000, price_to_points=50_000),
        a_rule(400, category=furniture, fixed_points=250, floor_points=600),
        a_rule(250, vendor=other, on_shipping=True),
    )
    offers = [
        an_offer(vendor, 50_000, chairs, brand=made_by),
        an_offer(vendor, 50_000, chairs),
        an_offer(vendor, 50_001, chairs),
        an_offer(vendor, 10_000),
        an_offer(other, 10_000),
    ]
    order = make_order(offers=dict.fromkeys(offers, 2))
    assert frozen(order) == {
        "-1": (500, 0, 0, 2_000),
        "-2": (300, 0, 0, None),
        # 250 for each of two pieces.
        "-3": (400, 500, 600, None),
        "-4": (AGREED, 0, 0, None),
        "-5": (250, 0, 0, None),
        "-A-S": (0, 0, 0, None),
        "-B-S": (250, 0, 0, None),
    }
    numbers = [
        line.commission_rule.number if line.commission_rule else None for line in order.lines.order_by("pk")
    ]
    assert numbers == [1, 2, 3, None, 4]


def test_the_price_of_a_band_is_the_pieces_own_before_discounts(vendor: Partner) -> None:
    put_rules_in_force(a_rule(300, price_from_points=10_000))
    site_offer(percent="50")
    order = make_order(offers={an_offer(vendor, 10_000): 3, an_offer(vendor, 9_999): 3})
    assert order.lines.order_by("pk").first().line_points == 15_000
    assert [terms[0] for name, terms in sorted(frozen(order).items()) if name != "-A-S"] == [300, AGREED]


def test_a_later_rule_changes_nothing_that_was_placed(vendor: Partner) -> None:
    offer = an_offer(vendor, 10_000)
    put_rules_in_force(a_rule(500, fixed_points=100))
    before = make_order(offers=[offer])
    put_rules_in_force(a_rule(9_000))
    Partner.objects.update(commission_basis_points=9_000)
    assert frozen(before)["-1"] == (500, 100, 0, None)
    part = before.vendor_orders.get()
    ship_lines(vendor=vendor, actor=before.user, vendor_order=part, tracking_code="T")
    mark_delivered(vendor=vendor, actor=before.user, vendor_order=part)
    complete_vendor_order(vendor_order=VendorOrder.objects.get(pk=part.pk), actor=None)
    assert account_points(kind=AccountKind.COMMISSION) == 600
    assert frozen(make_order(offers=[offer]))["-1"] == (9_000, 0, 0, None)


def test_cancelled_pieces_take_their_part_of_the_fixed_sum_along(vendor: Partner) -> None:
    put_rules_in_force(a_rule(0, fixed_points=250))
    order = make_order(offers={an_offer(vendor, 10_000): 3})
    part, line = order.vendor_orders.get(), order.lines.get()
    cancel_lines(vendor=vendor, actor=order.user, vendor_order=part, quantities={line.pk: 2}, reason="Broken")
    ship_lines(vendor=vendor, actor=order.user, vendor_order=part, tracking_code="T")
    mark_delivered(vendor=vendor, actor=order.user, vendor_order=part)
    complete_vendor_order(vendor_order=VendorOrder.objects.get(pk=part.pk), actor=None)
    assert Allocation.objects.get(reference=line.partner_line_reference).commission_points == 250


# Simulation ---------------------------------------------------------------------------------
def a_market(vendor: Partner) -> tuple[Partner, Category]:
    """Orders of two vendors: within a category, without, of several pieces, with delivery charges."""
    other, category = VendorFactory(commission_basis_points=900), CategoryFactory()
    inside = CategoryFactory(parent=category)
    make_order(offers={an_offer(vendor, 10_000, inside): 2, an_offer(other, 99_999): 1})
    make_order(offers={an_offer(vendor, 333): 3, an_offer(other, 50_000, category): 1})
    return other, category


def test_what_is_simulated_is_what_placement_then_takes(vendor: Partner) -> None:
    other, category = a_market(vendor)
    drafted = [
        a_rule(1_250, number=1, category=category, fixed_points=70, cap_points=3_000),
        a_rule(150, number=2, vendor=other, floor_points=1_700, on_shipping=True),
    ]
    told = simulate(before=[], after=drafted, days=30)
    placed = list(Order.objects.order_by("pk"))
    put_rules_in_force(*drafted)
    again = [
        make_order(offers={line.stockrecord: line.quantity for line in order.lines.order_by("pk")})
        for order in placed
    ]
    for orders, points in ((placed, told.before_points), (again, told.after_points)):
        assert points == sum(_due(order) for order in orders)
    by_vendor = {name.name: name.after_points for name in told.vendors.values()}
    assert by_vendor == {
        one.name: sum(_due(order, vendor_id=one.pk) for order in again) for one in (vendor, other)
    }
    assert told.before_points == 1_400 + 9_000 + 70 + 4_500
    assert told.after_points == 2_640 + 1_700 + 70 + 3_000 + 2 * 45
    assert (told.lines_count, told.charges_count, told.changed_count) == (4, 4, 5)


def _due(order: Order, *, vendor_id: int | None = None) -> int:
    from points_payment.services.escrow import commission_of

    parts = Allocation.objects.filter(order_reference=order.number)
    if vendor_id is not None:
        parts = parts.filter(vendor_id=vendor_id)
    return sum(commission_of(part, points=part.gross_points) for part in parts)


def test_examples_name_what_would_change_and_by_which_rules(vendor: Partner) -> None:
    other, category = a_market(vendor)
    rule = a_rule(0, number=4, category=category)
    told = simulate(before=[], after=[rule], days=30)
    assert [
        (one.before_points, one.after_points, one.rule_before, one.rule_after) for one in told.examples
    ] == [
        (4_500, 0, None, rule),
        (1_400, 0, None, rule),
    ]
    assert [(effect.name, effect.difference_points) for effect in told.changed_vendors] == [
        (other.name, -4_500),
        (vendor.name, -1_400),
    ]


def test_simulating_saves_nothing_and_looks_at_the_last_days_alone(vendor: Partner) -> None:
    a_market(vendor)
    assert (
        simulate(before=[], after=[a_rule(1)], days=30, now=timezone.now() + timedelta(days=31)).lines_count
        == 0
    )
    assert (
        simulate(before=[], after=[a_rule(1)], days=30, now=timezone.now() + timedelta(days=29)).lines_count
        == 4
    )
    assert current_rules() == []
    assert not CommissionRule.objects.exists()


def test_only_the_newest_lines_are_looked_at(vendor: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    a_market(vendor)
    monkeypatch.setattr(simulating, "MOST_LINES", 2)
    told = simulate(before=[], after=[a_rule(1)], days=30)
    assert (told.lines_count, told.charges_count, told.is_cut) == (2, 2, True)
    monkeypatch.setattr(simulating, "MOST_LINES", 4)
    assert not simulate(before=[], after=[a_rule(1)], days=30).is_cut


def test_a_simulation_costs_three_queries_however_many_orders(
    vendor: Partner, django_assert_num_queries: object
) -> None:
    for _ in range(2):
        other, category = a_market(vendor)
        rules = [a_rule(100, category=category), a_rule(200, vendor=other)]
        with django_assert_num_queries(3):  # type: ignore[operator]
            simulate(before=rules[:1], after=rules, days=30)


def test_twenty_lines_of_ten_vendors_cost_one_query_for_their_rules(
    vendor: Partner, django_assert_num_queries: object
) -> None:
    from forked_apps.order.services.commission import terms_of_plan
    from forked_apps.order.services.plan import draw_up
    from tests.factories.orders import ADDRESS

    category = CategoryFactory()
    put_rules_in_force(a_rule(100, category=category), a_rule(200))
    sellers = [VendorFactory() for _ in range(10)]
    customer = make_customer()
    basket = make_basket(customer, [an_offer(sellers[place % 10], 1_000, category) for place in range(20)])
    plan = draw_up(basket=basket, customer=customer, governorate=ADDRESS.governorate)
    terms_of_plan(plan)
    with django_assert_num_queries(1):  # type: ignore[operator]
        terms = terms_of_plan(plan)
    assert {one.basis_points for one in terms.lines.values()} == {100}
    assert len(terms.lines) == 20
    assert len(terms.shipping) == 10


def test_a_charge_says_which_rule_it_follows(vendor: Partner) -> None:
    put_rules_in_force(a_rule(100, price_to_points=1_000_000), a_rule(250, vendor=vendor, on_shipping=True))
    part = make_order(offers=[an_offer(vendor, 10_000)]).vendor_orders.get()
    assert part.shipping_commission_rule.number == 2
    assert part.lines.get().commission_rule.number == 1
    charge = Allocation.objects.get(reference=shipping_reference(part.number))
    assert (charge.gross_points, charge.commission_basis_points) == (3_000, 250)
