"""The one door of the portal: who is asking, for which vendor, with which rights; once per request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from forked_apps.partner.models import Partner, VendorStatus
from forked_apps.partner.permissions import VendorPermission
from marketplace.users.models import User
from vendor_portal.models import VendorMember
from vendor_portal.navigation import portal_context
from vendor_portal.selectors import membership_in

P = ParamSpec("P")


class VendorRequest(HttpRequest):
    """A request of someone in a vendor's team, checked."""

    user: User
    vendor: Partner
    member: VendorMember
    rights: frozenset[VendorPermission]
    #: This vendor's pages may be read but not changed.
    read_only: bool


VendorView = Callable[Concatenate[VendorRequest, P], HttpResponse]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def vendor_permission_required(
    permission: VendorPermission, *, shows_state: bool = False, while_suspended: bool = False
) -> Callable[[VendorView[P]], Callable[..., HttpResponse]]:
    """Let a view of ``/portal/<code>/…`` be opened by members of that vendor who hold this right.

    Not signed in: the sign-in page. Another's vendor: 404, as if it did not exist. A missing right: 403.
    A vendor that does not sell: a page that says so (of a suspended one pages stay readable).
    ``shows_state``: that page is what this view is there for then, so it is answered with 200.
    ``while_suspended``: a suspended vendor may change this too. What customers wait for goes on, and who
    could not answer would lose by a deadline; nothing that sells belongs to it.
    """

    def decorate(view: VendorView[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(plain_request: HttpRequest, code: str, *args: Any, **kwargs: Any) -> HttpResponse:
            request = cast("VendorRequest", plain_request)
            found = membership_in(user=request.user, code=code)
            if found is None:
                raise Http404
            request.member, request.rights = found
            request.vendor = request.member.vendor
            request.read_only = not request.vendor.is_selling
            if not {permission, VendorPermission.PORTAL_ACCESS} <= request.rights:
                raise PermissionDenied
            if not _is_open(request, while_suspended=while_suspended):
                return _state_page(
                    request, status=200 if shows_state and request.method in SAFE_METHODS else 403
                )
            return view(request, *args, **kwargs)

        checked.vendor_permission = permission  # type: ignore[attr-defined]
        checked.while_suspended = while_suspended  # type: ignore[attr-defined]
        return login_required(checked)

    return decorate


def require_any_right(request: VendorRequest, *permissions: VendorPermission) -> None:
    """For pages that several rights open.

    Raises:
        PermissionDenied: the person holds none of them.
    """
    if not request.rights.intersection(permissions):
        raise PermissionDenied


def portal_page(
    request: VendorRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of the portal, with its navigation around it."""
    return render(request, template, {**portal_context(request), **context}, status=status)


def _is_open(request: VendorRequest, *, while_suspended: bool) -> bool:
    if request.vendor.is_selling:
        return True
    is_safe = request.method in SAFE_METHODS or while_suspended
    return request.vendor.status == VendorStatus.SUSPENDED and is_safe


def _state_page(request: VendorRequest, *, status: int) -> HttpResponse:
    return portal_page(
        request, "vendor_portal/state.html", {"can_apply_again": _may_apply_again(request)}, status=status
    )


def _may_apply_again(request: VendorRequest) -> bool:
    return request.vendor.status == VendorStatus.REFUSED and VendorPermission.SETTINGS_EDIT in request.rights
