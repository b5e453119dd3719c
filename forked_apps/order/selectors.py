"""Reading orders: the customer's, and a vendor's part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Prefetch, Q, QuerySet

from forked_apps.order.document_models import Invoice
from forked_apps.order.models import Line, Order, ParcelLine, VendorOrder, VendorOrderEvent
from forked_apps.order.return_models import Return, ReturnLine, ReturnMessage
from forked_apps.order.status import OrderStatus, order_status

if TYPE_CHECKING:
    from forked_apps.partner.models import Partner
    from marketplace.users.models import User

__all__ = ["OrderStatus", "customer_order_details", "customer_orders", "order_status", "vendor_orders"]


def vendor_orders(*, vendor: Partner) -> QuerySet[VendorOrder]:
    """The parts of orders that this vendor fulfils, with buyer, address, lines, parcels and history.

    Every query about a vendor's orders starts here; another vendor's part is not in it.
    """
    return (
        VendorOrder.objects.filter(vendor=vendor)
        .select_related("order__user", "order__shipping_address", "vendor")
        .prefetch_related(_lines(), *_history())
    )


def customer_orders(*, customer: User) -> QuerySet[Order]:
    """This customer's orders, newest first, with what a list of them shows."""
    return (
        Order.objects.filter(user=customer)
        .prefetch_related(
            Prefetch("vendor_orders", VendorOrder.objects.select_related("vendor").order_by("number")),
            # Whether some of a part is on its way.
            "vendor_orders__parcels",
            Prefetch("lines", Line.objects.select_related("product").order_by("pk")),
        )
        .order_by("-date_placed", "-pk")
    )


def customer_order_details(*, customer: User) -> QuerySet[Order]:
    """The same with everything that an order's own page shows, in a fixed number of queries."""
    parts = (
        VendorOrder.objects.select_related("vendor")
        .prefetch_related(_lines(), *_history())
        .order_by("number")
    )
    return (
        Order.objects.filter(user=customer)
        .select_related("shipping_address", "user")
        .prefetch_related(Prefetch("vendor_orders", parts), "sources__transactions")
    )


def returns_with_all() -> QuerySet[Return]:
    """Returns with all that their page shows, in a fixed number of queries. Callers say whose."""
    return Return.objects.select_related(
        "vendor_order__order__user", "vendor_order__vendor"
    ).prefetch_related(
        Prefetch("return_lines", ReturnLine.objects.select_related("line")),
        Prefetch("messages", ReturnMessage.objects.select_related("author")),
        "photos",
        Prefetch("vendor_order__lines", Line.objects.order_by("pk")),
    )


def vendor_returns(*, vendor: Partner) -> QuerySet[Return]:
    """What buyers want this vendor to take back; another vendor's is not in it."""
    return returns_with_all().filter(vendor_order__vendor=vendor)


def all_invoices(*, words: str = "") -> QuerySet[Invoice]:
    """Invoices and credit notes, newest first; with words, those of a number or a vendor."""
    found = (
        Invoice.objects.select_related("vendor_order__order", "vendor", "refers_to")
        .defer("facts", "refers_to__facts")
        .order_by("-issued_at", "-pk")
    )
    if words := words.strip():
        found = found.filter(
            Q(number__icontains=words)
            | Q(vendor_order__number__istartswith=words)
            | Q(vendor__name__icontains=words)
        )
    return found


def vendor_invoices(*, vendor: Partner, kind: str = "", words: str = "") -> QuerySet[Invoice]:
    """This vendor's invoices and credit notes; another's are not among them."""
    found = all_invoices().filter(vendor=vendor)
    if kind:
        found = found.filter(kind=kind)
    if words := words.strip():
        found = found.filter(Q(number__icontains=words) | Q(vendor_order__number__istartswith=words))
    return found


def _lines() -> Prefetch:
    return Prefetch(
        "lines",
        Line.objects.select_related("product")
        .prefetch_related("product__images", "reductions")
        .order_by("pk"),
    )


def _history() -> tuple[Prefetch | str, ...]:
    return (
        Prefetch("events", VendorOrderEvent.objects.select_related("actor")),
        "returns",
        "disputes",
        "parcels",
        Prefetch("invoices", Invoice.objects.defer("facts")),
        Prefetch("parcels__parcel_lines", ParcelLine.objects.select_related("line")),
    )
