"""The customer's own pages of points."""

from __future__ import annotations

import math

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from marketplace.users.models import User
from points_payment.clients import attempt_from, remember_device
from points_payment.errors import CardNotRedeemable, IdempotencyConflict, TooManyAttempts, WrongCheckDigit
from points_payment.forms import RedeemForm, new_key
from points_payment.services.redemption import Redemption, redeem_card
from points_payment.text import points_text


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("code")
@login_required
def redeem(request: HttpRequest) -> HttpResponse:
    """Type a code, see the new balance; ``next`` leads back to where points were missing."""
    if request.method == "POST":
        form = RedeemForm(request.POST)
        redemption = _redeem(request, form) if form.is_valid() else None
        if redemption is not None:
            messages.success(
                request,
                _("%(points)s were added. Your balance is %(balance)s.")
                % {
                    "points": points_text(redemption.amount_points),
                    "balance": points_text(redemption.balance_points),
                },
            )
            return redirect(_safe_next(request, form.cleaned_data["next"]) or "wallet:statement")
    else:
        form = RedeemForm(
            initial={"idempotency_key": new_key(), "next": _safe_next(request, request.GET.get("next"))}
        )
    back = _safe_next(request, form["next"].value())
    response = render(
        request,
        "points_payment/redeem.html",
        {"form": form, "back": back},
        status=422 if form.errors else 200,
    )
    remember_device(request, response)
    return response


def _redeem(request: HttpRequest, form: RedeemForm) -> Redemption | None:
    """Redeem, or say beside the field why not."""
    assert isinstance(request.user, User)
    try:
        return redeem_card(
            customer=request.user,
            code=form.cleaned_data["code"],
            idempotency_key=_key(request.user, form),
            attempt=attempt_from(request),
        )
    except WrongCheckDigit:
        form.add_error("code", _("This code is mistyped. Compare it with the card, digit by digit."))
    except TooManyAttempts as error:
        minutes = max(1, math.ceil((error.retry_at - timezone.now()).total_seconds() / 60))
        form.add_error(
            "code",
            ngettext(
                "Too many wrong codes. Try again in %(minutes)s minute.",
                "Too many wrong codes. Try again in %(minutes)s minutes.",
                minutes,
            )
            % {"minutes": minutes},
        )
    except (CardNotRedeemable, IdempotencyConflict):
        form.add_error("code", _("This card cannot be redeemed. Check the code, or ask where you bought it."))
    # The code that was refused and the next one are different requests.
    form.data = {**form.data.dict(), "idempotency_key": new_key()}  # type: ignore[attr-defined]
    return None


def _key(user: User, form: RedeemForm) -> str:
    """The page's key is the person's own: nobody can take another's."""
    return f"redeem:{user.pk}:{form.cleaned_data['idempotency_key'] or new_key()}"


def _safe_next(request: HttpRequest, url: str | None) -> str:
    """An address of this site, or nothing."""
    if url and url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return url
    return ""
