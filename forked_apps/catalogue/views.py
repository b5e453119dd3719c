"""The product's page. Categories and the whole catalogue are lists: see ``search``."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.generic import View
from oscar.apps.customer.history import CustomerHistoryManager

from forked_apps.catalogue.selectors import page_products, product_page


class ProductDetailView(View):
    """Oscar's view of the same name writes analytics rows while the page is read; this one only reads."""

    def get(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        user_id = request.user.pk if request.user.is_authenticated else None
        product = page_products(user_id=user_id).filter(pk=pk).first()
        if product is None or not (product.is_public or request.user.is_staff):
            raise Http404
        if product.is_child:
            return HttpResponsePermanentRedirect(product.parent.get_absolute_url())
        address = product.get_absolute_url()
        if unquote(address) != unquote(request.path):
            return HttpResponsePermanentRedirect(address)
        context = {"page": product_page(product=product), "product": product}
        response = render(request, "oscar/catalogue/detail.html", context)
        CustomerHistoryManager.update(product, request, response)
        return response
