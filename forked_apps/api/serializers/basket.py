"""Amounts are whole points, as integers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from forked_apps.basket.forms import MOST_PIECES
from forked_apps.basket.selectors import BasketRow, BasketSummary


class BasketLineSerializer(serializers.BaseSerializer[BasketRow]):
    def to_representation(self, instance: BasketRow) -> dict[str, Any]:
        change = instance.change
        return {
            "id": instance.line.pk,
            "product": instance.line.product_id,
            "offer": instance.line.stockrecord_id,
            "title": instance.title,
            "quantity": instance.quantity,
            "available": instance.available,
            "unit_points": instance.unit_points,
            "discount_points": instance.discount_points,
            "line_points": instance.line_points,
            "change": change
            and {"kind": change.kind.value, "old": change.old, "new": change.new, "detail": change.message},
        }


class BasketSerializer(serializers.BaseSerializer[BasketSummary]):
    def to_representation(self, instance: BasketSummary) -> dict[str, Any]:
        return {
            # None until the first line is added: looking writes nothing.
            "id": instance.basket.pk,
            "goods_points": instance.goods_points,
            "discount_points": instance.discount_points,
            "pieces": instance.pieces,
            "parts": [
                {
                    "vendor": {"id": part.vendor.pk, "name": part.vendor.name},
                    "goods_points": part.goods_points,
                    "lines": [BasketLineSerializer(row).data for row in part.rows],
                }
                for part in instance.parts
            ],
        }


class QuantitySerializer(serializers.Serializer[Any]):
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES)
