"""Those of django-oscar-api's addresses that are safe, under their own names, with our overrides.

Left out: sign-in and registration (allauth's, with its limits; oscarapi's know none) · ``baskets/`` and
``baskets/<id>/`` (show and delete any editable basket's row) · adding lines with a price of the client's
choice · vouchers (codes can be tried without a limit) · shipping methods (ours are by vendor and address,
and part of the checkout) · options, ranges, countries and categories (no pages, a query per row) ·
users, user addresses, order lines and their attributes (the last ones unscoped: everybody's) · all
of ``admin/`` (its product import opens any address).
"""

from __future__ import annotations

import warnings

from django.urls import path
from oscarapi.utils.deprecations import RemovedInFutureRelease
from oscarapi.utils.loading import get_api_class, get_api_classes

with warnings.catch_warnings():
    # Loading an override loads what it replaces, a part of which is deprecated.
    warnings.simplefilter("ignore", RemovedInFutureRelease)
    api_root = get_api_class("views.root", "api_root")
    BasketView, AddProductView, LineList, BasketLineDetail = get_api_classes(
        "views.basket", ["BasketView", "AddProductView", "LineList", "BasketLineDetail"]
    )
    CheckoutView, OrderList, OrderDetail = get_api_classes(
        "views.checkout", ["CheckoutView", "OrderList", "OrderDetail"]
    )
    ProductList, ProductDetail = get_api_classes("views.product", ["ProductList", "ProductDetail"])

urlpatterns = [
    path("", api_root, name="api-root"),
    path("basket/", BasketView.as_view(), name="api-basket"),
    path("basket/add-product/", AddProductView.as_view(), name="api-basket-add-product"),
    path("baskets/<int:pk>/lines/", LineList.as_view(), name="basket-lines-list"),
    path("baskets/<int:basket_pk>/lines/<int:pk>/", BasketLineDetail.as_view(), name="basket-line-detail"),
    path("products/", ProductList.as_view(), name="product-list"),
    path("products/<int:pk>/", ProductDetail.as_view(), name="product-detail"),
    path("checkout/", CheckoutView.as_view(), name="api-checkout"),
    path("orders/", OrderList.as_view(), name="order-list"),
    path("orders/<int:pk>/", OrderDetail.as_view(), name="order-detail"),
]
