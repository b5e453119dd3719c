"""The language that a person chose: kept in a cookie, and for who is signed in on the account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from marketplace.users.models import User


def set_language_cookie(response: HttpResponseBase, language: str) -> None:
    """As Django's own view sets it."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's view, which also remembers the choice on the account."""
    response: HttpResponse = django_set_language(request)
    chosen = request.POST.get("language", "")
    user = request.user
    if isinstance(user, User) and chosen in dict(settings.LANGUAGES) and check_for_language(chosen):
        User.objects.filter(pk=user.pk).exclude(language=chosen).update(language=chosen)
    return response
