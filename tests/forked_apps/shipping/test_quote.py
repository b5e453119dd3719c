from __future__ import annotations

from collections.abc import Callable

import pytest

from forked_apps.partner.governorates import Governorate
from forked_apps.shipping.services import ShippingQuote, quote
from tests.factories.catalogue import VendorFactory
from tests.factories.orders import ShippingRateFactory

pytestmark = pytest.mark.django_db


def test_a_vendor_charges_by_governorate() -> None:
    vendor = VendorFactory()
    ShippingRateFactory(
        vendor=vendor, governorate=Governorate.BAGHDAD, charge_points=3_000, days_min=1, days_max=2
    )
    ShippingRateFactory(
        vendor=vendor, governorate=Governorate.BASRA, charge_points=9_000, days_min=3, days_max=6
    )
    assert quote(vendor_ids_with_goods={vendor.pk: 100}, governorate="BA") == {
        vendor.pk: ShippingQuote(9_000, 3, 6)
    }


@pytest.mark.parametrize(("goods", "charge"), [(49_999, 5_000), (50_000, 0), (50_001, 0)])
def test_delivery_is_free_from_the_amount_on(goods: int, charge: int) -> None:
    rate = ShippingRateFactory(free_from_points=50_000)
    (offered,) = quote(vendor_ids_with_goods={rate.vendor_id: goods}, governorate="BG").values()
    assert offered.charge_points == charge


def test_a_vendor_without_a_rate_for_the_governorate_is_left_out() -> None:
    rate = ShippingRateFactory(governorate=Governorate.BAGHDAD)
    other = ShippingRateFactory(governorate=Governorate.BASRA)
    assert set(quote(vendor_ids_with_goods={rate.vendor_id: 1, other.vendor_id: 1}, governorate="BG")) == {
        rate.vendor_id
    }


def test_ten_vendors_cost_one_query(django_assert_num_queries: Callable) -> None:
    goods = {ShippingRateFactory().vendor_id: 1 for _ in range(10)}
    with django_assert_num_queries(1):
        assert len(quote(vendor_ids_with_goods=goods, governorate="BG")) == 10
