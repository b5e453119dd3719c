"""How well vendors serve their customers: counted from their orders of the last 90 days, in sets.

The grade weighs in the buy box (``partner.grades``); each vendor reads its numbers, and why, in its portal.
Few orders say little, so a vendor is only graded from ``LEAST_ORDERS`` on, and nothing counts that happened
fewer than ``LEAST_CASES`` times. What more should count (disputes, say) is one more function in ``MEASURES``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forked_apps.order.handover import MOST_FAILURES
from forked_apps.order.models import (
    LineReduction,
    Parcel,
    ReductionKind,
    VendorOrder,
    VendorOrderEvent,
    VendorOrderStatus,
)
from forked_apps.order.return_models import BUYERS_CHOICE, Return, ReturnState
from forked_apps.partner.grades import VendorGrade
from forked_apps.partner.indexing import product_messages
from forked_apps.partner.models import Partner
from marketplace.outbox.services import enqueue_many

_S = VendorOrderStatus
WITHIN = timedelta(days=90)
#: Orders within that time from which on a vendor is graded.
LEAST_ORDERS = 20
LEAST_CASES = 3


class MeasureKind(StrEnum):
    LATE = "late"
    CANCELLED = "cancelled"
    SENT_BACK = "sent_back"
    WRONG_CODES = "wrong_codes"


LABELS = {
    MeasureKind.LATE: _("Sent late"),
    MeasureKind.CANCELLED: _("Cancelled by you"),
    MeasureKind.SENT_BACK: _("Refused or returned"),
    MeasureKind.WRONG_CODES: _("Wrong codes"),
}
MEANINGS = {
    MeasureKind.LATE: _("Not sent, or not all of it, by the first day on which it was expected to arrive."),
    MeasureKind.CANCELLED: _("The order, or some of it, which you could not deliver."),
    MeasureKind.SENT_BACK: _(
        "Refused at the door, or returned and refunded. Who only changed their mind does not count."
    ),
    MeasureKind.WRONG_CODES: _("All tries at the buyer's code were used up without the right one."),
}
#: From which share on, in percent, a vendor is watched, and from which it is poor.
LIMITS_PERCENT: Mapping[MeasureKind, tuple[int, int]] = {
    MeasureKind.LATE: (10, 25),
    MeasureKind.CANCELLED: (3, 10),
    MeasureKind.SENT_BACK: (8, 20),
    MeasureKind.WRONG_CODES: (3, 10),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """``cases`` of ``of`` orders went wrong in this way."""

    kind: MeasureKind
    cases: int
    of: int

    @property
    def label(self) -> str:
        return str(LABELS[self.kind])

    @property
    def meaning(self) -> str:
        return str(MEANINGS[self.kind])

    @property
    def percent(self) -> int:
        """Rounded down."""
        return self.cases * 100 // self.of if self.of else 0

    @property
    def watch_percent(self) -> int:
        return LIMITS_PERCENT[self.kind][0]

    @property
    def poor_percent(self) -> int:
        return LIMITS_PERCENT[self.kind][1]

    @property
    def grade(self) -> VendorGrade:
        if self.cases < LEAST_CASES:
            return VendorGrade.GOOD
        if self.cases * 100 >= self.poor_percent * self.of:
            return VendorGrade.POOR
        return VendorGrade.WATCH if self.cases * 100 >= self.watch_percent * self.of else VendorGrade.GOOD

    @property
    def grade_label(self) -> str:
        return str(self.grade.label)


@dataclass(frozen=True, slots=True)
class Health:
    #: All that customers did not take back themselves.
    orders: int
    measures: tuple[Measure, ...]

    @property
    def is_graded(self) -> bool:
        return self.orders >= LEAST_ORDERS

    @property
    def grade(self) -> VendorGrade:
        """The worst of its measures; good as long as too little is known."""
        grades = {measure.grade for measure in self.measures} if self.is_graded else set()
        return next(
            (grade for grade in (VendorGrade.POOR, VendorGrade.WATCH) if grade in grades), VendorGrade.GOOD
        )


#: What a measure counts: cases and orders looked at, of the orders it is given.
Counter = Callable[[QuerySet[VendorOrder], datetime], QuerySet[VendorOrder]]


def health_of(vendor_ids: Collection[int], *, now: datetime | None = None) -> dict[int, Health]:
    """Every vendor's, in as many queries as there are measures and one."""
    now = now or timezone.now()
    orders = _orders_that_count(vendor_ids, now)
    totals = dict(orders.values_list("vendor_id").annotate(number=Count("pk")))
    found = {kind: _counted(measure(orders, now)) for kind, measure in MEASURES.items()}
    return {
        vendor_id: Health(
            orders=totals.get(vendor_id, 0),
            measures=tuple(Measure(kind, *found[kind].get(vendor_id, (0, 0))) for kind in MEASURES),
        )
        for vendor_id in vendor_ids
    }


