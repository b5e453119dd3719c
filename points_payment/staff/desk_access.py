"""What the pages of the top-up desk share: who may open them, and how refusals are put into words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from marketplace.formats import format_datetime
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment import errors
from points_payment.kinds import OperatorLimit
from points_payment.text import points_text

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

may_top_up = platform_permission_required(PlatformPermission.POINTS_TOP_UP)
may_supervise = platform_permission_required(PlatformPermission.TOP_UPS_SUPERVISE)
may_collect = platform_permission_required(PlatformPermission.CARDS_DISTRIBUTE)


def any_permission_required(*permissions: PlatformPermission) -> Callable[[View[P]], View[P]]:
    """Let a view be opened by people who hold one of these rights."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not any(request.user.has_perm(permission.full_name) for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("View[P]", login_required(checked))

    return decorate


def is_supervisor(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(PlatformPermission.TOP_UPS_SUPERVISE.full_name))


def explain(error: errors.PointsError) -> str:
    """What a person at the desk is told; never which answer or digit was wrong."""
    match error:
        case errors.OverLimit():
            return _("The limit “%(limit)s” is %(points)s, and %(left)s of it are left.") % {
                "limit": OperatorLimit(error.limit).label,
                "points": points_text(error.limit_points),
                "left": points_text(error.left_points),
            }
        case errors.TooManyAttempts():
            return _("Too many tries for this customer. It can be tried again from %(time)s on.") % {
                "time": format_datetime(error.retry_at)
            }
        case errors.WrongCallerCode():
            return _("This code is not right. Tries left: %(number)d") % {"number": error.tries_left}
        case errors.MoreThanHeld():
            return _("That is more than the books say: %(points)s.") % {
                "points": points_text(error.held_points)
            }
        case errors.DifferenceUnexplained():
            return _("The difference is %(points)s. Count again, or say why.") % {
                "points": points_text(error.difference_points)
            }
    return _SENTENCES.get(type(error), lambda: _("This is not possible."))()


_SENTENCES: dict[type[errors.PointsError], Callable[[], str]] = {
    errors.CallerCodeExpired: lambda: _("No code waits any more. Send a new one."),
    errors.CallerNotVerified: lambda: _("Verify the caller first: each time is good for one top-up."),
    errors.IdempotencyConflict: lambda: _("This page was used already. Start again."),
    errors.NothingLeftToReverse: lambda: _("The customer has spent all of these points."),
    errors.NotReversible: lambda: _("This top-up was taken back before."),
    errors.OwnWallet: lambda: _("Nobody adds points to their own wallet."),
    errors.PhoneNotProven: lambda: _("The customer has no proven phone that a code could be sent to."),
    errors.SamePerson: lambda: _("Somebody else has to do this."),
    errors.TooLateToReverse: lambda: _("The time in which you may take this top-up back is over."),
    errors.WrongCallerAnswers: lambda: _("These answers do not prove that the caller is the customer."),
    errors.WrongProposalState: lambda: _("This was decided meanwhile."),
    errors.WrongRequestState: lambda: _("The request has changed meanwhile; this is not possible any more."),
    errors.WrongShift: lambda: _("Your shift has changed meanwhile."),
}
