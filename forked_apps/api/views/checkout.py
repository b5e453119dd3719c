"""Placing and reading orders; placing is the storefront's own service."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
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
            customer=request.user,
            basket_id=wanted.validated_data["basket"],
            address=wanted.validated_data["address"],
            idempotency_key=key,
            expected_total_points=wanted.validated_data["expected_total_points"],
        )
        written = customer_order_details(customer=request.user).get(pk=order.pk)
        return Response(OrderSerializer(written).data, status=status.HTTP_201_CREATED)


class _OwnOrders:
    serializer_class = OrderSerializer
    permission_classes = (IsAuthenticated,)
    pagination_class = BoundedPagination

    def get_queryset(self) -> QuerySet[Order]:
        orders = customer_order_details(customer=self.request.user)  # type: ignore[attr-defined]
        return orders.order_by("-date_placed", "-pk")


class OrderList(_OwnOrders, generics.ListAPIView[Any]):
    pass


class OrderDetail(_OwnOrders, generics.RetrieveAPIView[Any]):
    pass
