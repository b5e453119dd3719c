"""The basket of the session, the same one that the storefront shows."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forked_apps.api.serializers.basket import BasketSerializer, QuantitySerializer
from forked_apps.api.serializers.product import AddProductSerializer
from forked_apps.basket import services
from forked_apps.basket.errors import NoSuchLine
from forked_apps.basket.models import Basket
from forked_apps.basket.requests import basket_of
from forked_apps.basket.selectors import summarise
from forked_apps.catalogue.models import Product


def _answer(request: Request, *, code: int = status.HTTP_200_OK) -> Response:
    user = request.user if request.user.is_authenticated else None
    return Response(BasketSerializer(summarise(basket=basket_of(request), user=user)).data, status=code)


def _own_basket(request: Request, basket_pk: int) -> Basket:
    """Another's basket is as good as none."""
    basket = basket_of(request)
    if basket.pk is None or basket.pk != basket_pk:
        raise NoSuchLine
    return basket


class BasketView(APIView):
    """What is in the basket; an anonymous visitor's look writes nothing."""

    def get(self, request: Request) -> Response:
        return _answer(request)


class AddProductView(APIView):
    def post(self, request: Request) -> Response:
        wanted = AddProductSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        product = get_object_or_404(Product.objects.browsable(), pk=wanted.validated_data["product"])
        services.add_offer(
            basket=basket_of(request),
            product=product,
            offer_id=wanted.validated_data["offer"],
            quantity=wanted.validated_data["quantity"],
        )
        return _answer(request)


class LineList(APIView):
    def get(self, request: Request, pk: int) -> Response:
        _own_basket(request, pk)
        return _answer(request)


class BasketLineDetail(APIView):
    def patch(self, request: Request, basket_pk: int, pk: int) -> Response:
        basket = _own_basket(request, basket_pk)
        wanted = QuantitySerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        services.change_quantity(basket=basket, line_id=pk, quantity=wanted.validated_data["quantity"])
        return _answer(request)

    def delete(self, request: Request, basket_pk: int, pk: int) -> Response:
        services.remove_line(basket=_own_basket(request, basket_pk), line_id=pk)
        return _answer(request)
