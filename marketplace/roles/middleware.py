"""The doors of what others wrote: Oscar's dashboard and Django's admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from marketplace.users.permissions import PlatformPermission

#: By application namespace, wherever it is mounted. Their own checks come after this one.
GATES = {
    "dashboard": PlatformPermission.DASHBOARD_USE,
    "admin": PlatformPermission.RECORDS_VIEW,
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What Oscar's dashboard lets people change with the right to see it; here it is only looked at there.
LOOKED_AT = ("order-", "user-", "users-", "partner-")


class BackOfficeGateMiddleware:
    """Nobody reaches the back office without the platform's right to it, least of all a vendor.

    Oscar lets a partner's people open whole orders, and change an order with the right to see it; and
    both applications bring sign-in pages without second step or limits. None of that is reachable:
    who is not signed in goes to our own sign-in page, and orders, people and vendors are only looked at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        match = request.resolver_match
        gate = next((name for name in match.app_names if name in GATES), None) if match else None
        if match is None or gate is None:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        needed = {GATES[gate], PlatformPermission.STAFF_ACCESS}
        if not all(request.user.has_perm(permission.full_name) for permission in needed):
            raise PermissionDenied
        is_looked_at = gate == "dashboard" and (match.url_name or "").startswith(LOOKED_AT)
        if is_looked_at and request.method not in SAFE_METHODS:
            raise PermissionDenied
        return None
