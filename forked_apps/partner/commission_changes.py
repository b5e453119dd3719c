"""Changing the rules of the commission: always the whole list anew, as its next version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Max

from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from marketplace.outbox.services import enqueue

if TYPE_CHECKING:
    from marketplace.users.models import User

#: A list that a person can still read; placement goes through it for every line.
MOST_RULES = 200
#: Of the outbox: vendors hear of a new ``version``.
CHANGED_TOPIC = "commission.changed"


class CommissionRulesError(Exception):
    """A change of the rules that cannot be made; nothing was written."""


class RulesChangedMeanwhile(CommissionRulesError):
    """Somebody saved another version after this one was drafted and simulated."""

    def __init__(self, *, version: int) -> None:
        self.version = version
        super().__init__(f"version {version} is in force by now")


class TooManyRules(CommissionRulesError):
    pass


class UnknownRule(CommissionRulesError):
    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"no rule {number}")


# Drafts: lists of rules that are not saved ----------------------------------------------------
def with_rule_added(
    rules: Iterable[CommissionRule], added: CommissionRule, *, position: int
) -> list[CommissionRule]:
    """The list with one more rule at this place, counted from 1; beyond the end is the end."""
    drafted = _copies(rules)
    # A number that was ever given names no other rule.
    given = CommissionRule.objects.aggregate(most=Max("number"))["most"] or 0
    added.number = given + 1
    drafted.insert(position - 1, added)
    return drafted


def with_rule_changed(
    rules: Iterable[CommissionRule], changed: CommissionRule, *, number: int, position: int
) -> list[CommissionRule]:
    """The list with other conditions and terms, and perhaps another place, for the rule of this number.

    Raises:
        UnknownRule
    """
    drafted = without_rule(rules, number=number)
    changed.number = number
    drafted.insert(position - 1, changed)
    return drafted


def with_rule_moved(rules: Iterable[CommissionRule], *, number: int, position: int) -> list[CommissionRule]:
    """Raises:
    UnknownRule
    """
    rules = list(rules)
    moved = next((rule for rule in _copies(rules) if rule.number == number), None)
    if moved is None:
        raise UnknownRule(number)
    return with_rule_changed(rules, moved, number=number, position=position)


def without_rule(rules: Iterable[CommissionRule], *, number: int) -> list[CommissionRule]:
    """Raises:
    UnknownRule
    """
    drafted = _copies(rules)
    left = [rule for rule in drafted if rule.number != number]
    if len(left) == len(drafted):
        raise UnknownRule(number)
    return left


def _copies(rules: Iterable[CommissionRule]) -> list[CommissionRule]:
    return [_copy(rule) for rule in rules]


def _copy(rule: CommissionRule) -> CommissionRule:
    copied = CommissionRule()
    for field in CommissionRule._meta.concrete_fields:
        if field.name in {"id", "rule_set", "position"}:
            continue
        # With what it names, where that was read.
        is_read = isinstance(field, models.ForeignKey) and field.is_cached(rule)
        name = field.name if is_read else field.attname
        setattr(copied, name, getattr(rule, name))
    return copied


def newest_version() -> int:
    newest: int = CommissionRuleSet.objects.aggregate(newest=Max("version"))["newest"]
    return newest


def lock_newest_version() -> int:
    """Until the transaction ends nobody else saves one."""
    # The first version comes with the migration: there is always a row to wait at.
    CommissionRuleSet.objects.select_for_update(no_key=True).order_by("-version")[:1].get()
    # Asked anew: who waited sees what came meanwhile.
    return newest_version()


# Saving ---------------------------------------------------------------------------------------
@transaction.atomic
def save_rules(
    *, rules: Sequence[CommissionRule], base_version: int, actor: User, reason: str
) -> CommissionRuleSet:
    """Put a drafted list in force for every order that is placed from now on.

    Vendors whose terms change are told.

    Raises:
        RulesChangedMeanwhile: ``base_version`` is no longer the one in force.
        TooManyRules
    """
    if len(rules) > MOST_RULES:
        raise TooManyRules
    version = lock_newest_version()
    if version != base_version:
        raise RulesChangedMeanwhile(version=version)
    saved = CommissionRuleSet.objects.create(version=base_version + 1, created_by=actor, reason=reason)
    drafted = _copies(rules)
    for position, rule in enumerate(drafted, 1):
        rule.rule_set, rule.position = saved, position
    CommissionRule.objects.bulk_create(drafted)
    enqueue(topic=CHANGED_TOPIC, payload={"version": saved.version})
    return saved
