"""The marketplace's staff and the rules of the commission: the list, its changes and its history.

A change takes two pages: what is to be changed; then what that would have made of the last orders, and
the reason. Only the second saves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forked_apps.order.commission import simulate
from forked_apps.partner.commission import current_rules
from forked_apps.partner.commission_changes import (
    RulesChangedMeanwhile,
    TooManyRules,
    newest_version,
    save_rules,
)
from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from vendor_portal.commission import RuleRow
from vendor_portal.staff.commission_forms import ChangeForm, ConfirmForm, MoveForm, RetireForm, RuleForm
from vendor_portal.staff.commission_history import history_page

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PER_PAGE = 10
#: Who decides which vendors sell also decides what the marketplace takes of their sales.
may_set = platform_permission_required(PlatformPermission.VENDORS_REVIEW)


@require_safe
@never_cache
@may_set
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in force, in the order in which they are asked."""
    context = {
        "rows": [RuleRow.of(rule) for rule in current_rules()],
        "version": CommissionRuleSet.objects.select_related("created_by").first(),
    }
    return render(request, "staff/commission/rules.html", context)


@require_safe
@never_cache
@may_set
def history(request: HttpRequest) -> HttpResponse:
    """Every version, the newest first, with who, when and why, and what it changed."""
    page = Paginator(CommissionRuleSet.objects.select_related("created_by"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request, "staff/commission/history.html", {"page_obj": page, "versions": history_page(list(page))}
    )


# Changes --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Change:
    name: str
    form: type[ChangeForm]
    title: _StrPromise
    text: _StrPromise
    submit: _StrPromise
    done: _StrPromise
    is_dangerous: bool = False


CHANGES = (
    Change(
        "new",
        RuleForm,
        _("New rule"),
        _("Everything that you leave open is any."),
        _("Add the rule"),
        _("The rule is in force."),
    ),
    Change(
        "edit",
        RuleForm,
        _("Edit the rule"),
        _("Orders that were placed keep the terms of their day."),
        _("Change the rule"),
        _("The rule is changed."),
    ),
    Change(
        "move",
        MoveForm,
        _("Move the rule"),
        _("Rules above it are asked first."),
        _("Move the rule"),
        _("The rule is moved."),
    ),
    Change(
        "retire",
        RetireForm,
        _("Retire the rule"),
        _("It leaves the list and stays in the history."),
        _("Retire the rule"),
        _("The rule is retired."),
        is_dangerous=True,
    ),
)


def _pages(change: Change) -> tuple[Callable[..., HttpResponse], Callable[..., HttpResponse]]:
    @require_http_methods(["GET", "HEAD", "POST"])
    @never_cache
    @may_set
    def ask(request: HttpRequest, number: int | None = None) -> HttpResponse:
        """The form; once it is right, the simulation."""
        form = _form(change, request, number)
        if not form.is_valid():
            return _form_page(request, change, form)
        return _check_page(request, change, form, ConfirmForm(initial={"base_version": newest_version()}))

    @require_POST
    @never_cache
    @may_set
    def save(request: HttpRequest, number: int | None = None) -> HttpResponse:
        """The simulation was seen: put the list in force, or show what is in the way."""
        form = _form(change, request, number)
        if not form.is_valid():
            return _form_page(request, change, form)
        confirm = ConfirmForm(request.POST)
        if confirm.is_valid() and _save(request, form.drafted(), confirm):
            messages.success(request, change.done)
            return redirect("commission_staff:rules")
        return _check_page(request, change, form, confirm)

    return ask, save


(new, new_save), (edit, edit_save), (move, move_save), (retire, retire_save) = map(_pages, CHANGES)


def _form(change: Change, request: HttpRequest, number: int | None) -> ChangeForm:
    in_force = current_rules()
    rule = next((one for one in in_force if one.number == number), None)
    if number is not None and rule is None:
        raise Http404
    return change.form(request.POST if request.method == "POST" else None, rules=in_force, rule=rule)


def _save(request: HttpRequest, drafted: Sequence[CommissionRule], confirm: ConfirmForm) -> bool:
    assert isinstance(request.user, User)
    try:
        save_rules(
            rules=drafted,
            base_version=confirm.cleaned_data["base_version"],
            actor=request.user,
            reason=confirm.cleaned_data["reason"],
        )
    except RulesChangedMeanwhile as error:
        confirm.add_error(
            None, _("Somebody else changed the rules meanwhile. This is the simulation with theirs.")
        )
        data = request.POST.copy()
        data["base_version"] = str(error.version)
        confirm.data = data
        return False
    except TooManyRules:
        confirm.add_error(None, _("The list is full. Retire a rule first."))
        return False
    return True


def _form_page(request: HttpRequest, change: Change, form: ChangeForm) -> HttpResponse:
    context = {"change": change, "form": form, "row": RuleRow.of(form.rule) if form.rule else None}
    return render(request, "staff/commission/form.html", context, status=422 if form.is_bound else 200)


def _check_page(request: HttpRequest, change: Change, form: ChangeForm, confirm: ConfirmForm) -> HttpResponse:
    drafted = form.drafted()
    args = [form.rule.number] if form.rule else []
    context = {
        "change": change,
        "form": form.hide(),
        "confirm": confirm,
        "simulation": simulate(before=form.rules, after=drafted, days=form.cleaned_data["days"]),
        "before": RuleRow.of(form.rule) if form.rule else None,
        "after": _row_of_changed(form, drafted),
        "action": reverse(f"commission_staff:{change.name}-save", args=args),
        "back": reverse(f"commission_staff:{change.name}", args=args),
    }
    return render(request, "staff/commission/check.html", context, status=422 if confirm.is_bound else 200)


def _row_of_changed(form: ChangeForm, drafted: Sequence[CommissionRule]) -> RuleRow | None:
    """The rule as it would be, with its place; None where it leaves the list."""
    known = {rule.number for rule in form.rules}
    for position, rule in enumerate(drafted, 1):
        if rule.number == form.rule.number if form.rule else rule.number not in known:
            rule.position = position
            return RuleRow.of(rule)
    return None
