"""What a new version of the commission rules changes for one vendor, and for what goods.

Each set of conditions that a rule of either version names is looked at: what its goods bore, and what they
bear now, unless a rule with narrower conditions is asked before. What no order of this vendor can notice is
no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forked_apps.partner.commission import rule_for_shipping, terms_of_shipping
from forked_apps.partner.commission_models import CommissionRule


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """Of one line, or of a delivery charge: what a rule says, or what was agreed with the vendor."""

    basis_points: int
    #: Of each piece.
    fixed_points: int = 0
    floor_points: int = 0
    cap_points: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    #: A rule with the conditions of these goods; None: delivery charges.
    goods: CommissionRule | None
    before: RuleTerms
    after: RuleTerms


def differences_for(
    *,
    vendor_id: int,
    agreed_basis_points: int,
    before: Sequence[CommissionRule],
    after: Sequence[CommissionRule],
) -> list[Difference]:
    """In the order in which the new rules name them, then those that only the old ones name."""
    old, new = (_may_be_about(rules, vendor_id=vendor_id) for rules in (before, after))
    agreed = RuleTerms(agreed_basis_points)
    found = [
        Difference(goods, _terms_for(goods, old, agreed), _terms_for(goods, new, agreed))
        for goods in {_conditions(rule): rule for rule in (*old, *new)}.values()
    ]
    charges = [
        RuleTerms(terms_of_shipping(rule_for_shipping(rules, vendor_id=vendor_id)).basis_points)
        for rules in (old, new)
    ]
    found.append(Difference(None, *charges))
    return [one for one in found if one.before != one.after]


def _may_be_about(rules: Iterable[CommissionRule], *, vendor_id: int) -> list[CommissionRule]:
    return [rule for rule in rules if rule.is_active and rule.vendor_id in {None, vendor_id}]


def _conditions(rule: CommissionRule) -> tuple[int | None, ...]:
    """But for the vendor, who is one."""
    return rule.category_id, rule.brand_id, rule.price_from_points, rule.price_to_points


def _terms_for(goods: CommissionRule, rules: Iterable[CommissionRule], agreed: RuleTerms) -> RuleTerms:
    """What the first rule says that takes all of these goods; where none does, what was agreed."""
    rule = next((rule for rule in rules if _takes_all_of(rule, goods)), None)
    if rule is None:
        return agreed
    return RuleTerms(rule.basis_points, rule.fixed_points, rule.floor_points, rule.cap_points)


def _takes_all_of(rule: CommissionRule, goods: CommissionRule) -> bool:
    return (
        _is_within(goods, rule)
        and rule.brand_id in {None, goods.brand_id}
        and (rule.price_from_points or 0) <= (goods.price_from_points or 0)
        and (
            rule.price_to_points is None
            or (goods.price_to_points is not None and goods.price_to_points <= rule.price_to_points)
        )
    )


def _is_within(goods: CommissionRule, rule: CommissionRule) -> bool:
    """Whether the category is the rule's or below it."""
    if rule.category is None:
        return True
    return goods.category is not None and goods.category.path.startswith(rule.category.path)
