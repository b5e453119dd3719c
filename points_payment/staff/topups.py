"""The top-up desk: find the customer by phone, check what was typed, add the points once."""

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
from marketplace.users.phones import InvalidPhone
from points_payment.errors import IdempotencyConflict, OwnWallet
from points_payment.forms import new_key
from points_payment.models import TopUp
from points_payment.services.topups import top_up
from points_payment.staff.forms import FindCustomerForm, TopUpForm
from points_payment.text import points_text

OWN_RECENT = 10
may_top_up = platform_permission_required(PlatformPermission.POINTS_TOP_UP)


@require_safe
@never_cache
@may_top_up
def desk(request: HttpRequest) -> HttpResponse:
    """Find a customer; then ask how much, why, and for which receipt."""
    assert isinstance(request.user, User)
    find_form = FindCustomerForm(request.GET if "phone" in request.GET else None)
    customer = _find(find_form, operator_id=request.user.pk) if find_form.is_valid() else None
    form = TopUpForm(initial={"customer": customer.pk, "idempotency_key": new_key()}) if customer else None
    return _desk_page(request, find_form=find_form, customer=customer, form=form)


@require_POST
@never_cache
@may_top_up
def check(request: HttpRequest) -> HttpResponse:
    """Show everything once more before points are added."""
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return _with_errors(request, form)
    customer = get_object_or_404(User, pk=form.cleaned_data["customer"], is_active=True)
    context = {
        "form": form.hide(),
        "customer": customer,
        "facts": form.cleaned_data,
        "back": _desk_url(customer),
    }
    return render(request, "staff/points/top_up_check.html", context)


@require_POST
@never_cache
@may_top_up
def add(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = TopUpForm(request.POST)
    if not form.is_valid():
        return _with_errors(request, form)
    facts = form.cleaned_data
    customer = get_object_or_404(User, pk=facts["customer"], is_active=True)
    try:
        top_up(
            operator=request.user,
            customer=customer,
            amount_points=facts["amount_points"],
            reason=facts["reason"],
            reference=facts["reference"],
            idempotency_key=f"top-up:{request.user.pk}:{facts['idempotency_key']}",
        )
    except OwnWallet:
        messages.error(request, _("Nobody adds points to their own wallet."))
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
    return redirect("points_staff:top-up")


def _find(form: FindCustomerForm, *, operator_id: int) -> User | None:
    try:
        customer = User.objects.get_by_phone(form.cleaned_data["phone"])
    except InvalidPhone:
        form.add_error("phone", _("This is no phone number."))
    except User.DoesNotExist:
        form.add_error("phone", _("No customer has this phone number."))
    else:
        if not customer.is_active:
            form.add_error("phone", _("This account is closed."))
        elif customer.pk == operator_id:
            form.add_error("phone", _("Nobody adds points to their own wallet."))
        else:
            return customer
    return None


def _desk_url(customer: User) -> str:
    return f"{reverse('points_staff:top-up')}?{urlencode({'phone': customer.phone or ''})}"


def _with_errors(request: HttpRequest, form: TopUpForm) -> HttpResponse:
    customer = User.objects.filter(pk=form.cleaned_data.get("customer", 0), is_active=True).first()
    if customer is None:
        return redirect("points_staff:top-up")
    find_form = FindCustomerForm(initial={"phone": customer.phone})
    return _desk_page(request, find_form=find_form, customer=customer, form=form, status=422)


def _desk_page(
    request: HttpRequest,
    *,
    find_form: FindCustomerForm,
    customer: User | None,
    form: TopUpForm | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "find_form": find_form,
        "customer": customer,
        "form": form,
        "recent": TopUp.objects.filter(operator_id=request.user.pk).select_related("customer")[:OWN_RECENT],
    }
    return render(request, "staff/points/top_up.html", context, status=422 if find_form.errors else status)
