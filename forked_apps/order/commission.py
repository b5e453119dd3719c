"""What other rules of the commission would have made of the orders of the last days; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from forked_apps.order.models import Line, VendorOrder
from forked_apps.partner.commission import (
    NOTHING_KNOWN,
    Goods,
    ProductFacts,
    Terms,
    facts_for,
    rule_for,
    rule_for_shipping,
    terms_of_line,
    terms_of_shipping,
)
from forked_apps.partner.commission_models import CommissionRule
from points_payment.services.escrow import commission_on

#: The newest lines that are looked at; more would keep a page waiting.
MOST_LINES = 10_000
EXAMPLES = 10


@dataclass(slots=True)
class VendorEffect:
    """In whole points."""

    name: str
    before_points: int = 0
    after_points: int = 0

    @property
    def difference_points(self) -> int:
        return self.after_points - self.before_points


@dataclass(frozen=True, slots=True)
class Example:
    """A line, or a delivery charge, whose commission would be another."""

    order_number: str
    #: Empty for a delivery charge.
    title: str
    gross_points: int
    before_points: int
    after_points: int
    rule_before: CommissionRule | None
    rule_after: CommissionRule | None


@dataclass(slots=True)
class Simulation:
    """Both lists of rules over the same orders, as they were placed: what was given back later is in it."""

    days: int
    lines_count: int = 0
    charges_count: int = 0
    #: There were more lines; only the newest were looked at.
    is_cut: bool = False
    #: Lines and charges whose commission would be another.
    changed_count: int = 0
    vendors: dict[int, VendorEffect] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    @property
    def before_points(self) -> int:
        return sum(vendor.before_points for vendor in self.vendors.values())

    @property
    def after_points(self) -> int:
        return sum(vendor.after_points for vendor in self.vendors.values())

    @property
    def difference_points(self) -> int:
        return self.after_points - self.before_points

    @property
    def changed_vendors(self) -> list[VendorEffect]:
        """The largest differences first."""
        changed = [vendor for vendor in self.vendors.values() if vendor.difference_points]
        return sorted(changed, key=lambda vendor: (-abs(vendor.difference_points), vendor.name))


@dataclass(frozen=True, slots=True)
class _Case:
    """A line or a charge under both lists of rules."""

    order_number: str
    vendor_id: int
    vendor_name: str
    title: str
    gross_points: int
    before: Terms
    after: Terms


def simulate(
    *,
    before: Sequence[CommissionRule],
    after: Sequence[CommissionRule],
    days: int,
    now: datetime | None = None,
) -> Simulation:
    """Compare two lists of rules over what was ordered in the last days: three queries, however much it was.

    Vendors without a rule pay what is agreed with them today, in both.
    """
    since = (now or timezone.now()) - timedelta(days=days)
    found = Simulation(days=days)
    lines = list(_lines(since)[: MOST_LINES + 1])
    if len(lines) > MOST_LINES:
        found.is_cut = True
        lines = lines[:MOST_LINES]
        # Charges of the same orders as the lines.
        since = lines[-1]["placed_at"]
    charges = list(_charges(since)[:MOST_LINES])
    facts = facts_for([*before, *after], {row["product_id"] for row in lines if row["product_id"]})
    found.lines_count, found.charges_count = len(lines), len(charges)
    for case in _cases_of_lines(lines, facts, before, after):
        _count(found, case)
    for case in _cases_of_charges(charges, before, after):
        _count(found, case)
    return found


def _lines(since: datetime) -> QuerySet[Line, Any]:
    return (
        Line.objects.filter(
            Q(line_price_incl_tax__gt=0) | Q(subsidy_points__gt=0), vendor_order__placed_at__gte=since
        )
        .order_by("-vendor_order__placed_at", "-pk")
        .values(
            "product_id",
            "title",
            "quantity",
            "line_price_incl_tax",
            "subsidy_points",
            "unit_price_incl_tax",
            number=F("vendor_order__number"),
            placed_at=F("vendor_order__placed_at"),
            vendor_id=F("vendor_order__vendor_id"),
            vendor_name=F("vendor_order__vendor__name"),
            agreed=F("vendor_order__vendor__commission_basis_points"),
        )
    )


def _charges(since: datetime) -> QuerySet[VendorOrder, Any]:
    return (
        VendorOrder.objects.filter(placed_at__gte=since, shipping_points__gt=0)
        .order_by("-placed_at", "-pk")
        .values("number", "vendor_id", "shipping_points", vendor_name=F("vendor__name"))
    )


def _cases_of_lines(
    lines: Sequence[dict[str, Any]],
    facts: Mapping[int, ProductFacts],
    before: Sequence[CommissionRule],
    after: Sequence[CommissionRule],
) -> Iterator[_Case]:
    for row in lines:
        known = facts.get(row["product_id"], NOTHING_KNOWN)
        goods = Goods(
            row["vendor_id"], int(row["unit_price_incl_tax"] or 0), known.brand_id, known.category_ids
        )
        terms = [
            terms_of_line(rule_for(rules, goods), quantity=row["quantity"], vendor_basis_points=row["agreed"])
            for rules in (before, after)
        ]
        gross_points = int(row["line_price_incl_tax"]) + row["subsidy_points"]
        yield _Case(row["number"], row["vendor_id"], row["vendor_name"], row["title"], gross_points, *terms)


def _cases_of_charges(
    charges: Sequence[dict[str, Any]], before: Sequence[CommissionRule], after: Sequence[CommissionRule]
) -> Iterator[_Case]:
    for row in charges:
        terms = [
            terms_of_shipping(rule_for_shipping(rules, vendor_id=row["vendor_id"]))
            for rules in (before, after)
        ]
        yield _Case(row["number"], row["vendor_id"], row["vendor_name"], "", row["shipping_points"], *terms)


def _count(found: Simulation, case: _Case) -> None:
    vendor = found.vendors.setdefault(case.vendor_id, VendorEffect(case.vendor_name))
    before, after = (due(terms, gross_points=case.gross_points) for terms in (case.before, case.after))
    vendor.before_points += before
    vendor.after_points += after
    if before == after:
        return
    found.changed_count += 1
    if len(found.examples) < EXAMPLES:
        found.examples.append(
            Example(
                order_number=case.order_number,
                title=case.title,
                gross_points=case.gross_points,
                before_points=before,
                after_points=after,
                rule_before=case.before.rule,
                rule_after=case.after.rule,
            )
        )


def due(terms: Terms, *, gross_points: int) -> int:
    """The commission on a whole line or charge of so many points."""
    return commission_on(
        points=gross_points,
        basis_points=terms.basis_points,
        fixed_points=terms.fixed_points,
        floor_points=terms.floor_points,
        cap_points=terms.cap_points,
    )
