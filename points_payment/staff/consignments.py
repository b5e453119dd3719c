"""Ranges of cards on their way: sending them, and each step with a whole consignment or a part of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.codes import serial_of
from points_payment.errors import (
    CardsNotStocked,
    HolderInactive,
    PartsLeft,
    PointsError,
    RangeOutside,
    RangeOverlaps,
    SamePerson,
    WrongBatchState,
    WrongRangeState,
)
from points_payment.kinds import CardState, ConsignmentState
from points_payment.models import Batch, Consignment, Distributor, Shop
from points_payment.services.consignments import OPEN
from points_payment.services.ranges import (
    ACTIVATABLE,
    CONSIGNABLE,
    consign_range,
    deliver_and_activate_range,
    freeze_range,
    return_range,
    unfreeze_range,
    void_range,
)
from points_payment.staff.supply_forms import (
    ConsignmentFilterForm,
    PartForm,
    SendForm,
    StepForm,
    WholeStepForm,
)
from points_payment.supply_selectors import (
    MOST_RANGES,
    Range,
    consignments_with_people,
    free_in_batch,
    free_in_consignment,
    preview_step,
    states_between,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PER_PAGE = 25

may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)
may_distribute = platform_permission_required(PlatformPermission.CARDS_DISTRIBUTE)


@dataclass(frozen=True, slots=True)
class RangeStep:
    """One thing to do with a consignment: a button, a page that asks, one that says how much, a service."""

    name: str
    given: tuple[ConsignmentState, ...]
    label: _StrPromise
    icon: str
    consequence: _StrPromise
    done: _StrPromise
    carry_out: Callable[..., Consignment]
    #: Not for the one who drafted the batch.
    needs_other: bool = False
    danger: bool = False
    form_class: type[PartForm] = field(default=StepForm)


ACTIVATE = RangeStep(
    "activate", (ConsignmentState.SENT,), gettext_lazy("Deliver and activate"), "lightning-charge",
    gettext_lazy("From now on these cards can be redeemed, and the shop owes their value."),
    gettext_lazy("The cards are active."), deliver_and_activate_range, needs_other=True,
)  # fmt: skip
FREEZE = RangeStep(
    "freeze", (ConsignmentState.SENT, ConsignmentState.ACTIVE), gettext_lazy("Freeze"), "snow",
    gettext_lazy("None of these cards can be redeemed until someone unfreezes them."),
    gettext_lazy("The cards are frozen."), freeze_range, danger=True,
)  # fmt: skip
UNFREEZE = RangeStep(
    "unfreeze", (ConsignmentState.FROZEN,), gettext_lazy("Unfreeze"), "sun",
    gettext_lazy("What was active before can be redeemed again at once. Cards that were frozen one by one stay frozen."),  # noqa: E501
    gettext_lazy("The cards are not frozen any more."), unfreeze_range, needs_other=True,
    form_class=WholeStepForm,
)  # fmt: skip
RETURN = RangeStep(
    "return", (ConsignmentState.SENT, ConsignmentState.ACTIVE), gettext_lazy("Take back"),
    "arrow-return-left",
    gettext_lazy("The cards came back unsold: they cannot be redeemed, are owed no more, and may be sent again. Redeemed cards stay owed."),  # noqa: E501
    gettext_lazy("The cards came back."), return_range,
)  # fmt: skip
VOID = RangeStep(
    "void", OPEN, gettext_lazy("Make void"), "x-octagon",
    gettext_lazy("Cards that nobody has redeemed become worthless, and the shop owes them no more. This cannot be undone."),  # noqa: E501
    gettext_lazy("The cards are void."), void_range, danger=True,
)  # fmt: skip
STEPS = {step.name: step for step in (ACTIVATE, FREEZE, UNFREEZE, RETURN, VOID)}


# Looking ----------------------------------------------------------------------------------------


@require_safe
@never_cache
@may_view
def consignments(request: HttpRequest) -> HttpResponse:
    form = ConsignmentFilterForm(request.GET)
    found = consignments_with_people()
    if form.is_valid():
        if state := form.cleaned_data["state"]:
            found = found.filter(state=state)
        if number := form.cleaned_data["serial"]:
            found = found.filter(first_number__lte=number, last_number__gte=number)
        if batch := form.cleaned_data["batch"]:
            found = found.filter(batch=batch)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page_obj": page}
    return render(request, "staff/supply/consignments.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@may_view
def consignment(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(
        consignments_with_people().select_related("split_from", "batch__drafted_by"), pk=pk
    )
    parts = list(consignments_with_people().filter(parent=one))
    counts = states_between(one.batch_id, Range(one.first_number, one.last_number))
    can_divide = one.distributor_id is not None and one.state == ConsignmentState.SENT
    may = request.user.has_perm(PlatformPermission.CARDS_DISTRIBUTE.full_name)
    steps, reasons = _steps_for(one, parts, request.user.pk) if may else ([], [])
    context = {
        "consignment": one,
        "counts": [
            (state.value, state.label, counts[state.value]) for state in CardState if state.value in counts
        ],
        "steps": steps,
        "reasons": reasons,
        "parts": parts,
        "free": free_in_consignment(one)[:MOST_RANGES] if can_divide else [],
        "may_send": may and can_divide and one.batch.state in CONSIGNABLE,
        "pieces": one.pieces.order_by("first_number"),
        "events": one.events.select_related("actor"),
    }
    return render(request, "staff/supply/consignment.html", context)


def _steps_for(
    one: Consignment, parts: list[Consignment], user_id: int | None
) -> tuple[list[RangeStep], list[str]]:
    """What this person may do with a consignment now, and why they may not do the rest."""
    steps, reasons = [], []
    for step in STEPS.values():
        if one.state not in step.given or (step is ACTIVATE and one.shop_id is None):
            continue
        reason = _why_not(step, one, parts, user_id)
        if reason:
            reasons.append(f"{step.label}: {reason}")
        else:
            steps.append(step)
    return steps, reasons


def _why_not(step: RangeStep, one: Consignment, parts: list[Consignment], user_id: int | None) -> str:
    if step.needs_other and one.batch.drafted_by_id == user_id:
        return _("You drafted this batch: this step is someone else's.")
    within_frozen = one.parent is not None and one.parent.state == ConsignmentState.FROZEN
    if within_frozen and step not in {FREEZE, VOID}:
        return _("The distributor's range around it is frozen.")
    if step is ACTIVATE and one.batch.state not in ACTIVATABLE:
        return _("The batch is not active, or is frozen.")
    if step is RETURN and any(part.state in OPEN for part in parts):
        return _("Shops still hold parts of it. Take those back first.")
    return ""


# Sending ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_distribute
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Cards of a batch to a distributor or a shop."""
    one = get_object_or_404(Batch, pk=pk)
    form = SendForm(
        request.POST or None,
        distributors=Distributor.objects.filter(is_active=True),
        shops=Shop.objects.filter(is_active=True),
    )
    sent = _send(request, form, batch=one, parent=None) if form.is_valid() else None
    if sent is not None:
        return redirect("points_staff:consignment", sent.pk)
    context = {
        "form": form,
        "batch": one,
        "free": free_in_batch(one)[:MOST_RANGES],
        "is_here": one.state in CONSIGNABLE,
        "back": reverse("points_staff:batch", args=[one.pk]),
    }
    return render(request, "staff/supply/send.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_distribute
def send_on(request: HttpRequest, pk: int) -> HttpResponse:
    """A part of a distributor's cards on to a shop, its own shops first."""
    one = get_object_or_404(consignments_with_people(), pk=pk, distributor__isnull=False)
    active = Shop.objects.filter(is_active=True)
    own = list(active.filter(distributor=one.distributor))
    form = SendForm(
        request.POST or None, distributors=[], shops=[*own, *active.exclude(pk__in=[shop.pk for shop in own])]
    )
    sent = _send(request, form, batch=one.batch, parent=one) if form.is_valid() else None
    if sent is not None:
        return redirect("points_staff:consignment", sent.pk)
    context = {
        "form": form,
        "batch": one.batch,
        "consignment": one,
        "free": free_in_consignment(one)[:MOST_RANGES],
        "is_here": one.state == ConsignmentState.SENT,
        "back": reverse("points_staff:consignment", args=[one.pk]),
    }
    return render(request, "staff/supply/send.html", context, status=422 if form.errors else 200)


def _send(
    request: HttpRequest, form: SendForm, *, batch: Batch, parent: Consignment | None
) -> Consignment | None:
    """Send, or say beside the field why not."""
    assert isinstance(request.user, User)
    part, holder = form.range, form.chosen
    assert part is not None, "the form asks for it"
    try:
        sent = consign_range(
            batch=batch, first_number=part.first_number, last_number=part.last_number, actor=request.user,
            distributor=holder if isinstance(holder, Distributor) else None,
            shop=holder if isinstance(holder, Shop) else None,
            parent=parent, reason=form.cleaned_data["reason"],
        )  # fmt: skip
    except PointsError as error:
        form.add_error("holder" if isinstance(error, HolderInactive) else "first_serial", explain(error))
        return None
    messages.success(request, _("The cards are on their way. Nobody owes anything for them yet."))
    return sent


# Steps ------------------------------------------------------------------------------------------


@require_safe
@never_cache
@may_distribute
def step_form(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Ask for the reason, and for the part of the range if it is about a part."""
    one, wanted = _about(request, pk, step)
    return _step_page(request, one, wanted, wanted.form_class())


@require_POST
@never_cache
@may_distribute
def step_check(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Say how many cards and how many points it is about."""
    one, wanted = _about(request, pk, step)
    form = wanted.form_class(request.POST)
    if form.is_valid():
        _require_within(form, one)
    if form.errors:
        return _step_page(request, one, wanted, form)
    context = {
        "consignment": one,
        "step": wanted,
        "reason": form.cleaned_data["reason"],
        "preview": preview_step(step=wanted.name, consignment=one, within=form.range),
        "form": form.hide(),
    }
    return render(request, "staff/supply/step_check.html", context)


@require_POST
@never_cache
@may_distribute
def step_do(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    assert isinstance(request.user, User)
    one, wanted = _about(request, pk, step)
    form = wanted.form_class(request.POST)
    if not form.is_valid():
        return _step_page(request, one, wanted, form)
    part = form.range
    numbers = {"first_number": part.first_number, "last_number": part.last_number} if part else {}
    try:
        changed = wanted.carry_out(
            consignment=one, actor=request.user, reason=form.cleaned_data["reason"], **numbers
        )
    except PointsError as error:
        messages.error(request, explain(error))
        return redirect("points_staff:consignment", one.pk)
    messages.success(request, wanted.done)
    # Of a part it is a consignment of its own now.
    return redirect("points_staff:consignment", changed.pk)


def _about(request: HttpRequest, pk: int, step: str) -> tuple[Consignment, RangeStep]:
    if step not in STEPS:
        raise Http404
    one = get_object_or_404(consignments_with_people(), pk=pk)
    if STEPS[step].needs_other and one.batch.drafted_by_id == request.user.pk:
        raise PermissionDenied
    return one, STEPS[step]


def _require_within(form: PartForm, one: Consignment) -> None:
    part = form.range
    if part is not None and not (
        one.first_number <= part.first_number and part.last_number <= one.last_number
    ):
        outside = RangeOutside(first_number=one.first_number, last_number=one.last_number)
        form.add_error("first_serial", explain(outside))


def _step_page(request: HttpRequest, one: Consignment, step: RangeStep, form: PartForm) -> HttpResponse:
    context: dict[str, Any] = {"consignment": one, "step": step, "form": form}
    return render(request, "staff/supply/step.html", context, status=422 if form.errors else 200)


def explain(error: PointsError) -> str:
    """Why the services refused, for who sends cards."""
    if isinstance(error, RangeOutside):
        return _("The cards here are those from %(first)s to %(last)s.") % {
            "first": _isolated(serial_of(error.first_number)),
            "last": _isolated(serial_of(error.last_number)),
        }
    if isinstance(error, RangeOverlaps):
        number = _isolated(str(error.consignment_id))
        return _("Some of these cards were sent already, with consignment %(number)s.") % {"number": number}
    return _EXPLAINED.get(type(error), _("This is not possible."))


def _isolated(text: str) -> str:
    return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


#: Of errors whose facts say no more.
_EXPLAINED: dict[type[PointsError], Any] = {
    CardsNotStocked: gettext_lazy(
        "Some of these cards are active, or were; or none of them can become active."
    ),
    HolderInactive: gettext_lazy("No new cards are sent there."),
    PartsLeft: gettext_lazy("Shops still hold parts of it. Take those back first."),
    SamePerson: gettext_lazy("Someone else than the one who drafted the batch has to do this."),
    WrongBatchState: gettext_lazy("The batch has not arrived, is frozen, or is over."),
    WrongRangeState: gettext_lazy("The consignment has changed meanwhile; this is not possible any more."),
}
