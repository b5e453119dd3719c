"""Rules of the commission while many people work at once."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from django.db import IntegrityError

from forked_apps.order.models import Order
from forked_apps.partner import commission_changes
from forked_apps.partner.commission_changes import (
    RulesChangedMeanwhile,
    newest_version,
    save_rules,
)
from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from points_payment.models import Allocation
from tests.factories.commission import put_rules_in_force
from tests.factories.orders import make_basket, make_customer, make_offer
from tests.factories.vendors import a_person
from tests.forked_apps.order.test_races import at_once, buying

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
SAVERS, BUYERS, CHANGES = 6, 8, 10


def savers() -> list[object]:
    people = [a_person() for _ in range(SAVERS)]
    return at_once(
        [
            lambda place=place, person=person: save_rules(
                rules=[CommissionRule(number=1, basis_points=place)], base_version=1, actor=person,
                reason="Because",
            )
            for place, person in enumerate(people)
        ]
    )  # fmt: skip


def test_of_those_who_simulated_with_one_version_one_saves_and_the_others_are_told() -> None:
    outcomes = savers()
    assert Counter(type(outcome) for outcome in outcomes) == {
        CommissionRuleSet: 1, RulesChangedMeanwhile: SAVERS - 1,
    }  # fmt: skip
    assert newest_version() == 2
    assert CommissionRule.objects.count() == 1


def test_control_without_the_lock_they_meet_the_constraint(monkeypatch: pytest.MonkeyPatch) -> None:
    meet = threading.Barrier(SAVERS)

    def look() -> int:
        version = newest_version()
        meet.wait(timeout=60)
        return version

    monkeypatch.setattr(commission_changes, "lock_newest_version", look)
    assert Counter(type(outcome) for outcome in savers())[IntegrityError] == SAVERS - 1


def test_an_order_follows_one_version_however_often_the_rules_change_meanwhile() -> None:
    offers = [make_offer(price=1_000, num_in_stock=BUYERS), make_offer(price=2_000, num_in_stock=BUYERS)]
    put_rules_in_force(CommissionRule(basis_points=100, on_shipping=True))
    buyers = [make_customer(points=100_000) for _ in range(BUYERS)]
    jobs = [buying(customer, make_basket(customer, offers)) for customer in buyers]

    def change() -> None:
        for turn in range(CHANGES):
            put_rules_in_force(CommissionRule(basis_points=100 + turn, on_shipping=True))

    outcomes = at_once([*jobs, change])
    assert Counter(type(outcome) for outcome in outcomes) == {Order: BUYERS, type(None): 1}
    for order in Order.objects.all():
        terms = Allocation.objects.filter(order_reference=order.number).values_list(
            "commission_basis_points", flat=True
        )
        assert len(terms) == 4
        assert len(set(terms)) == 1
        assert {line.commission_rule.basis_points for line in order.lines.all()} == set(terms)
