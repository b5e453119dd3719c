"""The top-up desk: find the customer, verify the caller, check what was typed, add the points once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from marketplace.users.phones import InvalidPhone
from points_payment.caller_questions import askable_questions
from points_payment.desk_selectors import top_up_rows
from points_payment.errors import OverLimit, PointsError
from points_payment.forms import new_key
from points_payment.kinds import RequestState
from points_payment.models import CallerVerification, TopUp, TopUpRequest
from points_payment.services.desk import add_points
from points_payment.services.operators import held_points, operator_limits
from points_payment.services.reversals import reverse_top_up, reversible_until, what_is_left
from points_payment.services.verification import (
    RIGHT_ANSWERS_NEEDED,
    check_answers,
    check_code,
    current_verification,
    request_code,
    verified_until,
    waiting_code,
)
from points_payment.staff.desk_access import any_permission_required, explain, may_top_up
from points_payment.staff.desk_forms import CallerAnswersForm, CallerCodeForm, CallerForm
from points_payment.staff.forms import FindCustomerForm, ReasonForm, TopUpForm
from points_payment.text import points_text

OWN_RECENT = 10
LARGEST_ID = 2**63 - 1


@require_safe
@never_cache
@may_top_up
def desk(request: HttpRequest) -> HttpResponse:
    """Find a customer by phone or by their request; then verify the caller; then ask how much and why."""
    assert isinstance(request.user, User)
    wanted = _own_request(request.user, request.GET.get("request", ""))
    find_form = FindCustomerForm(request.GET if "phone" in request.GET and wanted is None else None)
    if wanted is not None:
        customer: User | None = wanted.customer
    else:
        customer = _find(find_form, operator_id=request.user.pk) if find_form.is_valid() else None
    return _desk_page(request, find_form=find_form, customer=customer, wanted=wanted)


@require_POST
@never_cache
@may_top_up
def send_code(request: HttpRequest) -> HttpResponse:
    """Have a code sent to the phone of the customer who calls."""
    assert isinstance(request.user, User)
    caller, wanted = _caller(request, CallerForm(request.POST))
    try:
        request_code(operator=request.user, customer=caller)
    except PointsError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, _("A code is on its way to the customer's phone."))
    return redirect(_desk_url(caller, wanted))


@require_POST
@never_cache
@sensitive_post_parameters("code")
@may_top_up
def verify_by_code(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = CallerCodeForm(request.POST)
    caller, wanted = _caller(request, form)
    if form.is_valid():
        try:
            check_code(operator=request.user, customer=caller, code=form.cleaned_data["code"])
        except PointsError as error:
            form.add_error("code", explain(error))
        else:
            return redirect(_desk_url(caller, wanted))
    return _desk_page(request, customer=caller, wanted=wanted, code_form=form, status=422)


@require_POST
@never_cache
@sensitive_post_parameters()
@may_top_up
def verify_by_answers(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    caller, wanted = _caller(request, CallerForm(request.POST))
    questions = askable_questions(customer_id=caller.pk, operator_id=request.user.pk)
    form = CallerAnswersForm(request.POST, questions=questions)
    if form.is_valid():
        try:
            check_answers(operator=request.user, customer=caller, answers=form.answers(form.cleaned_data))
        except PointsError as error:
            form.add_error(None, explain(error))
        else:
            return redirect(_desk_url(caller, wanted))
    return _desk_page(request, customer=caller, wanted=wanted, answers_form=form, status=422)


@require_POST
@never_cache
@may_top_up
def check(request: HttpRequest) -> HttpResponse:
    """Show everything once more before points are added."""
    assert isinstance(request.user, User)
    form = TopUpForm(request.POST)
    caller, wanted = _caller(request, form)
    if not form.is_valid():
        return _desk_page(request, customer=caller, wanted=wanted, form=form, status=422)
    limit_points = operator_limits(operator_id=request.user.pk).movement_points
    context = {
        "form": form.hide(),
        "customer": caller,
        "facts": form.cleaned_data,
        "limit_points": limit_points,
        "needs_approval": form.cleaned_data["amount_points"] > limit_points,
        "back": _desk_url(caller, wanted),
    }
    return render(request, "staff/points/top_up_check.html", context)


@require_POST
@never_cache
@may_top_up
def add(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = TopUpForm(request.POST)
    caller, wanted = _caller(request, form)
    if not form.is_valid():
        return _desk_page(request, customer=caller, wanted=wanted, form=form, status=422)
    facts = form.cleaned_data
    try:
        added = add_points(
            operator=request.user,
            customer=caller,
            amount_points=facts["amount_points"],
            reason=facts["reason"],
            reference=facts["reference"],
            idempotency_key=facts["idempotency_key"],
            request=wanted,
        )
    except OverLimit as error:
        form.add_error("amount_points", explain(error))
        return _desk_page(request, customer=caller, wanted=wanted, form=form, status=422)
    except PointsError as error:
        messages.error(request, explain(error))
        return redirect(_desk_url(caller, wanted))
    if added.proposal_id is not None:
        messages.info(request, _("This is above your limit. The points move when somebody else approves it."))
    else:
        messages.success(request, _added_words(caller, facts["amount_points"]))
    return redirect("points_staff:top-up")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@any_permission_required(PlatformPermission.POINTS_TOP_UP, PlatformPermission.TOP_UPS_SUPERVISE)
def reverse_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a mistaken top-up back, as far as it is unspent."""
    assert isinstance(request.user, User)
    made = get_object_or_404(TopUp.objects.select_related("customer", "operator"), pk=pk)
    until = reversible_until(top_up=made, actor=request.user)
    if until is None:
        # Somebody else's top-up is a supervisor's alone.
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            done = reverse_top_up(top_up=made, actor=request.user, reason=form.cleaned_data["reason"])
        except PointsError as error:
            form.add_error(None, explain(error))
        else:
            messages.success(request, _taken_words(made, done.amount_points, done.spent_points))
            return redirect("points_staff:top-up")
    context = {
        "form": form, "made": made, "left": what_is_left(top_up=made), "until": until,
        "cancel_url": reverse("points_staff:top-up"),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "staff/points/top_up_reverse.html", context, status=status)


