"""A vendor's own details and what it asks for delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from forked_apps.partner.governorates import default_governorate
from forked_apps.partner.indexing import product_messages
from forked_apps.partner.models import Partner
from forked_apps.shipping.models import ShippingRate
from marketplace.outbox.services import Message, enqueue_many
from vendor_portal.errors import ShopNameTaken


@dataclass(frozen=True, slots=True)
class Rate:
    charge_points: int
    free_from_points: int | None
    days_min: int
    days_max: int


@transaction.atomic
def edit_vendor(
    *,
    vendor: Partner,
    name: str,
    governorate: str,
    phone: str,
    about: str,
    registration_number: str = "",
    tax_number: str = "",
) -> Partner:
    """Change what customers read about the shop, on its pages and its invoices; its address (``code``) stays.

    Invoices that were issued keep the numbers of their day.

    Raises:
        ShopNameTaken: another vendor has this name.
    """
    name = " ".join(name.split())
    vendor = Partner.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    if Partner.objects.filter(name__iexact=name).exclude(pk=vendor.pk).exists():
        raise ShopNameTaken
    renamed = vendor.name != name
    vendor.name, vendor.governorate, vendor.phone, vendor.about = name, governorate, phone, about
    vendor.registration_number, vendor.tax_number = registration_number, tax_number
    vendor.save(update_fields=["name", "governorate", "phone", "about", "registration_number", "tax_number"])
    messages: list[Message] = product_messages(vendor) if renamed else []
    enqueue_many(messages)
    return vendor


@transaction.atomic
def set_shipping_rates(*, vendor: Partner, rates: Mapping[str, Rate]) -> None:
    """Deliver to exactly these governorates, at these rates; each governorate's is written once."""
    Partner.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    home = ShippingRate.objects.filter(vendor=vendor, governorate=default_governorate())
    before = home.values().first()
    ShippingRate.objects.filter(vendor=vendor).exclude(governorate__in=rates).delete()
    ShippingRate.objects.bulk_create(
        [
            ShippingRate(
                vendor=vendor,
                governorate=governorate,
                charge_points=rate.charge_points,
                free_from_points=rate.free_from_points,
                days_min=rate.days_min,
                days_max=rate.days_max,
            )
            for governorate, rate in rates.items()
        ],
        update_conflicts=True,
        unique_fields=["vendor", "governorate"],
        update_fields=["charge_points", "free_from_points", "days_min", "days_max"],
    )
    if home.values().first() != before:
        # What decides the buy box in lists.
        enqueue_many(product_messages(vendor))
