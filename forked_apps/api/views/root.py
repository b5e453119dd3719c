from __future__ import annotations

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

NAMES = {
    "basket": "api-basket",
    "basket-add-product": "api-basket-add-product",
    "checkout": "api-checkout",
    "orders": "order-list",
    "products": "product-list",
}


@api_view(["GET"])
def api_root(request: Request) -> Response:
    return Response({name: reverse(view, request=request) for name, view in NAMES.items()})
