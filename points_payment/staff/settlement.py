"""Payouts to order, to confirm and to take back, and the second look at where they go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import PointsError
from points_payment.kinds import PayoutState
from points_payment.models import Payout, PayoutDestination
from points_payment.payout_methods import method_label
from points_payment.services.destinations import confirm_destination, refuse_destination
from points_payment.services.payout_orders import (
    confirm_payout,
    order_payout,
    order_payout_to,
    record_payout_returned,
    reject_payout,
)
from points_payment.services.vendor_funds import funds_of
from points_payment.settlement_exports import receipt_pdf
from points_payment.settlement_selectors import all_payouts, destinations_waiting, live_destinations
from points_payment.settlement_words import explain_settlement
from points_payment.staff.adjustment_forms import FindVendorForm
from points_payment.staff.asking import actor_of, ask_and_act
from points_payment.staff.forms import EmptyForm
from points_payment.staff.settlement_forms import (
    ConfirmPayoutForm,
    NoteForm,
    OrderPayoutForm,
    PayoutFilterForm,
    RefuseDestinationForm,
    VendorReasonForm,
)
from points_payment.text import points_text
from points_payment.vendors import Vendor, find_vendor, knows_vendor, language_of_vendor, vendor_names

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PER_PAGE = 25
may_see = platform_permission_required(PlatformPermission.LEDGER_VIEW)
#: Whoever corrects the books pays vendors: two of them for each payout.
may_pay = platform_permission_required(PlatformPermission.LEDGER_ADJUST)


# Payouts ------------------------------------------------------------------------------------


@require_safe
@never_cache
@may_see
def payouts(request: HttpRequest) -> HttpResponse:
    form = PayoutFilterForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = Paginator(all_payouts(state=state), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    names = vendor_names({one.vendor_id for one in shown})
    rows = [{"payout": one, "vendor": names[one.vendor_id]} for one in shown]
    return render(request, "staff/settlement/payouts.html", {"form": form, "rows": rows, "page_obj": page})


@require_safe
@never_cache
@may_see
def payout(request: HttpRequest, pk: int) -> HttpResponse:
    """All of one payout; here alone the account's number is written out, for who has to pay."""
    one = _payout(pk)
    may_act = request.user.has_perm(PlatformPermission.LEDGER_ADJUST.full_name)
    context = {
        "payout": one,
        "vendor": vendor_names([one.vendor_id])[one.vendor_id],
        "funds": funds_of(vendor_id=one.vendor_id),
        "steps": [step for step in STEPS if one.state in step.states] if may_act else [],
        "may_act": may_act,
    }
    return render(request, "staff/settlement/payout.html", context)


@require_safe
@never_cache
@may_pay
def new_payout(request: HttpRequest) -> HttpResponse:
    """Find a vendor; then say how much, and where to."""
    vendor_form = FindVendorForm(request.GET if "vendor" in request.GET else None)
    vendor = None
    if vendor_form.is_valid():
        vendor = find_vendor(vendor_form.cleaned_data["vendor"].strip())
        if vendor is None:
            vendor_form.add_error("vendor", _("No vendor has this name or code."))
    form = OrderPayoutForm(destinations=live_destinations(vendor_id=vendor.id)) if vendor else None
    return _new_page(request, vendor_form, vendor, form, status=422 if vendor_form.errors else 200)


@require_POST
@never_cache
@may_pay
def order_new(request: HttpRequest, vendor_id: int) -> HttpResponse:
    if not knows_vendor(vendor_id):
        return redirect("points_staff:payout-new")
    vendor = Vendor(vendor_id, vendor_names([vendor_id])[vendor_id])
    live = live_destinations(vendor_id=vendor_id)
    form = OrderPayoutForm(request.POST, destinations=live)
    if form.is_valid():
        facts = form.cleaned_data
        try:
            ordered = order_payout_to(
                destination=live.get(pk=facts["destination"]),
                amount_points=facts["amount_points"],
                actor=actor_of(request),
                idempotency_key=facts["idempotency_key"],
            )
        except PointsError as error:
            form.add_error(None, explain_settlement(error))
        else:
            messages.success(request, _("The payout is ordered. Pay it, and let somebody else confirm it."))
            return redirect("points_staff:payout", ordered.pk)
    return _new_page(request, FindVendorForm(initial={"vendor": vendor.name}), vendor, form, status=422)


