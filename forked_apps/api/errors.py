"""Every refusal is JSON with a stable ``code`` and a ``detail`` for people, never a 500 for bad input."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from forked_apps.basket.errors import BasketError
from forked_apps.order.errors import BasketChanged, OrderError
from forked_apps.payment.errors import PaymentError
from points_payment.errors import InsufficientPoints, PointsError

#: What is not named here is a 400.
STATUS_OF_CODE = {
    "basket_changed": status.HTTP_409_CONFLICT,
    "basket_closed": status.HTTP_409_CONFLICT,
    "not_enough_pieces": status.HTTP_409_CONFLICT,
    "offer_not_available": status.HTTP_409_CONFLICT,
    "idempotency_conflict": status.HTTP_409_CONFLICT,
    "insufficient_points": status.HTTP_402_PAYMENT_REQUIRED,
    "not_deliverable": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "too_heavy": status.HTTP_422_UNPROCESSABLE_ENTITY,
    "no_such_line": status.HTTP_404_NOT_FOUND,
}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """For ``REST_FRAMEWORK["EXCEPTION_HANDLER"]``."""
    if isinstance(error, BasketError | OrderError | PaymentError | PointsError):
        set_rollback()
        return Response(
            _domain_body(error), status=STATUS_OF_CODE.get(error.code, status.HTTP_400_BAD_REQUEST)
        )
    response = exception_handler(error, context)
    if response is not None:
        response.data = _framework_body(error, response)
    return response


def _domain_body(error: BasketError | OrderError | PaymentError | PointsError) -> dict[str, Any]:
    if isinstance(error, BasketChanged):
        changes = [
            {"line": c.line_id, "kind": c.kind.value, "old": c.old, "new": c.new, "detail": c.message}
            for c in error.changes
        ]
        return {"code": error.code, "detail": error.message, "changes": changes}
    if isinstance(error, InsufficientPoints):
        return {
            "code": error.code,
            "detail": _("The wallet holds too few points."),
            "needed_points": error.needed_points,
            "available_points": error.available_points,
            "short_by_points": error.short_by,
        }
    return {"code": error.code, "detail": str(error)}


def _framework_body(error: Exception, response: Response) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return {"code": "invalid", "detail": _("Some fields are wrong."), "errors": response.data}
    if isinstance(error, Http404):
        return {"code": "not_found", "detail": _("Not found.")}
    if isinstance(error, PermissionDenied):
        return {"code": "permission_denied", "detail": _("You may not do this.")}
    code = error.get_codes() if isinstance(error, exceptions.APIException) else "error"
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    return {"code": code if isinstance(code, str) else "error", "detail": detail}
