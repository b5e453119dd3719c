"""Alerts of who types wrong card codes on and on."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import AlertSeen
from points_payment.kinds import CounterScope
from points_payment.models import GuessingAlert
from points_payment.services.alerts import look_at_alert
from points_payment.staff.supply_forms import NoteForm

PER_PAGE = 25
may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)


@require_safe
@never_cache
@may_view
def alerts(request: HttpRequest) -> HttpResponse:
    return _page(request, form=NoteForm(), open_pk=None)


@require_POST
@never_cache
@may_view
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Someone looked into it."""
    assert isinstance(request.user, User)
    alert = get_object_or_404(GuessingAlert, pk=pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, open_pk=alert.pk)
    try:
        look_at_alert(alert=alert, actor=request.user, note=form.cleaned_data["note"])
    except AlertSeen:
        messages.error(request, _("Someone has looked at this alert meanwhile."))
    else:
        messages.success(request, _("Saved."))
    return redirect("points_staff:alerts")


def _page(request: HttpRequest, *, form: NoteForm, open_pk: int | None) -> HttpResponse:
    """Alerts, newest first; ``open_pk`` is the one whose note was sent without words."""
    found = GuessingAlert.objects.select_related("seen_by")
    if request.GET.get("show") != "all":
        found = found.filter(seen_at=None)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    may_see = request.user.has_perm(PlatformPermission.CUSTOMERS_VIEW.full_name)
    ids = {int(alert.subject) for alert in page if alert.scope == CounterScope.ACCOUNT}
    people = User.objects.in_bulk(ids) if may_see else {}
    rows = [
        (
            alert,
            people.get(int(alert.subject)) if alert.scope == CounterScope.ACCOUNT else None,
            form if alert.pk == open_pk else NoteForm(auto_id=f"id_{alert.pk}_%s"),
        )
        for alert in page
    ]
    context = {
        "page_obj": page,
        "rows": rows,
        "open_pk": open_pk,
        "shows_all": request.GET.get("show") == "all",
    }
    return render(request, "staff/supply/alerts.html", context, status=422 if form.errors else 200)
