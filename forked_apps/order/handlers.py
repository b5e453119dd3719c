"""Documents that follow what happened to a vendor order, written after it."""

from __future__ import annotations

from typing import Any

from forked_apps.order.models import VendorOrder
from forked_apps.order.services.invoices import issue_credit_note, issue_invoice
from marketplace.outbox.registry import handles


@handles("vendor_order.invoice")
def write_invoice(payload: dict[str, Any]) -> None:
    issue_invoice(vendor_order=VendorOrder.objects.get(pk=payload["vendor_order_id"]))


@handles("vendor_order.credit_note")
def write_credit_note(payload: dict[str, Any]) -> None:
    issue_credit_note(
        vendor_order=VendorOrder.objects.get(pk=payload["vendor_order_id"]),
        reduction_ids=payload["reduction_ids"],
        shipping_points=payload["shipping_points"],
    )
