"""What a customer reads of their wallet: balances, the statement, the same to take along, one movement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import islice
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.documents import render_pdf
from marketplace.users.models import User
from points_payment import statements
from points_payment.exports import MOST_PDF_ROWS, csv_lines, pdf_facts
from points_payment.services.expiry import expiring_next, last_day_of
from points_payment.statement_forms import StatementForm
from points_payment.statements import Period


@require_safe
@never_cache
@login_required
def statement(request: HttpRequest) -> HttpResponse:
    """Balances and movements, newest first; ``?before=`` leads on to older ones."""
    form = _form(request)
    form.is_valid()
    return _page(request, form)


@require_safe
@never_cache
@login_required
def statement_csv(request: HttpRequest) -> HttpResponse:
    """All movements of the chosen time, oldest first, written as they are read."""
    form = _form(request)
    if not form.is_valid():
        return _page(request, form, status=422)
    span = statements.span_of(customer_id=_user(request).pk, period=form.period)
    rows = statements.export_rows(span, group=form.group)
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(form, "csv")}"'
    # Only the type differs: a decorated view is declared to answer with an HttpResponse.
    return cast("HttpResponse", response)


@require_safe
@never_cache
@login_required
def statement_pdf(request: HttpRequest) -> HttpResponse:
    """The same as a document with opening and closing balance."""
    form = _form(request)
    if not form.is_valid():
        return _page(request, form, status=422)
    customer = _user(request)
    span = statements.span_of(customer_id=customer.pk, period=form.period)
    rows = list(islice(statements.export_rows(span, group=form.group), MOST_PDF_ROWS + 1))
    if len(rows) > MOST_PDF_ROWS:
        form.add_error(
            None,
            _("These are too many movements for one document. Choose a shorter time, or take the CSV file."),
        )
        return _page(request, form, status=422)
    facts = pdf_facts(
        customer=customer,
        rows=rows,
        balances=statements.balances(span),
        period=form.period or _whole(form),
        group=form.group,
    )
    response = HttpResponse(render_pdf("statement", facts), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(form, "pdf")}"'
    return response


@require_safe
@never_cache
@login_required
def movement(request: HttpRequest, entry_id: int) -> HttpResponse:
    """What one movement did; another customer's does not exist."""
    found = statements.movement(customer_id=_user(request).pk, entry_id=entry_id)
    if found is None:
        raise Http404
    return render(request, "points_payment/movement.html", {"movement": found})


def expiring_facts(customer: User) -> dict[str, Any]:
    """What a page says of the promotional points that expire next."""
    expiring = expiring_next(customer_id=customer.pk)
    if expiring is None:
        return {}
    return {"expiring_day": last_day_of(expiring[0]), "expiring_points": expiring[1]}


def _form(request: HttpRequest) -> StatementForm:
    return StatementForm(request.GET, months=statements.months(customer_id=_user(request).pk))


def _page(request: HttpRequest, form: StatementForm, *, status: int = 200) -> HttpResponse:
    customer = _user(request)
    wallet = getattr(customer, "wallet", None)
    expired = wallet.expired_points if wallet else 0
    span = statements.span_of(customer_id=customer.pk, period=form.period) if form.period else None
    context = {
        "form": form,
        "page": statements.statement(customer_id=customer.pk, **form.filters),
        "chosen": form.chosen,
        "filters": urlencode(form.chosen),
        "balances": statements.balances(span) if span else None,
        "balance_points": wallet.balance_points - expired if wallet else 0,
        "paid_points": wallet.paid_points if wallet else 0,
        "promotional_points": wallet.promotional_points - expired if wallet else 0,
        "expired_points": expired,
        **expiring_facts(customer),
    }
    return render(request, "points_payment/statement.html", context, status=status)


def _whole(form: StatementForm) -> Period:
    """From the wallet's first month until today."""
    today = timezone.localdate()
    return Period(_oldest(form.months.values()) or today, today)


def _oldest(months: Iterable[date]) -> date | None:
    return min(months, default=None)


def _file_name(form: StatementForm, ending: str) -> str:
    period = form.period
    days = f"-{period.first_day:%Y-%m-%d}-{period.last_day:%Y-%m-%d}" if period else ""
    return f"nuqta-statement{days}.{ending}"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
