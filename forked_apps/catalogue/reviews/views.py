"""Reviews of a product: the list, and writing one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View
from oscar.apps.catalogue.reviews.views import AddVoteView
from oscar.core.loading import get_model

from forked_apps.catalogue.models import Product
from forked_apps.catalogue.reviews.forms import ProductReviewForm
from forked_apps.catalogue.reviews.selectors import to_review_card
from forked_apps.catalogue.reviews.services import AlreadyReviewed, write_review

__all__ = ["AddVoteView", "CreateProductReview", "ProductReviewDetail", "ProductReviewList"]

PER_PAGE = 20


def _product(pk: int) -> Product:
    return get_object_or_404(Product, pk=pk, is_public=True)


class CreateProductReview(LoginRequiredMixin, View):
    def get(self, request: HttpRequest, product_pk: int, **kwargs: Any) -> HttpResponse:
        product = _product(product_pk)
        if product.has_review_by(request.user):
            return self._already(request, product)
        return self._page(request, product, ProductReviewForm())

    def post(self, request: HttpRequest, product_pk: int, **kwargs: Any) -> HttpResponse:
        product = _product(product_pk)
        form = ProductReviewForm(request.POST)
        if not form.is_valid():
            return self._page(request, product, form, status=422)
        try:
            write_review(product=product, user=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except AlreadyReviewed:
            return self._already(request, product)
        messages.success(request, _("Thank you. Your review is on the page."))
        return redirect(product.get_absolute_url())

    def _already(self, request: HttpRequest, product: Product) -> HttpResponse:
        messages.info(request, _("You have reviewed this product already."))
        return redirect(product.get_absolute_url())

    def _page(
        self, request: HttpRequest, product: Product, form: ProductReviewForm, *, status: int = 200
    ) -> HttpResponse:
        context = {"product": product, "form": form}
        return render(request, "oscar/catalogue/reviews/review_form.html", context, status=status)


class ProductReviewList(View):
    def get(self, request: HttpRequest, product_pk: int, **kwargs: Any) -> HttpResponse:
        product = _product(product_pk)
        approved = get_model("reviews", "ProductReview").objects.approved().filter(product=product)
        ordered = approved.select_related("user").order_by("-date_created", "-pk")
        page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "product": product,
            "page_obj": page,
            "reviews": [to_review_card(review) for review in page],
        }
        return render(request, "oscar/catalogue/reviews/review_list.html", context)


class ProductReviewDetail(View):
    """One review has no page of its own: it stands in the list."""

    def get(self, request: HttpRequest, product_slug: str, product_pk: int, **kwargs: Any) -> HttpResponse:
        return redirect("catalogue:reviews-list", product_slug=product_slug, product_pk=product_pk)