def grade_vendors(*, now: datetime | None = None) -> int:
    """Write every selling vendor's grade, and have the lists look again where it changed; how many did."""
    grades = dict(Partner.objects.filter(status="approved").values_list("pk", "health_grade"))
    changed = {
        vendor_id: health.grade
        for vendor_id, health in health_of(grades, now=now).items()
        if health.grade != grades[vendor_id]
    }
    return sum(_write_grade(vendor_id, grade) for vendor_id, grade in sorted(changed.items()))


def _write_grade(vendor_id: int, grade: VendorGrade) -> bool:
    with transaction.atomic():
        vendor = Partner.objects.select_for_update(no_key=True).get(pk=vendor_id)
        if vendor.health_grade == grade:
            return False
        vendor.health_grade = grade
        vendor.save(update_fields=["health_grade"])
        enqueue_many(product_messages(vendor))
        return True


# What is counted --------------------------------------------------------------------------
def _orders_that_count(vendor_ids: Collection[int], now: datetime) -> QuerySet[VendorOrder]:
    """Not those that the customer took back whole: nothing of them was the vendor's doing."""
    taken_back = VendorOrderEvent.objects.filter(
        vendor_order=OuterRef("pk"), new_status=_S.CANCELLED, actor=OuterRef("order__user")
    )
    return VendorOrder.objects.filter(
        ~Exists(taken_back), vendor_id__in=vendor_ids, placed_at__gt=now - WITHIN
    ).order_by()


def _late(orders: QuerySet[VendorOrder], now: datetime) -> QuerySet[VendorOrder]:
    """Of what was sent whole, or should have been by now."""
    sent = Q(status__in=SENT)
    overdue = Q(status__in=WAITING, deliver_from__lt=timezone.localdate(now))
    last_parcel = (
        Parcel.objects.filter(vendor_order=OuterRef("pk"))
        .order_by()
        .values("vendor_order")
        .annotate(on=TruncDate(Max("shipped_at")))
    )
    return orders.filter(sent | overdue).annotate(
        is_case=Case(
            When(overdue, then=True),
            default=Q(deliver_from__lt=Subquery(last_parcel.values("on"))),
            output_field=BooleanField(),
        )
    )


def _cancelled(orders: QuerySet[VendorOrder], now: datetime) -> QuerySet[VendorOrder]:
    reduced = LineReduction.objects.filter(
        line__vendor_order=OuterRef("pk"), kind=ReductionKind.CANCELLED
    ).exclude(actor=OuterRef("order__user"))
    return orders.annotate(is_case=Exists(reduced))


def _sent_back(orders: QuerySet[VendorOrder], now: datetime) -> QuerySet[VendorOrder]:
    """Of what came as far as the buyer's door."""
    refused = LineReduction.objects.filter(line__vendor_order=OuterRef("pk"), kind=ReductionKind.REFUSED)
    returned = Return.objects.filter(vendor_order=OuterRef("pk"), state=ReturnState.REFUNDED).exclude(
        reason__in=BUYERS_CHOICE
    )
    return orders.filter(status__in=AT_THE_DOOR).annotate(is_case=Exists(refused) | Exists(returned))


def _wrong_codes(orders: QuerySet[VendorOrder], now: datetime) -> QuerySet[VendorOrder]:
    return orders.filter(status__in=AT_THE_DOOR).annotate(
        is_case=Case(
            When(handover_failures__gte=MOST_FAILURES, then=True), default=False, output_field=BooleanField()
        )
    )


def _counted(orders: QuerySet[VendorOrder]) -> dict[int, tuple[int, int]]:
    rows = orders.values_list("vendor_id").annotate(cases=Count("pk", filter=Q(is_case=True)), of=Count("pk"))
    return {vendor_id: (cases, of) for vendor_id, cases, of in rows}


WAITING = (_S.PLACED, _S.ACCEPTED, _S.PACKED)
AT_THE_DOOR = (_S.DELIVERED, _S.COMPLETED, _S.PARTLY_RETURNED, _S.RETURNED, _S.REFUSED)
SENT = (_S.SHIPPED, *AT_THE_DOOR)
MEASURES: Mapping[MeasureKind, Counter] = {
    MeasureKind.LATE: _late,
    MeasureKind.CANCELLED: _cancelled,
    MeasureKind.SENT_BACK: _sent_back,
    MeasureKind.WRONG_CODES: _wrong_codes,
}