# Parts --------------------------------------------------------------------------------------


def _added_words(caller: User, points: int) -> str:
    return _("%(points)s were added to the wallet of %(name)s.") % {
        "points": points_text(points),
        "name": f"\N{FIRST STRONG ISOLATE}{caller.display_name}\N{POP DIRECTIONAL ISOLATE}",
    }


def _taken_words(made: TopUp, taken_points: int, spent_points: int) -> str:
    if not spent_points:
        return _("%(points)s were taken back.") % {"points": points_text(taken_points)}
    return _("%(points)s of %(all)s were taken back; the customer had spent %(spent)s.") % {
        "points": points_text(taken_points),
        "all": points_text(made.amount_points),
        "spent": points_text(spent_points),
    }


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


def _own_request(operator: User, text: str) -> TopUpRequest | None:
    """The open request that this operator looks after; nobody else's is found."""
    if not (text.isascii() and text.isdigit()) or int(text) > LARGEST_ID:
        return None
    return (
        TopUpRequest.objects.select_related("customer")
        .filter(pk=int(text), operator=operator, state=RequestState.TAKEN, customer__is_active=True)
        .first()
    )


def _caller(request: HttpRequest, form: forms.Form) -> tuple[User, TopUpRequest | None]:
    """The customer whom a form names, and their request; 404 if there is none."""
    assert isinstance(request.user, User)
    form.is_valid()
    customer = get_object_or_404(User, pk=form.cleaned_data.get("customer") or 0, is_active=True)
    wanted = _own_request(request.user, str(form.cleaned_data.get("request") or ""))
    if wanted is not None and wanted.customer_id != customer.pk:
        raise Http404
    return customer, wanted


def _desk_url(customer: User, wanted: TopUpRequest | None) -> str:
    query = {"request": wanted.pk} if wanted is not None else {"phone": customer.phone or ""}
    return f"{reverse('points_staff:top-up')}?{urlencode(query)}"


def _desk_page(
    request: HttpRequest,
    *,
    customer: User | None,
    wanted: TopUpRequest | None,
    find_form: FindCustomerForm | None = None,
    form: TopUpForm | None = None,
    code_form: CallerCodeForm | None = None,
    answers_form: CallerAnswersForm | None = None,
    status: int = 200,
) -> HttpResponse:
    assert isinstance(request.user, User)
    find_form = find_form or FindCustomerForm(initial={"phone": customer.phone if customer else ""})
    context: dict[str, Any] = {
        "find_form": find_form,
        "customer": customer,
        "wanted": wanted,
        "recent": top_up_rows(operator_id=request.user.pk, reader=request.user, rows=OWN_RECENT),
        "held_points": held_points(person_id=request.user.pk),
        "limits": operator_limits(operator_id=request.user.pk),
    }
    if customer is not None:
        verification = current_verification(operator_id=request.user.pk, customer_id=customer.pk)
        about = {"customer": customer.pk, "request": wanted.pk if wanted else None}
        if verification is not None:
            context |= _amount_part(verification, about, wanted, form)
        else:
            context |= _verify_part(request.user, customer, about, code_form, answers_form)
    return render(request, "staff/points/top_up.html", context, status=422 if find_form.errors else status)


def _amount_part(
    verification: CallerVerification,
    about: dict[str, Any],
    wanted: TopUpRequest | None,
    form: TopUpForm | None,
) -> dict[str, Any]:
    if form is None:
        initial: dict[str, Any] = {**about, "idempotency_key": new_key()}
        if wanted is not None:
            initial |= {"amount_points": wanted.amount_points, "reason": wanted.get_method_display()}
        form = TopUpForm(initial=initial)
    return {"form": form, "verification": verification, "verified_until": verified_until(verification)}


def _verify_part(
    operator: User,
    customer: User,
    about: dict[str, Any],
    code_form: CallerCodeForm | None,
    answers_form: CallerAnswersForm | None,
) -> dict[str, Any]:
    questions = askable_questions(customer_id=customer.pk, operator_id=operator.pk)
    if waiting_code(operator_id=operator.pk, customer_id=customer.pk) is not None:
        code_form = code_form or CallerCodeForm(initial=about)
    if len(questions) >= RIGHT_ANSWERS_NEEDED:
        answers_form = answers_form or CallerAnswersForm(initial=about, questions=questions)
    return {
        "caller_form": CallerForm(initial=about, auto_id="caller_%s"),
        "may_send_code": bool(customer.phone and customer.phone_verified),
        "code_form": code_form,
        "answers_form": answers_form,
    }
