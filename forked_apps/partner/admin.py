"""Vendors and offers in Django's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from oscar.apps.partner import admin as oscar_admin  # noqa: F401 - registers what we replace

from forked_apps.partner.models import Partner, StockRecord
from marketplace.outbox.services import enqueue

admin.site.unregister(Partner)
admin.site.unregister(StockRecord)


@admin.register(Partner)
class VendorAdmin(admin.ModelAdmin[Partner]):
    """Whether a vendor sells is decided in the staff pages, which check, tell the owner and record it."""

    list_display = ("name", "status", "governorate", "phone", "offers_count", "applied_at")
    list_filter = ("status", "governorate")
    search_fields = ("name", "code", "phone")
    readonly_fields = ("code", "status", "applied_at", "decided_at", "decided_by", "decision_reason")
    exclude = ("users",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        return super().get_queryset(request).annotate(offers_number=Count("stockrecords"))

    @admin.display(description=_("offers"), ordering="offers_number")
    def offers_count(self, vendor: Any) -> int:
        return int(vendor.offers_number)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Partner | None = None) -> bool:
        # Orders and money name it for ever.
        return False


@admin.register(StockRecord)
class OfferAdmin(admin.ModelAdmin[StockRecord]):
    list_display = (
        "product", "partner", "partner_sku", "price", "list_price", "num_in_stock", "num_allocated",
        "is_active",
    )  # fmt: skip
    list_filter = ("is_active", "partner")
    list_select_related = ("product", "partner")
    search_fields = ("partner_sku", "product__upc", "product__title", "partner__name")
    autocomplete_fields = ("product", "partner")
    # What is ordered and not yet sent follows from the orders.
    readonly_fields = ("num_allocated", "date_created", "date_updated")
    list_per_page = 50
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: StockRecord, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        enqueue(topic="search.products", payload={"ids": [obj.product_id]})

    def has_delete_permission(self, request: HttpRequest, obj: StockRecord | None = None) -> bool:
        # Taken off sale instead: orders name it.
        return False
