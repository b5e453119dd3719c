"""The vendor's money: payouts, where they go, and statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forked_apps.partner.permissions import VendorPermission
from points_payment.errors import InvalidDestination, PointsError
from points_payment.services.destinations import add_destination, retire_destination
from points_payment.services.payout_orders import request_payout, withdraw_payout_request
from points_payment.services.settlement import accept_statement, question_statement
from points_payment.services.vendor_funds import funds_of
from points_payment.settlement_exports import (
    in_transit_lines,
    movement_lines,
    receipt_pdf,
    statement_pdf,
    statement_sums,
)
from points_payment.settlement_selectors import (
    destinations_of,
    in_transit,
    live_destinations,
    movements,
    open_statement,
    payouts_of,
    statements_of,
)
from points_payment.settlement_words import explain_destination, explain_settlement
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.money import is_receipt, may_answer, may_question
from vendor_portal.money_forms import DestinationForm, PayoutRequestForm, QuestionForm

if TYPE_CHECKING:
    from points_payment.settlement_selectors import Payout, PayoutDestination, SettlementStatement

PER_PAGE = 25
DESTINATIONS_SHOWN = 30
may_see = vendor_permission_required(VendorPermission.MONEY_VIEW)
may_manage = vendor_permission_required(VendorPermission.MONEY_MANAGE)


# Payouts ------------------------------------------------------------------------------------


@never_cache
@require_GET
@may_see
def payouts(request: VendorRequest) -> HttpResponse:
    return _payouts_page(request)


@never_cache
@require_POST
@may_manage
def ask_for_payout(request: VendorRequest) -> HttpResponse:
    form = PayoutRequestForm(request.POST, destinations=live_destinations(vendor_id=request.vendor.pk))
    if not form.is_valid():
        return _payouts_page(request, form=form, status=422)
    facts = form.cleaned_data
    try:
        request_payout(
            vendor_id=request.vendor.pk,
            destination=_destination(request, facts["destination"]),
            amount_points=facts["amount_points"],
            actor=request.user,
            idempotency_key=facts["idempotency_key"],
        )
    except PointsError as error:
        form.add_error("amount_points", explain_settlement(error))
        return _payouts_page(request, form=form, status=422)
    messages.success(request, _("You asked for a payout. We tell you when it is on its way."))
    return redirect("portal:money-payouts", request.vendor.code)


@never_cache
@require_POST
@may_manage
def withdraw_request(request: VendorRequest, pk: int) -> HttpResponse:
    try:
        withdraw_payout_request(vendor_id=request.vendor.pk, payout=_payout(request, pk), actor=request.user)
    except PointsError as error:
        messages.error(request, explain_settlement(error))
    else:
        messages.success(request, _("You withdrew your request."))
    return redirect("portal:money-payouts", request.vendor.code)


@never_cache
@require_GET
@may_see
def receipt(request: VendorRequest, pk: int) -> HttpResponse:
    """Of what was paid, in the language of who reads it."""
    payout = _payout(request, pk)
    if not is_receipt(payout):
        messages.error(request, _("There is a receipt once it is paid."))
        return redirect("portal:money-payouts", request.vendor.code)
    content = receipt_pdf(payout, vendor_name=request.vendor.name, language=get_language() or "ar")
    return _pdf(content, f"nuqta-{payout.reference}.pdf")


# Destinations -------------------------------------------------------------------------------


@never_cache
@require_GET
@may_see
def destinations(request: VendorRequest) -> HttpResponse:
    return _destinations_page(request)


@never_cache
@require_POST
@may_manage
def add_one(request: VendorRequest) -> HttpResponse:
    form = DestinationForm(request.POST)
    if not form.is_valid():
        return _destinations_page(request, form=form, status=422)
    try:
        add_destination(
            vendor_id=request.vendor.pk,
            method=form.cleaned_data["method"],
            destination=form.destination,
            actor=request.user,
        )
    except InvalidDestination as error:
        form.add_error(error.field, explain_destination(error))
        return _destinations_page(request, form=form, status=422)
    except PointsError as error:
        form.add_error(None, explain_settlement(error))
        return _destinations_page(request, form=form, status=422)
    messages.success(request, _("The destination is added. We call your shop before anything is paid there."))
    return redirect("portal:money-destinations", request.vendor.code)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def retire_one(request: VendorRequest, pk: int) -> HttpResponse:
    own = _destination(request, pk)
    back = reverse("portal:money-destinations", args=[request.vendor.code])
    if request.method == "POST":
        try:
            retire_destination(vendor_id=request.vendor.pk, destination=own, actor=request.user)
        except PointsError as error:
            messages.error(request, explain_settlement(error))
        else:
            messages.success(request, _("Nothing new is paid there any more."))
        return redirect(back)
    context = {
        "title": _("Take this destination away?"),
        "text": _("What is on its way already goes there still. To use it again, you have to add it anew."),
        "action": request.path,
        "submit": _("Take it away"),
        "cancel_url": back,
        "danger": True,
    }
    return portal_page(request, "vendor_portal/confirm.html", context)


# Statements ---------------------------------------------------------------------------------


@never_cache
@require_GET
@may_see
def statements(request: VendorRequest) -> HttpResponse:
    """The month that runs, live, and below it the closed ones."""
    page = Paginator(statements_of(vendor_id=request.vendor.pk), PER_PAGE).get_page(request.GET.get("page"))
    now = open_statement(vendor_id=request.vendor.pk)
    context = {"now": now, "sums": statement_sums(now), "page_obj": page}
    return portal_page(request, "vendor_portal/statements.html", context)


@never_cache
@require_GET
@may_see
def statement(request: VendorRequest, pk: int) -> HttpResponse:
    return _statement_page(request, _statement(request, pk))


@never_cache
@require_POST
@may_manage
def accept(request: VendorRequest, pk: int) -> HttpResponse:
    try:
        accept_statement(vendor_id=request.vendor.pk, statement=_statement(request, pk), actor=request.user)
    except PointsError as error:
        messages.error(request, explain_settlement(error))
    else:
        messages.success(request, _("You accepted the statement."))
    return redirect("portal:money-statement", request.vendor.code, pk)


@never_cache
@require_POST
@may_manage
def question(request: VendorRequest, pk: int) -> HttpResponse:
    own = _statement(request, pk)
    form = QuestionForm(request.POST)
    if not form.is_valid():
        return _statement_page(request, own, form=form, status=422)
    try:
        question_statement(
            vendor_id=request.vendor.pk, statement=own, actor=request.user, text=form.cleaned_data["text"]
        )
    except PointsError as error:
        messages.error(request, explain_settlement(error))
    else:
        messages.success(request, _("Your question is sent. You find our answer here."))
    return redirect("portal:money-statement", request.vendor.code, pk)


@never_cache
@require_GET
@may_see
def statement_as_pdf(request: VendorRequest, pk: int) -> HttpResponse:
    own = _statement(request, pk)
    return _pdf(statement_pdf(own, vendor_name=request.vendor.name), f"nuqta-{own.period}.pdf")


@never_cache
@require_GET
@may_see
def statement_csv(request: VendorRequest, pk: int) -> HttpResponse:
    own = _statement(request, pk)
    lines = movement_lines(movements(vendor_id=request.vendor.pk, statement=own))
    return _csv(lines, f"nuqta-{own.period}.csv")


@never_cache
@require_GET
@may_see
def transit_csv(request: VendorRequest, pk: int) -> HttpResponse:
    own = _statement(request, pk)
    lines = in_transit_lines(in_transit(vendor_id=request.vendor.pk, statement=own))
    return _csv(lines, f"nuqta-{own.period}-in-transit.csv")


@never_cache
@require_GET
@may_see
def open_csv(request: VendorRequest) -> HttpResponse:
    return _csv(movement_lines(movements(vendor_id=request.vendor.pk)), "nuqta-now.csv")


@never_cache
@require_GET
@may_see
def open_transit_csv(request: VendorRequest) -> HttpResponse:
    return _csv(in_transit_lines(in_transit(vendor_id=request.vendor.pk)), "nuqta-now-in-transit.csv")


# Parts --------------------------------------------------------------------------------------


def _payout(request: VendorRequest, pk: int) -> Payout:
    return get_object_or_404(payouts_of(vendor_id=request.vendor.pk), pk=pk)


def _destination(request: VendorRequest, pk: int) -> PayoutDestination:
    return get_object_or_404(destinations_of(vendor_id=request.vendor.pk), pk=pk)


def _statement(request: VendorRequest, pk: int) -> SettlementStatement:
    return get_object_or_404(statements_of(vendor_id=request.vendor.pk), pk=pk)


def _may_change(request: VendorRequest) -> bool:
    return VendorPermission.MONEY_MANAGE in request.rights and not request.read_only


def _payouts_page(
    request: VendorRequest, *, form: PayoutRequestForm | None = None, status: int = 200
) -> HttpResponse:
    vendor_id = request.vendor.pk
    funds = funds_of(vendor_id=vendor_id)
    live = list(live_destinations(vendor_id=vendor_id))
    if form is None and _may_change(request) and live and funds.requestable_points:
        form = PayoutRequestForm(destinations=live)
    page = Paginator(payouts_of(vendor_id=vendor_id), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "funds": funds,
        "form": None if funds.requested_points and status == 200 else form,
        "has_destinations": bool(live),
        "page_obj": page,
    }
    return portal_page(request, "vendor_portal/payouts.html", context, status=status)


def _destinations_page(
    request: VendorRequest, *, form: DestinationForm | None = None, status: int = 200
) -> HttpResponse:
    found = list(destinations_of(vendor_id=request.vendor.pk)[:DESTINATIONS_SHOWN])
    context = {
        "live": [one for one in found if one.is_live],
        "past": [one for one in found if not one.is_live],
        "form": form or (DestinationForm() if _may_change(request) else None),
    }
    return portal_page(request, "vendor_portal/destinations.html", context, status=status)


def _statement_page(
    request: VendorRequest,
    own: SettlementStatement,
    *,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    may_change = _may_change(request)
    context = {
        "statement": own,
        "sums": statement_sums(own),
        "thread": list(own.messages.all()),
        "may_accept": may_change and may_answer(own),
        "question_form": (form or QuestionForm()) if may_change and may_question(own) else None,
    }
    return portal_page(request, "vendor_portal/statement.html", context, status=status)


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _csv(lines: Iterable[str], name: str) -> HttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # Only the type differs: a decorated view is declared to answer with an HttpResponse.
    return cast("HttpResponse", response)
