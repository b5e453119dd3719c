from __future__ import annotations

from typing import Any

from rest_framework import serializers

from forked_apps.basket.forms import MOST_PIECES
from forked_apps.catalogue.models import Product
from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import available_pieces

BIGGEST_ID = 2**63 - 1


class AddProductSerializer(serializers.Serializer[Any]):
    product = serializers.IntegerField(min_value=1, max_value=BIGGEST_ID)
    #: Of which vendor; without it the winner of the buy box.
    offer = serializers.IntegerField(
        min_value=1, max_value=BIGGEST_ID, required=False, allow_null=True, default=None
    )
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES, default=1)


def offer_body(offer: StockRecord) -> dict[str, Any]:
    return {
        "id": offer.pk,
        "vendor": {"id": offer.partner_id, "name": offer.partner.name},
        "price_points": offer.price_points,
        "list_price_points": offer.list_price_points,
        "available": available_pieces(offer),
        "handling_days": offer.handling_days,
    }


class ProductLinkSerializer(serializers.BaseSerializer[Product]):
    """Context: ``offers``, the ranked offers of all products of the page by product id."""

    def to_representation(self, instance: Product) -> dict[str, Any]:
        offers: list[StockRecord] = self.context["offers"].get(instance.pk, [])
        return {
            "id": instance.pk,
            "title": instance.get_title(),
            "url": instance.get_absolute_url(),
            "brand": instance.brand.name if instance.brand else None,
            "offer": offer_body(offers[0]) if offers else None,
            "offers_count": len(offers),
        }


class ProductSerializer(ProductLinkSerializer):
    def to_representation(self, instance: Product) -> dict[str, Any]:
        offers = self.context["offers"].get(instance.pk, [])
        return {**super().to_representation(instance), "offers": [offer_body(offer) for offer in offers]}
