"""Batches of cards: draft, approval by another, codes once, activation, and looking a card up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import PointsError, SamePerson, WrongBatchState
from points_payment.kinds import BatchState, CardState
from points_payment.models import Batch, Card, CardProduction
from points_payment.models.supply import GONE
from points_payment.services.batches import (
    TRANSITIONS,
    activate_batch,
    approve_batch,
    draft_batch,
    freeze_batch,
    unfreeze_batch,
    void_batch,
)
from points_payment.services.production import UNRELEASED_DAYS
from points_payment.services.ranges import CONSIGNABLE, receive_batch
from points_payment.staff.card_desk import card_facts
from points_payment.staff.forms import DraftForm, EmptyForm, FindCardForm, ReasonForm
from points_payment.staff.production import production_of
from points_payment.staff.production_forms import format_label

if TYPE_CHECKING:
    from django import forms
    from django.utils.functional import _StrPromise

PER_PAGE = 25

may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)
may_issue = platform_permission_required(PlatformPermission.CARDS_ISSUE)
may_approve = platform_permission_required(PlatformPermission.CARDS_APPROVE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do with a batch: a button, a page that asks, a service."""

    name: str
    given: frozenset[BatchState]
    permission: PlatformPermission
    #: Not for the one who drafted the batch.
    needs_other: bool
    label: _StrPromise
    icon: str
    question: _StrPromise
    consequence: _StrPromise | str
    done: _StrPromise | str
    carry_out: Callable[..., Batch] | None = None
    needs_reason: bool = False
    danger: bool = False


APPROVE = Step(
    "approve", frozenset({BatchState.DRAFT}), PlatformPermission.CARDS_APPROVE, True,
    gettext_lazy("Approve"), "check2-circle", gettext_lazy("Approve this batch?"),
    gettext_lazy("Its codes can be made after that, once."), gettext_lazy("The batch is approved."),
    approve_batch,
)  # fmt: skip
CODES = Step(
    "codes", frozenset({BatchState.APPROVED}), PlatformPermission.CARDS_ISSUE, False,
    gettext_lazy("Make the codes"), "printer", gettext_lazy("Make the codes now?"), "", "",
)  # fmt: skip
RELEASE = Step(
    "release", frozenset({BatchState.GENERATED}), PlatformPermission.CARDS_APPROVE, True,
    gettext_lazy("Release the file"), "download", gettext_lazy("Release the file with the codes?"), "", "",
)  # fmt: skip
ACTIVATE = Step(
    "activate", frozenset({BatchState.EXPORTED, BatchState.RECEIVED, BatchState.STOCKED}),
    PlatformPermission.CARDS_APPROVE, True,
    gettext_lazy("Activate"), "lightning-charge", gettext_lazy("Activate this batch?"),
    gettext_lazy("From now on its cards can be redeemed, and their value is owed to whoever holds them."),
    gettext_lazy("The batch is active."), activate_batch,
)  # fmt: skip
FREEZE = Step(
    "freeze", frozenset({BatchState.ACTIVE}), PlatformPermission.CARDS_APPROVE, False,
    gettext_lazy("Freeze"), "snow", gettext_lazy("Freeze this batch?"),
    gettext_lazy("None of its cards can be redeemed until it thaws."), gettext_lazy("The batch is frozen."),
    freeze_batch, True, True,
)  # fmt: skip
UNFREEZE = Step(
    "unfreeze", frozenset({BatchState.FROZEN}), PlatformPermission.CARDS_APPROVE, True,
    gettext_lazy("Unfreeze"), "sun", gettext_lazy("Let this batch be redeemed again?"),
    gettext_lazy("Its cards can be redeemed at once."), gettext_lazy("The batch is active again."),
    unfreeze_batch, True,
)  # fmt: skip
VOID = Step(
    "void",
    TRANSITIONS[BatchState.VOID],
    PlatformPermission.CARDS_APPROVE, False,
    gettext_lazy("Void"), "x-octagon", gettext_lazy("Void this batch for good?"),
    gettext_lazy("Cards that nobody has redeemed become worthless. This cannot be undone."),
    gettext_lazy("The batch is void."), void_batch, True, True,
)  # fmt: skip
RECEIVE = Step(
    "receive", TRANSITIONS[BatchState.RECEIVED], PlatformPermission.CARDS_DISTRIBUTE, False,
    gettext_lazy("Receive from the printer"), "box-arrow-in-down",
    gettext_lazy("Did all cards of this batch arrive?"),
    gettext_lazy("Count them, and compare the first and the last serial. Then they can be sent to shops."),
    gettext_lazy("The batch is here. Its cards can be sent."), receive_batch,
)  # fmt: skip
#: The pages of CODES and RELEASE are in ``staff.production``.
STEPS = (APPROVE, CODES, RELEASE, RECEIVE, ACTIVATE, FREEZE, UNFREEZE, VOID)


