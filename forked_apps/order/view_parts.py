"""What pages about returns and problems have in common, whoever reads them: buyer, vendor or staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from forked_apps.order.dispute_models import DisputePhoto
from forked_apps.order.errors import OrderError
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import ReturnPhoto

if TYPE_CHECKING:
    from marketplace.users.models import User

Photo = TypeVar("Photo", ReturnPhoto, DisputePhoto)


def own_part(request: HttpRequest, order_number: str, number: str) -> VendorOrder:
    """The buyer's own; anybody else's answers 404."""
    return get_object_or_404(
        VendorOrder.objects.select_related("order", "vendor"),
        order__user=cast("User", request.user), order__number=order_number, number=number,
    )  # fmt: skip


def pictures_of(request: HttpRequest) -> Any:
    """All files of the field ``photos``, as its form wants them."""
    return {"photos": request.FILES.getlist("photos")}


def photo_response(photos: QuerySet[Photo], pk: int) -> HttpResponse:
    """One of these photos, for eyes that the caller has checked."""
    found = get_object_or_404(photos, pk=pk)
    # Some hundred KB at most: ``marketplace.uploads`` saw to it.
    with found.file.open("rb") as file:
        response = HttpResponse(file.read(), content_type="image/webp")
    response["Cache-Control"] = "private, no-store"
    return response


def act_and_tell(request: HttpRequest, act: Callable[[], object], words: str) -> None:
    """Do it, and tell the reader that it is done, or why not."""
    try:
        act()
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, words)
