"""The buyer's returns: asking, sending, talking. Anybody else's answers 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forked_apps.order.errors import OrderError
from forked_apps.order.forms import MessageForm, ReturnForm, SendReturnForm
from forked_apps.order.return_models import (
    NEXT_OF_RETURN,
    Return,
    ReturnReason,
    ReturnState,
    Side,
)
from forked_apps.order.selectors import returns_with_all
from forked_apps.order.services.returns import (
    open_return,
    returnable_pieces,
    send_return,
    withdraw_return,
    write_return_message,
)
from forked_apps.order.view_parts import act_and_tell, own_part, photo_response, pictures_of

if TYPE_CHECKING:
    from marketplace.users.models import User


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_return(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    """Ask the vendor to take something back."""
    customer = cast("User", request.user)
    part = own_part(request, order_number, number)
    there = returnable_pieces(part)
    if not there:
        messages.error(request, _("These pieces cannot be returned any more."))
        return redirect("customer:order", order_number=order_number)
    is_post = request.method == "POST"
    form = ReturnForm(
        request.POST if is_post else None,
        pictures_of(request) if is_post else None,
        vendor_order=part,
        there=there,
    )
    if form.is_valid():
        try:
            made = open_return(
                customer=customer,
                vendor_order=part,
                quantities=form.quantities,
                reason=ReturnReason(form.cleaned_data["reason"]),
                description=form.cleaned_data["description"],
                photos=form.pictures,
            )
        except OrderError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The seller is asked, and answers within three days."))
            return redirect("orders:return", order_number, made.number)
    context = {"form": form, "part": part}
    return render(request, "oscar/customer/order/return_new.html", context, status=422 if is_post else 200)


@never_cache
@login_required
@require_safe
def return_page(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    return _page(request, _own(request, order_number, number))


@login_required
@require_POST
def withdraw(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    act_and_tell(
        request,
        lambda: withdraw_return(customer=cast("User", request.user), asked=own),
        _("You keep it; the return is withdrawn."),
    )
    return redirect("orders:return", order_number, number)


@login_required
@require_POST
def sent(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    form = SendReturnForm(request.POST)
    if not form.is_valid():
        return _page(request, own, send_form=form, status=422)
    act_and_tell(
        request,
        lambda: send_return(customer=cast("User", request.user), asked=own, **form.cleaned_data),
        _("The seller knows that it is on its way back."),
    )
    return redirect("orders:return", order_number, number)


@login_required
@require_POST
def message(request: HttpRequest, order_number: str, number: str) -> HttpResponse:
    own = _own(request, order_number, number)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, own, message_form=form, status=422)
    write_return_message(
        asked=own, side=Side.BUYER, author=cast("User", request.user), text=form.cleaned_data["text"]
    )
    messages.success(request, _("Your message is sent."))
    return redirect("orders:return", order_number, number)


@never_cache
@login_required
@require_safe
def photo(request: HttpRequest, order_number: str, number: str, pk: int) -> HttpResponse:
    own = _own(request, order_number, number)
    return photo_response(own.photos.all(), pk)


def _own(request: HttpRequest, order_number: str, number: str) -> Return:
    mine = returns_with_all().filter(vendor_order__order__user=cast("User", request.user))
    return get_object_or_404(mine, vendor_order__order__number=order_number, number=number)


def _page(
    request: HttpRequest,
    own: Return,
    *,
    send_form: SendReturnForm | None = None,
    message_form: MessageForm | None = None,
    status: int = 200,
) -> HttpResponse:
    following = NEXT_OF_RETURN[ReturnState(own.state)]
    context = {
        "asked": own,
        "photos": [
            reverse("orders:return-photo", args=[own.vendor_order.order.number, own.number, photo.pk])
            for photo in own.photos.all()
        ],
        "order_number": own.vendor_order.order.number,
        "can_withdraw": ReturnState.WITHDRAWN in following,
        "send_form": (send_form or SendReturnForm()) if ReturnState.SENT in following else None,
        "message_form": message_form or MessageForm(),
    }
    return render(request, "oscar/customer/order/return.html", context, status=status)