@require_safe
@may_view
def batches(request: HttpRequest) -> HttpResponse:
    page = Paginator(Batch.objects.select_related("drafted_by"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "find_form": FindCardForm(),
        "may_draft": request.user.has_perm(PlatformPermission.CARDS_ISSUE.full_name),
    }
    return render(request, "staff/points/batches.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_issue
def draft(request: HttpRequest) -> HttpResponse:
    form = DraftForm(request.POST or None)
    if form.is_valid():
        assert isinstance(request.user, User)
        made = draft_batch(**form.cleaned_data, actor=request.user)
        messages.success(request, _("The batch is drafted. Someone else has to approve it."))
        return redirect("points_staff:batch", made.pk)
    return render(request, "staff/points/draft.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@never_cache
@may_view
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(Batch.objects.select_related("drafted_by"), pk=pk)
    counts = dict(Card.objects.filter(batch=one).values_list("state").annotate(Count("id")).order_by())
    production = production_of(one)
    steps, waiting_for_other = [], False
    for step in STEPS if production is None or not production.is_under_way else ():
        if one.state in step.given and request.user.has_perm(step.permission.full_name):
            if _needs_other(step, one, production, request.user.pk):
                waiting_for_other = True
            else:
                steps.append(step)
    context = {
        "batch": one,
        "counts": [
            (state.value, state.label, counts[state.value]) for state in CardState if state.value in counts
        ],
        "events": one.events.select_related("actor"),
        "steps": steps,
        "waiting_for_other": waiting_for_other,
        "may_send": one.state in CONSIGNABLE
        and request.user.has_perm(PlatformPermission.CARDS_DISTRIBUTE.full_name),
        "consignments": one.consignments.filter(parent=None).exclude(state__in=GONE).exists(),
        "code_format": format_label(one.code_format),
        "production": production,
        "unreleased_days": UNRELEASED_DAYS,
    }
    return render(request, "staff/points/batch.html", context)


def _needs_other(step: Step, batch: Batch, production: CardProduction | None, person_id: int | None) -> bool:
    """Whether the step is one that this person has to leave to someone else."""
    before = {batch.drafted_by_id}
    if step is RELEASE and production is not None:
        before.add(production.started_by_id)
    return step.needs_other and person_id in before


def _step_page(step: Step) -> Callable[..., HttpResponse]:
    """Ask, with the reason where one is needed, then do it."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @platform_permission_required(step.permission)
    def page(request: HttpRequest, pk: int) -> HttpResponse:
        one = get_object_or_404(Batch, pk=pk)
        form_class: type[forms.Form] = ReasonForm if step.needs_reason else EmptyForm
        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            assert isinstance(request.user, User)
            assert step.carry_out is not None
            try:
                step.carry_out(batch=one, actor=request.user, **form.cleaned_data)
            except PointsError as error:
                messages.error(request, _explain(error))
            else:
                messages.success(request, step.done)
            return redirect("points_staff:batch", one.pk)
        return _ask(request, one, step, form)

    return page


approve, receive, activate, freeze, unfreeze, void = (
    _step_page(step) for step in (APPROVE, RECEIVE, ACTIVATE, FREEZE, UNFREEZE, VOID)
)


@require_safe
@never_cache
@may_view
def find_card(request: HttpRequest) -> HttpResponse:
    """A card by its serial: its state, never its code."""
    form = FindCardForm(request.GET if "serial" in request.GET else None)
    found = None
    if form.is_valid():
        cards = Card.objects.select_related("batch", "redemption__actor")
        found = cards.filter(number=form.cleaned_data["serial"]).first()
        if found is None:
            form.add_error("serial", _("No card has this serial."))
    assert isinstance(request.user, User)
    context = {
        "form": form,
        "card": found,
        **(card_facts(found, request.user) if found else {}),
        "may_see_customer": request.user.has_perm(PlatformPermission.CUSTOMERS_VIEW.full_name),
    }
    return render(request, "staff/points/card.html", context)


def _ask(request: HttpRequest, one: Batch, step: Step, form: forms.Form) -> HttpResponse:
    if step.needs_other and one.drafted_by_id == request.user.pk:
        raise PermissionDenied
    context: dict[str, Any] = {
        "form": form,
        "title": step.question,
        "about": _("Batch %(number)s") % {"number": one.pk},
        "text": step.consequence,
        "submit": step.label,
        "danger": step.danger,
        "cancel_url": reverse("points_staff:batch", args=[one.pk]),
    }
    return render(request, "staff/confirm.html", context, status=422 if form.errors else 200)


def _explain(error: PointsError) -> str:
    if isinstance(error, SamePerson):
        return _("Someone else than the one who drafted the batch has to do this.")
    if isinstance(error, WrongBatchState):
        return _("The batch has changed meanwhile; this is not possible any more.")
    return _("This is not possible.")
