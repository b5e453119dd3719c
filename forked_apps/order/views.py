"""The customer's own orders; anybody else's answers 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.order.errors import IllegalStep
from forked_apps.order.models import VendorOrder
from forked_apps.order.selectors import customer_order_details, customer_orders, order_status
from forked_apps.order.services.cancellation import cancel_by_customer
from forked_apps.order.timeline import parts_of
from forked_apps.payment.sources import source_of

if TYPE_CHECKING:
    from marketplace.users.models import User

ORDERS_PER_PAGE = 10


@login_required
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    orders = customer_orders(customer=cast("User", request.user))
    page = Paginator(orders, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(order, order_status(order.vendor_orders.all())) for order in page.object_list]
    return render(request, "oscar/customer/order/order_list.html", {"page_obj": page, "rows": rows})


@login_required
@require_safe
def order_page(request: HttpRequest, order_number: str) -> HttpResponse:
    order = get_object_or_404(
        customer_order_details(customer=cast("User", request.user)), number=order_number
    )
    return render(
        request,
        "oscar/customer/order/order_detail.html",
        {
            "order": order,
            "status": order_status(order.vendor_orders.all()),
            "parts": parts_of(order),
            "address": DeliveryAddress.from_columns(order.shipping_address)
            if order.shipping_address
            else None,
            "payment": next(iter(order.sources.all()), None),
            "paid": source_of(order).words(),
        },
    )


@login_required
@require_POST
def cancel_part(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    customer = cast("User", request.user)
    part = get_object_or_404(VendorOrder, order__user=customer, order__number=order_number, number=number)
    try:
        cancel_by_customer(customer=customer, vendor_order=part)
    except IllegalStep:
        messages.error(
            request, _("The vendor has packed this order already, so it cannot be cancelled here any more.")
        )
    else:
        messages.success(
            request,
            source_of(part.order).words().cancelled % {"number": number},
        )
    return redirect("customer:order", order_number=order_number)
