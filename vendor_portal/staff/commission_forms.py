"""What staff type to change the rules of the commission."""

from __future__ import annotations

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.translation import gettext_lazy as _, ngettext

from forked_apps.catalogue.models import Brand, Category
from forked_apps.partner.commission_changes import (
    MOST_RULES,
    with_rule_added,
    with_rule_changed,
    with_rule_moved,
    without_rule,
)
from forked_apps.partner.commission_models import CommissionRule
from forked_apps.partner.models import Partner
from marketplace.users.numbers import PointsField, WholeNumberField
from marketplace.users.phones import ascii_digits

PERIODS = (7, 30, 90)
USUAL_DAYS = 30
_PERCENT = re.compile(r"(\d{1,3})(?:[.,٫](\d{1,2}))?")


class PercentField(forms.CharField):
    """``8`` or ``8.25`` in any digits; its value is in basis points."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr", "autocomplete": "off"})
        super().__init__(max_length=8, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = ascii_digits(super().clean(value)).strip().rstrip("%٪").strip()
        found = _PERCENT.fullmatch(text)
        if found is None:
            raise forms.ValidationError(_("Write a percentage, such as 8 or 8.25."))
        basis_points = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
        if basis_points > 10_000:
            raise forms.ValidationError(_("At most 100 percent."))
        return basis_points

    def prepare_value(self, value: Any) -> Any:
        return f"{(Decimal(value) / 100).normalize():f}" if isinstance(value, int) else value


class CategoryField(forms.ModelChoiceField):
    """All categories as a tree, in one query."""

    def label_from_instance(self, category: Category) -> str:
        return "— " * (category.depth - 1) + category.name


def _periods() -> list[tuple[int, str]]:
    return [(days, ngettext("%(days)s day", "%(days)s days", days) % {"days": days}) for days in PERIODS]


class _AbstractForms(DeclarativeFieldsMetaclass, ABCMeta):
    """Lets a form have abstract methods."""


class ChangeForm(forms.Form, metaclass=_AbstractForms):
    """Drafts a list of rules; nothing is saved before the next page."""

    days = forms.TypedChoiceField(
        label=_("Simulate with the orders of"), coerce=int, initial=USUAL_DAYS, choices=_periods
    )

    def __init__(
        self, data: Any = None, *, rules: Sequence[CommissionRule], rule: CommissionRule | None
    ) -> None:
        super().__init__(data)
        #: Those in force, and the one that is to be changed.
        self.rules, self.rule = rules, rule

    @abstractmethod
    def drafted(self) -> list[CommissionRule]:
        """The list as it would be."""

    def hide(self) -> Self:
        """The same answers, asked no more."""
        for field in self.fields.values():
            field.widget = forms.HiddenInput()
        return self


def _position_field() -> WholeNumberField:
    return WholeNumberField(
        label=_("Place in the list"), least=1, most=MOST_RULES,
        help_text=_("1 is asked first. The first rule that matches decides."),
    )  # fmt: skip


class RuleForm(ChangeForm):
    vendor = forms.ModelChoiceField(
        label=_("Vendor"), queryset=Partner.objects.order_by("name"), required=False, empty_label=_("Any")
    )
    category = CategoryField(
        label=_("Category"), queryset=Category.objects.order_by("path"), required=False, empty_label=_("Any"),
        help_text=_("With everything below it."),
    )  # fmt: skip
    brand = forms.ModelChoiceField(
        label=_("Brand"), queryset=Brand.objects.order_by("name"), required=False, empty_label=_("Any")
    )
    price_from_points = PointsField(
        label=_("Price from"),
        required=False,
        least=1,
        help_text=_("Of one piece, before discounts, in points."),
    )
    price_to_points = PointsField(label=_("Price up to"), required=False, least=1)
    basis_points = PercentField(label=_("Percent of the line"))
    fixed_points = PointsField(
        label=_("Fixed sum per piece, in points"), required=False, help_text=_("With the percentage.")
    )
    floor_points = PointsField(label=_("At least, in points per line"), required=False)
    cap_points = PointsField(label=_("At most, in points per line"), required=False)
    on_shipping = forms.BooleanField(
        label=_("Also on delivery charges"), required=False,
        help_text=_("The percentage alone. Only for rules without category, brand and price."),
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("In force"), required=False, initial=True)
    position = _position_field()

    field_order = (
        "position", "vendor", "category", "brand", "price_from_points", "price_to_points", "basis_points",
        "fixed_points", "floor_points", "cap_points", "on_shipping", "is_active", "days",
    )  # fmt: skip
    #: Columns of a rule that the form asks for.
    ASKED = tuple(name for name in field_order if name not in {"position", "days"})

    def __init__(
        self, data: Any = None, *, rules: Sequence[CommissionRule], rule: CommissionRule | None
    ) -> None:
        super().__init__(data, rules=rules, rule=rule)
        self.initial["position"] = rule.position if rule is not None else len(rules) + 1
        if rule is not None:
            self.initial.update({name: getattr(rule, name) or None for name in self.ASKED})
            # Of these, nothing is not the same as 0.
            self.initial.update(basis_points=rule.basis_points, cap_points=rule.cap_points)

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        low, high = facts.get("price_from_points"), facts.get("price_to_points")
        if low is not None and high is not None and high < low:
            self.add_error("price_to_points", _("This is less than the price from which the rule is."))
        cap = facts.get("cap_points")
        if cap is not None and cap < (facts.get("floor_points") or 0):
            self.add_error("cap_points", _("This is less than the least."))
        about_goods = ("category", "brand", "price_from_points", "price_to_points")
        if facts.get("on_shipping") and any(facts.get(name) is not None for name in about_goods):
            self.add_error("on_shipping", _("A delivery charge has no category, brand or price."))
        return facts

    def drafted(self) -> list[CommissionRule]:
        facts = dict(self.cleaned_data)
        position = facts.pop("position")
        facts.pop("days")
        facts["fixed_points"], facts["floor_points"] = facts["fixed_points"] or 0, facts["floor_points"] or 0
        wanted = CommissionRule(**facts)
        if self.rule is None:
            return with_rule_added(self.rules, wanted, position=position)
        return with_rule_changed(self.rules, wanted, number=self.rule.number, position=position)


class _OfOneRule(ChangeForm):
    """A change of a rule that is there."""

    rule: CommissionRule


class MoveForm(_OfOneRule):
    position = _position_field()
    field_order = ("position", "days")

    def __init__(self, data: Any = None, *, rules: Sequence[CommissionRule], rule: CommissionRule) -> None:
        super().__init__(data, rules=rules, rule=rule)
        self.initial["position"] = rule.position

    def drafted(self) -> list[CommissionRule]:
        return with_rule_moved(self.rules, number=self.rule.number, position=self.cleaned_data["position"])


class RetireForm(_OfOneRule):
    def drafted(self) -> list[CommissionRule]:
        return without_rule(self.rules, number=self.rule.number)


class ConfirmForm(forms.Form):
    """The way from the simulation to a new version."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the history."),
    )  # fmt: skip
    #: The version in force when the simulation was made.
    base_version = forms.IntegerField(widget=forms.HiddenInput)
