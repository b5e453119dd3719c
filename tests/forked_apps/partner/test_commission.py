"""Which rule of the commission goods meet, and how the list of rules is changed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from forked_apps.catalogue.models import Product
from forked_apps.partner.commission import (
    Goods,
    current_rules,
    facts_for,
    rule_for,
    rule_for_shipping,
    rules_and_facts,
    terms_of_line,
    terms_of_shipping,
)
from forked_apps.partner.commission_changes import (
    MOST_RULES,
    RulesChangedMeanwhile,
    TooManyRules,
    UnknownRule,
    newest_version,
    save_rules,
    with_rule_added,
    with_rule_changed,
    with_rule_moved,
    without_rule,
)
from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from tests.factories.catalogue import BrandFactory, CategoryFactory, ProductFactory, VendorFactory
from tests.factories.commission import put_rules_in_force
from tests.factories.vendors import a_person

pytestmark = pytest.mark.django_db

#: Vendor 1, 20,000 points a piece, brand 5, in the categories 10 and 11.
GOODS = Goods(vendor_id=1, unit_points=20_000, brand_id=5, category_ids=frozenset({10, 11}))


def a_rule(**fields: object) -> CommissionRule:
    return CommissionRule(**{"basis_points": 100, **fields})


# Matching -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("conditions", "is_met"),
    [
        ({}, True),
        ({"is_active": False}, False),
        ({"vendor_id": 1}, True),
        ({"vendor_id": 2}, False),
        ({"category_id": 10}, True),
        ({"category_id": 11}, True),
        ({"category_id": 12}, False),
        ({"brand_id": 5}, True),
        ({"brand_id": 6}, False),
        ({"price_from_points": 19_999}, True),
        ({"price_from_points": 20_000}, True),
        ({"price_from_points": 20_001}, False),
        ({"price_to_points": 19_999}, False),
        ({"price_to_points": 20_000}, True),
        ({"price_to_points": 20_001}, True),
        ({"price_from_points": 20_000, "price_to_points": 20_000}, True),
        ({"vendor_id": 1, "category_id": 11, "brand_id": 5, "price_to_points": 20_000}, True),
        ({"vendor_id": 1, "category_id": 11, "brand_id": 6}, False),
        ({"vendor_id": 1, "category_id": 12, "brand_id": 5}, False),
    ],
)
def test_a_rule_asks_for_everything_that_it_names(conditions: dict[str, object], is_met: bool) -> None:
    assert a_rule(**conditions).matches(GOODS) is is_met


def test_goods_without_brand_or_category_meet_no_rule_that_names_one() -> None:
    plain = Goods(vendor_id=1, unit_points=20_000)
    assert not a_rule(brand_id=5).matches(plain)
    assert not a_rule(category_id=10).matches(plain)
    assert a_rule().matches(plain)


def test_the_first_rule_that_matches_wins_and_nothing_else_of_the_list_counts() -> None:
    general, narrow, other = a_rule(number=1), a_rule(number=2, vendor_id=1), a_rule(number=3, vendor_id=2)
    assert rule_for([other, narrow, general], GOODS) is narrow
    assert rule_for([general, narrow], GOODS) is general
    assert rule_for([other], GOODS) is None
    assert rule_for([], GOODS) is None


@pytest.mark.parametrize(
    "condition", [{"category_id": 10}, {"brand_id": 5}, {"price_from_points": 1}, {"price_to_points": 9}]
)
def test_a_delivery_charge_meets_no_rule_about_goods(condition: dict[str, object]) -> None:
    about_goods = a_rule(number=1, **condition)
    others, own, general = a_rule(number=2, vendor_id=2), a_rule(number=3, vendor_id=1), a_rule(number=4)
    paused = a_rule(number=5, is_active=False)
    assert rule_for_shipping([about_goods, paused, others, own, general], vendor_id=1) is own
    assert rule_for_shipping([about_goods, general, own], vendor_id=1) is general
    assert rule_for_shipping([about_goods, others], vendor_id=1) is None


def test_a_charge_bears_the_percentage_alone_and_only_where_the_rule_says_so() -> None:
    both = a_rule(basis_points=800, fixed_points=250, floor_points=500, cap_points=900, on_shipping=True)
    terms = terms_of_shipping(both)
    assert (terms.basis_points, terms.fixed_points, terms.floor_points, terms.cap_points) == (800, 0, 0, None)
    assert terms.rule is both
    assert terms_of_shipping(a_rule(basis_points=800)).basis_points == 0
    assert terms_of_shipping(None).basis_points == 0


def test_the_fixed_sum_is_of_each_piece_and_floor_and_cap_are_of_the_line() -> None:
    rule = a_rule(basis_points=800, fixed_points=250, floor_points=500, cap_points=900)
    terms = terms_of_line(rule, quantity=3, vendor_basis_points=1)
    assert (terms.basis_points, terms.fixed_points, terms.floor_points, terms.cap_points) == (
        800,
        750,
        500,
        900,
    )
    agreed = terms_of_line(None, quantity=3, vendor_basis_points=700)
    assert (agreed.rule, agreed.basis_points, agreed.fixed_points, agreed.cap_points) == (None, 700, 0, None)


# What rules ask of products -------------------------------------------------------------------
def test_a_category_covers_everything_below_it_and_nothing_beside_or_above() -> None:
    top = CategoryFactory()
    middle = CategoryFactory(parent=top)
    below, beside = CategoryFactory(parent=middle), CategoryFactory(parent=top)
    other_top = CategoryFactory()
    products = {one.pk: ProductFactory(category=one) for one in (top, middle, below, beside, other_top)}
    found = facts_for([a_rule(category=middle)], [product.pk for product in products.values()])
    covered = {pk for pk, product in products.items() if found[product.pk].category_ids}
    assert covered == {middle.pk, below.pk}


def test_a_category_that_is_moved_takes_its_rule_along_at_once() -> None:
    shoes, gifts = CategoryFactory(), CategoryFactory()
    sandals = CategoryFactory(parent=shoes)
    product = ProductFactory(category=sandals)
    put_rules_in_force(a_rule(category=gifts))
    assert rules_and_facts([product.pk])[1][product.pk].category_ids == frozenset()
    type(sandals).objects.get(pk=sandals.pk).move(type(gifts).objects.get(pk=gifts.pk), "first-child")
    assert rules_and_facts([product.pk])[1][product.pk].category_ids == {gifts.pk}


def test_a_variant_has_its_parents_categories_and_its_own_or_its_parents_brand() -> None:
    category, made_by = CategoryFactory(), BrandFactory()
    parent = ProductFactory(category=category, brand=made_by, structure=Product.PARENT)
    child = ProductFactory(parent=parent, structure=Product.CHILD, product_class=None)
    own = ProductFactory(parent=parent, structure=Product.CHILD, product_class=None, brand=BrandFactory())
    found = facts_for([a_rule(category=category)], [child.pk, own.pk])
    assert found[child.pk].brand_id == made_by.pk
    assert found[own.pk].brand_id == own.brand_id
    assert found[child.pk].category_ids == found[own.pk].category_ids == {category.pk}


def test_rules_of_many_products_cost_one_query_and_one_more_after_a_change(
    django_assert_num_queries: object,
) -> None:
    category = CategoryFactory()
    products = [ProductFactory(category=category).pk for _ in range(20)]
    put_rules_in_force(a_rule(category=category), a_rule())
    with django_assert_num_queries(2):  # type: ignore[operator]
        rules_and_facts(products)
    with django_assert_num_queries(1):  # type: ignore[operator]
        rules, facts = rules_and_facts(products)
    assert [rule.position for rule in rules] == [1, 2]
    assert all(facts[pk].category_ids == {category.pk} for pk in products)
    put_rules_in_force(a_rule(basis_points=5))
    assert [rule.basis_points for rule in rules_and_facts(products)[0]] == [5]


def test_a_shop_begins_with_a_version_without_rules() -> None:
    assert newest_version() == 1
    assert rules_and_facts([]) == ((), {})
    assert current_rules() == []


# Versions -------------------------------------------------------------------------------------
def test_every_change_is_a_new_version_with_who_when_and_why() -> None:
    actor = a_person()
    first = save_rules(
        rules=with_rule_added([], a_rule(), position=1), base_version=1, actor=actor, reason="Begin"
    )
    changed = with_rule_changed(current_rules(), a_rule(basis_points=700), number=1, position=1)
    second = save_rules(rules=changed, base_version=2, actor=actor, reason="Dearer")
    assert (first.version, second.version) == (2, 3)
    assert (second.created_by, second.reason) == (actor, "Dearer")
    assert [rule.basis_points for rule in first.rules.all()] == [100]
    assert [(rule.number, rule.basis_points) for rule in current_rules()] == [(1, 700)]


def test_rules_are_added_moved_changed_and_retired_by_number() -> None:
    put_rules_in_force(a_rule(basis_points=1), a_rule(basis_points=2), a_rule(basis_points=3))
    rules = current_rules()
    assert numbers(with_rule_moved(rules, number=3, position=1)) == [3, 1, 2]
    assert numbers(with_rule_moved(rules, number=1, position=3)) == [2, 3, 1]
    assert numbers(with_rule_moved(rules, number=1, position=99)) == [2, 3, 1]
    assert numbers(without_rule(rules, number=2)) == [1, 3]
    assert numbers(with_rule_added(rules, a_rule(), position=2)) == [1, 4, 2, 3]
    changed = with_rule_changed(rules, a_rule(basis_points=9), number=2, position=2)
    assert [rule.basis_points for rule in changed] == [1, 9, 3]
    for change in (without_rule, lambda rules, number: with_rule_moved(rules, number=number, position=1)):
        with pytest.raises(UnknownRule):
            change(rules, number=7)
    assert numbers(rules) == [1, 2, 3]


def test_a_number_is_never_given_twice() -> None:
    put_rules_in_force(a_rule(), a_rule())
    save_rules(rules=without_rule(current_rules(), number=2), base_version=2, actor=a_person(), reason="Gone")
    assert numbers(with_rule_added(current_rules(), a_rule(), position=9)) == [1, 3]


def numbers(rules: list[CommissionRule]) -> list[int]:
    return [rule.number for rule in rules]


def test_who_drafted_from_an_older_version_saves_nothing() -> None:
    put_rules_in_force(a_rule())
    with pytest.raises(RulesChangedMeanwhile) as caught:
        save_rules(rules=[], base_version=1, actor=a_person(), reason="Late")
    assert caught.value.version == 2
    assert newest_version() == 2


def test_a_list_has_an_end() -> None:
    many = [a_rule(number=number) for number in range(MOST_RULES + 1)]
    with pytest.raises(TooManyRules):
        save_rules(rules=many, base_version=1, actor=a_person(), reason="Many")
    assert not CommissionRule.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE partner_commissionrule SET basis_points = 1",
        "DELETE FROM partner_commissionrule",
        "UPDATE partner_commissionruleset SET reason = 'Other'",
        "DELETE FROM partner_commissionruleset",
        "TRUNCATE partner_commissionrule, partner_commissionruleset CASCADE",
    ],
)
def test_no_version_is_ever_changed(statement: str) -> None:
    put_rules_in_force(a_rule())
    with transaction.atomic(), connection.cursor() as cursor:
        # Else its foreign keys, checked at the end, would be in the way of TRUNCATE.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(statement)


@pytest.mark.parametrize(
    "fields",
    [
        {"basis_points": 10_001},
        {"fixed_points": -1},
        {"floor_points": -1},
        {"floor_points": 10, "cap_points": 9},
        {"price_from_points": 0},
        {"price_to_points": 0},
        {"price_from_points": 10, "price_to_points": 9},
        {"on_shipping": True, "price_to_points": 9},
    ],
)
def test_the_database_refuses_a_rule_that_makes_no_sense(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="partner_commission"), transaction.atomic():
        put_rules_in_force(a_rule(**fields))
    assert CommissionRuleSet.objects.count() == 1


def test_a_vendor_a_brand_and_a_category_that_a_rule_named_stay() -> None:
    vendor, brand = VendorFactory(), BrandFactory()
    put_rules_in_force(a_rule(vendor=vendor), a_rule(brand=brand))
    for named in (vendor, brand):
        with pytest.raises(IntegrityError):
            named.delete()
