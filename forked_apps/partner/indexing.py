"""What tells the search index to look at a vendor's products again."""

from __future__ import annotations

from forked_apps.partner.models import Partner, StockRecord
from marketplace.outbox.services import Message

#: How many products one message to the search index names.
PRODUCTS_PER_MESSAGE = 500


def product_messages(vendor: Partner) -> list[Message]:
    """For the outbox, in the transaction of whatever changed about the vendor."""
    ids = list(
        StockRecord.objects.filter(partner=vendor).order_by("product_id").values_list("product_id", flat=True)
    )
    return [
        Message("search.products", {"ids": ids[start : start + PRODUCTS_PER_MESSAGE]})
        for start in range(0, len(ids), PRODUCTS_PER_MESSAGE)
    ]
