"""The queue of customers who ask for points: take one, fulfil it at the desk, or decline it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from points_payment.desk_selectors import open_requests
from points_payment.errors import PointsError
from points_payment.models import TopUpRequest
from points_payment.services.topup_requests import decline_request, put_request_back, take_request
from points_payment.staff.asking import actor_of, ask_and_act
from points_payment.staff.desk_access import explain, is_supervisor, may_top_up
from points_payment.staff.forms import ReasonForm
from points_payment.text import points_text


@require_safe
@never_cache
@may_top_up
def queue(request: HttpRequest) -> HttpResponse:
    """Everybody's open requests, the oldest first; one's own among them lead on to the desk."""
    context = {"requests": open_requests(), "is_supervisor": is_supervisor(request)}
    return render(request, "staff/points/top_up_requests.html", context)


@require_POST
@never_cache
@may_top_up
def take(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    operator = request.user
    if _tried(request, lambda: take_request(request=_one(pk), operator=operator)):
        return redirect(f"{reverse('points_staff:top-up')}?{urlencode({'request': pk})}")
    return redirect("points_staff:requests")


@require_POST
@never_cache
@may_top_up
def put_back(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    actor, may_supervise = request.user, is_supervisor(request)
    _tried(request, lambda: put_request_back(request=_one(pk), actor=actor, may_supervise=may_supervise))
    return redirect("points_staff:requests")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_top_up
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no, with a reason that the customer reads."""
    operator, wanted = actor_of(request), _one(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return ask_and_act(
        request, form,
        lambda: decline_request(request=wanted, operator=operator, reason=form.cleaned_data["reason"]),
        title=_("Decline this request?"),
        about=f"{wanted.customer.display_name} · {points_text(wanted.amount_points)}",
        text=_("The customer is told the reason that you write here."), submit=_("Decline"), danger=True,
        done=_("The request was declined, and the customer is told why."), explain=explain,
        then=reverse("points_staff:requests"),
    )  # fmt: skip


def _one(pk: int) -> TopUpRequest:
    return get_object_or_404(TopUpRequest.objects.select_related("customer"), pk=pk)


def _tried(request: HttpRequest, act: Callable[[], object]) -> bool:
    try:
        act()
    except PointsError as error:
        messages.error(request, explain(error))
        return False
    return True
