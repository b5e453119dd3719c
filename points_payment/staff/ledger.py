"""The books for those who watch over them: sums and latest transfers."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment import selectors
from points_payment.staff.forms import AccountFilterForm

PER_PAGE = 50
may_view = platform_permission_required(PlatformPermission.LEDGER_VIEW)


@require_safe
@never_cache
@may_view
def overview(request: HttpRequest) -> HttpResponse:
    totals = selectors.totals_by_kind()
    context = {
        "totals": totals,
        "grand_total_points": sum(total.points for total in totals),
        "transfers": selectors.latest_transfers(),
    }
    return render(request, "staff/points/ledger.html", context)


@require_safe
@never_cache
@may_view
def accounts(request: HttpRequest) -> HttpResponse:
    form = AccountFilterForm(request.GET)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    page = Paginator(selectors.accounts_with_points(kind=kind), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "staff/points/accounts.html", {"form": form, "page_obj": page})
