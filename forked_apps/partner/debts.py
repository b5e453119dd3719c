"""A vendor who owes too much sells nothing until it owes less; the ledger says when."""

from __future__ import annotations

from django.utils import timezone

from forked_apps.partner.models import Partner, StockRecord
from marketplace.outbox.services import Message, enqueue_many

#: So that no message grows with a shop.
PRODUCTS_PER_MESSAGE = 500


def stop_or_resume_sales(vendor_id: int, is_stopped: bool) -> None:
    """In the transaction in which the debt changed; what is so already is left alone.

    The shop's pages and baskets read the vendor's row, so its offers are gone with the commit; the search
    index follows by message.
    """
    vendor = Partner.objects.filter(pk=vendor_id, sales_stopped_at__isnull=is_stopped)
    if vendor.update(sales_stopped_at=timezone.now() if is_stopped else None):
        enqueue_many(product_messages(vendor_id))


def product_messages(vendor_id: int) -> list[Message]:
    """What tells the search index to look at this vendor's products again."""
    offers = StockRecord.objects.filter(partner_id=vendor_id).order_by("product_id")
    ids = list(offers.values_list("product_id", flat=True))
    return [
        Message("search.products", {"ids": ids[start : start + PRODUCTS_PER_MESSAGE]})
        for start in range(0, len(ids), PRODUCTS_PER_MESSAGE)
    ]
