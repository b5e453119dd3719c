"""Where a request comes from, for the limits on card codes."""

from __future__ import annotations

import ipaddress
import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from points_payment.services.attempts import Attempt

DEVICE_COOKIE = "nuqta_device"
DEVICE_COOKIE_AGE = 60 * 60 * 24 * 365
#: One customer of a network has at least so many addresses of its own in IPv6.
IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """The address that our own outermost proxy saw; what a client writes into the header is not believed."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    text = hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def attempt_from(request: HttpRequest) -> Attempt:
    """Address and device; a browser without our cookie counts as its session."""
    device = request.get_signed_cookie(DEVICE_COOKIE, default="") or request.session.session_key or ""
    return Attempt(address=client_address(request), device=device)


def remember_device(request: HttpRequest, response: HttpResponse) -> None:
    """Give a browser a number that it cannot invent."""
    if not request.get_signed_cookie(DEVICE_COOKIE, default=""):
        response.set_signed_cookie(
            DEVICE_COOKIE, uuid.uuid4().hex, max_age=DEVICE_COOKIE_AGE, httponly=True, samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
