"""How well vendors serve: what counts, from how many orders on, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from forked_apps.order.handover import handover_code
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import Return, ReturnReason, ReturnState
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_by_vendor, cancel_lines
from forked_apps.order.services.delivery import hand_over, mark_delivered
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.vendor_health import (
    Health,
    Measure,
    MeasureKind,
    grade_vendors,
    health_of,
)
from forked_apps.partner.grades import VendorGrade
from forked_apps.partner.models import Partner, StockRecord
from marketplace.outbox.models import OutboxMessage
from tests.factories.orders import make_customer, make_offer, make_order
from tests.factories.people import a_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer() -> StockRecord:
    return make_offer(num_in_stock=1_000, price=1_000)


def an_order(offer: StockRecord, pieces: int = 2) -> VendorOrder:
    return make_order(make_customer(points=100_000), {offer: pieces}).vendor_orders.get()


def sent(offer: StockRecord) -> VendorOrder:
    part = an_order(offer)
    ship_lines(vendor=part.vendor, actor=part.order.user, vendor_order=part, tracking_code="T")
    return part


def delivered(offer: StockRecord) -> VendorOrder:
    part = sent(offer)
    mark_delivered(vendor=part.vendor, actor=part.order.user, vendor_order=part)
    return VendorOrder.objects.get(pk=part.pk)


def cases(offer: StockRecord) -> dict[str, tuple[int, int]]:
    health = health_of([offer.partner_id])[offer.partner_id]
    return {measure.kind.value: (measure.cases, measure.of) for measure in health.measures}


def test_a_vendor_without_orders_is_good() -> None:
    vendor = make_offer().partner
    health = health_of([vendor.pk])[vendor.pk]
    assert (health.orders, health.is_graded, health.grade) == (0, False, VendorGrade.GOOD)
    assert {(measure.cases, measure.of, measure.percent) for measure in health.measures} == {(0, 0, 0)}


def test_late_is_what_left_after_the_first_promised_day_or_has_not_left_by_then(offer: StockRecord) -> None:
    in_time, late, waiting, overdue = sent(offer), sent(offer), an_order(offer), an_order(offer)
    yesterday = timezone.localdate() - timedelta(days=1)
    VendorOrder.objects.filter(pk__in=[late.pk, overdue.pk]).update(deliver_from=yesterday)
    assert in_time.deliver_from >= timezone.localdate() <= waiting.deliver_from
    assert cases(offer)["late"] == (2, 3)


def test_cancelled_counts_what_the_vendor_took_back_and_never_what_the_customer_did(
    offer: StockRecord,
) -> None:
    whole, some, mine, kept = (an_order(offer) for _ in range(4))
    clerk = a_customer()
    cancel_by_vendor(vendor=offer.partner, actor=clerk, vendor_order=whole, reason="Gone")
    line = some.lines.get()
    cancel_lines(vendor=offer.partner, actor=clerk, vendor_order=some, quantities={line.pk: 1}, reason="Gone")
    cancel_by_customer(customer=mine.order.user, vendor_order=mine)
    assert cases(offer)["cancelled"] == (2, 3)
    assert health_of([offer.partner_id])[offer.partner_id].orders == 3
    assert kept.status == "placed"


def test_refused_and_returned_count_and_a_changed_mind_does_not(offer: StockRecord) -> None:
    refused = sent(offer)
    hand_over(
        vendor=offer.partner, actor=refused.order.user, vendor_order=refused,
        code=handover_code(refused), refused={refused.lines.get().pk: 1}, reason="Scratched",
    )  # fmt: skip
    for number, (reason, state) in enumerate(
        [
            (ReturnReason.DAMAGED, ReturnState.REFUNDED),
            (ReturnReason.CHANGED_MIND, ReturnState.REFUNDED),
            (ReturnReason.DAMAGED, ReturnState.REFUSED),
        ]
    ):
        part = delivered(offer)
        Return.objects.create(
            vendor_order=part, number=f"R{number}", reason=reason, state=state, closed_at=timezone.now()
        )
    assert cases(offer)["sent_back"] == (2, 4)


def test_wrong_codes_count_when_all_tries_are_gone(offer: StockRecord) -> None:
    locked, tried = delivered(offer), delivered(offer)
    VendorOrder.objects.filter(pk=locked.pk).update(handover_failures=5)
    VendorOrder.objects.filter(pk=tried.pk).update(handover_failures=4)
    assert cases(offer)["wrong_codes"] == (1, 2)


def test_what_is_older_than_90_days_is_forgotten(offer: StockRecord) -> None:
    part = an_order(offer)
    VendorOrder.objects.filter(pk=part.pk).update(
        placed_at=timezone.now() - timedelta(days=90), deliver_from=timezone.localdate() - timedelta(days=85)
    )
    assert cases(offer)["late"] == (0, 0)


@pytest.mark.parametrize(
    ("kind", "bad", "of", "grade"),
    [
        ("late", 2, 20, "good"), ("late", 3, 31, "good"), ("late", 3, 30, "watch"), ("late", 5, 20, "poor"),
        ("cancelled", 2, 3, "good"), ("cancelled", 3, 100, "watch"), ("cancelled", 10, 100, "poor"),
        ("sent_back", 7, 100, "good"), ("sent_back", 8, 100, "watch"), ("sent_back", 20, 100, "poor"),
        ("wrong_codes", 3, 101, "good"), ("wrong_codes", 3, 100, "watch"),
    ],
)  # fmt: skip
def test_limits(kind: str, bad: int, of: int, grade: str) -> None:
    assert Measure(MeasureKind(kind), bad, of).grade == grade


@pytest.mark.parametrize(("orders", "grade"), [(19, "good"), (20, "poor")])
def test_the_worst_measure_counts_from_20_orders_on(orders: int, grade: str) -> None:
    measures = (Measure(MeasureKind.LATE, 3, 30), Measure(MeasureKind.CANCELLED, 19, 19))
    assert Health(orders=orders, measures=measures).grade == grade


def test_a_changed_grade_is_written_and_told_once(
    offer: StockRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forked_apps.order.vendor_health.LEAST_ORDERS", 3)
    for _ in range(3):
        an_order(offer)
    VendorOrder.objects.update(deliver_from=timezone.localdate() - timedelta(days=1))
    make_offer()
    OutboxMessage.objects.all().delete()
    assert [grade_vendors(), grade_vendors()] == [1, 0]
    assert Partner.objects.get(pk=offer.partner_id).health_grade == VendorGrade.POOR
    assert OutboxMessage.objects.get().payload == {"ids": [offer.product_id]}
    VendorOrder.objects.update(deliver_from=timezone.localdate())
    assert grade_vendors() == 1
    assert Partner.objects.get(pk=offer.partner_id).health_grade == VendorGrade.GOOD


def test_twenty_vendors_cost_as_many_queries_as_one(django_assert_num_queries: Callable) -> None:
    offers = [make_offer() for _ in range(20)]
    for vendors in ([offers[0].partner_id], [offer.partner_id for offer in offers]):
        with django_assert_num_queries(5):
            assert len(health_of(vendors)) == len(vendors)
