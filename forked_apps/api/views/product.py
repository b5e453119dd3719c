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
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.offers import ranked_offers


def _products() -> QuerySet[Product]:
    return Product.objects.browsable().select_related("brand", "parent").order_by("pk")


class ProductList(generics.GenericAPIView[Product]):
    pagination_class = BoundedPagination

    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(_products()) or []
        context = {
            "offers": ranked_offers((product.pk for product in page), governorate=_governorate(request))
        }
        return self.get_paginated_response(
            [ProductLinkSerializer(product, context=context).data for product in page]
        )


class ProductDetail(APIView):
    def get(self, request: Request, pk: int) -> Response:
        product = get_object_or_404(_products(), pk=pk)
        offers = ranked_offers([product.pk], governorate=_governorate(request))
        return Response(ProductSerializer(product, context={"offers": offers}).data)


def _governorate(request: Request) -> str | None:
    """Where the client would have it delivered (``?governorate=BA``); nonsense counts as not said."""
    code = request.query_params.get("governorate", "")
    return code if code in Governorate.values else None
