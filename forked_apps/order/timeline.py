"""A customer's order page, prepared: each vendor's part with its timeline, parcels and what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forked_apps.order.models import Line, Order, Parcel, VendorOrder, VendorOrderStatus
from forked_apps.order.status import CUSTOMER_MAY_CANCEL, TIMELINE


@dataclass(frozen=True, slots=True)
class TimelineStep:
    label: str
    #: None for a step that was skipped or is still to come.
    at: datetime | None
    is_done: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class PartRow:
    line: Line
    shipped: int


@dataclass(frozen=True, slots=True)
class PartOfOrder:
    vendor_order: VendorOrder
    rows: tuple[PartRow, ...]
    parcels: tuple[Parcel, ...]
    steps: tuple[TimelineStep, ...]
    can_cancel: bool

    @property
    def is_cancelled(self) -> bool:
        return self.vendor_order.status == VendorOrderStatus.CANCELLED


def timeline(vendor_order: VendorOrder) -> tuple[TimelineStep, ...]:
    """The usual steps with the time of those done; a cancelled one ends with its cancellation."""
    reached = {VendorOrderStatus(event.new_status): event.created_at for event in vendor_order.events.all()}
    status = VendorOrderStatus(vendor_order.status)
    if status == VendorOrderStatus.CANCELLED:
        done = [step for step in (*TIMELINE, status) if step in reached]
        return tuple(TimelineStep(str(step.label), reached[step], True, step == status) for step in done)
    # Complete means delivered and past the time for returns: the customer's timeline ends at delivery.
    current = min(status, VendorOrderStatus.DELIVERED, key=list(VendorOrderStatus).index)
    position = TIMELINE.index(current)
    return tuple(
        TimelineStep(str(step.label), reached.get(step), index <= position, index == position)
        for index, step in enumerate(TIMELINE)
    )


def parts_of(order: Order) -> list[PartOfOrder]:
    """No queries for an order of ``customer_order_details``."""
    return [_part(vendor_order) for vendor_order in order.vendor_orders.all()]


def _part(vendor_order: VendorOrder) -> PartOfOrder:
    parcels = tuple(vendor_order.parcels.all())
    shipped: dict[int, int] = {}
    for parcel in parcels:
        for parcel_line in parcel.parcel_lines.all():
            shipped[parcel_line.line_id] = shipped.get(parcel_line.line_id, 0) + parcel_line.quantity
    return PartOfOrder(
        vendor_order=vendor_order,
        rows=tuple(PartRow(line, shipped.get(line.pk, 0)) for line in vendor_order.lines.all()),
        parcels=parcels,
        steps=timeline(vendor_order),
        can_cancel=vendor_order.status in CUSTOMER_MAY_CANCEL,
    )
