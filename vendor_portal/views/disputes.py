"""What buyers say is wrong with orders: the vendor answers, offers, gives evidence, appeals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from forked_apps.order.dispute_errors import IllegalRemedy, RemedyNotPossible
from forked_apps.order.dispute_forms import ReasonForm, RemedyForm, TalkForm
from forked_apps.order.dispute_models import Dispute, DisputeState, RemedyKind
from forked_apps.order.dispute_pages import page_of
from forked_apps.order.dispute_rules import NEXT_OF_DISPUTE
from forked_apps.order.dispute_selectors import vendor_dispute_list, vendor_disputes
from forked_apps.order.errors import OrderError
from forked_apps.order.return_models import Side
from forked_apps.order.services.delivery_charge import charge_left
from forked_apps.order.services.disputes import (
    appeal_dispute,
    make_offer,
    refuse_dispute,
    write_dispute_message,
)
from forked_apps.order.services.remedies import may_go_back, points_left
from forked_apps.order.view_parts import act_and_tell, photo_response, pictures_of
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required

PER_PAGE = 20


@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def disputes(request: VendorRequest) -> HttpResponse:
    """Those that are open first, the nearest deadline on top."""
    show_all = request.GET.get("show") == "all"
    found = vendor_dispute_list(vendor=request.vendor, is_open=not show_all)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return portal_page(request, "vendor_portal/disputes.html", {"page_obj": page, "show_all": show_all})


@never_cache
@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def dispute(request: VendorRequest, number: str) -> HttpResponse:
    return _page(request, _own(request, number))


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def offer(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = _offer_form(own, request.POST)
    if form.is_valid():
        try:
            make_offer(
                vendor=request.vendor,
                actor=request.user,
                dispute=own,
                kind=form.chosen,
                reason=form.cleaned_data["reason"],
                points=form.points,
                shipping_points=form.charge_points,
            )
        except (IllegalRemedy, RemedyNotPossible) as error:
            form.add_error("kind", error.message)
        except OrderError as error:
            messages.error(request, error.message)
            return redirect("portal:disputes-detail", request.vendor.code, number)
        else:
            messages.success(request, _("The customer sees your offer, and accepts it or not."))
            return redirect("portal:disputes-detail", request.vendor.code, number)
    return _page(request, own, offer_form=form, status=422)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def refuse(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = ReasonForm(request.POST, auto_id="refuse_%s")
    if not form.is_valid():
        return _page(request, own, refuse_form=form, status=422)
    return _done(
        request,
        own,
        lambda: refuse_dispute(
            vendor=request.vendor, actor=request.user, dispute=own, reason=form.cleaned_data["reason"]
        ),
        _("You refused. The customer may ask the marketplace to decide."),
    )


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def message(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = TalkForm(request.POST, pictures_of(request))
    if not form.is_valid():
        return _page(request, own, message_form=form, status=422)
    return _done(
        request,
        own,
        lambda: write_dispute_message(
            dispute=own, side=Side.VENDOR, author=request.user, text=form.cleaned_data["text"],
            photos=form.pictures,
        ),
        _("Your message is sent."),
    )  # fmt: skip


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_CANCEL, while_suspended=True)
def appeal(request: VendorRequest, number: str) -> HttpResponse:
    own = _own(request, number)
    form = TalkForm(request.POST, pictures_of(request), auto_id="appeal_%s")
    if not form.is_valid():
        return _page(request, own, appeal_form=form, status=422)
    return _done(
        request,
        own,
        lambda: appeal_dispute(
            dispute=own, actor=request.user, vendor=request.vendor, text=form.cleaned_data["text"],
            photos=form.pictures,
        ),
        _("Somebody else looks at it once more."),
    )  # fmt: skip


@never_cache
@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def photo(request: VendorRequest, number: str, pk: int) -> HttpResponse:
    return photo_response(_own(request, number).photos.all(), pk)


def _own(request: VendorRequest, number: str) -> Dispute:
    return get_object_or_404(vendor_disputes(vendor=request.vendor), number=number)


def _offer_form(own: Dispute, data: Any = None) -> RemedyForm:
    part = own.vendor_order
    kinds = {RemedyKind.REFUND, RemedyKind.PARTIAL, RemedyKind.REPLACEMENT}
    if may_go_back(part, own):
        kinds.add(RemedyKind.RETURN)
    return RemedyForm(
        data, dispute=own, kinds=kinds, left=points_left(part), charge_left=charge_left(part),
        auto_id="offer_%s",
    )  # fmt: skip


def _done(request: VendorRequest, own: Dispute, work: Callable[[], object], words: str) -> HttpResponse:
    act_and_tell(request, work, words)
    return redirect("portal:disputes-detail", request.vendor.code, own.number)


def _page(
    request: VendorRequest,
    own: Dispute,
    *,
    offer_form: RemedyForm | None = None,
    refuse_form: ReasonForm | None = None,
    message_form: TalkForm | None = None,
    appeal_form: TalkForm | None = None,
    status: int = 200,
) -> HttpResponse:
    following = NEXT_OF_DISPUTE[DisputeState(own.state)]
    may_answer = VendorPermission.ORDERS_CANCEL in request.rights
    may_offer = may_answer and DisputeState.OFFERED in following
    may_refuse = may_answer and DisputeState.REFUSED in following
    may_appeal = may_answer and DisputeState.APPEALED in following
    context = {
        "page": page_of(
            own,
            photo_url=lambda pk: reverse("portal:disputes-photo", args=[request.vendor.code, own.number, pk]),
        ),
        "offer_form": (offer_form or _offer_form(own)) if may_offer else None,
        "refuse_form": (refuse_form or ReasonForm(auto_id="refuse_%s")) if may_refuse else None,
        "appeal_form": (appeal_form or TalkForm(auto_id="appeal_%s")) if may_appeal else None,
        "message_form": (message_form or TalkForm()) if may_answer and own.is_open else None,
    }
    return portal_page(request, "vendor_portal/dispute.html", context, status=status)
