"""The basket page and its actions: each a POST with an address of its own, and a redirect after."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from forked_apps.basket import discount_codes, services
from forked_apps.basket.discount_codes import codes_in
from forked_apps.basket.errors import BasketError, OfferNotAvailable
from forked_apps.basket.forms import DiscountCodeForm, OfferForm, QuantityForm, SwapForm
from forked_apps.basket.models import Basket
from forked_apps.basket.requests import basket_of
from forked_apps.basket.selectors import summarise
from forked_apps.catalogue.models import Product
from forked_apps.order.services.plan import plan_of
from forked_apps.shipping.destination import governorate_of


@require_safe
def basket_page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
def use_code(request: HttpRequest) -> HttpResponse:
    """The customer enters a discount code."""
    form = DiscountCodeForm(request.POST)
    if form.is_valid():
        try:
            voucher = discount_codes.use_discount_code(
                basket=_existing(request),
                code=form.cleaned_data["discount_code"],
                user=request.user if request.user.is_authenticated else None,
            )
        except BasketError as error:
            form.add_error("discount_code", error.message)
        else:
            messages.success(request, _("The code %(code)s is in your basket.") % {"code": voucher.code})
            return redirect("basket:summary")
    return _page(request, code_form=form)


@require_POST
def drop_code(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        voucher = discount_codes.drop_discount_code(basket=_existing(request), voucher_id=pk)
    except BasketError as error:
        messages.error(request, error.message)
    else:
        messages.info(
            request, _("The code %(code)s is not in your basket any more.") % {"code": voucher.code}
        )
    return redirect("basket:summary")


def _page(request: HttpRequest, *, code_form: DiscountCodeForm | None = None) -> HttpResponse:
    user = request.user if request.user.is_authenticated else None
    governorate = governorate_of(request)
    summary = summarise(basket=basket_of(request), user=user, with_images=True, other_offers_in=governorate)
    plan = plan_of(summary, governorate=governorate) if not summary.is_empty else None
    return render(
        request,
        "oscar/basket/basket.html",
        {
            "summary": summary,
            "plan": plan,
            "codes": codes_in(summary.basket),
            "code_form": code_form or DiscountCodeForm(),
        },
        status=422 if code_form else 200,
    )


@require_POST
def add_to_basket(request: HttpRequest, pk: int) -> HttpResponse:
    product = get_object_or_404(Product.objects.browsable(), pk=pk)
    back = _next_page(request)
    form = OfferForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter a whole number of pieces, 1 or more."))
        return redirect(back)
    try:
        line, _created = services.add_offer(
            basket=basket_of(request),
            product=product,
            offer_id=form.cleaned_data["offer"],
            quantity=form.cleaned_data["quantity"],
        )
    except BasketError as error:
        messages.error(request, error.message)
        return redirect(back)
    messages.success(
        request,
        ngettext(
            "“%(title)s” is in your basket (%(quantity)d piece).",
            "“%(title)s” is in your basket (%(quantity)d pieces).",
            line.quantity,
        )
        % {"title": product.get_title(), "quantity": line.quantity},
    )
    return redirect(back)


@require_POST
def change_line_quantity(request: HttpRequest, line_id: int) -> HttpResponse:
    form = QuantityForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter a whole number of pieces, 1 or more."))
        return redirect("basket:summary")
    try:
        services.change_quantity(
            basket=_existing(request), line_id=line_id, quantity=form.cleaned_data["quantity"]
        )
    except BasketError as error:
        messages.error(request, error.message)
    return redirect("basket:summary")


@require_POST
def remove_basket_line(request: HttpRequest, line_id: int) -> HttpResponse:
    try:
        line = services.remove_line(basket=_existing(request), line_id=line_id)
    except BasketError as error:
        messages.error(request, error.message)
    else:
        messages.info(
            request, _("“%(title)s” was removed from your basket.") % {"title": line.product.get_title()}
        )
    return redirect(_next_page(request))


@require_POST
def accept_basket_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """The customer agrees to what has changed of one line."""
    try:
        services.accept_line(basket=_existing(request), line_id=line_id)
    except BasketError as error:
        messages.error(request, error.message)
    return redirect(_next_page(request))


@require_POST
def swap_basket_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """The customer has a line's pieces from another vendor."""
    form = SwapForm(request.POST)
    if not form.is_valid():
        messages.error(request, OfferNotAvailable().message)
        return redirect(_next_page(request))
    try:
        line = services.swap_offer(
            basket=_existing(request), line_id=line_id, offer_id=form.cleaned_data["offer"]
        )
    except BasketError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("“%(title)s” comes from %(vendor)s now.")
            % {"title": line.product.get_title(), "vendor": line.stockrecord.partner.name},
        )
    return redirect(_next_page(request))


@require_POST
def accept_basket_changes(request: HttpRequest) -> HttpResponse:
    try:
        services.accept_changes(basket=_existing(request))
    except BasketError as error:
        messages.error(request, error.message)
    return redirect(_next_page(request))


# Parts ------------------------------------------------------------------------------------
def _existing(request: HttpRequest) -> Basket:
    basket = basket_of(request)
    if basket.pk is None:
        raise Http404
    return basket


def _next_page(request: HttpRequest) -> str:
    """Where the form says to go on, if that is one of our own pages."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("basket:summary")
