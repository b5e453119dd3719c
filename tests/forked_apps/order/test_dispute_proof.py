"""The proof names the return or dispute that says it paid back other points than were moved for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db.models import F

from forked_apps.order.dispute_models import Dispute, RemedyKind
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import Return, ReturnReason
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.disputes import accept_offer, make_offer
from forked_apps.order.services.returns import open_return, settle_return
from points_payment.proof import prove
from tests.factories.disputes import delivered, dispute, make_disputable_order
from tests.factories.orders import CustomerFactory

pytestmark = pytest.mark.django_db
K = RemedyKind


@pytest.fixture
def part() -> VendorOrder:
    return delivered(make_disputable_order())


def found() -> list[str]:
    return [finding.culprit for finding in prove() if finding.check == "disputes-paid"]


def agreed(part: VendorOrder, kind: RemedyKind, **facts: object) -> Dispute:
    one = dispute(part)
    offer = make_offer(
        vendor=part.vendor, actor=CustomerFactory(), dispute=one, kind=kind, reason="Sorry", **facts
    )  # type: ignore[arg-type]
    return accept_offer(customer=part.order.user, dispute=one, offer_id=offer.pk)


def a_refund(part: VendorOrder) -> Dispute:
    return agreed(part, K.REFUND)


def a_part(part: VendorOrder) -> Dispute:
    line = part.lines.earliest("pk")
    return agreed(part, K.PARTIAL, points={line.pk: 700}, shipping_points=300)


def the_way_alone(part: VendorOrder) -> Dispute:
    return agreed(part, K.PARTIAL, points={}, shipping_points=300)


def goods_back_first(part: VendorOrder) -> Dispute:
    one = agreed(part, K.RETURN)
    assert one.agreed_return is not None
    settle(one.agreed_return)
    return Dispute.objects.get(pk=one.pk)


def a_return(part: VendorOrder, *, deducted: int = 0) -> Return:
    asked = open_return(
        customer=part.order.user, vendor_order=part, quantities={part.lines.earliest("pk").pk: 2},
        reason=ReturnReason.DAMAGED, description="Broken",
    )  # fmt: skip
    return settle(asked, deducted=deducted)


def a_worn_return(part: VendorOrder) -> Return:
    return a_return(part, deducted=150)


def settle(asked: Return, *, deducted: int = 0) -> Return:
    part = asked.vendor_order
    return settle_return(
        vendor=part.vendor, actor=CustomerFactory(), asked=asked, restocked={}, deducted_points=deducted,
        accepted={row.line_id: row.quantity for row in asked.return_lines.all()}, answer="Thanks",
    )  # fmt: skip


WAYS = [a_refund, a_part, the_way_alone, goods_back_first, a_return, a_worn_return]
#: Less than went for the way alone is refused by the table itself.
CHANGES = [
    pytest.param(way, change, id=f"{way.__name__}{change:+}")
    for way in WAYS
    for change in (1, -1)
    if (way, change) != (the_way_alone, -1)
]


@pytest.mark.parametrize(("paid_back", "change"), CHANGES)
def test_a_tampered_refund_is_named(
    part: VendorOrder, paid_back: Callable[[VendorOrder], Dispute | Return], change: int
) -> None:
    one = paid_back(part)
    assert one.refunded_points > 0
    assert found() == []
    row = type(one).objects.filter(pk=one.pk)
    row.update(refunded_points=F("refunded_points") + change)
    name = "return" if isinstance(one, Return) else "dispute"
    assert found() == [f"{name} {one.number}"]
    row.update(refunded_points=F("refunded_points") - change)


def test_a_reason_that_a_vendor_typed_breaks_no_proof(part: VendorOrder) -> None:
    """Reasons are free words: a number among them names nothing."""
    one = a_part(part)
    numbers = [one.number, f"{part.number}-R1"]
    for number in numbers:
        give_allowance(
            vendor=part.vendor, actor=CustomerFactory(), vendor_order=part,
            line_id=part.lines.latest("pk").pk, points=7, reason=number,
        )  # fmt: skip
    assert a_return(VendorOrder.objects.get(pk=part.pk)).number in numbers
    assert found() == []
