from __future__ import annotations

from typing import Any

from rest_framework import serializers

from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.checkout.forms import DeliveryAddressForm
from forked_apps.order.models import Order
from forked_apps.order.numbers import parcel_number
from forked_apps.order.selectors import order_status
from forked_apps.payment.sources import DEFAULT_SOURCE


class AddressField(serializers.Field[DeliveryAddress, Any, Any, Any]):
    """The fields of the checkout's own form, with its own rules."""

    def to_internal_value(self, data: Any) -> DeliveryAddress:
        if not isinstance(data, dict):
            raise serializers.ValidationError("An address is an object.")
        form = DeliveryAddressForm({name: value for name, value in data.items() if isinstance(value, str)})
        if not form.is_valid():
            raise serializers.ValidationError(
                {name: [str(e) for e in errors] for name, errors in form.errors.items()}
            )
        return form.address()


class CheckoutSerializer(serializers.Serializer[Any]):
    basket = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    address = AddressField()
    #: The total that was shown; if it is another by now nothing is placed.
    expected_total_points = serializers.IntegerField(
        min_value=0, max_value=10**15, required=False, default=None
    )
    #: How to pay; see ``forked_apps.payment.sources``.
    payment_source = serializers.CharField(max_length=32, required=False, default=DEFAULT_SOURCE)


class OrderSerializer(serializers.BaseSerializer[Order]):
    """For an order of ``customer_order_details``."""

    def to_representation(self, instance: Order) -> dict[str, Any]:
        vendor_orders = list(instance.vendor_orders.all())
        return {
            "id": instance.pk,
            "number": instance.number,
            "placed_at": instance.date_placed.isoformat(),
            "status": order_status(vendor_orders).value,
            "total_points": instance.total_points,
            "shipping_points": instance.shipping_points,
            "parts": [
                {
                    "number": part.number,
                    "vendor": {"id": part.vendor_id, "name": part.vendor.name},
                    "status": part.status,
                    "goods_points": part.goods_points,
                    "shipping_points": part.shipping_points,
                    "deliver_from": part.deliver_from.isoformat(),
                    "deliver_until": part.deliver_until.isoformat(),
                    "lines": [
                        {
                            "id": line.pk,
                            "product": line.product_id,
                            "title": line.title,
                            "quantity": line.quantity,
                            "unit_points": line.unit_points,
                            "line_points": line.line_points,
                        }
                        for line in part.lines.all()
                    ],
                    "parcels": [
                        {
                            "number": parcel_number(part.number, parcel.position),
                            "carrier": parcel.carrier,
                            "tracking_code": parcel.tracking_code,
                            "tracking_link": parcel.tracking_link,
                            "shipped_at": parcel.shipped_at.isoformat(),
                        }
                        for parcel in part.parcels.all()
                    ],
                }
                for part in vendor_orders
            ],
        }
