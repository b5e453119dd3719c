"""The buyer's problems with orders: reporting, answering, asking us. Anybody else's answers 404."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forked_apps.order.dispute_errors import NotDisputable
from forked_apps.order.dispute_forms import EscalateForm, ProblemForm, TalkForm
from forked_apps.order.dispute_models import (
    Dispute,
    DisputeReason,
    DisputeState,
    Remedy,
    RemedyKind,
)
from forked_apps.order.dispute_pages import DisputePage, page_of
from forked_apps.order.dispute_rules import NEXT_OF_DISPUTE, reasons_now
from forked_apps.order.dispute_selectors import customer_dispute_list, customer_disputes
from forked_apps.order.errors import OrderError
from forked_apps.order.return_models import Side
from forked_apps.order.services.disputes import (
    accept_offer,
    appeal_dispute,
    confirm_replacement,
    disputable_pieces,
    escalate_dispute,
    open_dispute,
    withdraw_dispute,
    write_dispute_message,
)
from forked_apps.order.view_parts import act_and_tell, own_part, photo_response, pictures_of
from marketplace.formats import format_number

if TYPE_CHECKING:
    from marketplace.users.models import User

_D = DisputeState
PER_PAGE = 20


@login_required
@require_safe
def problem_list(request: HttpRequest) -> HttpResponse:
    found = customer_dispute_list(customer=cast("User", request.user))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "oscar/customer/order/problem_list.html", {"page_obj": page})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_problem(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    """Tell the vendor that something is wrong."""
    customer = cast("User", request.user)
    part = own_part(request, order_number, number)
    there, reasons = disputable_pieces(part), reasons_now(part)
    if not there or not reasons:
        messages.error(request, NotDisputable().message)
        return redirect("customer:order", order_number=order_number)
    is_post = request.method == "POST"
    form = ProblemForm(
        request.POST if is_post else None,
        pictures_of(request) if is_post else None,
        vendor_order=part,
        there=there,
        reasons=reasons,
    )
    if form.is_valid():
        try:
            made = open_dispute(
                customer=customer,
                vendor_order=part,
                quantities=form.quantities,
                reason=DisputeReason(form.cleaned_data["reason"]),
                description=form.cleaned_data["description"],
                photos=form.pictures,
            )
        except OrderError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The seller knows, and has two days to answer."))
            return redirect("orders:problem", order_number, made.number)
    context = {"form": form, "part": part}
    return render(request, "oscar/customer/order/problem_new.html", context, status=422 if is_post else 200)


@never_cache
@login_required
@require_safe
def problem(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    return _page(request, _own(request, order_number, number))


@login_required
@require_POST
def message(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    form = TalkForm(request.POST, pictures_of(request))
    if not form.is_valid():
        return _page(request, own, message_form=form, status=422)
    return _done(
        request,
        own,
        lambda: write_dispute_message(
            dispute=own, side=Side.BUYER, author=cast("User", request.user),
            text=form.cleaned_data["text"], photos=form.pictures,
        ),
        _("Your message is sent."),
    )  # fmt: skip


@login_required
@require_POST
def escalate(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    form = EscalateForm(request.POST, pictures_of(request), auto_id="escalate_%s")
    if not form.is_valid():
        return _page(request, own, escalate_form=form, status=422)
    return _done(
        request,
        own,
        lambda: escalate_dispute(
            customer=cast("User", request.user), dispute=own, text=form.cleaned_data["text"],
            photos=form.pictures,
        ),
        _("We look at it, and ask the seller for evidence."),
    )  # fmt: skip


@login_required
@require_POST
def appeal(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    form = TalkForm(request.POST, pictures_of(request), auto_id="appeal_%s")
    if not form.is_valid():
        return _page(request, own, appeal_form=form, status=422)
    customer = cast("User", request.user)
    return _done(
        request,
        own,
        lambda: appeal_dispute(
            dispute=own, actor=customer, customer=customer, text=form.cleaned_data["text"],
            photos=form.pictures,
        ),
        _("Somebody else looks at it once more."),
    )  # fmt: skip


class OfferForm(forms.Form):
    """Which offer the buyer saw."""

    offer = forms.IntegerField(widget=forms.HiddenInput)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    offer = _prepared(own).offer
    if request.method != "POST":
        if offer is None:
            return redirect("orders:problem", order_number, number)
        return _confirm(
            request,
            own,
            title=_("Accept this offer?"),
            text=_in_short(offer),
            consequence=_("With that the problem is solved, and the seller does what was offered."),
            submit=_("Accept the offer"),
            form=OfferForm(initial={"offer": offer.pk}),
        )
    form = OfferForm(request.POST)
    if not form.is_valid():
        return redirect("orders:problem", order_number, number)
    return _done(
        request,
        own,
        lambda: accept_offer(
            customer=cast("User", request.user), dispute=own, offer_id=form.cleaned_data["offer"]
        ),
        _("You accepted the offer."),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def arrived(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    if request.method != "POST":
        return _confirm(
            request,
            own,
            title=_("Did the replacement arrive?"),
            text="",
            consequence=_("With that the problem is solved."),
            submit=_("Yes, it arrived"),
        )
    return _done(
        request,
        own,
        lambda: confirm_replacement(customer=cast("User", request.user), dispute=own),
        _("Good. The problem is solved."),
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    if request.method != "POST":
        return _confirm(
            request,
            own,
            title=_("Withdraw this problem?"),
            text="",
            consequence=_("No points are paid back, and the seller gets theirs in time."),
            submit=_("Withdraw"),
            danger=True,
        )
    return _done(
        request,
        own,
        lambda: withdraw_dispute(customer=cast("User", request.user), dispute=own),
        _("The problem is withdrawn."),
    )


@never_cache
@login_required
@require_safe
def photo(request: HttpRequest, order_number: str, number: str, pk: int) -> HttpResponse:
    return photo_response(_own(request, order_number, number).photos.all(), pk)


def _own(request: HttpRequest, order_number: str, number: str) -> Dispute:
    mine = customer_disputes(customer=cast("User", request.user))
    return get_object_or_404(mine, vendor_order__order__number=order_number, number=number)


def _prepared(own: Dispute) -> DisputePage:
    order_number = own.vendor_order.order.number
    return page_of(
        own, photo_url=lambda pk: reverse("orders:problem-photo", args=[order_number, own.number, pk])
    )


def _in_short(offer: Remedy) -> str:
    kind = str(offer.get_kind_display())
    if offer.kind != RemedyKind.PARTIAL:
        return kind
    points = ngettext("%(number)s point", "%(number)s points", offer.total_points)
    return f"{kind}: {points % {'number': format_number(offer.total_points)}}"


def _done(request: HttpRequest, own: Dispute, work: Callable[[], object], words: str) -> HttpResponse:
    act_and_tell(request, work, words)
    return redirect("orders:problem", own.vendor_order.order.number, own.number)


def _confirm(
    request: HttpRequest,
    own: Dispute,
    *,
    title: str,
    text: str,
    consequence: str,
    submit: str,
    form: forms.Form | None = None,
    danger: bool = False,
) -> HttpResponse:
    context = {
        "title": title,
        "text": text,
        "consequences": [consequence],
        "action": request.path,
        "submit": submit,
        "form": form,
        "danger": danger,
        "cancel_url": reverse("orders:problem", args=[own.vendor_order.order.number, own.number]),
    }
    return render(request, "components/confirm.html", context)


def _page(
    request: HttpRequest,
    own: Dispute,
    *,
    message_form: TalkForm | None = None,
    escalate_form: EscalateForm | None = None,
    appeal_form: TalkForm | None = None,
    status: int = 200,
) -> HttpResponse:
    following = NEXT_OF_DISPUTE[DisputeState(own.state)]
    may_ask_us = _D.EVIDENCE in following and own.state != _D.DECIDING
    is_time = timezone.now() >= own.escalate_from
    context = {
        "page": _prepared(own),
        "order_number": own.vendor_order.order.number,
        "can_withdraw": _D.WITHDRAWN in following and own.state != _D.RETURNING,
        "waits_to_escalate": may_ask_us and not is_time,
        "escalate_form": (escalate_form or EscalateForm(auto_id="escalate_%s"))
        if may_ask_us and is_time
        else None,
        "appeal_form": (appeal_form or TalkForm(auto_id="appeal_%s")) if _D.APPEALED in following else None,
        "message_form": (message_form or TalkForm()) if own.is_open else None,
    }
    return render(request, "oscar/customer/order/problem.html", context, status=status)
