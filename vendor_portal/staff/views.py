"""The marketplace's staff look at vendors and decide about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from forked_apps.partner.models import Partner, VendorStatus
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from vendor_portal.errors import VendorError
from vendor_portal.selectors import members_of
from vendor_portal.services.onboarding import approve_vendor, refuse_vendor, reinstate_vendor, suspend_vendor

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PER_PAGE = 25
may_review = platform_permission_required(PlatformPermission.VENDORS_REVIEW)


class VendorFilterForm(forms.Form):
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All vendors")), *VendorStatus.choices]
    )
    q = forms.CharField(
        label=_("Name or phone"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search"}),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """One button on a vendor's page."""

    name: str
    given: VendorStatus
    decide: Callable[..., Partner]
    label: _StrPromise
    question: _StrPromise
    consequence: _StrPromise
    done: _StrPromise
    needs_reason: bool
    danger: bool


DECISIONS = (
    Decision(
        "approve",
        VendorStatus.APPLIED,
        approve_vendor,
        _("Approve"),
        _("Approve this vendor?"),
        _("It can put products on sale at once, and is told by SMS."),
        _("The vendor is approved."),
        False,
        False,
    ),
    Decision(
        "refuse",
        VendorStatus.APPLIED,
        refuse_vendor,
        _("Refuse"),
        _("Refuse this vendor?"),
        _("The applicant reads the reason and may apply again."),
        _("The vendor is refused."),
        True,
        True,
    ),
    Decision(
        "suspend",
        VendorStatus.APPROVED,
        suspend_vendor,
        _("Suspend"),
        _("Suspend this vendor?"),
        _("Its offers disappear from the shop at once. In its portal only problems and returns stay open."),
        _("The vendor is suspended."),
        True,
        True,
    ),
    Decision(
        "reinstate",
        VendorStatus.SUSPENDED,
        reinstate_vendor,
        _("Reinstate"),
        _("Let this vendor sell again?"),
        _("Its offers are back in the shop at once."),
        _("The vendor sells again."),
        False,
        False,
    ),
)


@require_GET
@may_review
def vendors(request: HttpRequest) -> HttpResponse:
    form = VendorFilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    found = Partner.objects.annotate(offers_count=Count("stockrecords"))
    if status := chosen.get("status"):
        found = found.filter(status=status)
    if words := chosen.get("q", "").strip():
        found = found.filter(
            Q(name__icontains=words) | Q(code__icontains=words) | Q(phone__endswith=words.lstrip("0"))
        )
    page = Paginator(found.order_by("-applied_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "staff/vendors/vendors.html",
        {"form": form, "page_obj": page, "is_filtered": bool(chosen.get("status") or chosen.get("q"))},
    )


@require_GET
@may_review
def vendor(request: HttpRequest, code: str) -> HttpResponse:
    one = _vendor(code)
    context = {
        "vendor": one,
        "members": list(members_of(vendor=one)),
        "decisions": one.decisions.select_related("actor"),
        "buttons": [decision for decision in DECISIONS if decision.given == one.status],
        "offers_count": one.stockrecords.count(),
        "orders_count": one.vendor_orders.count(),
    }
    return render(request, "staff/vendors/vendor.html", context)


def _decision_page(decision: Decision) -> Callable[..., HttpResponse]:
    """Ask, with the reason, then decide."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @may_review
    def page(request: HttpRequest, code: str) -> HttpResponse:
        one = _vendor(code)
        form = _reason_form(decision, request)
        if form.is_valid():
            assert isinstance(request.user, User)
            try:
                decision.decide(vendor=one, actor=request.user, reason=form.cleaned_data["reason"])
            except VendorError as error:
                messages.error(request, error.message)
            else:
                messages.success(request, decision.done)
            return redirect("vendor_staff:vendor", one.code)
        context = {
            "form": form,
            "title": decision.question,
            "about": one.name,
            "text": decision.consequence,
            "submit": decision.label,
            "danger": decision.danger,
            "cancel_url": reverse("vendor_staff:vendor", args=[one.code]),
        }
        return render(request, "staff/confirm.html", context, status=422 if form.is_bound else 200)

    return page


approve, refuse, suspend, reinstate = (_decision_page(decision) for decision in DECISIONS)


def _reason_form(decision: Decision, request: HttpRequest) -> forms.Form:
    class ReasonForm(forms.Form):
        reason = forms.CharField(
            label=_("Reason"),
            max_length=500,
            required=decision.needs_reason,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=_("The vendor reads it.") if decision.needs_reason else _("Kept with the decision."),
        )

    return ReasonForm(request.POST if request.method == "POST" else None)


def _vendor(code: str) -> Partner:
    return get_object_or_404(Partner.objects.select_related("decided_by"), code=code)
