"""Corrections of the books: who proposes one, and who else carries it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    OwnWallet,
    PointsError,
    SamePerson,
    WrongAdjustmentState,
)
from points_payment.forms import new_key
from points_payment.kinds import AccountKind, AdjustmentState
from points_payment.models import Adjustment, VendorBalance
from points_payment.selectors import adjustments_in
from points_payment.services.adjustments import (
    approve_adjustment,
    propose_adjustment,
    refuse_adjustment,
    withdraw_adjustment,
)
from points_payment.staff.adjustment_forms import AdjustmentFilterForm, FindVendorForm, ProposalForm
from points_payment.staff.asking import actor_of
from points_payment.staff.customers import find_customer
from points_payment.staff.forms import EmptyForm, FindCustomerForm, ReasonForm
from points_payment.text import points_text
from points_payment.vendors import find_vendor, knows_vendor, vendor_names

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PER_PAGE = 25
may_adjust = platform_permission_required(PlatformPermission.LEDGER_ADJUST)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account is corrected, as far as a page says it."""

    account_kind: AccountKind
    id: int
    name: str
    phone: str
    balance_points: int


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: a button, a page that asks, a service."""

    name: str
    #: For who proposed it, or for everyone else.
    is_proposers: bool
    label: _StrPromise
    question: _StrPromise
    consequence: _StrPromise
    done: _StrPromise
    carry_out: Callable[..., Adjustment]
    needs_reason: bool = False
    danger: bool = False


APPROVE = Step(
    "approve", False, gettext_lazy("Carry out"), gettext_lazy("Carry out this adjustment?"),
    gettext_lazy("The points are moved at once. Only another adjustment can take this back."),
    gettext_lazy("The adjustment is carried out."), approve_adjustment,
)  # fmt: skip
REFUSE = Step(
    "refuse", False, gettext_lazy("Refuse"), gettext_lazy("Refuse this adjustment?"),
    gettext_lazy("Nothing is moved. Who proposed it reads your reason."),
    gettext_lazy("The adjustment is refused."), refuse_adjustment, needs_reason=True, danger=True,
)  # fmt: skip
WITHDRAW = Step(
    "withdraw", True, gettext_lazy("Withdraw the proposal"), gettext_lazy("Withdraw your adjustment?"),
    gettext_lazy("Nothing is moved, and nobody can carry it out any more."),
    gettext_lazy("The adjustment is withdrawn."), withdraw_adjustment, danger=True,
)  # fmt: skip
STEPS = (APPROVE, REFUSE, WITHDRAW)


@require_safe
@never_cache
@may_adjust
def adjustments(request: HttpRequest) -> HttpResponse:
    """All of them, the newest first, with what this person may decide."""
    actor = actor_of(request)
    form = AdjustmentFilterForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = Paginator(adjustments_in(state=state), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    names = _names(shown)
    rows = [
        {"adjustment": one, "owner": names[one.account_kind, one.owner_id], "steps": _steps_for(one, actor)}
        for one in shown
    ]
    return render(
        request,
        "staff/points/adjustments.html",
        {"form": form, "page_obj": page, "rows": rows, "state": state},
    )


@require_safe
@never_cache
@may_adjust
def new(request: HttpRequest) -> HttpResponse:
    """Find a customer or a vendor; then ask what is to be corrected, and why."""
    phone_form = FindCustomerForm(request.GET if "phone" in request.GET else None)
    vendor_form = FindVendorForm(request.GET if "vendor" in request.GET else None)
    owner = None
    if phone_form.is_valid():
        customer = find_customer(phone_form, actor=actor_of(request), own_wallet=_own_wallet())
        owner = _owner(AccountKind.CUSTOMER_PAID, customer.pk) if customer else None
    elif vendor_form.is_valid():
        vendor = find_vendor(vendor_form.cleaned_data["vendor"].strip())
        if vendor is None:
            vendor_form.add_error("vendor", _("No vendor has this name or code."))
        owner = _owner(AccountKind.VENDOR_PAYABLE, vendor.id) if vendor else None
    form = None
    if owner is not None:
        form = ProposalForm(
            initial={"account_kind": owner.account_kind, "owner_id": owner.id, "idempotency_key": new_key()}
        )
    wrong = phone_form.errors or vendor_form.errors
    return _new_page(
        request,
        phone_form=phone_form,
        vendor_form=vendor_form,
        owner=owner,
        form=form,
        status=422 if wrong else 200,
    )


@require_POST
@never_cache
@may_adjust
def propose(request: HttpRequest) -> HttpResponse:
    form = ProposalForm(request.POST)
    facts_known = form.is_valid()
    facts = form.cleaned_data
    owner = None
    if "account_kind" in facts and "owner_id" in facts:
        owner = _owner(AccountKind(facts["account_kind"]), facts["owner_id"])
    if owner is None or (owner.account_kind == AccountKind.VENDOR_PAYABLE and not knows_vendor(owner.id)):
        return redirect("points_staff:adjustment-new")
    if not facts_known:
        return _new_page(
            request,
            phone_form=FindCustomerForm(initial={"phone": owner.phone}),
            vendor_form=FindVendorForm(),
            owner=owner,
            form=form,
            status=422,
        )
    actor = actor_of(request)
    try:
        propose_adjustment(
            account_kind=owner.account_kind,
            owner_id=owner.id,
            amount_points=form.signed_points,
            reason=facts["reason"],
            actor=actor,
            idempotency_key=f"{actor.pk}:{facts['idempotency_key']}",
        )
    except PointsError as error:
        messages.error(request, _explain(error))
    else:
        messages.success(request, _("The adjustment is proposed. Someone else has to carry it out."))
    return redirect("points_staff:adjustments")


def _step_page(step: Step) -> Callable[..., HttpResponse]:
    """Ask, with the reason where one is needed, then do it."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @never_cache
    @may_adjust
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        one = get_object_or_404(Adjustment.objects.select_related("proposed_by"), pk=pk)
        form_class: type[forms.Form] = ReasonForm if step.needs_reason else EmptyForm
        form = form_class(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return _ask(request, one, step, form)
        try:
            step.carry_out(adjustment=one, actor=actor_of(request), **form.cleaned_data)
        except PointsError as error:
            messages.error(request, _explain(error))
        else:
            messages.success(request, step.done)
        return redirect("points_staff:adjustments")

    return page


approve, refuse, withdraw = (_step_page(step) for step in STEPS)


def _ask(request: HttpRequest, one: Adjustment, step: Step, form: forms.Form) -> HttpResponse:
    if step not in _steps_for(one, actor_of(request)):
        if one.state != AdjustmentState.PROPOSED:
            messages.error(request, _explain(WrongAdjustmentState(one.state)))
            return redirect("points_staff:adjustments")
        raise PermissionDenied
    owner = _owner(AccountKind(one.account_kind), one.owner_id)
    context: dict[str, Any] = {
        "form": form,
        "adjustment": one,
        "owner": owner,
        "step": step,
        "after_points": owner.balance_points + one.amount_points if owner else None,
    }
    return render(request, "staff/points/adjustment_check.html", context, status=422 if form.errors else 200)


def _steps_for(one: Adjustment, actor: User) -> list[Step]:
    if one.state != AdjustmentState.PROPOSED:
        return []
    is_own = one.account_kind == AccountKind.CUSTOMER_PAID and one.owner_id == actor.pk
    is_proposer = one.proposed_by_id == actor.pk
    return [step for step in STEPS if step.is_proposers == is_proposer and not (is_own and step is APPROVE)]


def _new_page(
    request: HttpRequest,
    *,
    phone_form: FindCustomerForm,
    vendor_form: FindVendorForm,
    owner: Owner | None,
    form: ProposalForm | None,
    status: int,
) -> HttpResponse:
    context = {"phone_form": phone_form, "vendor_form": vendor_form, "owner": owner, "form": form}
    return render(request, "staff/points/adjustment_new.html", context, status=status)


def _owner(account_kind: AccountKind, owner_id: int) -> Owner | None:
    """None where there is no such customer."""
    if account_kind == AccountKind.CUSTOMER_PAID:
        customer = User.objects.filter(pk=owner_id).select_related("wallet").first()
        if customer is None:
            return None
        wallet = getattr(customer, "wallet", None)
        paid = wallet.paid_points if wallet else 0
        return Owner(account_kind, owner_id, customer.display_name, customer.phone or "", paid)
    balance = VendorBalance.objects.filter(vendor_id=owner_id).first()
    name = vendor_names([owner_id])[owner_id]
    return Owner(account_kind, owner_id, name, "", balance.payable_points if balance else 0)


def _names(page: Sequence[Adjustment]) -> dict[tuple[str, int], str]:
    """Of the owners of these adjustments' accounts."""
    customers = [one.owner_id for one in page if one.account_kind == AccountKind.CUSTOMER_PAID]
    vendors = [one.owner_id for one in page if one.account_kind == AccountKind.VENDOR_PAYABLE]
    people = User.objects.in_bulk(customers)
    found = {(str(AccountKind.VENDOR_PAYABLE), pk): name for pk, name in vendor_names(vendors).items()}
    for pk in customers:
        name = people[pk].display_name if pk in people else f"#{pk}"
        found[str(AccountKind.CUSTOMER_PAID), pk] = name
    return found


def _own_wallet() -> str:
    return _("Nobody corrects their own wallet.")


def _explain(error: PointsError) -> str:
    if isinstance(error, SamePerson):
        return _("Two people make an adjustment: one proposes it, another decides.")
    if isinstance(error, OwnWallet):
        return _own_wallet()
    if isinstance(error, WrongAdjustmentState):
        return _("This adjustment was decided or withdrawn before.")
    if isinstance(error, InsufficientPoints):
        return _("There are only %(points)s to take. Nothing was moved.") % {
            "points": points_text(error.available_points)
        }
    if isinstance(error, IdempotencyConflict):
        return _("This page was used already. Start again.")
    return _("This is not possible.")
