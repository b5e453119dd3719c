"""The table of steps, all of it: what it allows and nothing else."""

from __future__ import annotations

import pytest

from forked_apps.order.errors import IllegalStep
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.status import NEXT, OrderStatus, check_step, order_status

S = VendorOrderStatus
ALLOWED = {
    (S.PLACED, S.ACCEPTED), (S.PLACED, S.PACKED), (S.PLACED, S.SHIPPED), (S.PLACED, S.CANCELLED),
    (S.ACCEPTED, S.PACKED), (S.ACCEPTED, S.SHIPPED), (S.ACCEPTED, S.CANCELLED),
    (S.PACKED, S.SHIPPED), (S.PACKED, S.CANCELLED),
    (S.SHIPPED, S.DELIVERED), (S.SHIPPED, S.REFUSED), (S.SHIPPED, S.RETURNED), (S.DELIVERED, S.COMPLETED),
    (S.DELIVERED, S.PARTLY_RETURNED), (S.DELIVERED, S.RETURNED), (S.PARTLY_RETURNED, S.PARTLY_RETURNED),
    (S.PARTLY_RETURNED, S.COMPLETED), (S.PARTLY_RETURNED, S.RETURNED), (S.COMPLETED, S.RETURNED),
}  # fmt: skip


@pytest.mark.parametrize("old", S)
@pytest.mark.parametrize("new", S)
def test_only_the_steps_of_the_table_are_allowed(old: VendorOrderStatus, new: VendorOrderStatus) -> None:
    if (old, new) in ALLOWED:
        check_step(old.value, new)
    else:
        with pytest.raises(IllegalStep) as refused:
            check_step(old.value, new)
        assert (refused.value.old, refused.value.new) == (old, new)


def test_every_status_has_a_row() -> None:
    assert set(NEXT) == set(S)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([S.PLACED], OrderStatus.PLACED),
        ([S.PLACED, S.PLACED], OrderStatus.PLACED),
        ([S.PLACED, S.ACCEPTED], OrderStatus.IN_PREPARATION),
        ([S.PACKED], OrderStatus.IN_PREPARATION),
        ([S.PACKED, S.SHIPPED], OrderStatus.PARTLY_SHIPPED),
        ([S.PLACED, S.DELIVERED], OrderStatus.PARTLY_SHIPPED),
        ([S.SHIPPED, S.DELIVERED], OrderStatus.SHIPPED),
        ([S.DELIVERED, S.COMPLETED], OrderStatus.DELIVERED),
        ([S.COMPLETED, S.COMPLETED], OrderStatus.COMPLETED),
        ([S.CANCELLED, S.SHIPPED], OrderStatus.SHIPPED),
        ([S.CANCELLED, S.CANCELLED], OrderStatus.CANCELLED),
        ([S.REFUSED, S.CANCELLED], OrderStatus.REFUSED),
        ([S.REFUSED, S.DELIVERED], OrderStatus.DELIVERED),
        ([S.RETURNED, S.CANCELLED], OrderStatus.RETURNED),
        ([S.PARTLY_RETURNED, S.COMPLETED], OrderStatus.DELIVERED),
    ],
)
def test_the_whole_order_is_derived_from_its_parts(parts: list[S], whole: OrderStatus) -> None:
    assert order_status(VendorOrder(status=status) for status in parts) == whole
