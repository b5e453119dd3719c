"""The commission in words: what rules say, what an offer bears today, and what an order was placed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from forked_apps.order.commission import due
from forked_apps.order.models import Line, VendorOrder
from forked_apps.order.numbers import shipping_reference
from forked_apps.partner.commission import (
    NOTHING_KNOWN,
    Goods,
    Terms,
    current_rules,
    facts_for,
    rule_for,
    terms_of_line,
)
from forked_apps.partner.commission_models import CommissionRule
from forked_apps.partner.models import Partner, StockRecord
from marketplace.formats import format_number
from points_payment.commissions import FrozenCommission, commissions_of
from points_payment.text import points_text

#: Words of any direction stand beside each other.
BETWEEN = " · "


# Words ------------------------------------------------------------------------------------
def percent_text(basis_points: int) -> str:
    """``8.25%``, isolated from the text around it."""
    number = format_number(Decimal(basis_points) / 100)
    return f"\N{FIRST STRONG ISOLATE}{number}%\N{POP DIRECTIONAL ISOLATE}"


def terms_text(
    *,
    basis_points: int,
    fixed_points: int,
    floor_points: int,
    cap_points: int | None,
    is_of_line: bool = False,
) -> str:
    """``8% · 250 points per piece · at least 500 points``; the fixed sum is of a piece or of a whole line."""
    parts = [percent_text(basis_points)] if basis_points or not fixed_points else []
    if fixed_points:
        fixed = _("%(points)s fixed") if is_of_line else _("%(points)s per piece")
        parts.append(fixed % {"points": points_text(fixed_points)})
    if floor_points:
        parts.append(_("at least %(points)s") % {"points": points_text(floor_points)})
    if cap_points is not None:
        parts.append(_("at most %(points)s") % {"points": points_text(cap_points)})
    return BETWEEN.join(parts)


def terms_of_rule_text(rule: CommissionRule) -> str:
    return terms_text(
        basis_points=rule.basis_points,
        fixed_points=rule.fixed_points,
        floor_points=rule.floor_points,
        cap_points=rule.cap_points,
    )


def conditions_of(rule: CommissionRule) -> list[str]:
    """Of which goods the rule is, a condition each."""
    conditions = []
    if rule.vendor is not None:
        conditions.append(_("Vendor: %(name)s") % {"name": rule.vendor.name})
    if rule.category is not None:
        conditions.append(_("Category: %(name)s") % {"name": rule.category.name})
    if rule.brand is not None:
        conditions.append(_("Brand: %(name)s") % {"name": rule.brand.name})
    if (band := _band(rule)) is not None:
        conditions.append(band)
    return conditions or [_("All goods")]


def _band(rule: CommissionRule) -> str | None:
    low, high = rule.price_from_points, rule.price_to_points
    if low is not None and high is not None:
        return _("Price: from %(low)s to %(high)s") % {"low": points_text(low), "high": points_text(high)}
    if low is not None:
        return _("Price: from %(low)s") % {"low": points_text(low)}
    if high is not None:
        return _("Price: up to %(high)s") % {"high": points_text(high)}
    return None


def why_text(rule: CommissionRule | None) -> str:
    """Where terms come from, as a vendor reads it."""
    if rule is None:
        return _("As agreed with you.")
    return _("Rule %(number)s: %(conditions)s") % {
        "number": rule.number,
        "conditions": BETWEEN.join(conditions_of(rule)),
    }


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as pages show it."""

    rule: CommissionRule
    conditions: list[str]
    terms: str

    @classmethod
    def of(cls, rule: CommissionRule) -> RuleRow:
        return cls(rule, conditions_of(rule), terms_of_rule_text(rule))


# What a vendor sees ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class VendorCommission:
    """What the marketplace takes of a vendor's goods: the first rule that matches, else what was agreed."""

    rules: list[RuleRow]
    agreed: str


def commission_of_vendor(*, vendor: Partner) -> VendorCommission:
    """Rules that are about other vendors alone are none of this one's business."""
    rules = [rule for rule in current_rules() if rule.is_active and rule.vendor_id in {None, vendor.pk}]
    return VendorCommission(
        [RuleRow.of(rule) for rule in rules], percent_text(vendor.commission_basis_points)
    )


@dataclass(frozen=True, slots=True)
class OfferCommission:
    terms: str
    why: str
    #: Of one piece at today's price.
    piece_points: int


def commission_of_offer(*, vendor: Partner, offer: StockRecord) -> OfferCommission:
    """What a piece of it would bear if it were ordered now: two queries."""
    rules = current_rules()
    known = facts_for(rules, [offer.product_id]).get(offer.product_id, NOTHING_KNOWN)
    goods = Goods(vendor.pk, offer.price_points, known.brand_id, known.category_ids)
    terms = terms_of_line(
        rule_for(rules, goods), quantity=1, vendor_basis_points=vendor.commission_basis_points
    )
    return OfferCommission(
        terms=_words(terms),
        why=why_text(terms.rule),
        piece_points=due(terms, gross_points=offer.price_points),
    )


def _words(terms: Terms) -> str:
    return terms_text(
        basis_points=terms.basis_points,
        fixed_points=terms.fixed_points,
        floor_points=terms.floor_points,
        cap_points=terms.cap_points,
    )


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """One line of an order, or its delivery charge, with what was frozen of its commission."""

    #: Empty for the delivery charge.
    title: str
    frozen: FrozenCommission
    terms: str
    why: str


def frozen_commission(own: VendorOrder) -> list[FrozenRow]:
    """Two queries: what the ledger keeps, and the rules of then."""
    frozen = {
        one.reference: one
        for one in commissions_of(vendor_id=own.vendor_id, order_references=[own.order.number])
    }
    lines = list(own.lines.all())
    rules = _rules_of_then(own, lines)
    rows = [
        _frozen_row(line.title, frozen[line.partner_line_reference], rules.get(line.commission_rule_id))
        for line in lines
        if line.partner_line_reference in frozen
    ]
    charge = frozen.get(shipping_reference(own.number))
    if charge is not None and charge.basis_points:
        rows.append(_frozen_row("", charge, rules.get(own.shipping_commission_rule_id)))
    return rows


def _rules_of_then(own: VendorOrder, lines: Sequence[Line]) -> dict[int | None, CommissionRule]:
    asked = [own.shipping_commission_rule_id, *(line.commission_rule_id for line in lines)]
    named = {rule_id for rule_id in asked if rule_id is not None}
    rules = CommissionRule.objects.filter(pk__in=named).select_related("vendor", "category", "brand")
    return {rule.pk: rule for rule in rules}


def _frozen_row(title: str, frozen: FrozenCommission, rule: CommissionRule | None) -> FrozenRow:
    terms = terms_text(
        basis_points=frozen.basis_points,
        fixed_points=frozen.fixed_points,
        floor_points=frozen.floor_points,
        cap_points=frozen.cap_points,
        is_of_line=True,
    )
    return FrozenRow(title, frozen, terms, why_text(rule))
