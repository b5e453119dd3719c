"""The box in which customers type codes, of cards and vouchers, also before they have an account."""

from __future__ import annotations

import math

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from marketplace.formats import format_date, format_datetime
from marketplace.users.models import User
from points_payment.clients import attempt_from, remember_device
from points_payment.codes import CODE_DIGITS, in_groups
from points_payment.errors import (
    CardNotRedeemable,
    IdempotencyConflict,
    PointsError,
    TooManyAttempts,
    VoucherNotBegun,
    VoucherNotRedeemable,
    VoucherOver,
    VoucherPaused,
    VoucherUsed,
    VoucherUsedUp,
    WrongCheckDigit,
)
from points_payment.forms import RedeemForm, new_key
from points_payment.kept_code import forget_code, keep_code, kept_code
from points_payment.services.code_box import redeem_code, tidy_code
from points_payment.services.redemption import Redemption
from points_payment.text import points_text
from points_payment.voucher_codes import is_voucher_code, shown_voucher_code


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("code")
def redeem(request: HttpRequest) -> HttpResponse:
    """Type a code, see the new balance; ``next`` leads back to where points were missing."""
    if not isinstance(request.user, User):
        return _keep_for_later(request)
    if request.method == "POST":
        form = RedeemForm(request.POST)
        redemption = _redeem(request, request.user, form) if form.is_valid() else None
        if redemption is not None:
            messages.success(request, _thanks(redemption))
            done = redirect(_safe_next(request, form.cleaned_data["next"]) or "wallet:statement")
            forget_code(request, done)
            return done
    else:
        form = RedeemForm(
            initial={
                "code": _shown(kept_code(request)),
                "idempotency_key": new_key(),
                "next": _safe_next(request, request.GET.get("next")),
            }
        )
    response = _page(request, "points_payment/redeem.html", form)
    if request.method == "POST":
        # What was typed stands in the page that answers; an older code would only come in its way.
        forget_code(request, response)
    return response


def _keep_for_later(request: HttpRequest) -> HttpResponse:
    """Someone who is not signed in: the code waits in their browser until they are.

    Only its check digit is looked at, so trying codes out here tells nothing of any card.
    """
    if request.method == "POST":
        form = RedeemForm(request.POST)
        if form.is_valid():
            try:
                code = tidy_code(form.cleaned_data["code"])
            except WrongCheckDigit:
                form.add_error("code", _mistyped(form.cleaned_data["code"]))
            else:
                kept = redirect(_here(_safe_next(request, form.cleaned_data["next"])))
                keep_code(kept, code=code)
                return kept
        return _page(request, "points_payment/redeem_visitor.html", form)
    back = _safe_next(request, request.GET.get("next"))
    here = urlencode({"next": _here(back)})
    return _page(
        request,
        "points_payment/redeem_visitor.html",
        RedeemForm(initial={"next": back}),
        kept_ends_with=kept_code(request)[-4:],
        sign_up_url=f"{reverse('account_signup')}?{here}",
        sign_in_url=f"{reverse('account_login')}?{here}",
    )


def _page(request: HttpRequest, template: str, form: RedeemForm, **more: object) -> HttpResponse:
    context = {
        "form": form,
        "back": _safe_next(request, form["next"].value()),
        "usual_digits": CODE_DIGITS,
        **more,
    }
    response = render(request, template, context, status=422 if form.errors else 200)
    remember_device(request, response)
    return response


def _redeem(request: HttpRequest, customer: User, form: RedeemForm) -> Redemption | None:
    """Redeem, or say beside the field why not."""
    code = form.cleaned_data["code"]
    try:
        return redeem_code(
            customer=customer, code=code, idempotency_key=_key(customer, form), attempt=attempt_from(request)
        )
    except WrongCheckDigit:
        form.add_error("code", _mistyped(code))
    except (TooManyAttempts, CardNotRedeemable, VoucherNotRedeemable, IdempotencyConflict) as error:
        form.add_error("code", _explain(error))
    # The code that was refused and the next one are different requests.
    form.data = {**form.data.dict(), "idempotency_key": new_key()}  # type: ignore[attr-defined]
    return None


def _thanks(redemption: Redemption) -> str:
    facts = {
        "points": points_text(redemption.amount_points),
        "balance": points_text(redemption.balance_points),
    }
    if redemption.expires_at is None:
        return _("%(points)s were added. Your balance is %(balance)s.") % facts
    return _("%(points)s were added and can be spent until %(date)s. Your balance is %(balance)s.") % {
        **facts,
        "date": format_date(redemption.expires_at),
    }


def _mistyped(code: str) -> str:
    if is_voucher_code(code):
        return _("This code is mistyped. Compare it with the voucher, letter by letter.")
    return _("This code is mistyped. Compare it with the card, digit by digit.")


def _explain(error: PointsError) -> str:
    """Why a code was refused; of cards and single-use vouchers always in the same words."""
    if isinstance(error, TooManyAttempts):
        minutes = max(1, math.ceil((error.retry_at - timezone.now()).total_seconds() / 60))
        return ngettext(
            "Too many wrong codes. Try again in %(minutes)s minute.",
            "Too many wrong codes. Try again in %(minutes)s minutes.",
            minutes,
        ) % {"minutes": minutes}
    if isinstance(error, VoucherNotBegun):
        return _("This code can be redeemed from %(when)s on.") % {"when": format_datetime(error.starts_at)}
    reasons: dict[type[PointsError], str] = {
        VoucherOver: _("This offer is over."),
        VoucherPaused: _("This offer is paused. Try again later."),
        VoucherUsedUp: _("This offer is used up: others were faster."),
        VoucherUsed: _("You have redeemed this code already, as often as one person may."),
    }
    return reasons.get(type(error)) or _("This code cannot be redeemed. Check it, or ask where you got it.")


def _shown(code: str) -> str:
    """A code as it is printed."""
    return in_groups(code) if code.isdigit() else shown_voucher_code(code)


def _key(user: User, form: RedeemForm) -> str:
    """The page's key is the person's own: nobody can take another's."""
    return f"redeem:{user.pk}:{form.cleaned_data['idempotency_key'] or new_key()}"


def _here(back: str) -> str:
    """The redeem page, which leads on to where the person came from."""
    query = f"?{urlencode({'next': back})}" if back else ""
    return reverse("wallet:redeem") + query


def _safe_next(request: HttpRequest, url: str | None) -> str:
    """An address of this site, or nothing."""
    if url and url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return url
    return ""
