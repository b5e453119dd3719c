"""From the basket to an order: the address, a look at everything, one button.

All of it wants a signed-in customer (``CheckoutConfig`` wraps every view). The address chosen is kept in
the session by its id alone; what is ordered is the basket that the review page showed. Each step keeps what
is in the basket for its customer, for some minutes.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from oscar.apps.address.models import UserAddress

from forked_apps.basket.requests import basket_of
from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.checkout.forms import DeliveryAddressForm
from forked_apps.checkout.holds import CheckoutHold, hold_basket
from forked_apps.checkout.services import keep_address
from forked_apps.order.errors import BasketChanged, EmptyBasket, OrderError
from forked_apps.order.selectors import customer_order_details
from forked_apps.order.services.placement import place_order
from forked_apps.order.services.plan import draw_up
from forked_apps.partner.governorates import Governorate
from forked_apps.payment.errors import PaymentError, UnknownSource
from forked_apps.payment.sources import DEFAULT_SOURCE, source_for, source_of, ways_to_pay
from forked_apps.shipping.destination import remember_governorate
from points_payment.errors import IdempotencyConflict, PointsError

if TYPE_CHECKING:
    from marketplace.users.models import User

ADDRESS_KEY = "checkout_address_id"


@require_safe
def start_checkout(request: HttpRequest) -> HttpResponse:
    return redirect("checkout:preview" if _chosen_address(request) else "checkout:shipping-address")


@require_http_methods(["GET", "HEAD", "POST"])
def address_page(request: HttpRequest) -> HttpResponse:
    """Saved addresses to choose from, and a form for another."""
    if basket_of(request).is_empty:
        return _empty(request)
    customer = _customer(request)
    _keep(request)
    saved = list(_addresses(customer))
    if request.method == "POST":
        form = DeliveryAddressForm(request.POST)
        if form.is_valid():
            return _deliver_to(request, keep_address(customer=customer, address=form.address()))
    else:
        form = DeliveryAddressForm(
            initial={"full_name": customer.get_full_name(), "phone": customer.phone or ""}
            if not saved
            else None
        )
    chosen = _chosen_address(request)
    addresses = [(address, DeliveryAddress.from_columns(address)) for address in saved]
    return render(
        request,
        "oscar/checkout/address.html",
        {"form": form, "addresses": addresses, "chosen_id": chosen.pk if chosen else None},
        status=422 if form.is_bound else 200,
    )


@require_POST
def choose_address(request: HttpRequest, pk: int) -> HttpResponse:
    address = get_object_or_404(_addresses(_customer(request)), pk=pk)
    return _deliver_to(request, address)


@require_safe
def review_page(request: HttpRequest) -> HttpResponse:
    """Everything before it counts: parts, charges, days, the sum and how it can be paid."""
    if basket_of(request).is_empty:
        return _empty(request)
    chosen = _chosen_address(request)
    if chosen is None:
        return redirect("checkout:shipping-address")
    customer = _customer(request)
    hold = _keep(request)
    plan = draw_up(
        basket=basket_of(request),
        customer=customer,
        governorate=chosen.state,
        with_images=True,
        with_other_offers=True,
    )
    return render(
        request,
        "oscar/checkout/review.html",
        {
            "plan": plan,
            "hold": hold,
            "address": DeliveryAddress.from_columns(chosen),
            "ways": (ways := ways_to_pay(customer=customer, total_points=plan.total_points)),
            "ways_open": [way for way in ways if way.can_pay],
            "idempotency_key": secrets.token_urlsafe(24),
            "redeem_idempotency_key": secrets.token_urlsafe(24),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest) -> HttpResponse:
    """Place what the review page showed. Pressed twice, or in two tabs, it gives the same order."""
    if request.method != "POST":
        # Someone had to sign in again on the way here.
        return redirect("checkout:preview")
    chosen = _chosen_address(request)
    if chosen is None:
        return redirect("checkout:shipping-address")
    basket_id, total = _number(request, "basket"), _number(request, "total")
    if basket_id is None or total is None:
        return redirect("checkout:preview")
    source = request.POST.get("source", DEFAULT_SOURCE)
    try:
        order = place_order(
            customer=_customer(request),
            basket_id=basket_id,
            address=DeliveryAddress.from_columns(chosen),
            idempotency_key=request.POST.get("idempotency_key", ""),
            expected_total_points=total,
            source=source,
        )
    except (OrderError, PaymentError, PointsError) as error:
        return _explain(request, error, source=source)
    return redirect("checkout:thank-you", number=order.number)


@require_safe
def thank_you_page(request: HttpRequest, number: str) -> HttpResponse:
    order = get_object_or_404(customer_order_details(customer=_customer(request)), number=number)
    return render(
        request, "oscar/checkout/thank_you.html", {"order": order, "paid": source_of(order).words()}
    )


# Parts ------------------------------------------------------------------------------------
def _customer(request: HttpRequest) -> User:
    return cast("User", request.user)


def _keep(request: HttpRequest) -> CheckoutHold | None:
    """A step in the checkout: what is in the basket is kept for the customer, or kept longer."""
    if request.method == "HEAD":
        # Nobody looks at anything.
        return None
    return hold_basket(basket=basket_of(request), customer=_customer(request))


def _deliver_to(request: HttpRequest, address: UserAddress) -> HttpResponse:
    """Products' pages compare offers for this governorate from now on."""
    request.session[ADDRESS_KEY] = address.pk
    response = redirect("checkout:preview")
    remember_governorate(response, address.state)
    return response


def _addresses(customer: User):  # type: ignore[no-untyped-def] # a queryset of Oscar's untyped model
    """Those of the address book that a courier can be sent to."""
    return UserAddress.objects.filter(user=customer, country_id="IQ", state__in=Governorate.values)


def _chosen_address(request: HttpRequest) -> UserAddress | None:
    """The one chosen in this session, or else the customer's default."""
    addresses = _addresses(_customer(request))
    if pk := request.session.get(ADDRESS_KEY):
        return addresses.filter(pk=pk).first()
    return addresses.filter(is_default_for_shipping=True).first()


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _empty(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Your basket is empty."))
    return redirect("basket:summary")


def _explain(
    request: HttpRequest, error: OrderError | PaymentError | PointsError, *, source: str
) -> HttpResponse:
    """Say why nothing was placed, line by line where lines changed; the basket is kept."""
    if isinstance(error, EmptyBasket):
        return _empty(request)
    if isinstance(error, BasketChanged):
        messages.warning(request, error.message)
        for change in error.changes:
            messages.warning(request, change.message)
    elif isinstance(error, IdempotencyConflict):
        messages.error(request, _("This page was out of date. Please look at your order once more."))
    elif isinstance(error, OrderError | UnknownSource):
        messages.error(request, error.message)
    elif (words := source_for(source).explain(error)) is not None:
        messages.error(request, words)
    elif isinstance(error, PaymentError):
        messages.error(request, error.message)
    else:
        messages.error(request, _("The points could not be moved. Nothing was ordered; please try again."))
    return redirect("checkout:preview")
