"""Which commission goods bear: the first rule that matches them, else what was agreed with their vendor.

Reading alone; ``commission_changes`` makes new versions of the rules. A whole order costs one query: it says
which version is in force and what rules ask of the products; the rules themselves stay in the process.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from points_payment.services.statements import array_of, prepared_cursor


@dataclass(frozen=True, slots=True)
class Goods:
    """What a rule looks at."""

    vendor_id: int
    #: Of one piece, before discounts.
    unit_points: int
    brand_id: int | None = None
    #: Of those that rules name: the product's own and all above them.
    category_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one line or one delivery charge, in whole points: what its allocation freezes."""

    #: None: what was agreed with the vendor.
    rule: CommissionRule | None
    basis_points: int
    fixed_points: int = 0
    floor_points: int = 0
    cap_points: int | None = None


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What rules may ask of a product."""

    brand_id: int | None
    category_ids: frozenset[int]


NOTHING_KNOWN = ProductFacts(None, frozenset())


# Matching ---------------------------------------------------------------------------------
def rule_for(rules: Iterable[CommissionRule], goods: Goods) -> CommissionRule | None:
    """The first that matches."""
    return next((rule for rule in rules if rule.matches(goods)), None)


def rule_for_shipping(rules: Iterable[CommissionRule], *, vendor_id: int) -> CommissionRule | None:
    """The first that a charge of this vendor can match: it has no category, brand or price."""
    return next((rule for rule in rules if rule.matches_shipping_of(vendor_id)), None)


def terms_of_line(rule: CommissionRule | None, *, quantity: int, vendor_basis_points: int) -> Terms:
    """What a line of so many pieces bears by a rule, or by what was agreed with its vendor."""
    if rule is None:
        return Terms(None, vendor_basis_points)
    return Terms(
        rule,
        basis_points=rule.basis_points,
        fixed_points=rule.fixed_points * quantity,
        floor_points=rule.floor_points,
        cap_points=rule.cap_points,
    )


def terms_of_shipping(rule: CommissionRule | None) -> Terms:
    """The rule's percentage where it says so; without a rule a charge bears nothing.

    Fixed sum, floor and cap are of goods: a charge beside them does not bear them a second time.
    """
    return Terms(rule, basis_points=rule.basis_points if rule is not None and rule.on_shipping else 0)


# Reading ----------------------------------------------------------------------------------
#: What rules ask of products; without products, one row with the version alone. A variant has its parent's
#: categories. Their paths are read anew each time, since branches of the tree may be moved.
FACTS = """
    SELECT current.id, current.created_at, product.id, COALESCE(product.brand_id, parent.brand_id),
           ARRAY(
               SELECT DISTINCT named.id
                 FROM catalogue_category named
                 JOIN catalogue_category own ON starts_with(own.path, named.path)
                 JOIN catalogue_productcategory kept ON kept.category_id = own.id
                WHERE named.id IN ({categories}) AND kept.product_id = COALESCE(product.parent_id, product.id)
           )
      FROM (SELECT id, created_at FROM partner_commissionruleset ORDER BY version DESC LIMIT 1) current
      LEFT JOIN catalogue_product product ON product.id = ANY(%s::bigint[])
      LEFT JOIN catalogue_product parent ON parent.id = product.parent_id
"""
OF_CURRENT_RULES = FACTS.format(
    categories="SELECT category_id FROM partner_commissionrule WHERE rule_set_id = current.id"
)
OF_CATEGORIES = FACTS.format(categories="SELECT unnest(%s::bigint[])")


@dataclass(frozen=True, slots=True)
class Row:
    """One of ``FACTS``."""

    rule_set_id: int
    created_at: datetime
    product_id: int | None
    brand_id: int | None
    category_ids: Sequence[int]

    @property
    def version(self) -> tuple[int, datetime]:
        return self.rule_set_id, self.created_at


#: The rules that this process read last. Versions never change; their moment tells those of one database
#: from another's, as tests have them.
_kept: tuple[tuple[int, datetime], tuple[CommissionRule, ...]] | None = None


def rules_and_facts(
    product_ids: Collection[int],
) -> tuple[tuple[CommissionRule, ...], Mapping[int, ProductFacts]]:
    """The rules in force, and what they ask of these products: one query, one more after a change."""
    rows = _select(OF_CURRENT_RULES, product_ids)
    return _rules_of(rows), _facts_in(rows)


def facts_for(rules: Sequence[CommissionRule], product_ids: Collection[int]) -> Mapping[int, ProductFacts]:
    """What any rules, saved or not, ask of these products: one query."""
    categories = sorted({rule.category_id for rule in rules if rule.category_id is not None})
    return _facts_in(_select(OF_CATEGORIES, categories, product_ids))


def current_rules() -> list[CommissionRule]:
    """The rules in force, in order, as the database has them, with what they name."""
    newest = CommissionRuleSet.objects.order_by("-version").values("pk")[:1]
    return list(
        CommissionRule.objects.filter(rule_set__in=newest)
        .select_related("vendor", "category", "brand")
        .order_by("position")
    )


def _select(statement: str, *ids: Collection[int]) -> list[Row]:
    # Every order asks: planned once a connection, as what moves points is.
    with prepared_cursor() as cursor:
        cursor.execute(statement, [array_of(some) for some in ids])
        return [Row(*row) for row in cursor.fetchall()]


def _rules_of(rows: Sequence[Row]) -> tuple[CommissionRule, ...]:
    global _kept
    version = rows[0].version
    if _kept is None or _kept[0] != version:
        _kept = version, tuple(CommissionRule.objects.filter(rule_set_id=version[0]).order_by("position"))
    return _kept[1]


def _facts_in(rows: Iterable[Row]) -> dict[int, ProductFacts]:
    return {
        row.product_id: ProductFacts(row.brand_id, frozenset(row.category_ids))
        for row in rows
        if row.product_id is not None
    }
