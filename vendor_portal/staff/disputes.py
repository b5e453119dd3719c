"""The marketplace's desk for disputes: the queue, one dispute with all that is known, and the decision.

Support may look and write (``CUSTOMERS_VIEW``, the right to see customers' orders). To ask for evidence and
to decide takes the right to judge vendors (``VENDORS_REVIEW``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forked_apps.order.dispute_errors import IllegalRemedy, RemedyNotPossible
from forked_apps.order.dispute_forms import AskForm, RemedyForm, TalkForm
from forked_apps.order.dispute_models import (
    OPEN_DISPUTES,
    WITH_STAFF,
    Dispute,
    DisputeState,
    RemedyKind,
)
from forked_apps.order.dispute_pages import page_of
from forked_apps.order.dispute_selectors import disputes_with_all, staff_queue
from forked_apps.order.errors import OrderError
from forked_apps.order.return_models import Side
from forked_apps.order.selectors import vendor_orders
from forked_apps.order.services.arbitration import ask_for_evidence, decide_dispute
from forked_apps.order.services.delivery_charge import charge_left
from forked_apps.order.services.disputes import write_dispute_message
from forked_apps.order.services.parts import pieces_of
from forked_apps.order.services.remedies import may_go_back, points_left
from forked_apps.order.view_parts import act_and_tell, photo_response, pictures_of
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required

PER_PAGE = 25
may_look = platform_permission_required(PlatformPermission.CUSTOMERS_VIEW)
may_decide = platform_permission_required(PlatformPermission.VENDORS_REVIEW)


class QueueForm(forms.Form):
    TO_DECIDE, OPEN, ALL = "", "open", "all"
    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[
            (TO_DECIDE, gettext_lazy("To be decided")),
            (OPEN, gettext_lazy("All that are open")),
            (ALL, gettext_lazy("All problems")),
        ],
    )
    q = forms.CharField(
        label=gettext_lazy("Number or vendor"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    @property
    def states(self) -> tuple[str, ...] | None:
        shown = {self.OPEN: OPEN_DISPUTES, self.ALL: None}
        return shown.get(self.cleaned_data.get("show", ""), WITH_STAFF)


@require_safe
@may_look
def queue(request: HttpRequest) -> HttpResponse:
    """The nearest deadline on top."""
    form = QueueForm(request.GET)
    form.is_valid()
    found = staff_queue(states=form.states, words=form.cleaned_data.get("q", "").strip())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "staff/disputes/disputes.html", {"form": form, "page_obj": page})


@never_cache
@require_safe
@may_look
def dispute(request: HttpRequest, number: str) -> HttpResponse:
    return _page(request, _found(number))


@require_POST
@may_look
def message(request: HttpRequest, number: str) -> HttpResponse:
    one = _found(number)
    form = TalkForm(request.POST, pictures_of(request))
    if not form.is_valid():
        return _page(request, one, message_form=form, status=422)
    return _done(
        request,
        one,
        lambda: write_dispute_message(
            dispute=one, side=Side.MARKETPLACE, author=cast("User", request.user),
            text=form.cleaned_data["text"], photos=form.pictures,
        ),
        _("Your message is sent."),
    )  # fmt: skip


@require_POST
@may_decide
def ask(request: HttpRequest, number: str) -> HttpResponse:
    one = _found(number)
    form = AskForm(request.POST, auto_id="ask_%s")
    if not form.is_valid():
        return _page(request, one, ask_form=form, status=422)
    return _done(
        request,
        one,
        lambda: ask_for_evidence(
            actor=cast("User", request.user), dispute=one, sides=form.asked,
            question=form.cleaned_data["question"],
        ),
        _("They are asked, and have three days."),
    )  # fmt: skip


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@may_decide
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """A page of its own: what is decided is read by both sides."""
    one = _found(number)
    if one.state not in WITH_STAFF:
        messages.error(request, _("Nothing is to be decided here now."))
        return redirect("dispute_staff:dispute", number)
    is_post = request.method == "POST"
    form = _decision_form(one, request.POST if is_post else None)
    if form.is_valid():
        try:
            decide_dispute(
                actor=cast("User", request.user),
                dispute=one,
                kind=form.chosen,
                reason=form.cleaned_data["reason"],
                points=form.points,
                shipping_points=form.charge_points,
            )
        except (IllegalRemedy, RemedyNotPossible) as error:
            form.add_error("kind", error.message)
        except OrderError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Decided. Both sides are told."))
            return redirect("dispute_staff:dispute", number)
    context = {
        "form": form,
        "dispute": one,
        "cancel_url": reverse("dispute_staff:dispute", args=[number]),
    }
    return render(request, "staff/disputes/decide.html", context, status=422 if is_post else 200)


@never_cache
@require_safe
@may_look
def photo(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    return photo_response(_found(number).photos.all(), pk)


def _found(number: str) -> Dispute:
    return get_object_or_404(disputes_with_all(), number=number)


def _decision_form(one: Dispute, data: Any = None) -> RemedyForm:
    part = one.vendor_order
    kinds = {RemedyKind.REFUND, RemedyKind.PARTIAL, RemedyKind.NOTHING}
    if may_go_back(part, one):
        kinds.add(RemedyKind.RETURN)
    return RemedyForm(data, dispute=one, kinds=kinds, left=points_left(part), charge_left=charge_left(part))


def _done(request: HttpRequest, one: Dispute, work: Callable[[], object], words: str) -> HttpResponse:
    act_and_tell(request, work, words)
    return redirect("dispute_staff:dispute", one.number)


def _page(
    request: HttpRequest,
    one: Dispute,
    *,
    message_form: TalkForm | None = None,
    ask_form: AskForm | None = None,
    status: int = 200,
) -> HttpResponse:
    part = vendor_orders(vendor=one.vendor_order.vendor).get(pk=one.vendor_order_id)
    pieces = pieces_of(part)
    judges = request.user.has_perm(PlatformPermission.VENDORS_REVIEW.full_name)
    may_ask = judges and one.state == DisputeState.DECIDING
    context = {
        "page": page_of(one, photo_url=lambda pk: reverse("dispute_staff:photo", args=[one.number, pk])),
        "part": part,
        "lines": [
            {"line": line, "pieces": pieces[line.pk], "reductions": line.reductions.all()}
            for line in part.lines.all()
        ],
        "may_decide": judges and one.state in WITH_STAFF,
        "ask_form": (ask_form or AskForm(auto_id="ask_%s")) if may_ask else None,
        "message_form": (message_form or TalkForm()) if one.is_open else None,
    }
    return render(request, "staff/disputes/dispute.html", context, status=status)
