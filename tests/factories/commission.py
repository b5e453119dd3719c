"""Rules of the commission, put in force as staff do."""

from __future__ import annotations

import itertools

from forked_apps.partner.commission_changes import newest_version, save_rules
from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from marketplace.users.models import User

_people = itertools.count(1)


def put_rules_in_force(*rules: CommissionRule) -> CommissionRuleSet:
    """These rules and no others, in this order; without numbers they are counted from 1."""
    for number, rule in enumerate(rules, 1):
        rule.number = rule.number or number
    actor = User.objects.create_user(email=f"rules{next(_people)}@example.com")
    return save_rules(rules=rules, base_version=newest_version(), actor=actor, reason="Because")
