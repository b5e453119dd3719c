"""Vouchers of points: campaigns with what they gave, their codes, and pausing them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.formats import format_number
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import (
    IdempotencyConflict,
    PointsError,
    SharedCode,
    VoucherCodeTaken,
    WrongCampaignState,
)
from points_payment.forms import new_key
from points_payment.kinds import CampaignState, VoucherEventKind
from points_payment.models import VoucherCampaign, VoucherEvent
from points_payment.services.vouchers import (
    create_campaign,
    hand_out_codes,
    make_codes,
    pause_campaign,
    resume_campaign,
)
from points_payment.staff.voucher_forms import CampaignForm, MakeCodesForm

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PER_PAGE = 25
#: Spreadsheets read UTF-8 by it.
BOM = "\ufeff"
may_manage = platform_permission_required(PlatformPermission.VOUCHERS_MANAGE)


@require_safe
@never_cache
@may_manage
def campaigns(request: HttpRequest) -> HttpResponse:
    """All campaigns, newest first."""
    page = Paginator(VoucherCampaign.objects.all(), PER_PAGE).get_page(request.GET.get("page"))
    made = _codes_made(list(page))
    rows = [(one, one.redeemable_count(codes_made=made.get(one.pk, 0))) for one in page]
    return render(request, "staff/vouchers/campaigns.html", {"page_obj": page, "rows": rows})


@require_safe
@may_manage
def new(request: HttpRequest) -> HttpResponse:
    return _new_page(request, CampaignForm())


@require_POST
@may_manage
def check(request: HttpRequest) -> HttpResponse:
    """Show everything once more: the terms of a campaign never change."""
    form = CampaignForm(request.POST)
    if not form.is_valid():
        return _new_page(request, form)
    context = {"facts": form.cleaned_data, "budget_points": form.budget_points, "form": form.hide()}
    return render(request, "staff/vouchers/check.html", context)


@require_POST
@may_manage
def create(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = CampaignForm(request.POST)
    if not form.is_valid():
        return _new_page(request, form)
    try:
        made = create_campaign(**form.terms(), actor=request.user)
    except VoucherCodeTaken:
        form.add_error("shared_code", _("Another campaign has this code."))
        return _new_page(request, form)
    messages.success(request, _("The campaign is made."))
    return redirect("points_staff:voucher-campaign", made.pk)


@require_safe
@never_cache
@may_manage
def campaign(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    one = get_object_or_404(VoucherCampaign, pk=campaign_pk)
    return _campaign_page(request, one, MakeCodesForm(initial={"idempotency_key": new_key()}))


@require_POST
@never_cache
@may_manage
def make(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """Make a set of single-use codes."""
    assert isinstance(request.user, User)
    one = get_object_or_404(VoucherCampaign, pk=campaign_pk)
    form = MakeCodesForm(request.POST)
    if not form.is_valid():
        return _campaign_page(request, one, form)
    key = f"{request.user.pk}:{form.cleaned_data['idempotency_key']}"
    try:
        make_codes(campaign=one, count=form.cleaned_data["count"], actor=request.user, idempotency_key=key)
    except PointsError as error:
        messages.error(request, _explain(error))
    else:
        messages.success(request, _made_text(form.cleaned_data["count"]))
    return redirect("points_staff:voucher-campaign", one.pk)


@require_POST
@may_manage
def download(request: HttpRequest, campaign_pk: int) -> HttpResponse:
    """The codes as a file; who took them is written down."""
    assert isinstance(request.user, User)
    one = get_object_or_404(VoucherCampaign, pk=campaign_pk)
    rows = hand_out_codes(campaign=one, actor=request.user)
    response = StreamingHttpResponse(_csv_lines(one, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="nuqta-vouchers-{one.pk}.csv"'
    response["Cache-Control"] = "no-store"
    # Only the type differs: a decorated view is declared to answer with an HttpResponse.
    return cast("HttpResponse", response)


def _switch(service: Callable[..., VoucherCampaign], done: _StrPromise) -> Callable[..., HttpResponse]:
    @require_POST
    @may_manage
    def page(request: HttpRequest, campaign_pk: int) -> HttpResponse:
        one = get_object_or_404(VoucherCampaign, pk=campaign_pk)
        try:
            service(campaign=one, actor=request.user)
        except PointsError as error:
            messages.error(request, _explain(error))
        else:
            messages.success(request, done)
        return redirect("points_staff:voucher-campaign", one.pk)

    return page


pause = _switch(pause_campaign, gettext_lazy("The campaign is paused: its codes give nothing."))
resume = _switch(resume_campaign, gettext_lazy("The campaign goes on."))


def _codes_made(campaigns: Collection[VoucherCampaign]) -> dict[int, int]:
    """How many codes these campaigns have, which their events know without counting rows."""
    made = VoucherEvent.objects.filter(campaign__in=campaigns, kind=VoucherEventKind.CODES_MADE)
    return dict(made.order_by().values_list("campaign_id").annotate(Sum("codes")))


def _new_page(request: HttpRequest, form: CampaignForm) -> HttpResponse:
    return render(request, "staff/vouchers/new.html", {"form": form}, status=422 if form.errors else 200)


def _campaign_page(request: HttpRequest, one: VoucherCampaign, form: MakeCodesForm) -> HttpResponse:
    codes_made = _codes_made([one]).get(one.pk, 0)
    context = {
        "campaign": one,
        "codes_made": codes_made,
        "state": one.state,
        "shared_code": None if one.is_single_use else one.vouchers.get().shown_code,
        "left_count": one.redeemable_count(codes_made=codes_made),
        "may_make": one.is_single_use and one.state not in {CampaignState.OVER, CampaignState.USED_UP},
        "events": one.events.select_related("actor"),
        "form": form,
    }
    return render(request, "staff/vouchers/campaign.html", context, status=422 if form.errors else 200)


def _csv_lines(one: VoucherCampaign, rows: Iterable[tuple[str, bool]]) -> Iterator[bytes]:
    buffer = io.StringIO(BOM)
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(("code", "points", "used"))
    for code, is_redeemed in rows:
        writer.writerow((code, one.value_points, "yes" if is_redeemed else "no"))
        if buffer.tell() > io.DEFAULT_BUFFER_SIZE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _made_text(count: int) -> str:
    return ngettext(
        "%(count)s code was made. Download it below.",
        "%(count)s codes were made. Download them below.",
        count,
    ) % {"count": format_number(count)}


def _explain(error: PointsError) -> str:
    if isinstance(error, IdempotencyConflict):
        return _("This page was used already. Start again.")
    if isinstance(error, SharedCode):
        return _("This campaign has one code for everybody, and gets no others.")
    if isinstance(error, WrongCampaignState):
        return _("The campaign was paused or resumed meanwhile.")
    return _("This is not possible.")
