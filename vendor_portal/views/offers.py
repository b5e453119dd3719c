"""The vendor's products and offers."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from forked_apps.catalogue.models import Product
from forked_apps.partner.models import StockRecord
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, require_any_right, vendor_permission_required
from vendor_portal.commission import OfferCommission, commission_of_offer
from vendor_portal.errors import VendorError
from vendor_portal.forms import NewOfferForm, OfferFilterForm, OfferForm
from vendor_portal.overview import low_stock
from vendor_portal.services.offers import add_offer, edit_offer

PER_PAGE = 25
#: Which field an error belongs beside.
_FIELD_OF = {"stock_below_ordered": "num_in_stock", "stock_changed": "num_in_stock", "sku_taken": "sku"}


@require_GET
@vendor_permission_required(VendorPermission.PRODUCTS_VIEW)
def offers(request: VendorRequest) -> HttpResponse:
    form = OfferFilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    found = StockRecord.objects.filter(partner=request.vendor)
    if words := chosen.get("q", "").strip():
        found = found.filter(_matches(words, prefix="product__") | Q(partner_sku__icontains=words))
    if chosen.get("show") == form.LOW:
        found = low_stock(found)
    elif chosen.get("show") == form.PAUSED:
        found = found.filter(is_active=False)
    page = Paginator(found.select_related("product").order_by("-date_updated", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows = [
        {"offer": offer, "left": (offer.num_in_stock or 0) - (offer.num_allocated or 0)} for offer in page
    ]
    return portal_page(
        request,
        "vendor_portal/offers.html",
        {
            "page_obj": page,
            "rows": rows,
            "form": form,
            "is_filtered": bool(chosen.get("q") or chosen.get("show")),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.PRODUCTS_VIEW)
def offer(request: VendorRequest, pk: int) -> HttpResponse:
    """Price, stock and sale of one offer, as far as the person's rights go."""
    require_any_right(request, VendorPermission.PRODUCTS_EDIT, VendorPermission.STOCK_EDIT)
    own = get_object_or_404(
        StockRecord.objects.filter(partner=request.vendor).select_related("product"), pk=pk
    )
    form = OfferForm(request.POST if request.method == "POST" else None, offer=own, rights=request.rights)
    if form.is_valid():
        try:
            edit_offer(vendor=request.vendor, offer_id=own.pk, changes=form.changes)
        except VendorError as error:
            form.add_error(_FIELD_OF.get(error.code), error.message)
        else:
            messages.success(request, _("The offer is saved."))
            return redirect("portal:offers", request.vendor.code)
    return portal_page(
        request,
        "vendor_portal/offer.html",
        {"offer": own, "form": form, "commission": _commission(request, own)},
        status=422 if form.is_bound else 200,
    )


def _commission(request: VendorRequest, own: StockRecord) -> OfferCommission | None:
    if VendorPermission.MONEY_VIEW not in request.rights:
        return None
    return commission_of_offer(vendor=request.vendor, offer=own)


@require_GET
@vendor_permission_required(VendorPermission.PRODUCTS_EDIT)
def find_product(request: VendorRequest) -> HttpResponse:
    """Look in the catalogue for a product to offer."""
    form = OfferFilterForm(request.GET)
    form.is_valid()
    words = form.cleaned_data.get("q", "").strip()
    page = None
    if words:
        page = Paginator(_offerable(request, words), PER_PAGE).get_page(request.GET.get("page"))
    return portal_page(
        request, "vendor_portal/offer_find.html", {"form": form, "words": words, "page_obj": page}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.PRODUCTS_EDIT)
def add(request: VendorRequest, product_pk: int) -> HttpResponse:
    product = get_object_or_404(Product.objects.filter(is_public=True), pk=product_pk)  # type: ignore[var-annotated]
    form = NewOfferForm(request.POST if request.method == "POST" else None, product=product)
    if form.is_valid():
        data = form.cleaned_data
        try:
            add_offer(
                vendor=request.vendor,
                product=product,
                sku=data["sku"],
                price_points=data["price"],
                list_price_points=data["list_price"],
                num_in_stock=data["num_in_stock"],
                handling_days=data["handling_days"],
            )
        except VendorError as error:
            form.add_error(_FIELD_OF.get(error.code), error.message)
        else:
            messages.success(request, _("Your offer is on sale."))
            return redirect("portal:offers", request.vendor.code)
    return portal_page(
        request,
        "vendor_portal/offer_add.html",
        {"product": product, "form": form},
        status=422 if form.is_bound else 200,
    )


def _matches(words: str, *, prefix: str = "") -> Q:
    found = Q(**{f"{prefix}upc__iexact": words})
    for language in ("ar", "ckb", "en"):
        found |= Q(**{f"{prefix}title_{language}__icontains": words})
    return found


def _offerable(request: VendorRequest, words: str) -> QuerySet[Product]:
    own = StockRecord.objects.filter(product=OuterRef("pk"), partner=request.vendor)
    # Only this vendor's own: SKUs are each vendor's private names.
    own_skus = StockRecord.objects.filter(partner=request.vendor, partner_sku__iexact=words)
    by_sku = Q(pk__in=own_skus.values("product"))
    return (
        Product.objects.filter(_matches(words) | by_sku, is_public=True)
        .exclude(structure=Product.PARENT)
        .annotate(is_own=Exists(own))
        .order_by("title", "pk")
    )
