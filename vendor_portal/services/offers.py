"""A vendor's own offers: price, stock, whether they are on sale. The search index is told each time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction

from forked_apps.catalogue.models import Product
from forked_apps.partner.models import Partner, StockRecord
from marketplace.outbox.services import enqueue
from vendor_portal.errors import OfferExists, SkuTaken, StockBelowOrdered, StockChanged


@dataclass(frozen=True, slots=True)
class OfferChanges:
    """What is to change; None leaves it as it is."""

    price_points: int | None = None
    #: 0: no list price.
    list_price_points: int | None = None
    handling_days: int | None = None
    #: 0: as the product says.
    weight_grams: int | None = None
    is_active: bool | None = None
    num_in_stock: int | None = None
    #: The stock that the person saw when they wrote the new one.
    seen_in_stock: int | None = None


@transaction.atomic
def edit_offer(*, vendor: Partner, offer_id: int, changes: OfferChanges) -> StockRecord:
    """Change one of the vendor's offers.

    Raises:
        StockRecord.DoesNotExist: it is another vendor's.
        StockBelowOrdered: fewer pieces than customers have ordered.
        StockChanged: the stock is not what the person saw.
    """
    offer = StockRecord.objects.select_for_update(no_key=True).get(partner=vendor, pk=offer_id)
    if changes.price_points is not None:
        offer.price = Decimal(changes.price_points)
    if changes.list_price_points is not None:
        offer.list_price = Decimal(changes.list_price_points) if changes.list_price_points else None
    if changes.handling_days is not None:
        offer.handling_days = changes.handling_days
    if changes.weight_grams is not None:
        offer.weight_grams = changes.weight_grams or None
    if changes.is_active is not None:
        offer.is_active = changes.is_active
    if changes.num_in_stock is not None:
        _set_stock(offer, pieces=changes.num_in_stock, seen=changes.seen_in_stock)
    offer.save(
        update_fields=[
            "price",
            "list_price",
            "handling_days",
            "weight_grams",
            "is_active",
            "num_in_stock",
            "date_updated",
        ]
    )
    enqueue(topic="search.products", payload={"ids": [offer.product_id]})
    return offer


@transaction.atomic
def add_offer(
    *,
    vendor: Partner,
    product: Product,
    sku: str,
    price_points: int,
    list_price_points: int | None,
    num_in_stock: int,
    handling_days: int,
) -> StockRecord:
    """Offer a product that is in the catalogue.

    Raises:
        OfferExists: this vendor offers it already.
        SkuTaken: another of its offers has this SKU.
    """
    if StockRecord.objects.filter(partner=vendor, product=product).exists():
        raise OfferExists
    if StockRecord.objects.filter(partner=vendor, partner_sku=sku).exists():
        raise SkuTaken
    try:
        with transaction.atomic():
            offer = StockRecord.objects.create(
                partner=vendor,
                product=product,
                partner_sku=sku,
                price_currency=settings.OSCAR_DEFAULT_CURRENCY,
                price=Decimal(price_points),
                list_price=Decimal(list_price_points) if list_price_points else None,
                num_in_stock=num_in_stock,
                handling_days=handling_days,
            )
    except IntegrityError as error:
        # Sent twice at once: the other one was faster.
        raise OfferExists from error
    enqueue(topic="search.products", payload={"ids": [product.pk]})
    return offer


def _set_stock(offer: StockRecord, *, pieces: int, seen: int | None) -> None:
    now, ordered = offer.num_in_stock or 0, offer.num_allocated or 0
    if seen is not None and seen != now:
        raise StockChanged(now=now)
    if pieces < ordered:
        raise StockBelowOrdered(ordered=ordered)
    offer.num_in_stock = pieces
