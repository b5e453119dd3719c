"""Products by pages, each with its offers, in a fixed number of queries."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from forked_apps.api.pagination import BoundedPagination
from forked_apps.api.serializers.product import ProductLinkSerializer, ProductSerializer
from forked_apps.catalogue.models import Product
from forked_apps.partner.offers import ranked_offers


class _Products:
    pagination_class = BoundedPagination

    def get_queryset(self) -> QuerySet[Product]:
        return Product.objects.browsable().select_related("brand", "parent").order_by("pk")


class ProductList(_Products, generics.ListAPIView[Any]):
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        offers = ranked_offers(product.pk for product in page)
        return self.get_paginated_response(
            ProductLinkSerializer(page, many=True, context={"offers": offers}).data
        )


class ProductDetail(_Products, generics.RetrieveAPIView[Any]):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        product = self.get_object()
        return Response(ProductSerializer(product, context={"offers": ranked_offers([product.pk])}).data)
