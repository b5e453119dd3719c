"""A customer's order page, prepared: each vendor's part with its timeline, parcels and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone

from forked_apps.catalogue.images import line_images
from forked_apps.order.dispute_models import Dispute
from forked_apps.order.dispute_rules import reasons_now
from forked_apps.order.handover import handover_code
from forked_apps.order.models import (
    Line,
    LineReduction,
    Order,
    Parcel,
    VendorOrder,
    VendorOrderEvent,
    VendorOrderStatus,
)
from forked_apps.order.return_models import Return
from forked_apps.order.services.returns import RETURN_DAYS
from forked_apps.order.status import CUSTOMER_MAY_CANCEL, ENDED_WITHOUT_SALE, TIMELINE, WITH_THE_BUYER


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """As ``components/timeline.html`` wants it."""

    label: str
    state: Literal["done", "current", "todo", "cancelled"]
    #: None for a step that was skipped or is still to come.
    when: datetime | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PartRow:
    line: Line
    shipped: int
    reductions: tuple[LineReduction, ...]
    #: Addresses for one and for two dots a pixel; None for a product that is gone.
    images: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class PartOfOrder:
    vendor_order: VendorOrder
    rows: tuple[PartRow, ...]
    parcels: tuple[Parcel, ...]
    steps: tuple[TimelineStep, ...]
    can_cancel: bool
    returns: tuple[Return, ...]
    disputes: tuple[Dispute, ...] = ()

    @property
    def can_report(self) -> bool:
        """Whether the buyer may say that something is wrong, and nothing of it is open."""
        return not self._is_busy and bool(reasons_now(self.vendor_order))

    @property
    def _is_busy(self) -> bool:
        """Whether a return or a dispute is not settled: one thing at a time."""
        return any(asked.is_open for asked in self.returns) or any(one.is_open for one in self.disputes)

    @property
    def can_return(self) -> bool:
        """Whether something is with the buyer, not for too long, and no return of it is open."""
        delivered = self.vendor_order.delivered_at
        return (
            self.vendor_order.status in WITH_THE_BUYER
            and delivered is not None
            and timezone.now() <= delivered + timedelta(days=RETURN_DAYS)
            and not self._is_busy
        )

    @property
    def is_on_its_way(self) -> bool:
        """Whether a day of delivery is still expected."""
        return self.vendor_order.status not in {
            VendorOrderStatus.DELIVERED,
            VendorOrderStatus.COMPLETED,
            *ENDED_WITHOUT_SALE,
        }

    @property
    def handover_code(self) -> str:
        """What the buyer tells the courier; nothing while no parcel is on its way."""
        is_coming = self.vendor_order.status in {VendorOrderStatus.PACKED, VendorOrderStatus.SHIPPED}
        return handover_code(self.vendor_order) if is_coming and self.parcels else ""


def timeline(vendor_order: VendorOrder) -> tuple[TimelineStep, ...]:
    """The usual steps with the time of those done; a cancelled one ends with its cancellation."""
    reached = {VendorOrderStatus(event.new_status): event for event in vendor_order.events.all()}
    status = VendorOrderStatus(vendor_order.status)
    if status in ENDED_WITHOUT_SALE:
        done = [_step(step, "done", reached) for step in TIMELINE if step in reached]
        return (*done, _step(status, "cancelled", reached))
    # Complete means delivered and past the time for returns: the customer's timeline ends at delivery.
    current = TIMELINE.index(VendorOrderStatus.DELIVERED if status in WITH_THE_BUYER else status)
    last = len(TIMELINE) - 1
    return tuple(
        _step(
            step,
            "todo" if index > current else "done" if index < current or index == last else "current",
            reached,
        )
        for index, step in enumerate(TIMELINE)
    )


def _step(
    status: VendorOrderStatus,
    state: Literal["done", "current", "todo", "cancelled"],
    reached: Mapping[VendorOrderStatus, VendorOrderEvent],
) -> TimelineStep:
    event = reached.get(status)
    # Notes of other steps are tracking codes, which stand with the parcels.
    note = event.note if event and state == "cancelled" else ""
    return TimelineStep(str(status.label), state, event.created_at if event else None, note)


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
        rows=tuple(
            PartRow(
                line,
                shipped.get(line.pk, 0),
                tuple(line.reductions.all()),
                line_images(line.product) if line.product else None,
            )
            for line in vendor_order.lines.all()
        ),
        parcels=parcels,
        steps=timeline(vendor_order),
        can_cancel=vendor_order.status in CUSTOMER_MAY_CANCEL,
        returns=tuple(vendor_order.returns.all()),
        disputes=tuple(vendor_order.disputes.all()),
    )
