"""The books for those who watch over them: sums, latest transfers, and the proof."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment import selectors
from points_payment.proof import checks, prove
from points_payment.services.sealing import seal_transfers
from points_payment.staff.forms import AccountFilterForm

PER_PAGE = 50
may_view = platform_permission_required(PlatformPermission.LEDGER_VIEW)


def _overview() -> dict[str, Any]:
    totals = selectors.totals_by_kind()
    return {
        "totals": totals,
        "grand_total_points": sum(total.points for total in totals),
        "transfers": selectors.latest_transfers(),
    }


@require_safe
@never_cache
@may_view
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "staff/points/ledger.html", _overview())


@require_safe
@never_cache
@may_view
def accounts(request: HttpRequest) -> HttpResponse:
    form = AccountFilterForm(request.GET)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    page = Paginator(selectors.accounts_with_points(kind=kind), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "staff/points/accounts.html", {"form": form, "page_obj": page})


@require_POST
@never_cache
@may_view
def run_proof(request: HttpRequest) -> HttpResponse:
    """Make every check now and show what each found."""
    findings = prove()
    if not findings:
        seal_transfers()
    results = [
        (check.title, [finding for finding in findings if finding.check == check.slug]) for check in checks()
    ]
    context = {"is_proved": not findings, "findings_count": len(findings), "results": results, **_overview()}
    return render(request, "staff/points/ledger.html", context)
