"""The customer asks for points that they pay for in cash or by transfer, and sees what becomes of it."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.numbers import WholeNumberField
from points_payment.desk_selectors import OPEN_REQUESTS, requests_of
from points_payment.errors import RequestOpen, WrongRequestState
from points_payment.kinds import PaymentMethod
from points_payment.services.topup_requests import (
    MAX_DAYS_AHEAD,
    MIN_REQUEST_POINTS,
    request_top_up,
    withdraw_request,
)
from points_payment.services.topups import MAX_TOP_UP_POINTS

SHOWN = 25


class RequestForm(forms.Form):
    amount_points = WholeNumberField(
        label=gettext_lazy("How many points?"),
        least=MIN_REQUEST_POINTS,
        most=MAX_TOP_UP_POINTS,
        help_text=gettext_lazy("1 point is 1 dinar."),
    )
    method = forms.ChoiceField(
        label=gettext_lazy("How will you pay?"), choices=PaymentMethod.choices, widget=forms.RadioSelect
    )
    pay_on = forms.DateField(
        label=gettext_lazy("On which day?"),
        input_formats=["%Y-%m-%d"],
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For instance: which shop, or when you can be called."),
    )

    def clean_pay_on(self) -> date:
        day: date = self.cleaned_data["pay_on"]
        today = timezone.localdate()
        if not today <= day <= today + timedelta(days=MAX_DAYS_AHEAD):
            raise forms.ValidationError(_("Choose a day of the next 30 days."))
        return day


@require_safe
@never_cache
@login_required
def requests(request: HttpRequest) -> HttpResponse:
    """The customer's requests, the newest first."""
    assert isinstance(request.user, User)
    mine = list(requests_of(customer_id=request.user.pk)[:SHOWN])
    context = {"requests": mine, "has_open": any(one.is_open for one in mine)}
    return render(request, "points_payment/top_up_requests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """One open request at a time; who has one sees it instead."""
    assert isinstance(request.user, User)
    if requests_of(customer_id=request.user.pk).filter(state__in=OPEN_REQUESTS).exists():
        return redirect("wallet:top-ups")
    form = RequestForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        facts = form.cleaned_data
        try:
            request_top_up(
                customer=request.user,
                amount_points=facts["amount_points"],
                method=PaymentMethod(facts["method"]),
                pay_on=facts["pay_on"],
                note=facts["note"],
            )
        except RequestOpen:
            # Sent twice: the first one is there.
            pass
        else:
            messages.success(request, _("We have your request. You see here what becomes of it."))
        return redirect("wallet:top-ups")
    status = 422 if form.errors else 200
    return render(request, "points_payment/top_up_ask.html", {"form": form}, status=status)


@require_POST
@never_cache
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    mine = get_object_or_404(requests_of(customer_id=request.user.pk), pk=pk)
    try:
        withdraw_request(request=mine)
    except WrongRequestState:
        messages.error(request, _("The request has changed meanwhile; this is not possible any more."))
    else:
        messages.success(request, _("Your request was withdrawn."))
    return redirect("wallet:top-ups")
