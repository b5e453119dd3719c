"""Supervisors see every operator, their cash and their limits; reports are the operator's own as well."""

from __future__ import annotations

import csv
import io
from datetime import date

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.cash_documents import report_pdf, report_rows
from points_payment.desk_selectors import (
    CashReport,
    counts_of,
    limit_changes,
    operator_rows,
    operators as known_operators,
    report_of_day,
    report_of_shift,
    top_up_rows,
)
from points_payment.errors import PointsError
from points_payment.kinds import CountKind, OperatorLimit
from points_payment.models import DrawerCount, TopUpOperator
from points_payment.services.cash import handed_over_points
from points_payment.services.operators import held_points, limits_of, set_operator_limits
from points_payment.staff.desk_access import any_permission_required, explain, is_supervisor, may_supervise
from points_payment.staff.desk_forms import DayForm, LimitsForm

SHOWN = 25
may_see_reports = any_permission_required(
    PlatformPermission.POINTS_TOP_UP, PlatformPermission.TOP_UPS_SUPERVISE
)


@require_safe
@never_cache
@may_supervise
def operators(request: HttpRequest) -> HttpResponse:
    return render(request, "staff/points/operators.html", {"rows": operator_rows()})


@require_safe
@never_cache
@may_supervise
def operator(request: HttpRequest, pk: int) -> HttpResponse:
    """One operator: cash, limits and who changed them, what they added, their shifts."""
    return _operator_page(request, _known(pk))


@require_POST
@never_cache
@may_supervise
def set_limits(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    person = _known(pk)
    form = LimitsForm(request.POST, usual=settings.TOP_UP_LIMITS)
    if form.is_valid():
        try:
            set_operator_limits(
                operator=person,
                limits=form.limits(),
                reason=form.cleaned_data["reason"],
                actor=request.user,
            )
        except PointsError as error:
            messages.error(request, explain(error))
        else:
            messages.success(request, _("The limits were saved."))
        return redirect("points_staff:operator", pk=person.pk)
    return _operator_page(request, person, form=form, status=422)


@require_safe
@never_cache
@may_see_reports
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Cash against points of a day (``?day=``) or a shift (``?shift=``), today's if neither is named."""
    found = _report(request, pk)
    query = f"shift={found.opening.pk}" if found.opening else f"day={found.day:%Y-%m-%d}"
    context = {
        "report": found,
        "query": query,
        "day_form": DayForm(initial={"day": found.day or timezone.localdate()}),
        "is_supervisor": is_supervisor(request),
        "handed_over_points": handed_over_points(person_id=pk),
    }
    return render(request, "staff/points/cash_report.html", context)


@require_safe
@never_cache
@may_see_reports
def report_csv(request: HttpRequest, pk: int) -> HttpResponse:
    found = _report(request, pk)
    buffer = io.StringIO()
    csv.writer(buffer).writerows(report_rows(found))
    # With a byte order mark, or spreadsheets read Arabic as nonsense.
    answer = HttpResponse(buffer.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_file_name(found)}.csv"'
    return answer


@require_safe
@never_cache
@may_see_reports
def report_as_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    found = _report(request, pk)
    answer = HttpResponse(report_pdf(found), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{_file_name(found)}.pdf"'
    return answer


# Parts --------------------------------------------------------------------------------------


def _known(pk: int) -> User:
    return get_object_or_404(known_operators(), pk=pk)


def _report(request: HttpRequest, pk: int) -> CashReport:
    """One's own, or for a supervisor anybody's; others' do not exist."""
    if pk != request.user.pk and not is_supervisor(request):
        raise Http404
    shift = request.GET.get("shift", "")
    if shift:
        if not (shift.isascii() and shift.isdigit() and len(shift) < 19):
            raise Http404
        openings = DrawerCount.objects.select_related("operator").filter(kind=CountKind.OPENING)
        return report_of_shift(opening=get_object_or_404(openings, pk=int(shift), operator_id=pk))
    form = DayForm({"day": request.GET.get("day", "")})
    day: date = form.cleaned_data["day"] if form.is_valid() else timezone.localdate()
    return report_of_day(operator=_known(pk), day=day)


def _file_name(found: CashReport) -> str:
    what = f"shift-{found.opening.pk}" if found.opening else f"{found.day:%Y-%m-%d}"
    return f"cash-{found.operator.pk}-{what}"


def _operator_page(
    request: HttpRequest, person: User, *, form: LimitsForm | None = None, status: int = 200
) -> HttpResponse:
    assert isinstance(request.user, User)
    row = TopUpOperator.objects.filter(pk=person.pk).first()
    own = {limit: getattr(row, limit.value, None) for limit in OperatorLimit}
    initial = {limit.value: f"{points:,}" for limit, points in own.items() if points is not None}
    context = {
        "person": person,
        "held_points": held_points(person_id=person.pk),
        "handed_over_points": handed_over_points(person_id=person.pk),
        "limits": limits_of(row),
        "form": form or LimitsForm(initial=initial, usual=settings.TOP_UP_LIMITS),
        "is_self": person.pk == request.user.pk,
        "changes": limit_changes(operator_id=person.pk)[:SHOWN],
        "recent": top_up_rows(operator_id=person.pk, reader=request.user, rows=SHOWN),
        "counts": counts_of(operator_id=person.pk).select_related("opening")[:SHOWN],
    }
    return render(request, "staff/points/operator.html", context, status=status)
