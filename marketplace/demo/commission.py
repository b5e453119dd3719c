"""The demo's rules of the commission: some of each kind, so that there is something to look at."""

from __future__ import annotations

from forked_apps.catalogue.models import Brand, Category
from forked_apps.partner.commission_changes import newest_version, save_rules, with_rule_added
from forked_apps.partner.commission_models import CommissionRule
from forked_apps.partner.models import Partner
from marketplace.demo.guard import require_demo
from marketplace.demo.people import ADMIN, demo_user


def rules_exist() -> bool:
    return newest_version() > 1


def load_rules() -> str:
    """One version after the other, as staff make them."""
    require_demo()
    rules: list[CommissionRule] = []
    for rule, reason in _wanted():
        rules = with_rule_added(rules, rule, position=len(rules) + 1)
        save_rules(rules=rules, base_version=newest_version(), actor=demo_user(ADMIN), reason=reason)
    return f"{len(rules)} rules"


def _wanted() -> list[tuple[CommissionRule, str]]:
    # The catalogue's own words: whatever its largest brand and its first categories are.
    laptops = Category.objects.filter(product__kind="laptop").order_by("path").first()
    furniture = Category.objects.exclude(pk=laptops.pk if laptops else None).order_by("path").first()
    return [
        (
            CommissionRule(brand=Brand.objects.filter(products__kind="laptop").order_by("pk").first(),
                           basis_points=350, cap_points=40_000),
            "اتفاق مع وكيل العلامة حتى نهاية السنة",
        ),
        (
            CommissionRule(category=laptops, price_from_points=1_500_000, basis_points=400, cap_points=90_000),
            "هامش الحواسيب الغالية قليل",
        ),
        (CommissionRule(category=laptops, basis_points=500), "عمولة الحواسيب"),
        (
            CommissionRule(category=furniture, price_to_points=25_000, basis_points=800, fixed_points=250,
                           floor_points=500),
            "القطع الصغيرة تكلّف خدمة مثل الكبيرة",
        ),
        (
            CommissionRule(vendor=Partner.objects.order_by("pk").first(), basis_points=700, on_shipping=True),
            "عقد جديد مع البائع",
        ),
    ]  # fmt: skip
