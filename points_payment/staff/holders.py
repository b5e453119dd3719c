"""Distributors and shops: lists, who they are, what they have, what they owe and paid."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from marketplace.users.phones import ascii_digits
from points_payment.errors import HolderExists, IdempotencyConflict, Overpaid
from points_payment.forms import new_key
from points_payment.models import Distributor, Shop
from points_payment.services.holders import add_holder, change_holder
from points_payment.services.ranges import owed_by, record_shop_payment
from points_payment.staff.forms import ReasonForm
from points_payment.staff.supply_forms import DistributorForm, HolderFilterForm, PaymentForm, ShopForm
from points_payment.supply_selectors import consignments_with_people, owed_by_shops, payments_of
from points_payment.text import points_text

PER_PAGE = 25
#: What a holder's page shows of its consignments and payments; the list of consignments has the rest.
RECENT = 25

may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)
may_distribute = platform_permission_required(PlatformPermission.CARDS_DISTRIBUTE)


def _may_distribute(request: HttpRequest) -> bool:
    return request.user.has_perm(PlatformPermission.CARDS_DISTRIBUTE.full_name)


def _wanted(request: HttpRequest) -> tuple[HolderFilterForm, Q]:
    form = HolderFilterForm(request.GET)
    if not form.is_valid():
        return form, Q()
    wanted = Q()
    if words := form.cleaned_data["q"].strip():
        digits = ascii_digits(words).replace(" ", "").lstrip("0")
        wanted &= Q(name__icontains=words) | (Q(phone__endswith=digits) if digits.isdigit() else Q())
    if governorate := form.cleaned_data["governorate"]:
        wanted &= Q(governorate=governorate)
    return form, wanted


# Shops ------------------------------------------------------------------------------------------


@require_safe
@never_cache
@may_view
def shops(request: HttpRequest) -> HttpResponse:
    form, wanted = _wanted(request)
    found = Shop.objects.filter(wanted).select_related("distributor")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    owed = owed_by_shops([shop.pk for shop in page])
    context = {
        "form": form,
        "page_obj": page,
        "rows": [(shop, owed.get(shop.pk, 0)) for shop in page],
        "may_distribute": _may_distribute(request),
    }
    return render(request, "staff/supply/shops.html", context)


@require_safe
@never_cache
@may_view
def shop(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Shop.objects.select_related("distributor"), pk=pk)
    context = {
        "seller": one,
        "owed_points": owed_by(one.pk),
        "consignments": consignments_with_people().filter(shop=one)[:RECENT],
        "payments": payments_of(one.pk)[:RECENT],
        "changes": one.changes.select_related("actor").order_by("-id")[:RECENT],
        "may_distribute": _may_distribute(request),
    }
    return render(request, "staff/supply/shop.html", context)


# Distributors -----------------------------------------------------------------------------------


@require_safe
@never_cache
@may_view
def distributors(request: HttpRequest) -> HttpResponse:
    form, wanted = _wanted(request)
    page = Paginator(Distributor.objects.filter(wanted), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page_obj": page, "may_distribute": _may_distribute(request)}
    return render(request, "staff/supply/distributors.html", context)


@require_safe
@never_cache
@may_view
def distributor(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Distributor, pk=pk)
    its_shops = list(one.shops.all())
    owed = owed_by_shops([shop.pk for shop in its_shops])
    context = {
        "distributor": one,
        "shops": [(shop, owed.get(shop.pk, 0)) for shop in its_shops],
        "consignments": consignments_with_people().filter(distributor=one)[:RECENT],
        "changes": one.changes.select_related("actor").order_by("-id")[:RECENT],
        "may_distribute": _may_distribute(request),
    }
    return render(request, "staff/supply/distributor.html", context)


# New ones, and changes ----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@may_distribute
def new_shop(request: HttpRequest) -> HttpResponse:
    return _new(request, ShopForm(request.POST or None), "points_staff:shop", "points_staff:shops")


@require_http_methods(["GET", "HEAD", "POST"])
@may_distribute
def new_distributor(request: HttpRequest) -> HttpResponse:
    form = DistributorForm(request.POST or None)
    return _new(request, form, "points_staff:distributor", "points_staff:distributors")


@require_http_methods(["GET", "HEAD", "POST"])
@may_distribute
def edit_shop(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Shop, pk=pk)
    return _edit(request, one, ShopForm(request.POST or None, instance=one), "points_staff:shop")


@require_http_methods(["GET", "HEAD", "POST"])
@may_distribute
def edit_distributor(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Distributor, pk=pk)
    form = DistributorForm(request.POST or None, instance=one)
    return _edit(request, one, form, "points_staff:distributor")


def _new(request: HttpRequest, form: ShopForm | DistributorForm, page: str, back: str) -> HttpResponse:
    if form.is_valid():
        assert isinstance(request.user, User)
        try:
            made = add_holder(holder=form.save(commit=False), actor=request.user)
        except HolderExists:
            form.add_error("name", _("This name is taken."))
        else:
            messages.success(request, _("Saved."))
            return redirect(page, made.pk)
    return _form_page(request, form, reverse(back))


def _edit(
    request: HttpRequest, one: Distributor | Shop, form: ShopForm | DistributorForm, page: str
) -> HttpResponse:
    if form.is_valid():
        assert isinstance(request.user, User)
        reason = form.cleaned_data["reason"]
        try:
            change_holder(holder=one, values=form.values, actor=request.user, reason=reason)
        except HolderExists:
            form.add_error("name", _("This name is taken."))
        else:
            messages.success(request, _("Saved."))
            return redirect(page, one.pk)
    return _form_page(request, form, reverse(page, args=[one.pk]))


def _form_page(request: HttpRequest, form: ShopForm | DistributorForm, back: str) -> HttpResponse:
    is_shop, is_new = isinstance(form, ShopForm), form.instance.pk is None
    if is_new:
        title = _("New shop") if is_shop else _("New distributor")
    else:
        title = _("Change the shop") if is_shop else _("Change the distributor")
    context = {"form": form, "title": title, "back": back}
    return render(request, "staff/supply/holder_form.html", context, status=422 if form.errors else 200)


# No new cards, or new cards again -----------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@may_distribute
def switch_shop(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, get_object_or_404(Shop, pk=pk), "points_staff:shop")


@require_http_methods(["GET", "HEAD", "POST"])
@may_distribute
def switch_distributor(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, get_object_or_404(Distributor, pk=pk), "points_staff:distributor")


def _switch(request: HttpRequest, one: Distributor | Shop, page: str) -> HttpResponse:
    """Stop sending cards to a holder, or start again; what it has and owes stays."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        assert isinstance(request.user, User)
        change_holder(
            holder=one, values={"is_active": not one.is_active}, actor=request.user,
            reason=form.cleaned_data["reason"],
        )  # fmt: skip
        messages.success(request, _("Saved."))
        return redirect(page, one.pk)
    stops = one.is_active
    context: dict[str, Any] = {
        "form": form,
        "title": _("Send no new cards there?") if stops else _("Send new cards there again?"),
        "about": one.name,
        "text": _("What was sent there before stays there, and what is owed stays owed."),
        "submit": _("Send no new cards") if stops else _("Send new cards again"),
        "danger": stops,
        "cancel_url": reverse(page, args=[one.pk]),
    }
    return render(request, "staff/confirm.html", context, status=422 if form.errors else 200)


