"""Where a visitor's goods would go: said once, kept in a cookie, and nothing but a governorate's code.

Pages that are the same for everyone (lists, the home page) never look at it.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from forked_apps.partner.governorates import Governorate, default_governorate

COOKIE = "nuqta_governorate"
COOKIE_AGE = 60 * 60 * 24 * 365


def governorate_of(request: HttpRequest) -> str:
    """The code of the governorate that the visitor chose, or took an address in; else the default."""
    chosen = request.COOKIES.get(COOKIE)
    return chosen if chosen in Governorate.values else default_governorate()


def remember_governorate(response: HttpResponseBase, governorate: str) -> None:
    response.set_cookie(
        COOKIE,
        governorate,
        max_age=COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@require_POST
def set_governorate(request: HttpRequest) -> HttpResponse:
    """Keep the choice and go back; a governorate that there is not changes nothing."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = redirect(target)
    chosen = request.POST.get("governorate", "")
    if chosen in Governorate.values:
        remember_governorate(response, chosen)
    return response
