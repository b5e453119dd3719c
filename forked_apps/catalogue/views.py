"""The product's page. Categories and the whole catalogue are lists: see ``search``."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.views.generic import View
from oscar.apps.customer.history import CustomerHistoryManager

from forked_apps.catalogue.models import Product
from forked_apps.catalogue.pages import drawn_page
from forked_apps.catalogue.selectors import find_product
from forked_apps.shipping.destination import governorate_of


class ProductDetailView(View):
    """Oscar's view of the same name writes analytics rows while the page is read; this one only reads."""

    def get(self, request: HttpRequest, pk: str, **kwargs: Any) -> HttpResponse:
        user_id = request.user.pk if request.user.is_authenticated else None
        source = find_product(pk=int(pk), user_id=user_id, governorate=governorate_of(request))
        if source is None or not (source.is_public or request.user.is_staff):
            raise Http404
        address = source.parent_url or source.url
        if source.parent_url or unquote(address) != unquote(request.path):
            return HttpResponsePermanentRedirect(address)
        page = drawn_page(source)
        context = {
            "title": page.title,
            "address": page.url,
            "page": page.html(csrf_token=get_token(request)),
        }
        response = render(request, "oscar/catalogue/detail.html", context)
        # It asks for nothing but the number.
        CustomerHistoryManager.update(Product(id=source.pk), request, response)
        return response
