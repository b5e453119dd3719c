"""Which basket a request has. Looking writes nothing: a basket is written with its first line."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils.translation import ngettext
from oscar.apps.basket import middleware

from forked_apps.basket.models import Basket
from forked_apps.basket.services import merge_baskets


class BasketMiddleware(middleware.BasketMiddleware):
    def get_basket(self, request: HttpRequest) -> Basket:
        if request._basket_cache is not None:  # type: ignore[attr-defined]
            return request._basket_cache  # type: ignore[attr-defined]
        anonymous = self.get_cookie_basket(self.get_cookie_key(request), request, Basket.open)
        if request.user.is_authenticated:
            # At most one is open: a constraint of the database.
            basket = Basket.open.filter(owner=request.user).first() or Basket(owner=request.user)
            basket.owner = request.user
            if anonymous is not None:
                basket = self._take_over(request, basket, anonymous)
        else:
            basket = anonymous or Basket()
        request._basket_cache = basket  # type: ignore[attr-defined]
        return basket

    def _take_over(self, request: HttpRequest, basket: Basket, anonymous: Basket) -> Basket:
        """Someone with a basket has just signed in: their lines come along."""
        if basket.pk is None:
            basket, _ = Basket.open.get_or_create(owner=request.user)
        pieces = merge_baskets(into=basket, other=anonymous)
        request.cookies_to_delete.append(self.get_cookie_key(request))  # type: ignore[attr-defined]
        if pieces:
            messages.info(
                request,
                ngettext(
                    "%(pieces)d piece that you had chosen before signing in is in your basket.",
                    "%(pieces)d pieces that you had chosen before signing in are in your basket.",
                    pieces,
                )
                % {"pieces": pieces},
            )
        return basket

    def get_cookie_basket(self, cookie_key: str, request: HttpRequest, manager: Any) -> Basket | None:
        cookie = request.COOKIES.get(cookie_key)
        if cookie is None:
            return None
        try:
            basket = manager.filter(pk=int(Signer().unsign(cookie)), owner=None).first()
        except (BadSignature, ValueError):
            basket = None
        if basket is None:
            request.cookies_to_delete.append(cookie_key)  # type: ignore[attr-defined]
        return basket

    def apply_offers_to_basket(self, request: HttpRequest, basket: Basket) -> None:
        """Not here: pages that show prices of the basket ask for its summary, the others pay nothing."""
