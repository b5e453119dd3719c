"""Orders as staff look at them: to read. What changes an order goes through its services."""

from __future__ import annotations

import oscar.apps.order.admin  # noqa: F401 - registers Oscar's own, three of which are replaced below
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from forked_apps.order.dispute_models import (
    Dispute,
    DisputeEvent,
    DisputeLine,
    DisputeMessage,
    Remedy,
)
from forked_apps.order.models import (
    Line,
    LinePrice,
    Order,
    Parcel,
    ParcelLine,
    VendorOrder,
    VendorOrderEvent,
)
from forked_apps.order.return_models import Return, ReturnLine, ReturnMessage
from forked_apps.order.status import order_status


class _ReadOnly:
    """Nothing is added, changed or deleted by hand: the ledger and the stock would not follow."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LineInline(_ReadOnly, admin.TabularInline[Line, Model]):
    model = Line
    extra = 0
    fields = (
        "title",
        "partner_name",
        "quantity",
        "unit_price_incl_tax",
        "line_price_incl_tax",
        "num_allocated",
    )


class VendorOrderInline(_ReadOnly, admin.TabularInline[VendorOrder, Order]):
    model = VendorOrder
    extra = 0
    show_change_link = True
    fields = (
        "number",
        "vendor",
        "status",
        "goods_points",
        "shipping_points",
        "deliver_from",
        "deliver_until",
    )


class EventInline(_ReadOnly, admin.TabularInline[VendorOrderEvent, VendorOrder]):
    model = VendorOrderEvent
    extra = 0
    fields = ("created_at", "old_status", "new_status", "actor", "note")


class ParcelInline(_ReadOnly, admin.TabularInline[Parcel, VendorOrder]):
    model = Parcel
    extra = 0
    show_change_link = True
    fields = ("tracking_code", "carrier", "shipped_at", "shipped_by")


class ParcelLineInline(_ReadOnly, admin.TabularInline[ParcelLine, Parcel]):
    model = ParcelLine
    extra = 0


for _model in (Order, Line, LinePrice):
    admin.site.unregister(_model)


@admin.register(Order)
class OrderAdmin(_ReadOnly, admin.ModelAdmin[Order]):
    list_display = ("number", "user", "total_points", "derived_status", "date_placed")
    list_filter = ("date_placed", "vendor_orders__status")
    search_fields = ("number", "user__phone", "user__email", "vendor_orders__number")
    date_hierarchy = "date_placed"
    inlines = (VendorOrderInline, LineInline)
    exclude = ("billing_address", "guest_email", "status", "analytics_tracked")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("user").prefetch_related("vendor_orders")

    @admin.display(description=_("status"))
    def derived_status(self, order: Order) -> str:
        return str(order_status(order.vendor_orders.all()).label)

    @admin.display(description=_("total, in points"), ordering="total_incl_tax")
    def total_points(self, order: Order) -> int:
        return order.total_points


@admin.register(VendorOrder)
class VendorOrderAdmin(_ReadOnly, admin.ModelAdmin[VendorOrder]):
    list_display = ("number", "vendor", "status", "total_points", "placed_at")
    list_filter = ("status", "vendor")
    list_select_related = ("vendor",)
    search_fields = ("number", "order__number", "vendor__name")
    date_hierarchy = "placed_at"
    inlines = (LineInline, ParcelInline, EventInline)

    @admin.display(description=_("total, in points"))
    def total_points(self, vendor_order: VendorOrder) -> int:
        return vendor_order.total_points


@admin.register(Line)
class LineAdmin(_ReadOnly, admin.ModelAdmin[Line]):
    list_display = ("partner_line_reference", "order", "title", "partner_name", "quantity", "line_points")
    list_select_related = ("order",)
    search_fields = ("order__number", "title", "upc", "partner_sku", "partner_line_reference")

    @admin.display(description=_("price, in points"), ordering="line_price_incl_tax")
    def line_points(self, line: Line) -> int:
        return line.line_points


@admin.register(Parcel)
class ParcelAdmin(_ReadOnly, admin.ModelAdmin[Parcel]):
    list_display = ("tracking_code", "carrier", "vendor_order", "shipped_at", "shipped_by")
    list_select_related = ("vendor_order", "shipped_by")
    search_fields = ("tracking_code", "vendor_order__number")
    inlines = (ParcelLineInline,)


# Returns and disputes -----------------------------------------------------------------------
class ReturnLineInline(_ReadOnly, admin.TabularInline[ReturnLine, Return]):
    model = ReturnLine
    extra = 0


class ReturnMessageInline(_ReadOnly, admin.TabularInline[ReturnMessage, Return]):
    model = ReturnMessage
    extra = 0
    fields = ("created_at", "side", "author", "text")


@admin.register(Return)
class ReturnAdmin(_ReadOnly, admin.ModelAdmin[Return]):
    list_display = ("number", "vendor", "state", "reason", "refunded_points", "opened_at")
    list_filter = ("state", "reason")
    list_select_related = ("vendor_order__vendor",)
    search_fields = ("number", "vendor_order__order__number", "vendor_order__vendor__name", "tracking_code")
    date_hierarchy = "opened_at"
    inlines = (ReturnLineInline, ReturnMessageInline)

    @admin.display(description=_("vendor"), ordering="vendor_order__vendor__name")
    def vendor(self, one: Return) -> str:
        return one.vendor_order.vendor.name


class DisputeLineInline(_ReadOnly, admin.TabularInline[DisputeLine, Dispute]):
    model = DisputeLine
    extra = 0


class RemedyInline(_ReadOnly, admin.TabularInline[Remedy, Dispute]):
    model = Remedy
    extra = 0
    fields = ("created_at", "side", "kind", "shipping_points", "reason", "actor")


class DisputeMessageInline(_ReadOnly, admin.TabularInline[DisputeMessage, Dispute]):
    model = DisputeMessage
    extra = 0
    fields = ("created_at", "side", "author", "text", "is_evidence")


class DisputeEventInline(_ReadOnly, admin.TabularInline[DisputeEvent, Dispute]):
    model = DisputeEvent
    extra = 0
    fields = ("created_at", "step", "old_state", "new_state", "side", "actor", "points")


@admin.register(Dispute)
class DisputeAdmin(_ReadOnly, admin.ModelAdmin[Dispute]):
    list_display = ("number", "vendor", "state", "reason", "refunded_points", "opened_at", "deadline")
    list_filter = ("state", "reason", "is_late")
    list_select_related = ("vendor_order__vendor",)
    search_fields = ("number", "vendor_order__order__number", "vendor_order__vendor__name")
    date_hierarchy = "opened_at"
    inlines = (DisputeLineInline, RemedyInline, DisputeMessageInline, DisputeEventInline)

    @admin.display(description=_("vendor"), ordering="vendor_order__vendor__name")
    def vendor(self, one: Dispute) -> str:
        return one.vendor_order.vendor.name
