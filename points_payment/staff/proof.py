"""The proof for those who watch over the books: the equation, the runs and what they found, the alert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.equation import card_table, equation
from points_payment.errors import AlertClosed, BooksNotProved
from points_payment.figures import card_sums, figures_now
from points_payment.models import Checkpoint, LedgerAlert, ProofRun
from points_payment.proof import checks, since_checks
from points_payment.proof.base import snapshot
from points_payment.proof.since import kept_points
from points_payment.services.checkpoints import last_checkpoint
from points_payment.services.ledger_alerts import (
    acknowledge_alert,
    clean_run_since,
    open_alert,
    resolve_alert,
)
from points_payment.services.proving import ask_for_proof
from points_payment.staff.culprits import address_of
from points_payment.staff.proof_forms import AcknowledgeForm, ResolveForm

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

RUNS_PER_PAGE = 20
CHECKPOINTS_SHOWN = 7
LOOK_AGAIN_SECONDS = "3"
may_view = platform_permission_required(PlatformPermission.LEDGER_VIEW)
may_adjust = platform_permission_required(PlatformPermission.LEDGER_ADJUST)


@require_safe
@never_cache
@may_view
def overview(request: HttpRequest) -> HttpResponse:
    runs = ProofRun.objects.select_related("actor", "since", "checkpoint")
    alert = open_alert()
    context = {
        **_figures(),
        "alert": alert,
        "can_resolve": alert is not None and clean_run_since(alert) is not None,
        "page_obj": Paginator(runs, RUNS_PER_PAGE).get_page(request.GET.get("page")),
        "checkpoints": Checkpoint.objects.all()[:CHECKPOINTS_SHOWN],
        "resolved": LedgerAlert.objects.filter(is_open=False).select_related("resolved_by", "clean_run")[:5],
    }
    return render(request, "staff/points/proof.html", context)


def _figures() -> dict[str, Any]:
    # One snapshot: figures that are read one after the other would not add up while the shop is open.
    with snapshot(read_only=True):
        figures = figures_now(checkpoint=last_checkpoint())
        cards = card_table(sums=card_sums(), figures=figures)
        terms = equation(figures=figures, kept=kept_points(), card_points=cards.worth_points)
    return {"equation": terms, "cards": cards, "figures": figures}


@require_POST
@never_cache
@may_view
def ask(request: HttpRequest) -> HttpResponse:
    """Have everything proved in the background, and show how far it is."""
    assert isinstance(request.user, User)
    return redirect("points_staff:proof-run", run_pk=ask_for_proof(actor=request.user).pk)


@dataclass(frozen=True, slots=True)
class FoundRow:
    culprit: str
    expected: str
    found: str
    url: str


@require_safe
@never_cache
@may_view
def run(request: HttpRequest, run_pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    shown = get_object_or_404(ProofRun.objects.select_related("actor", "since", "checkpoint"), pk=run_pk)
    titles = _titles(shown)
    found: dict[str, list[FoundRow]] = {}
    for slug, group in groupby(
        shown.findings.order_by("check_slug", "id"), lambda finding: finding.check_slug
    ):
        found[slug] = [
            FoundRow(row.culprit, row.expected, row.found, address_of(row.culprit, user=request.user))
            for row in group
        ]
    context = {
        "run": shown,
        # A whole check that explains a sum is not among those that a proof since a checkpoint makes.
        "results": [(titles.get(slug, slug), found.get(slug, [])) for slug in {**titles, **found}],
    }
    response = render(request, "staff/points/proof_run.html", context)
    if not shown.is_finished:
        # The browser looks again by itself, without JavaScript.
        response["Refresh"] = LOOK_AGAIN_SECONDS
    return response


def _titles(shown: ProofRun) -> dict[str, str | _StrPromise]:
    """What each of the run's checks says where it holds."""
    made = since_checks() if shown.since else checks()
    return {check.slug: check.title for check in made} if shown.is_finished else {}


# The alert ---------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_adjust
def acknowledge(request: HttpRequest, alert_pk: int) -> HttpResponse:
    """Say that one looks into it."""
    alert = _alert(alert_pk)
    form = AcknowledgeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask(
            request, form, title=_("Look into this alert?"), submit=_("I look into it"),
            text=_("The alert stays on every staff page, and says that you look into it."),
        )  # fmt: skip
    return _changed(
        request,
        lambda actor: acknowledge_alert(alert=alert, actor=actor, note=form.cleaned_data["note"]),
        done=_("The alert says that you look into it."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_adjust
def resolve(request: HttpRequest, alert_pk: int) -> HttpResponse:
    """Close it, after a whole proof that was clean."""
    alert = _alert(alert_pk)
    if clean_run_since(alert) is None:
        messages.error(
            request, _("First prove all books: no proof was clean since the last one that failed.")
        )
        return redirect("points_staff:proof")
    form = ResolveForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask(
            request, form, title=_("Resolve this alert?"), submit=_("Resolve it"),
            text=_("All books were proved since. The alert disappears from the staff pages for good."),
        )  # fmt: skip
    return _changed(
        request,
        lambda actor: resolve_alert(alert=alert, actor=actor, reason=form.cleaned_data["reason"]),
        done=_("The alert is resolved."),
    )


def _alert(pk: int) -> LedgerAlert:
    return get_object_or_404(LedgerAlert.objects.select_related("last_run"), pk=pk, is_open=True)


def _ask(request: HttpRequest, form: forms.Form, *, title: str, text: str, submit: str) -> HttpResponse:
    context = {
        "form": form, "title": title, "text": text, "submit": submit,
        "cancel_url": reverse("points_staff:proof"),
    }  # fmt: skip
    return render(request, "staff/confirm.html", context, status=422 if form.errors else 200)


def _changed(request: HttpRequest, change: Callable[[User], object], *, done: str) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        change(request.user)
    except AlertClosed:
        messages.error(request, _("Somebody resolved this alert a moment ago."))
    except BooksNotProved:
        messages.error(request, _("A proof failed a moment ago. Look at what it found."))
    else:
        messages.success(request, done)
    return redirect("points_staff:proof")
