"""What waits for a second person: top-ups above a limit, and cash that somebody hands in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.permissions import PlatformPermission
from points_payment.desk_selectors import hand_ins, proposals
from points_payment.kinds import AccountKind, ProposalState
from points_payment.models import CashHandIn, TopUpProposal
from points_payment.services.cash import confirm_hand_in, refuse_hand_in, withdraw_hand_in
from points_payment.services.desk import approve_top_up, refuse_top_up, withdraw_top_up
from points_payment.services.operators import held_points
from points_payment.staff.asking import Act, act_and_tell, actor_of, ask_and_act
from points_payment.staff.desk_access import any_permission_required, explain, may_supervise, may_top_up
from points_payment.staff.forms import EmptyForm, ReasonForm
from points_payment.text import points_text

DECIDED_SHOWN = 25


# Top-ups above a limit ----------------------------------------------------------------------


@require_safe
@never_cache
@may_supervise
def waiting_top_ups(request: HttpRequest) -> HttpResponse:
    context = {
        "waiting": proposals(state=ProposalState.WAITING).order_by("id"),
        "decided": proposals().exclude(state=ProposalState.WAITING)[:DECIDED_SHOWN],
    }
    return render(request, "staff/points/top_up_approvals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_supervise
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    actor, proposal = actor_of(request), _proposal(pk)
    form = EmptyForm(request.POST if request.method == "POST" else None)
    return _decide(
        request,
        form,
        lambda: approve_top_up(proposal=proposal, actor=actor),
        title=_("Approve this top-up?"),
        about=_about_proposal(proposal),
        text=_("The points are added to the wallet at once, and the operator owes the cash for them."),
        submit=_("Approve"),
        done=_("The top-up was approved, and the points were added."),
        then="points_staff:approvals",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_supervise
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    actor, proposal = actor_of(request), _proposal(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return _decide(
        request,
        form,
        lambda: refuse_top_up(proposal=proposal, actor=actor, reason=form.cleaned_data["reason"]),
        title=_("Refuse this top-up?"),
        about=_about_proposal(proposal),
        text=_("No point moves. The operator sees the reason."),
        submit=_("Refuse"),
        done=_("The top-up was refused."),
        then="points_staff:approvals",
        danger=True,
    )


@require_POST
@never_cache
@may_top_up
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """An operator takes their own proposal back; another's does not exist for them."""
    actor = actor_of(request)
    proposal = get_object_or_404(TopUpProposal, pk=pk, proposed_by=actor)
    act_and_tell(
        request,
        lambda: withdraw_top_up(proposal=proposal, actor=actor),
        done=_("The top-up was withdrawn."),
        explain=explain,
    )
    return redirect("points_staff:drawer")


# Cash ---------------------------------------------------------------------------------------


@require_safe
@never_cache
@may_supervise
def waiting_cash(request: HttpRequest) -> HttpResponse:
    context = {
        "waiting": hand_ins(state=ProposalState.WAITING).order_by("id"),
        "decided": hand_ins().exclude(state=ProposalState.WAITING)[:DECIDED_SHOWN],
        "platform_points": held_points(person_id=0, kind=AccountKind.CASH),
    }
    return render(request, "staff/points/hand_ins.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_supervise
def confirm_cash(request: HttpRequest, pk: int) -> HttpResponse:
    actor, hand_in = actor_of(request), _hand_in(pk)
    form = EmptyForm(request.POST if request.method == "POST" else None)
    return _decide(
        request,
        form,
        lambda: confirm_hand_in(hand_in=hand_in, actor=actor),
        title=_("Is the cash complete?"),
        about=_about_hand_in(hand_in),
        text=_("Count it first. From now on the platform has this cash, and the person owes it no more."),
        submit=_("I counted it"),
        done=_("The cash was confirmed."),
        then="points_staff:hand-ins",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_supervise
def refuse_cash(request: HttpRequest, pk: int) -> HttpResponse:
    actor, hand_in = actor_of(request), _hand_in(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return _decide(
        request,
        form,
        lambda: refuse_hand_in(hand_in=hand_in, actor=actor, reason=form.cleaned_data["reason"]),
        title=_("Refuse this cash?"),
        about=_about_hand_in(hand_in),
        text=_("It stays with the person by the books. They see the reason."),
        submit=_("Refuse"),
        done=_("The cash was refused."),
        then="points_staff:hand-ins",
        danger=True,
    )


@require_POST
@never_cache
@any_permission_required(PlatformPermission.POINTS_TOP_UP, PlatformPermission.CARDS_DISTRIBUTE)
def withdraw_cash(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody keeps their own cash after all; another's does not exist for them."""
    actor = actor_of(request)
    hand_in = get_object_or_404(CashHandIn, pk=pk, proposed_by=actor)
    act_and_tell(
        request,
        lambda: withdraw_hand_in(hand_in=hand_in, actor=actor),
        done=_("The cash stays with you."),
        explain=explain,
    )
    own = "drawer" if hand_in.account_kind == AccountKind.OPERATOR else "collections"
    return redirect(f"points_staff:{own}")


# Parts --------------------------------------------------------------------------------------


def _proposal(pk: int) -> TopUpProposal:
    return get_object_or_404(proposals(), pk=pk)


def _hand_in(pk: int) -> CashHandIn:
    return get_object_or_404(hand_ins(), pk=pk)


def _about_proposal(proposal: TopUpProposal) -> str:
    people = f"{proposal.proposed_by.display_name} → {proposal.customer.display_name}"
    return f"{points_text(proposal.amount_points)} · {people} · {proposal.reference}"


def _about_hand_in(hand_in: CashHandIn) -> str:
    return f"{points_text(hand_in.amount_points)} · {hand_in.proposed_by.display_name} · {hand_in.reference}"


def _decide(
    request: HttpRequest, form: forms.Form, act: Act, *, done: str, then: str, **words: Any
) -> HttpResponse:
    return ask_and_act(request, form, act, done=done, explain=explain, then=reverse(then), **words)