@require_safe
@never_cache
@may_see
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """To be signed, in the vendor's language; of an ordered payout before the money is handed over."""
    one = _payout(pk)
    if one.state not in {PayoutState.ORDERED, PayoutState.PAID, PayoutState.RETURNED}:
        messages.error(request, _("There is a receipt once it is ordered."))
        return redirect("points_staff:payout", pk)
    content = receipt_pdf(
        one,
        vendor_name=vendor_names([one.vendor_id])[one.vendor_id],
        language=language_of_vendor(one.vendor_id),
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="nuqta-{one.reference}.pdf"'
    return response


@dataclass(frozen=True, slots=True)
class Step:
    """One decision about a payout: a button, a page that asks, a service."""

    name: str
    url_name: str
    states: tuple[PayoutState, ...]
    label: _StrPromise
    question: _StrPromise
    consequence: _StrPromise
    done: _StrPromise
    form_class: type[forms.Form]
    carry_out: Callable[..., Payout]
    danger: bool = False


ORDER = Step(
    "order", "points_staff:payout-order", (PayoutState.REQUESTED,), gettext_lazy("Order it"),
    gettext_lazy("Order this payout?"),
    gettext_lazy("Its points are kept for it. Pay it then, and let somebody else confirm it."),
    gettext_lazy("The payout is ordered."), EmptyForm, order_payout,
)  # fmt: skip
CONFIRM = Step(
    "confirm", "points_staff:payout-confirm", (PayoutState.ORDERED,), gettext_lazy("Confirm it"),
    gettext_lazy("Does the vendor have the money?"),
    gettext_lazy("Look at the signed receipt or the bank's first. The points leave the books at once."),
    gettext_lazy("The payout is confirmed."), ConfirmPayoutForm, confirm_payout,
)  # fmt: skip
REJECT = Step(
    "reject", "points_staff:payout-reject", (PayoutState.REQUESTED, PayoutState.ORDERED),
    gettext_lazy("Do not pay"), gettext_lazy("Not pay this?"),
    gettext_lazy("Only if no money was handed over. The points stay the vendor's."),
    gettext_lazy("The payout is not made."), VendorReasonForm, reject_payout, danger=True,
)  # fmt: skip
RETURNED = Step(
    "returned", "points_staff:payout-returned", (PayoutState.PAID,), gettext_lazy("It came back"),
    gettext_lazy("Did the money come back?"),
    gettext_lazy("Only if we have it again. The points are the vendor's again, all of them."),
    gettext_lazy("The points are the vendor's again."), VendorReasonForm, record_payout_returned, danger=True,
)  # fmt: skip
STEPS = (ORDER, CONFIRM, REJECT, RETURNED)


def _step_page(step: Step) -> Callable[..., HttpResponse]:
    """Ask, with what has to be known, then do it."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @never_cache
    @may_pay
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        one = _payout(pk)
        form = step.form_class(request.POST if request.method == "POST" else None)
        return ask_and_act(
            request, form, lambda: step.carry_out(payout=one, actor=actor_of(request), **form.cleaned_data),
            title=step.question, about=_about(one), text=step.consequence, submit=step.label,
            danger=step.danger, done=step.done, then=reverse("points_staff:payout", args=[pk]),
            explain=explain_settlement,
        )  # fmt: skip

    return page


order, confirm, reject, returned = (_step_page(step) for step in STEPS)


# The second look ----------------------------------------------------------------------------


@require_safe
@never_cache
@may_see
def destinations(request: HttpRequest) -> HttpResponse:
    """New ones, the oldest first, with how the vendor was paid before."""
    page = Paginator(destinations_waiting(), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    names = vendor_names({one.vendor_id for one in shown})
    rows = [{"destination": one, "vendor": names[one.vendor_id]} for one in shown]
    return render(request, "staff/settlement/destinations.html", {"rows": rows, "page_obj": page})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_pay
def confirm_one(request: HttpRequest, pk: int) -> HttpResponse:
    one = _destination(pk)
    form = NoteForm(request.POST if request.method == "POST" else None)
    return _decide(
        request, one, form, confirm_destination,
        title=_("Is this destination the vendor's?"),
        text=_("Call the shop on the number that we know. If its phone was changed lately, ask for more."),
        submit=_("It is the vendor's"), done=_("Payouts may go there after its first day."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_pay
def refuse_one(request: HttpRequest, pk: int) -> HttpResponse:
    one = _destination(pk)
    form = RefuseDestinationForm(request.POST if request.method == "POST" else None)
    return _decide(
        request, one, form, refuse_destination,
        title=_("Refuse this destination?"), text=_("Nothing is paid there. The vendor's owners are told."),
        submit=_("Refuse"), done=_("The destination is refused."), danger=True,
    )  # fmt: skip


# Parts --------------------------------------------------------------------------------------


def _decide(
    request: HttpRequest,
    one: PayoutDestination,
    form: forms.Form,
    decide: Callable[..., PayoutDestination],
    **words: Any,
) -> HttpResponse:
    """Ask once more, decide, and lead back to the list."""
    parts = [
        vendor_names([one.vendor_id])[one.vendor_id], method_label(one.method), one.provider, one.number,
        one.holder_name,
    ]  # fmt: skip
    return ask_and_act(
        request, form, lambda: decide(destination=one, actor=actor_of(request), **form.cleaned_data),
        about=" · ".join(part for part in parts if part), then=reverse("points_staff:destinations"),
        explain=explain_settlement, **words,
    )  # fmt: skip


def _new_page(
    request: HttpRequest,
    vendor_form: FindVendorForm,
    vendor: Vendor | None,
    form: OrderPayoutForm | None,
    *,
    status: int,
) -> HttpResponse:
    context = {
        "vendor_form": vendor_form,
        "vendor": vendor,
        "form": form,
        "funds": funds_of(vendor_id=vendor.id) if vendor else None,
    }
    return render(request, "staff/settlement/payout_new.html", context, status=status)


def _about(one: Payout) -> str:
    parts = [
        one.reference, vendor_names([one.vendor_id])[one.vendor_id], points_text(one.amount_points),
        method_label(one.method), one.provider, one.number, one.holder_name,
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)


def _payout(pk: int) -> Payout:
    return get_object_or_404(all_payouts(), pk=pk)


def _destination(pk: int) -> PayoutDestination:
    return get_object_or_404(PayoutDestination, pk=pk)
