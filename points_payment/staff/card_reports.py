"""What became of the cards: as pages, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.card_reports import Filters, ReportKind, ReportRow, report_rows, report_subjects
from points_payment.models import Batch
from points_payment.staff.supply_forms import ReportFilterForm

PER_PAGE = 25
TITLES = {
    ReportKind.BATCHES: gettext_lazy("Batches"),
    ReportKind.DISTRIBUTORS: gettext_lazy("Distributors"),
    ReportKind.SHOPS: gettext_lazy("Shops"),
}
#: Names of the columns of a CSV, for programs: they are not translated.
COLUMNS = (
    "id", "name", "cards", "sent", "active", "redeemed", "left", "frozen", "void", "expired",
    "days_to_redeem_median", "days_to_redeem_90_percent", "owed_points", "paid_points",
)  # fmt: skip
#: What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)


@require_safe
@never_cache
@may_view
def report(request: HttpRequest, kind: str) -> HttpResponse:
    wanted = _kind(kind)
    form, filters = _filters(request)
    page = Paginator(report_subjects(wanted, filters), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "kind": wanted,
        "kinds": [
            (TITLES[one], reverse("points_staff:report", args=[one]), one == wanted) for one in ReportKind
        ],
        "form": form,
        "page_obj": page,
        "rows": report_rows(wanted, list(page), filters),
        "has_money": wanted != ReportKind.BATCHES,
        "csv_url": f"{reverse('points_staff:report-csv', args=[wanted])}?{request.GET.urlencode()}",
    }
    return render(request, "staff/supply/report.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@may_view
def report_csv(request: HttpRequest, kind: str) -> HttpResponse:
    """All rows, in one file."""
    wanted = _kind(kind)
    _form, filters = _filters(request)
    rows = report_rows(wanted, list(report_subjects(wanted, filters)), filters)
    response = StreamingHttpResponse(_csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="nuqta-cards-{wanted}.csv"'
    # Only the type differs: a decorated view is declared to answer with an HttpResponse.
    return cast("HttpResponse", response)


def _kind(text: str) -> ReportKind:
    try:
        return ReportKind(text)
    except ValueError:
        raise Http404 from None


def _filters(request: HttpRequest) -> tuple[ReportFilterForm, Filters]:
    """What was asked for; a filter that cannot be read leaves out nothing."""
    form = ReportFilterForm(request.GET)
    form.is_valid()
    data: dict[str, Any] = form.cleaned_data
    return form, Filters(
        governorate=data.get("governorate") or "",
        first_day=data.get("first_day"),
        last_day=data.get("last_day"),
    )


class _Echo:
    """Gives back what is written, for who streams it."""

    def write(self, text: str) -> str:
        return text


def _csv_lines(rows: list[ReportRow]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # So that Excel reads Arabic.
    yield "\N{BYTE ORDER MARK}"
    yield writer.writerow(COLUMNS)
    for row in rows:
        cells = (
            row.subject.pk, _name(row), row.cards, row.sent, row.active, row.redeemed, row.left, row.frozen,
            row.void, row.expired, row.median_days, row.slow_days, row.owed_points, row.paid_points,
        )  # fmt: skip
        yield writer.writerow(cells)


def _name(row: ReportRow) -> str:
    one = row.subject
    name = _("Batch %(number)s") % {"number": one.pk} if isinstance(one, Batch) else one.name
    return f"'{name}" if name.startswith(FORMULA) else name
