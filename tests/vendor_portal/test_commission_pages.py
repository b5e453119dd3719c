"""Staff change the rules of the commission; vendors see what they pay, and why."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from forked_apps.partner.commission import current_rules
from forked_apps.partner.commission_changes import newest_version
from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from forked_apps.partner.permissions import VendorPermission as P
from tests.factories.catalogue import BrandFactory, CategoryFactory, ProductFactory, VendorFactory
from tests.factories.commission import put_rules_in_force
from tests.factories.orders import make_offer, make_order
from tests.factories.vendors import a_cast, a_staff_member

pytestmark = pytest.mark.django_db


def page(name: str, *args: object) -> str:
    return reverse(f"commission_staff:{name}", args=args)


def words(response: object) -> str:
    """Without the marks that isolate numbers."""
    text: str = response.content.decode()  # type: ignore[attr-defined]
    return text.replace("\N{FIRST STRONG ISOLATE}", "").replace("\N{POP DIRECTIONAL ISOLATE}", "")


def a_rule(basis_points: int = 0, **fields: object) -> CommissionRule:
    return CommissionRule(basis_points=basis_points, **fields)


@pytest.fixture
def staff(sign_in):
    return sign_in(a_staff_member("admin", name="Amina"))


# A new rule -----------------------------------------------------------------------------------
def test_a_rule_is_simulated_before_it_is_saved_and_is_in_force_afterwards(staff) -> None:
    vendor = VendorFactory(name="Tigris", commission_basis_points=800)
    make_order(offers={make_offer(vendor=vendor, price=10_000): 2})
    facts = {
        "vendor": vendor.pk, "basis_points": "٢٫٥", "fixed_points": "100", "floor_points": "500",
        "cap_points": "5,000", "position": 1, "days": 30, "is_active": "on",
    }  # fmt: skip
    assert staff.get(page("new")).status_code == 200
    shown = staff.post(page("new"), facts)
    assert shown.status_code == 200
    html = words(shown)
    assert "2.5% · 100 points per piece · at least 500 points · at most 5,000 points" in html
    assert shown.context["simulation"].before_points == 1_600
    assert shown.context["simulation"].after_points == 700
    assert "Tigris" in html
    assert newest_version() == 1
    assert not CommissionRule.objects.exists()

    saved = staff.post(page("new-save"), {**facts, "base_version": 1, "reason": "A campaign"})
    assert saved.status_code == 302
    (rule,) = current_rules()
    assert (rule.vendor, rule.basis_points, rule.fixed_points) == (vendor, 250, 100)
    assert (rule.floor_points, rule.cap_points, rule.on_shipping, rule.is_active) == (500, 5_000, False, True)
    version = CommissionRuleSet.objects.first()
    assert (version.version, version.reason, version.created_by.first_name) == (2, "A campaign", "Amina")
    assert "2.5%" in words(staff.get(page("rules")))


def test_the_hidden_answers_of_the_simulation_lead_to_the_same_rule(staff) -> None:
    category, brand = CategoryFactory(), BrandFactory()
    facts = {
        "category": category.pk, "brand": brand.pk, "price_from_points": "1,000", "price_to_points": "2,000",
        "basis_points": "8", "position": 9, "days": 7,
    }  # fmt: skip
    shown = staff.post(page("new"), facts)
    again = {field.html_name: field.value() or "" for field in shown.context["form"]}
    staff.post(page("new-save"), {**again, "base_version": 1, "reason": "Because"})
    (rule,) = current_rules()
    assert (rule.category, rule.brand, rule.price_from_points, rule.price_to_points) == (
        category, brand, 1_000, 2_000,
    )  # fmt: skip
    assert not rule.is_active


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"basis_points": ""}, "basis_points"),
        ({"basis_points": "101"}, "basis_points"),
        ({"basis_points": "100.01"}, "basis_points"),
        ({"basis_points": "8.255"}, "basis_points"),
        ({"basis_points": "-8"}, "basis_points"),
        ({"price_from_points": "0"}, "price_from_points"),
        ({"price_from_points": "20", "price_to_points": "19"}, "price_to_points"),
        ({"floor_points": "20", "cap_points": "19"}, "cap_points"),
        ({"on_shipping": "on", "price_to_points": "19"}, "on_shipping"),
        ({"position": "0"}, "position"),
        ({"days": "3650"}, "days"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(staff, facts: dict[str, str], field: str) -> None:
    good = {"basis_points": "8", "position": "1", "days": "30"}
    for name in ("new", "new-save"):
        response = staff.post(page(name), {**good, **facts, "base_version": 1, "reason": "Because"})
        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
    assert newest_version() == 1


@pytest.mark.parametrize(
    ("typed", "basis_points"), [("0", 0), ("100", 10_000), ("8,5%", 850), ("٨", 800), ("0.01", 1)]
)
def test_a_percentage_is_read_in_any_digits(staff, typed: str, basis_points: int) -> None:
    staff.post(
        page("new-save"),
        {"basis_points": typed, "position": 1, "days": 7, "base_version": 1, "reason": "Because"},
    )
    assert [rule.basis_points for rule in current_rules()] == [basis_points]


def test_without_a_reason_nothing_is_saved(staff) -> None:
    put_rules_in_force(a_rule(100))
    for name, data in (
        ("edit-save", {"basis_points": "9", "position": 1, "days": 7}),
        ("move-save", {"position": 1, "days": 7}),
        ("retire-save", {"days": 7}),
    ):
        response = staff.post(page(name, 1), {**data, "base_version": 2, "reason": " "})
        assert response.status_code == 422
        assert "reason" in response.context["confirm"].errors
    assert newest_version() == 2


# The others -----------------------------------------------------------------------------------
def test_a_rule_is_changed_moved_and_retired_and_every_version_stays(staff) -> None:
    put_rules_in_force(a_rule(100), a_rule(200), a_rule(300))
    data = {"days": 7, "reason": "Because"}
    assert 'value="3"' in words(staff.get(page("edit", 3)))
    staff.post(page("edit-save", 3), {**data, "basis_points": "4", "position": 3, "base_version": 2})
    staff.post(page("move-save", 3), {**data, "position": 1, "base_version": 3})
    staff.post(page("retire-save", 2), {**data, "base_version": 4})
    assert [(rule.number, rule.basis_points) for rule in current_rules()] == [(3, 400), (1, 100)]
    versions = staff.get(page("history")).context["versions"]
    assert [one.rule_set.version for one in versions] == [5, 4, 3, 2, 1]
    told = [
        [
            (
                change.before.rule.number if change.before else None,
                change.after.rule.number if change.after else None,
            )
            for change in one.changes
        ]
        for one in versions
    ]
    assert told == [[(2, None)], [(3, 3)], [(3, 3)], [(None, 1), (None, 2), (None, 3)], []]
    assert [change.is_moved_alone for one in versions[1:3] for change in one.changes] == [True, False]
    html = words(staff.get(page("history")))
    assert "from place <bdi>3</bdi> to place <bdi>1</bdi>" in html
    assert "every vendor pays what was agreed with it" in html


def test_a_rule_that_is_not_in_the_list_has_no_page(staff) -> None:
    for name in ("edit", "move", "retire"):
        assert staff.get(page(name, 1)).status_code == 404
        assert staff.post(page(f"{name}-save", 1), {"days": 7}).status_code == 404


def test_who_simulated_with_older_rules_sees_the_newer_ones_before_they_are_changed(staff) -> None:
    put_rules_in_force(a_rule(100))
    facts = {"basis_points": "9", "position": 1, "days": 7, "base_version": 2, "reason": "Because"}
    put_rules_in_force(a_rule(200))
    response = staff.post(page("new-save"), facts)
    assert response.status_code == 422
    assert "Somebody else changed the rules meanwhile" in words(response)
    assert 'name="base_version" value="3"' in words(response)
    assert newest_version() == 3
    staff.post(page("new-save"), {**facts, "base_version": 3})
    assert [rule.basis_points for rule in current_rules()] == [900, 200]


@pytest.mark.parametrize("name", ["rules", "history"])
def test_pages_cost_the_same_queries_for_many_rules(staff, name: str, django_assert_num_queries) -> None:
    many = [
        a_rule(1, vendor=VendorFactory(), category=CategoryFactory(), brand=BrandFactory()) for _ in range(6)
    ]
    put_rules_in_force(many[0])
    # The frame's menu is read anew after a category was made.
    staff.get(page(name))
    with CaptureQueriesContext(connection) as few:
        staff.get(page(name))
    put_rules_in_force(*many)
    with django_assert_num_queries(len(few)):
        staff.get(page(name))


# What vendors see -----------------------------------------------------------------------------
def test_a_vendor_reads_the_rules_that_may_be_about_it_and_no_others(sign_in) -> None:
    cast = a_cast(bob_may=[P.PRODUCTS_VIEW, P.PRODUCTS_EDIT])
    category = CategoryFactory(name_en="Chairs")
    offer = make_offer(vendor=cast.vendor, price=10_000, product=ProductFactory(category=category))
    put_rules_in_force(
        a_rule(111, vendor=cast.other_vendor), a_rule(222, is_active=False),
        a_rule(800, category=category, floor_points=500), a_rule(300, vendor=cast.vendor, on_shipping=True),
    )  # fmt: skip
    money = reverse("portal:money", args=[cast.vendor.code])
    html = words(sign_in(cast.alice).get(money))
    assert "8% · at least 500 points" in html
    assert "Category: Chairs" in html
    assert "also on delivery charges" in html
    assert "1.11%" not in html
    assert "2.22%" not in html
    its_page = reverse("portal:offers-edit", args=[cast.vendor.code, offer.pk])
    html = words(sign_in(cast.alice).get(its_page))
    assert "Commission 8% · at least 500 points" in html
    assert "Rule 3: Category: Chairs" in html
    # Who may not see the money does not see this either.
    assert "Commission" not in words(sign_in(cast.bob).get(its_page))


def test_without_rules_a_vendor_reads_what_was_agreed(sign_in) -> None:
    cast = a_cast()
    offer = make_offer(vendor=cast.vendor, price=10_000)
    browser = sign_in(cast.alice)
    assert "8% of what is sold, as agreed with you." in words(
        browser.get(reverse("portal:money", args=[cast.vendor.code]))
    )
    html = words(browser.get(reverse("portal:offers-edit", args=[cast.vendor.code, offer.pk])))
    assert "Commission 8%" in html
    assert "As agreed with you." in html


def test_an_order_shows_the_terms_of_its_own_day(sign_in) -> None:
    cast = a_cast(bob_may=[P.ORDERS_VIEW])
    put_rules_in_force(a_rule(500, fixed_points=100), a_rule(300, on_shipping=True))
    offer = make_offer(vendor=cast.vendor, price=10_000)
    part = make_order(offers={offer: 2, make_offer(vendor=cast.other_vendor): 1}).vendor_orders.get(
        vendor=cast.vendor
    )
    put_rules_in_force(a_rule(9_999, on_shipping=True))
    its_page = reverse("portal:orders-detail", args=[cast.vendor.code, part.number])
    response = sign_in(cast.alice).get(its_page)
    rows = response.context["commission"]
    assert [(row.frozen.kept_points, row.frozen.commission_points) for row in rows] == [(20_000, 1_200)]
    html = words(response)
    assert "5% · 200 points fixed" in html
    assert "Rule 1: All goods" in html
    assert "99.99%" not in html
    assert sign_in(cast.bob).get(its_page).context["commission"] == []
    sale = sign_in(cast.alice).get(reverse("portal:money", args=[cast.vendor.code])).context["page_obj"][0]
    assert sale.commission_points == 1_200


def test_a_delivery_charge_with_a_commission_is_shown_as_a_line_of_its_own(sign_in) -> None:
    cast = a_cast()
    put_rules_in_force(a_rule(1_000, on_shipping=True, floor_points=900))
    part = make_order(offers=[make_offer(vendor=cast.vendor, price=5_000)]).vendor_orders.get()
    response = sign_in(cast.alice).get(reverse("portal:orders-detail", args=[cast.vendor.code, part.number]))
    rows = [(row.title != "", row.frozen.commission_points) for row in response.context["commission"]]
    assert rows == [(True, 900), (False, 500)]
