"""The desk that helps with one card: freezing it, and replacing a damaged one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import (
    CardNotFreezable,
    CardNotReplaceable,
    PointsError,
    SamePerson,
    WrongLastFour,
)
from points_payment.kinds import BatchState, CardState, ReplacementState
from points_payment.models import Card, CardReplacement, Consignment
from points_payment.services.card_support import (
    approve_replacement,
    freeze_card,
    refuse_replacement,
    request_replacement,
    unfreeze_card,
)
from points_payment.staff.asking import actor_of, ask_and_act
from points_payment.staff.forms import ReasonForm
from points_payment.staff.supply_forms import AnswerForm, RefusalForm, ReplacementForm
from points_payment.supply_selectors import (
    consignments_of_card,
    events_of_card,
    replacement_requests,
)

PER_PAGE = 25

may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)
may_support = platform_permission_required(PlatformPermission.CARDS_SUPPORT)
may_approve = platform_permission_required(PlatformPermission.CARDS_APPROVE)


def card_url(card: Card) -> str:
    return f"{reverse('points_staff:find-card')}?{urlencode({'serial': card.serial})}"


def card_facts(card: Card, user: User) -> dict[str, Any]:
    """What the page about a card shows beside the card: never the code, nor its last digits.

    Those are what someone with the damaged card reads out, and nobody else knows.
    """
    sent = list(consignments_of_card(card))
    waiting = card.replacements.filter(state=ReplacementState.REQUESTED).first()
    may = user.has_perm(PlatformPermission.CARDS_SUPPORT.full_name)
    is_active = card.state == CardState.ACTIVE
    can_thaw, why_not = _thaw(card, user, sent=sent, is_waiting=waiting is not None)
    is_usable = card.batch.state == BatchState.ACTIVE and card.state in {CardState.ACTIVE, CardState.FROZEN}
    return {
        "sent": sent,
        "events": events_of_card(card),
        "waiting": waiting,
        "replacements": card.replacements.select_related("new_card", "requested_by", "decided_by"),
        "replaces": CardReplacement.objects.filter(new_card=card).select_related("card").first(),
        "may_freeze": may and is_active,
        "may_unfreeze": may and can_thaw,
        "may_replace": may and is_usable and waiting is None,
        "why_not": why_not if may else "",
    }


def _thaw(card: Card, user: User, *, sent: list[Consignment], is_waiting: bool) -> tuple[bool, str]:
    """Whether this person may unfreeze a card; if it is frozen and they may not, why."""
    if card.state != CardState.FROZEN:
        return False, ""
    if is_waiting:
        return False, _("It stays frozen until the request to replace it is decided.")
    if any(one.state == "frozen" for one in sent):
        return False, _("Its range is frozen: unfreeze the consignment.")
    if card.batch.drafted_by_id == user.pk:
        return False, _("You drafted its batch: someone else has to unfreeze it.")
    return True, ""


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_support
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    return _one_card(
        request, pk, freeze_card, title=_("Freeze this card?"), submit=_("Freeze"), danger=True,
        text=_("Nobody can redeem it until someone unfreezes it."), done=_("The card is frozen."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_support
def unfreeze(request: HttpRequest, pk: int) -> HttpResponse:
    return _one_card(
        request, pk, unfreeze_card, title=_("Unfreeze this card?"), submit=_("Unfreeze"), danger=False,
        text=_("It can be redeemed at once."), done=_("The card can be redeemed again."),
    )  # fmt: skip


def _one_card(request: HttpRequest, pk: int, carry_out: Any, **words: Any) -> HttpResponse:
    card = get_object_or_404(Card.objects.select_related("batch"), pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return ask_and_act(
        request, form,
        lambda: carry_out(card=card, actor=actor_of(request), reason=form.cleaned_data["reason"]),
        about=card.serial, explain=_explain, then=card_url(card), **words,
    )  # fmt: skip


# Replacing --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_support
def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a new card in place of a damaged one; another person decides."""
    card = get_object_or_404(Card.objects.select_related("batch"), pk=pk)
    form = ReplacementForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        assert isinstance(request.user, User)
        try:
            asked = request_replacement(card=card, actor=request.user, **form.cleaned_data)
        except WrongLastFour:
            form.add_error("last_four", _("These are not the last four digits of this card's code."))
        except CardNotReplaceable as error:
            messages.error(request, _explain(error))
            return redirect(card_url(card))
        else:
            messages.success(request, _("The card is frozen until someone else has decided."))
            return redirect("points_staff:replacement", asked.pk)
    context = {"form": form, "card": card, "back": card_url(card)}
    return render(request, "staff/supply/replace.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@may_view
def replacements(request: HttpRequest) -> HttpResponse:
    page = Paginator(replacement_requests(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "staff/supply/replacements.html", {"page_obj": page})


@require_safe
@never_cache
@may_view
def replacement(request: HttpRequest, pk: int) -> HttpResponse:
    asked = get_object_or_404(replacement_requests(), pk=pk)
    return _replacement_page(request, asked, answer_form=AnswerForm(), refusal_form=RefusalForm())


@require_POST
@never_cache
@may_approve
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """The only moment in which anyone sees the new card's code: the answer to this POST."""
    assert isinstance(request.user, User)
    asked = get_object_or_404(replacement_requests(), pk=pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _replacement_page(request, asked, answer_form=form, refusal_form=RefusalForm())
    try:
        made = approve_replacement(replacement=asked, actor=request.user, answer=form.cleaned_data["answer"])
    except PointsError as error:
        messages.error(request, _explain(error))
        return redirect("points_staff:replacement", asked.pk)
    context = {"old": asked.card, "made": made, "batch": made.card.batch}
    response = render(request, "staff/supply/new_card.html", context)
    patch_cache_control(response, no_store=True, private=True)
    return response


@require_POST
@never_cache
@may_approve
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    assert isinstance(request.user, User)
    asked = get_object_or_404(replacement_requests(), pk=pk)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _replacement_page(request, asked, answer_form=AnswerForm(), refusal_form=form)
    try:
        refuse_replacement(replacement=asked, actor=request.user, answer=form.cleaned_data["answer"])
    except PointsError as error:
        messages.error(request, _explain(error))
    else:
        messages.success(
            request, _("The request is refused. The card stays frozen until someone unfreezes it.")
        )
    return redirect("points_staff:replacement", asked.pk)


def _replacement_page(
    request: HttpRequest, asked: CardReplacement, *, answer_form: AnswerForm, refusal_form: RefusalForm
) -> HttpResponse:
    is_waiting = asked.state == ReplacementState.REQUESTED
    is_mine = asked.requested_by_id == request.user.pk
    may = request.user.has_perm(PlatformPermission.CARDS_APPROVE.full_name)
    context = {
        "asked": asked,
        "card_url": card_url(asked.card),
        "may_decide": is_waiting and may and not is_mine,
        "waits_for_other": is_waiting and is_mine,
        "answer_form": answer_form,
        "refusal_form": refusal_form,
    }
    has_errors = bool(answer_form.errors or refusal_form.errors)
    return render(request, "staff/supply/replacement.html", context, status=422 if has_errors else 200)


def _explain(error: PointsError) -> str:
    if isinstance(error, SamePerson):
        return _("Someone else has to do this.")
    if isinstance(error, CardNotFreezable):
        return _("The card has changed meanwhile; this is not possible any more.")
    if isinstance(error, CardNotReplaceable):
        return _(
            "This card cannot be replaced: it is redeemed, void, expired, never active, or in a frozen range;"
            " or it is being replaced already."
        )
    return _("This is not possible.")
