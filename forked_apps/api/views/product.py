"""Products by pages, each with its offers, in a fixed number of queries."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forked_apps.api.pagination import BoundedPagination
from forked_apps.api.serializers.product import ProductLinkSerializer, ProductSerializer
from forked_apps.catalogue.models import Product
from forked_apps.partner.offers import ranked_offers


def _products() -> QuerySet[Product]:
    return Product.objects.browsable().select_related("brand", "parent").order_by("pk")


class ProductList(generics.GenericAPIView[Product]):
    pagination_class = BoundedPagination

    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(_products()) or []
        context = {"offers": ranked_offers(product.pk for product in page)}
        return self.get_paginated_response(
            [ProductLinkSerializer(product, context=context).data for product in page]
        )


class ProductDetail(APIView):
    def get(self, request: Request, pk: int) -> Response:
        product = get_object_or_404(_products(), pk=pk)
        return Response(ProductSerializer(product, context={"offers": ranked_offers([product.pk])}).data)
