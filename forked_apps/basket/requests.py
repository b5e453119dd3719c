"""The basket of a request, with its type: the middleware puts it there lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

    from forked_apps.basket.models import Basket


def basket_of(request: HttpRequest | Request) -> Basket:
    """The open basket; one that was never written has no id."""
    basket: Basket = request.basket  # type: ignore[union-attr]
    return basket
