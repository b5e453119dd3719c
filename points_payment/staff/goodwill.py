"""Goodwill: find the customer by phone, check what was typed, give the points once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import IdempotencyConflict, OwnWallet
from points_payment.forms import new_key
from points_payment.selectors import latest_goodwill
from points_payment.services.expiry import last_day_of
from points_payment.services.goodwill import give_goodwill
from points_payment.staff.asking import actor_of
from points_payment.staff.customers import find_customer
from points_payment.staff.forms import FindCustomerForm
from points_payment.staff.goodwill_forms import GoodwillForm
from points_payment.text import points_text

may_give = platform_permission_required(PlatformPermission.GOODWILL_GIVE)


@require_safe
@never_cache
@may_give
def desk(request: HttpRequest) -> HttpResponse:
    """Find a customer; then ask how much, until when, and why."""
    find_form = FindCustomerForm(request.GET if "phone" in request.GET else None)
    customer = None
    if find_form.is_valid():
        customer = find_customer(find_form, actor=actor_of(request), own_wallet=_own_wallet())
    form = GoodwillForm(initial={"customer": customer.pk, "idempotency_key": new_key()}) if customer else None
    return _desk_page(request, find_form=find_form, customer=customer, form=form)


@require_POST
@never_cache
@may_give
def check(request: HttpRequest) -> HttpResponse:
    """Show everything once more before points are given."""
    form = GoodwillForm(request.POST)
    if not form.is_valid():
        return _with_errors(request, form)
    customer = get_object_or_404(User, pk=form.cleaned_data["customer"], is_active=True)
    context = {
        "form": form.hide(),
        "customer": customer,
        "facts": form.cleaned_data,
        "back": f"{reverse('points_staff:goodwill')}?{urlencode({'phone': customer.phone or ''})}",
    }
    return render(request, "staff/points/goodwill_check.html", context)


@require_POST
@never_cache
@may_give
def give(request: HttpRequest) -> HttpResponse:
    form = GoodwillForm(request.POST)
    if not form.is_valid():
        return _with_errors(request, form)
    facts, actor = form.cleaned_data, actor_of(request)
    customer = get_object_or_404(User, pk=facts["customer"], is_active=True)
    try:
        give_goodwill(
            customer=customer,
            amount_points=facts["amount_points"],
            last_day=facts["last_day"],
            reason=facts["reason"],
            actor=actor,
            idempotency_key=f"goodwill:{actor.pk}:{facts['idempotency_key']}",
        )
    except OwnWallet:
        messages.error(request, _own_wallet())
    except IdempotencyConflict:
        messages.error(request, _("This page was used already. Start again."))
    else:
        messages.success(
            request,
            _("%(points)s were added to the wallet of %(name)s.")
            % {
                "points": points_text(facts["amount_points"]),
                "name": f"\N{FIRST STRONG ISOLATE}{customer.display_name}\N{POP DIRECTIONAL ISOLATE}",
            },
        )
    return redirect("points_staff:goodwill")


def _own_wallet() -> str:
    return _("Nobody adds points to their own wallet.")


def _with_errors(request: HttpRequest, form: GoodwillForm) -> HttpResponse:
    customer = User.objects.filter(pk=form.cleaned_data.get("customer", 0), is_active=True).first()
    if customer is None:
        return redirect("points_staff:goodwill")
    find_form = FindCustomerForm(initial={"phone": customer.phone})
    return _desk_page(request, find_form=find_form, customer=customer, form=form, status=422)


def _desk_page(
    request: HttpRequest,
    *,
    find_form: FindCustomerForm,
    customer: User | None,
    form: GoodwillForm | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "find_form": find_form,
        "customer": customer,
        "form": form,
        "recent": [
            (lot, last_day_of(lot.expires_at) if lot.expires_at else None)
            for lot in latest_goodwill(actor_id=actor_of(request).pk)
        ],
    }
    return render(request, "staff/points/goodwill.html", context, status=422 if find_form.errors else status)
