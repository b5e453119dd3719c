"""The commission of a whole order, line by line: frozen at placement, and asked for by splits and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forked_apps.order.services.plan import OrderPlan
from forked_apps.partner.commission import (
    NOTHING_KNOWN,
    Goods,
    Terms,
    rule_for,
    rule_for_shipping,
    rules_and_facts,
    terms_of_line,
    terms_of_shipping,
)
from points_payment.services.escrow import AllocationSpec


@dataclass(frozen=True, slots=True)
class OrderTerms:
    #: By basket line.
    lines: Mapping[int, Terms]
    #: Of delivery charges, by vendor.
    shipping: Mapping[int, Terms]


def terms_of_plan(plan: OrderPlan) -> OrderTerms:
    """By the rules in force, of all lines and charges: one query, one more after a change of rules."""
    rules, facts = rules_and_facts([row.line.product_id for row in plan.summary.rows])
    lines: dict[int, Terms] = {}
    for part in plan.parts:
        for row in part.rows:
            known = facts.get(row.line.product_id, NOTHING_KNOWN)
            goods = Goods(part.vendor.pk, row.unit_points, known.brand_id, known.category_ids)
            lines[row.line.pk] = terms_of_line(
                rule_for(rules, goods),
                quantity=row.quantity,
                vendor_basis_points=part.vendor.commission_basis_points,
            )
    shipping = {
        part.vendor.pk: terms_of_shipping(rule_for_shipping(rules, vendor_id=part.vendor.pk))
        for part in plan.parts
    }
    return OrderTerms(lines, shipping)


def allocation_of(
    *, reference: str, vendor_id: int, gross_points: int, terms: Terms, subsidy_points: int = 0
) -> AllocationSpec:
    """What waits in escrow for one line or charge, with its terms; some of it from the platform."""
    return AllocationSpec(
        reference=reference,
        vendor_id=vendor_id,
        gross_points=gross_points,
        commission_basis_points=terms.basis_points,
        commission_fixed_points=terms.fixed_points,
        commission_floor_points=terms.floor_points,
        commission_cap_points=terms.cap_points,
        subsidy_points=subsidy_points,
    )
