from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.roles.models import Role
from marketplace.users.fields import ContactField, WordsField
from marketplace.users.permissions import PlatformPermission


class ReasonForm(forms.Form):
    reason = WordsField(
        label=_("Reason"), max_length=300, help_text=_("It stays in the record of changes, with your name.")
    )


class RoleForm(forms.Form):
    name = WordsField(label=_("Name of the role"), max_length=80)
    description = forms.CharField(label=_("What it is for"), max_length=300, required=False)
    permissions = forms.MultipleChoiceField(
        label=_("What these people may do"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You can only give or take what you hold yourself."),
    )
    reason = ReasonForm.base_fields["reason"]

    def __init__(self, *args: Any, offered: Iterable[PlatformPermission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = set(offered)
        self.fields["permissions"].choices = [  # type: ignore[attr-defined]
            (right.value, right.label) for right in PlatformPermission if right in known
        ]

    @property
    def rights(self) -> set[PlatformPermission]:
        return {PlatformPermission(value) for value in self.cleaned_data["permissions"]}


class GiveByContactForm(ReasonForm):
    """Give a role to someone found by phone or e-mail."""

    field_order = ("contact", "reason")
    contact = ContactField(label=_("Phone or e-mail of the person"))


class GiveRoleForm(ReasonForm):
    """Give one of the roles to someone who is on the page."""

    field_order = ("role", "reason")
    role = forms.ModelChoiceField(label=_("Role"), queryset=Role.objects.none(), empty_label=None)

    def __init__(self, *args: Any, roles: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ids = [role.pk for role in roles]
        self.fields["role"].queryset = Role.objects.filter(pk__in=ids)  # type: ignore[attr-defined]


class FindPersonForm(forms.Form):
    q = forms.CharField(
        label=_("Phone, e-mail or name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
