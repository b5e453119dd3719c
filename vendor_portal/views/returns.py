"""Goods that buyers want to send back: the vendor answers, looks at them, and pays back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from forked_apps.order.errors import DeductionTooHigh, OrderError
from forked_apps.order.forms import MessageForm
from forked_apps.order.return_models import NEXT_OF_RETURN, OPEN_RETURNS, Return, ReturnState, Side
from forked_apps.order.selectors import vendor_returns
from forked_apps.order.services.returns import (
    approve_return,
    refuse_return,
    settle_return,
    write_return_message,
)
from forked_apps.order.view_parts import act_and_tell, photo_response
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.forms import AnswerReturnForm, SettleReturnForm

PER_PAGE = 20


@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def returns(request: VendorRequest) -> HttpResponse:
    """Those that wait first, the nearest deadline on top."""
    found = Return.objects.filter(vendor_order__vendor=request.vendor).select_related("vendor_order__order")
    show_all = request.GET.get("show") == "all"
    if not show_all:
        found = found.filter(state__in=OPEN_RETURNS).order_by("answer_by", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return portal_page(request, "vendor_portal/returns.html", {"page_obj": page, "show_all": show_all})


@never_cache
@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def asked_return(request: VendorRequest, number: str) -> HttpResponse:
    return _page(request, _own(request, number))


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def approve(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = AnswerReturnForm(request.POST)
    if not form.is_valid():
        return _page(request, own, answer_form=form, status=422)
    act_and_tell(
        request,
        lambda: approve_return(vendor=request.vendor, asked=own, answer=form.cleaned_data["answer"]),
        _("The customer may send it back, and knows how."),
    )
    return redirect("portal:returns-detail", request.vendor.code, number)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def refuse(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = AnswerReturnForm(request.POST)
    if not form.is_valid():
        return _page(request, own, answer_form=form, status=422)
    act_and_tell(
        request,
        lambda: refuse_return(vendor=request.vendor, asked=own, answer=form.cleaned_data["answer"]),
        _("The return is refused, and the customer knows why."),
    )
    return redirect("portal:returns-detail", request.vendor.code, number)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def settle(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = SettleReturnForm(request.POST, asked=own)
    if not form.is_valid():
        return _page(request, own, settle_form=form, status=422)
    facts = form.cleaned_data
    try:
        settle_return(
            vendor=request.vendor,
            actor=request.user,
            asked=own,
            accepted=form.quantities,
            restocked=form.quantities if facts["restock"] else {},
            deducted_points=facts["deducted"] or 0,
            answer=facts["answer"],
        )
    except DeductionTooHigh as error:
        form.add_error("deducted", error.message)
        return _page(request, own, settle_form=form, status=422)
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The return is settled."))
    return redirect("portal:returns-detail", request.vendor.code, number)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def message(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, own, message_form=form, status=422)
    write_return_message(asked=own, side=Side.VENDOR, author=request.user, text=form.cleaned_data["text"])
    messages.success(request, _("Your message is sent."))
    return redirect("portal:returns-detail", request.vendor.code, number)


@never_cache
@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def photo(request: VendorRequest, number: str, pk: int) -> HttpResponse:
    return photo_response(_own(request, number).photos.all(), pk)


def _own(request: VendorRequest, number: str) -> Return:
    return get_object_or_404(vendor_returns(vendor=request.vendor), number=number)


def _page(
    request: VendorRequest,
    own: Return,
    *,
    answer_form: AnswerReturnForm | None = None,
    settle_form: SettleReturnForm | None = None,
    message_form: MessageForm | None = None,
    status: int = 200,
) -> HttpResponse:
    following = NEXT_OF_RETURN[ReturnState(own.state)]
    may_answer = VendorPermission.ORDERS_CANCEL in request.rights
    context = {
        "asked": own,
        "photos": [
            reverse("portal:returns-photo", args=[request.vendor.code, own.number, photo.pk])
            for photo in own.photos.all()
        ],
        "answer_form": (answer_form or AnswerReturnForm())
        if may_answer and ReturnState.APPROVED in following
        else None,
        "settle_form": (settle_form or SettleReturnForm(asked=own))
        if may_answer and ReturnState.REFUNDED in following
        else None,
        "message_form": (message_form or MessageForm()) if may_answer else None,
    }
    return portal_page(request, "vendor_portal/return.html", context, status=status)
