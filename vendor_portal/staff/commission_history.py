"""What each version of the commission rules changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from vendor_portal.commission import RuleRow


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule, before and after; None where it is not in the list."""

    before: RuleRow | None
    after: RuleRow | None

    @property
    def is_moved_alone(self) -> bool:
        """Says the same in another place."""
        return (
            self.before is not None
            and self.after is not None
            and _said_by(self.before.rule) == _said_by(self.after.rule)
        )


@dataclass(frozen=True, slots=True)
class Version:
    rule_set: CommissionRuleSet
    rows: list[RuleRow]
    changes: list[RuleChange]


def history_page(rule_sets: Sequence[CommissionRuleSet]) -> list[Version]:
    """These versions, which follow each other, with what each changed of the one before: one query."""
    if not rule_sets:
        return []
    oldest = min(one.version for one in rule_sets)
    by_version: dict[int, list[CommissionRule]] = {}
    found = CommissionRule.objects.filter(
        rule_set__version__gte=oldest - 1, rule_set__version__lte=max(one.version for one in rule_sets)
    ).select_related("rule_set", "vendor", "category", "brand")
    for rule in found.order_by("rule_set__version", "position"):
        by_version.setdefault(rule.rule_set.version, []).append(rule)
    return [
        Version(
            one,
            [RuleRow.of(rule) for rule in by_version.get(one.version, [])],
            _changes(by_version.get(one.version - 1, []), by_version.get(one.version, [])),
        )
        for one in rule_sets
    ]


def _changes(before: Sequence[CommissionRule], after: Sequence[CommissionRule]) -> list[RuleChange]:
    old, new = ({rule.number: rule for rule in rules} for rules in (before, after))
    moved = _moved([number for number in old if number in new], [number for number in new if number in old])
    changes = []
    for number in sorted(old.keys() | new.keys()):
        one, other = old.get(number), new.get(number)
        if one and other and _said_by(one) == _said_by(other) and number not in moved:
            continue
        changes.append(RuleChange(RuleRow.of(one) if one else None, RuleRow.of(other) if other else None))
    return changes


def _moved(before: list[int], after: list[int]) -> set[int]:
    """The rule that went to another place, not those that only made room for it."""
    if before == after:
        return set()
    for number in after:
        if [one for one in before if one != number] == [one for one in after if one != number]:
            return {number}
    return set(after)


def _said_by(rule: CommissionRule) -> tuple[object, ...]:
    """Everything but its place."""
    skipped = {"id", "rule_set", "position"}
    return tuple(
        getattr(rule, field.attname)
        for field in CommissionRule._meta.concrete_fields
        if field.name not in skipped
    )
