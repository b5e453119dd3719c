"""The code of somebody who typed it before signing in, kept in their own browser and nowhere else.

It stands in a cookie of the redeem page alone, encrypted and for half an hour: the plain code is in no
database, session, log or address, and a stolen cookie jar does not show it.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

KEPT_COOKIE = "nuqta_code"
KEPT_SECONDS = 30 * 60


def _cipher() -> Fernet:
    """Under a key of its own: what ``SECRET_KEY`` signs elsewhere opens nothing here."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nuqta kept code 1").derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))


def keep_code(response: HttpResponse, *, code: str) -> None:
    """Let the browser bring the code back to the redeem page."""
    response.set_cookie(
        KEPT_COOKIE, _cipher().encrypt(code.encode("ascii")).decode("ascii"), max_age=KEPT_SECONDS,
        path=reverse("wallet:redeem"), httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def kept_code(request: HttpRequest) -> str:
    """The code that this browser kept; empty if there is none, it is too old, or not ours."""
    kept = request.COOKIES.get(KEPT_COOKIE, "").encode("ascii", "replace")
    try:
        return _cipher().decrypt(kept, ttl=KEPT_SECONDS).decode("ascii")
    except InvalidToken:
        return ""


def forget_code(request: HttpRequest, response: HttpResponse) -> None:
    """It was used: take the cookie away."""
    if KEPT_COOKIE in request.COOKIES:
        response.delete_cookie(KEPT_COOKIE, path=reverse("wallet:redeem"), samesite="Lax")
