"""Cash that a person holds: the operator's drawer and shifts, and what was collected from shops."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.users.models import User
from points_payment.desk_selectors import counts_of, hand_ins, proposals
from points_payment.errors import PointsError
from points_payment.forms import new_key
from points_payment.kinds import AccountKind, CountKind
from points_payment.services.cash import hand_in_cash, handed_over_points
from points_payment.services.operators import held_points, operator_limits
from points_payment.services.shifts import close_shift, open_shift, open_shift_of
from points_payment.staff.desk_access import explain, may_collect, may_top_up
from points_payment.staff.desk_forms import CountForm, HandInForm

SHOWN = 10


@require_safe
@never_cache
@may_top_up
def drawer(request: HttpRequest) -> HttpResponse:
    """What should be in the operator's drawer, and the way to hand it in and to count it."""
    return _drawer_page(request)


@require_POST
@never_cache
@may_top_up
def hand_in_drawer(request: HttpRequest) -> HttpResponse:
    form = HandInForm(request.POST)
    if _hand_in(request, form, AccountKind.OPERATOR):
        return redirect("points_staff:drawer")
    return _drawer_page(request, hand_in_form=form, status=422)


@require_POST
@never_cache
@may_top_up
def begin_shift(request: HttpRequest) -> HttpResponse:
    return _count(request, CountKind.OPENING)


@require_POST
@never_cache
@may_top_up
def end_shift(request: HttpRequest) -> HttpResponse:
    return _count(request, CountKind.CLOSING)


@require_safe
@never_cache
@may_collect
def collections(request: HttpRequest) -> HttpResponse:
    """Cash that this person collected from shops, and the way to hand it in."""
    return _collections_page(request)


@require_POST
@never_cache
@may_collect
def hand_in_collections(request: HttpRequest) -> HttpResponse:
    form = HandInForm(request.POST)
    if _hand_in(request, form, AccountKind.COLLECTIONS):
        return redirect("points_staff:collections")
    return _collections_page(request, hand_in_form=form, status=422)


# Parts --------------------------------------------------------------------------------------


def _hand_in(request: HttpRequest, form: HandInForm, kind: AccountKind) -> bool:
    assert isinstance(request.user, User)
    if not form.is_valid():
        return False
    facts = form.cleaned_data
    try:
        hand_in_cash(
            person=request.user,
            kind=kind,
            amount_points=facts["amount_points"],
            reference=facts["reference"],
            idempotency_key=facts["idempotency_key"],
        )
    except PointsError as error:
        form.add_error("amount_points", explain(error))
        return False
    messages.success(request, _("Somebody else counts the cash now and confirms it."))
    return True


def _count(request: HttpRequest, kind: CountKind) -> HttpResponse:
    assert isinstance(request.user, User)
    form = CountForm(request.POST)
    if form.is_valid():
        count = open_shift if kind == CountKind.OPENING else close_shift
        try:
            count(
                operator=request.user,
                counted_points=form.cleaned_data["counted_points"],
                reason=form.cleaned_data["reason"],
            )
        except PointsError as error:
            form.add_error("counted_points", explain(error))
        else:
            words = _("Your shift has begun.") if kind == CountKind.OPENING else _("Your shift has ended.")
            messages.success(request, words)
            return redirect("points_staff:drawer")
    return _drawer_page(request, count_form=form, status=422)


def _drawer_page(
    request: HttpRequest,
    *,
    hand_in_form: HandInForm | None = None,
    count_form: CountForm | None = None,
    status: int = 200,
) -> HttpResponse:
    assert isinstance(request.user, User)
    operator_id = request.user.pk
    held, handed_over = held_points(person_id=operator_id), handed_over_points(person_id=operator_id)
    context = {
        "held_points": held,
        "handed_over_points": handed_over,
        "drawer_points": held - handed_over,
        "limits": operator_limits(operator_id=operator_id),
        "shift": open_shift_of(operator_id=operator_id),
        "hand_in_form": hand_in_form or HandInForm(initial={"idempotency_key": new_key()}),
        "count_form": count_form or CountForm(),
        "hand_ins": hand_ins().filter(proposed_by_id=operator_id, account_kind=AccountKind.OPERATOR)[:SHOWN],
        "proposals": proposals().filter(proposed_by_id=operator_id)[:SHOWN],
        "counts": counts_of(operator_id=operator_id).select_related("opening")[:SHOWN],
    }
    return render(request, "staff/points/drawer.html", context, status=status)


def _collections_page(
    request: HttpRequest, *, hand_in_form: HandInForm | None = None, status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    kind = AccountKind.COLLECTIONS
    held = held_points(person_id=request.user.pk, kind=kind)
    handed_over = handed_over_points(person_id=request.user.pk, kind=kind)
    context = {
        "held_points": held,
        "handed_over_points": handed_over,
        "drawer_points": held - handed_over,
        "hand_in_form": hand_in_form or HandInForm(initial={"idempotency_key": new_key()}),
        "hand_ins": hand_ins().filter(proposed_by_id=request.user.pk, account_kind=kind)[:SHOWN],
    }
    return render(request, "staff/points/collections.html", context, status=status)