# Payments -----------------------------------------------------------------------------------------


@require_safe
@never_cache
@may_distribute
def pay(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Shop, pk=pk)
    return _pay_page(request, one, PaymentForm(initial={"idempotency_key": new_key()}))


@require_POST
@never_cache
@may_distribute
def check_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything once more before the payment is written down."""
    one = get_object_or_404(Shop, pk=pk)
    form = PaymentForm(request.POST)
    owed = owed_by(one.pk)
    if form.is_valid() and form.cleaned_data["amount_points"] > owed:
        _say_overpaid(form, owed)
    if form.errors:
        return _pay_page(request, one, form)
    left = owed - form.cleaned_data["amount_points"]
    context = {"seller": one, "form": form.hide(), "facts": form.cleaned_data, "left_points": left}
    return render(request, "staff/supply/pay_check.html", context)


@require_POST
@never_cache
@may_distribute
def add_payment(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    one = get_object_or_404(Shop, pk=pk)
    form = PaymentForm(request.POST)
    if not form.is_valid():
        return _pay_page(request, one, form)
    try:
        record_shop_payment(shop=one, actor=request.user, **form.cleaned_data)
    except Overpaid as error:
        _say_overpaid(form, error.owed_points)
        return _pay_page(request, one, form)
    except IdempotencyConflict:
        messages.error(request, _("This page was used already. Start again."))
    else:
        paid = points_text(form.cleaned_data["amount_points"])
        messages.success(request, _("The payment of %(points)s is written down.") % {"points": paid})
    return redirect("points_staff:shop", one.pk)


def _say_overpaid(form: PaymentForm, owed_points: int) -> None:
    owed = points_text(max(owed_points, 0))
    form.add_error("amount_points", _("The shop owes %(points)s; it cannot pay more.") % {"points": owed})


def _pay_page(request: HttpRequest, one: Shop, form: PaymentForm) -> HttpResponse:
    context = {"seller": one, "form": form, "owed_points": owed_by(one.pk)}
    return render(request, "staff/supply/pay.html", context, status=422 if form.errors else 200)
