"""Placing and reading orders; placing is the storefront's own service."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.shortcuts import get_object_or_404
from rest_framework import generics, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forked_apps.api.pagination import BoundedPagination
from forked_apps.api.serializers.checkout import CheckoutSerializer, OrderSerializer
from forked_apps.order.errors import BadIdempotencyKey
from forked_apps.order.models import Order
from forked_apps.order.selectors import customer_order_details
from forked_apps.order.services.placement import place_order

if TYPE_CHECKING:
    from marketplace.users.models import User


class CheckoutView(APIView):
    """``Idempotency-Key`` is wanted: the same one again answers with the same order."""

    permission_classes = (IsAuthenticated,)

    def post(self, request: Request) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            raise BadIdempotencyKey
        wanted = CheckoutSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        order = place_order(
            customer=_customer(request),
            basket_id=wanted.validated_data["basket"],
            address=wanted.validated_data["address"],
            idempotency_key=key,
            expected_total_points=wanted.validated_data["expected_total_points"],
            source=wanted.validated_data["payment_source"],
        )
        written = customer_order_details(customer=_customer(request)).get(pk=order.pk)
        return Response(OrderSerializer(written).data, status=status.HTTP_201_CREATED)


class OrderList(generics.GenericAPIView[Order]):
    permission_classes = (IsAuthenticated,)
    pagination_class = BoundedPagination

    def get(self, request: Request) -> Response:
        orders = customer_order_details(customer=_customer(request)).order_by("-date_placed", "-pk")
        page = self.paginate_queryset(orders) or []
        return self.get_paginated_response([OrderSerializer(order).data for order in page])


class OrderDetail(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request, pk: int) -> Response:
        order = get_object_or_404(customer_order_details(customer=_customer(request)), pk=pk)
        return Response(OrderSerializer(order).data)


def _customer(request: Request) -> User:
    """``IsAuthenticated`` has looked already."""
    return cast("User", request.user)
