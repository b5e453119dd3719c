"""Vendors who owe: what they bring, and time that is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from points_payment.errors import PointsError
from points_payment.kinds import ProposalState
from points_payment.models import VendorPayment
from points_payment.services.debts import debt_limits, give_time
from points_payment.services.vendor_funds import funds_of
from points_payment.services.vendor_payments import (
    confirm_vendor_payment,
    record_vendor_payment,
    refuse_vendor_payment,
    withdraw_vendor_payment,
)
from points_payment.settlement_selectors import (
    debt_causes,
    debt_events,
    debt_of,
    debts,
    open_statement,
    vendor_payments,
)
from points_payment.settlement_words import explain_settlement
from points_payment.staff.asking import act_and_tell, actor_of, ask_and_act
from points_payment.staff.forms import EmptyForm, ReasonForm
from points_payment.staff.settlement import may_pay, may_see
from points_payment.staff.settlement_forms import TimeForm, VendorPaymentForm
from points_payment.text import points_text
from points_payment.vendors import knows_vendor, vendor_names

PER_PAGE = 25
EVENTS_SHOWN = 20


@require_safe
@never_cache
@may_see
def owing(request: HttpRequest) -> HttpResponse:
    """The largest debt first; above them, money that waits to be counted."""
    page = Paginator(debts(), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    waiting = list(vendor_payments(state=ProposalState.WAITING).order_by("id"))
    names = vendor_names({one.vendor_id for one in shown} | {one.vendor_id for one in waiting})
    context = {
        "rows": [{"debt": one, "vendor": names[one.vendor_id]} for one in shown],
        "waiting": [{"payment": one, "vendor": names[one.vendor_id]} for one in waiting],
        "page_obj": page,
        "limits": debt_limits(),
    }
    return render(request, "staff/settlement/debts.html", context)


@require_safe
@never_cache
@may_see
def one_debt(request: HttpRequest, vendor_id: int) -> HttpResponse:
    return _debt_page(request, vendor_id)


@require_POST
@never_cache
@may_pay
def take_payment(request: HttpRequest, vendor_id: int) -> HttpResponse:
    form = VendorPaymentForm(request.POST)
    if form.is_valid():
        try:
            record_vendor_payment(vendor_id=vendor_id, actor=actor_of(request), **form.cleaned_data)
        except PointsError as error:
            form.add_error("amount_points", explain_settlement(error))
        else:
            messages.success(request, _("Somebody else counts the money now and confirms it."))
            return redirect("points_staff:vendor-debt", vendor_id)
    return _debt_page(request, vendor_id, payment_form=form, status=422)


@require_POST
@never_cache
@may_pay
def let_sell(request: HttpRequest, vendor_id: int) -> HttpResponse:
    form = TimeForm(request.POST)
    if form.is_valid():
        try:
            give_time(vendor_id=vendor_id, actor=actor_of(request), **form.cleaned_data)
        except PointsError as error:
            form.add_error("days", explain_settlement(error))
        else:
            messages.success(request, _("The time is set."))
            return redirect("points_staff:vendor-debt", vendor_id)
    return _debt_page(request, vendor_id, time_form=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_pay
def confirm_payment(request: HttpRequest, pk: int) -> HttpResponse:
    payment = _payment(pk)
    form = EmptyForm(request.POST if request.method == "POST" else None)
    return _decide(
        request, payment, form, confirm_vendor_payment,
        title=_("Is the money complete?"),
        text=_("Count it first. From now on the vendor owes less by it, and sells again if that is enough."),
        submit=_("I counted it"), done=_("The money is counted."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_pay
def refuse_payment(request: HttpRequest, pk: int) -> HttpResponse:
    payment = _payment(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return _decide(
        request, payment, form, refuse_vendor_payment,
        title=_("Refuse this money?"), text=_("The vendor owes as before. Who took it sees the reason."),
        submit=_("Refuse"), done=_("The money was refused."), danger=True,
    )  # fmt: skip


@require_POST
@never_cache
@may_pay
def withdraw_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own note; another's does not exist for them."""
    payment = get_object_or_404(VendorPayment, pk=pk, proposed_by=actor_of(request))
    act_and_tell(
        request, lambda: withdraw_vendor_payment(payment=payment, actor=actor_of(request)),
        done=_("Your note is withdrawn."), explain=explain_settlement,
    )  # fmt: skip
    return redirect("points_staff:vendor-debts")


def _decide(
    request: HttpRequest,
    payment: VendorPayment,
    form: forms.Form,
    decide: Callable[..., VendorPayment],
    **words: Any,
) -> HttpResponse:
    """Ask once more, decide, and lead back to the list."""
    name = vendor_names([payment.vendor_id])[payment.vendor_id]
    return ask_and_act(
        request, form, lambda: decide(payment=payment, actor=actor_of(request), **form.cleaned_data),
        about=f"{name} · {points_text(payment.amount_points)} · {payment.reference}",
        then=reverse("points_staff:vendor-debts"), explain=explain_settlement, **words,
    )  # fmt: skip


def _debt_page(
    request: HttpRequest,
    vendor_id: int,
    *,
    payment_form: VendorPaymentForm | None = None,
    time_form: TimeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    if not knows_vendor(vendor_id):
        raise Http404
    context = {
        "vendor": vendor_names([vendor_id])[vendor_id],
        "vendor_id": vendor_id,
        "debt": debt_of(vendor_id=vendor_id),
        "funds": funds_of(vendor_id=vendor_id),
        "in_transit_points": open_statement(vendor_id=vendor_id).in_transit_points,
        "causes": debt_causes(vendor_id=vendor_id),
        "events": debt_events(vendor_id=vendor_id)[:EVENTS_SHOWN],
        "payments": vendor_payments().filter(vendor_id=vendor_id)[:EVENTS_SHOWN],
        "payment_form": payment_form or VendorPaymentForm(),
        "time_form": time_form or TimeForm(),
        "may_act": request.user.has_perm("users.ledger_adjust"),
    }
    return render(request, "staff/settlement/debt.html", context, status=status)


def _payment(pk: int) -> VendorPayment:
    return get_object_or_404(vendor_payments(), pk=pk)
