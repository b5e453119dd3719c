"""What each outcome moves, to the point: for the buyer, for the vendor, for the marketplace."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from forked_apps.order.dispute_models import Dispute, DisputeReason, DisputeState, RemedyKind
from forked_apps.order.models import Line, Order, ReductionKind, VendorOrder, VendorOrderStatus
from forked_apps.order.return_models import ReturnReason, ReturnState
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.delivery import complete_due, complete_vendor_order, mark_delivered
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.order.services.disputes import accept_offer, make_offer, withdraw_dispute
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.returns import (
    open_return,
    send_return,
    settle_return,
    settle_silent_returns,
    withdraw_return,
)
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from points_payment.kinds import AccountKind
from points_payment.selectors import account_points
from points_payment.services.payouts import pay_out
from tests.factories.disputes import (
    decide,
    delivered,
    dispute,
    make_disputable_order,
    overdue,
    ready_to_decide,
    shipped,
)
from tests.factories.orders import CustomerFactory

pytestmark = pytest.mark.django_db
D, R, K, S = DisputeState, DisputeReason, RemedyKind, VendorOrderStatus
#: 3 × 1,000 and 1 × 500, delivered for 5,000; the vendor's commission is 10% of it.
GOODS, WAY = 3_500, 5_000
TOTAL = GOODS + WAY


@dataclass(frozen=True, slots=True)
class Books:
    """Where the points of the order are."""

    buyer: int
    escrow: int
    payable: int
    commission: int


def books(part: VendorOrder) -> Books:
    def vendors(kind: AccountKind) -> int:
        return account_points(kind=kind, owner_id=part.vendor_id)

    return Books(
        buyer=User.objects.get(pk=part.order.user_id).point_balance - (1_000_000 - part.total_points),
        escrow=vendors(AccountKind.VENDOR_ESCROW),
        payable=vendors(AccountKind.VENDOR_PAYABLE) + vendors(AccountKind.VENDOR_RECEIVABLE),
        commission=account_points(kind=AccountKind.COMMISSION),
    )


def fee(points: int, part: VendorOrder) -> int:
    return (points * part.commission_basis_points + 5_000) // 10_000


@pytest.fixture
def order() -> Order:
    return make_disputable_order()


@pytest.fixture
def part(order: Order) -> VendorOrder:
    return delivered(order)


def lines(part: VendorOrder) -> tuple[Line, Line]:
    three, one = part.lines.order_by("pk")
    return three, one


def appeal_time_over() -> None:
    advance_disputes(now=timezone.now() + timedelta(days=6))


def fresh(part: VendorOrder) -> VendorOrder:
    return VendorOrder.objects.get(pk=part.pk)


def released(part: VendorOrder, *goods: int, way: int = WAY) -> tuple[int, int]:
    """What the vendor and the marketplace have of lines and of the way that were released so far."""
    commission = sum(fee(points, part) for points in goods)
    return sum(goods) + way - commission, commission


# Offers: at once --------------------------------------------------------------------------
def agreed(part: VendorOrder, kind: RemedyKind, **facts: object) -> Dispute:
    one = dispute(part)
    offer = make_offer(
        vendor=part.vendor, actor=CustomerFactory(), dispute=one, kind=kind, reason="Sorry", **facts
    )  # type: ignore[arg-type]
    return accept_offer(customer=part.order.user, dispute=one, offer_id=offer.pk)


def test_an_accepted_refund_is_all_of_it_at_once(part: VendorOrder) -> None:
    one = agreed(part, K.REFUND)
    assert books(part) == Books(TOTAL, 0, 0, 0)
    assert (one.refunded_points, one.refunded_shipping_points) == (TOTAL, WAY)
    assert fresh(part).status == S.RETURNED
    assert complete_due(today=part.release_on) == 0


def test_an_accepted_part_leaves_the_rest_to_the_vendor(part: VendorOrder) -> None:
    three, single = lines(part)
    agreed(part, K.PARTIAL, points={three.pk: 700, single.pk: 99}, shipping_points=1_000)
    assert books(part) == Books(1_799, TOTAL - 1_799, 0, 0)
    assert fresh(part).status == S.DELIVERED
    complete_due(today=part.release_on)
    payable, commission = released(part, 2_300, 401, way=4_000)
    assert books(part) == Books(1_799, 0, payable, commission)


def test_nothing_moves_for_a_replacement(part: VendorOrder) -> None:
    agreed(part, K.REPLACEMENT)
    assert books(part) == Books(0, TOTAL, 0, 0)


# Decisions: after the time for an appeal ---------------------------------------------------
def test_decided_for_the_buyer_everything_goes_back(part: VendorOrder) -> None:
    one = decide(ready_to_decide(part))
    assert books(part) == Books(0, TOTAL, 0, 0)
    appeal_time_over()
    assert books(part) == Books(TOTAL, 0, 0, 0)
    one.refresh_from_db()
    assert (one.state, one.refunded_points) == (D.FOR_BUYER, TOTAL)


def test_some_of_the_pieces_go_back_with_their_share_of_the_way(part: VendorOrder) -> None:
    three, single = lines(part)
    decide(ready_to_decide(part, pieces={three.pk: 2}))
    appeal_time_over()
    # 2,000 of 3,500 of the goods: the same of the way, rounded down.
    way = WAY * 2_000 // GOODS
    assert books(part) == Books(2_000 + way, TOTAL - 2_000 - way, 0, 0)
    assert fresh(part).status == S.PARTLY_RETURNED
    complete_due(today=part.release_on)
    payable, commission = released(part, 1_000, 500, way=WAY - way)
    assert books(part) == Books(2_000 + way, 0, payable, commission)
    assert {row.kind for row in three.reductions.all()} == {ReductionKind.RETURNED}
    assert not single.reductions.exists()


def test_the_way_of_what_went_back_before_stays_the_vendor_s(part: VendorOrder) -> None:
    three, single = lines(part)
    deducted(part, {three.pk: 1}, 0)
    assert books(part).buyer == 1_000
    decide(ready_to_decide(fresh(part), pieces={three.pk: 2, single.pk: 1}))
    appeal_time_over()
    way = WAY * 2_500 // GOODS
    kept = books(part)
    assert (kept.buyer, kept.escrow, kept.payable + kept.commission) == (GOODS + way, 0, WAY - way)


def test_decided_for_the_vendor_it_goes_on_as_if_nothing_had_been(part: VendorOrder) -> None:
    decide(ready_to_decide(part), K.NOTHING)
    assert complete_due(today=part.release_on) == 0
    appeal_time_over()
    assert complete_due(today=part.release_on) == 1
    payable, commission = released(part, 3_000, 500)
    assert books(part) == Books(0, 0, payable, commission)


def test_part_of_the_points_by_line_and_of_the_way(part: VendorOrder) -> None:
    three, single = lines(part)
    one = ready_to_decide(part)
    decide(one, K.PARTIAL, points={three.pk: 1, single.pk: 500}, shipping_points=WAY)
    appeal_time_over()
    assert books(part) == Books(501 + WAY, TOTAL - 501 - WAY, 0, 0)
    complete_due(today=part.release_on)
    payable, commission = released(part, 2_999, way=0)
    assert books(part) == Books(501 + WAY, 0, payable, commission)


def test_part_of_the_way_alone(part: VendorOrder) -> None:
    decide(ready_to_decide(part), K.PARTIAL, shipping_points=123)
    appeal_time_over()
    assert books(part) == Books(123, TOTAL - 123, 0, 0)
    assert fresh(part).status == S.DELIVERED


def test_what_was_given_back_meanwhile_is_not_given_twice(part: VendorOrder) -> None:
    three, _single = lines(part)
    one = ready_to_decide(part, pieces={three.pk: 3})
    decide(one, K.PARTIAL, points={three.pk: 2_500})
    give_allowance(
        vendor=part.vendor, actor=CustomerFactory(), vendor_order=part, line_id=three.pk, points=1_000,
        reason="Sorry",
    )  # fmt: skip
    appeal_time_over()
    assert books(part) == Books(3_000, TOTAL - 3_000, 0, 0)
    one.refresh_from_db()
    assert (one.state, one.refunded_points) == (D.FOR_BUYER, 2_000)


# Late -------------------------------------------------------------------------------------
def test_a_late_refund_comes_from_what_the_vendor_has(part: VendorOrder) -> None:
    complete_vendor_order(vendor_order=part, actor=None)
    payable, commission = released(part, 3_000, 500)
    assert books(part) == Books(0, 0, payable, commission)
    one = decide(ready_to_decide(part))
    assert one.is_late
    assert books(part) == Books(0, 0, payable, commission)
    appeal_time_over()
    assert books(part) == Books(TOTAL, 0, 0, 0)
    assert fresh(part).status == S.RETURNED


def test_a_late_part_returns_its_commission(part: VendorOrder) -> None:
    three, _single = lines(part)
    complete_vendor_order(vendor_order=part, actor=None)
    decide(ready_to_decide(part), K.PARTIAL, points={three.pk: 1_005})
    appeal_time_over()
    payable, commission = released(part, 1_995, 500)
    assert books(part) == Books(1_005, 0, payable, commission)
    assert fresh(part).status == S.COMPLETED


def test_what_the_vendor_was_paid_out_becomes_its_debt(part: VendorOrder) -> None:
    complete_vendor_order(vendor_order=part, actor=None)
    payable, _commission = released(part, 3_000, 500)
    first, second = CustomerFactory(), CustomerFactory()
    pay_out(
        vendor_id=part.vendor_id, amount_points=payable, actor_id=first.pk, approved_by_id=second.pk,
        reference="P-1", idempotency_key="payout-1",
    )  # fmt: skip
    decide(ready_to_decide(part))
    appeal_time_over()
    assert books(part) == Books(TOTAL, 0, -payable, 0)
    owed = account_points(kind=AccountKind.VENDOR_RECEIVABLE, owner_id=part.vendor_id)
    assert owed == -payable


# Not delivered ----------------------------------------------------------------------------
def test_what_was_lost_on_the_way_is_paid_back_and_not_in_stock(order: Order) -> None:
    part = overdue(shipped(order))
    before = StockRecord.objects.get(pk=lines(part)[0].stockrecord_id).num_in_stock
    decide(ready_to_decide(part, reason=R.NOT_DELIVERED))
    appeal_time_over()
    assert books(part) == Books(TOTAL, 0, 0, 0)
    assert fresh(part).status == S.RETURNED
    assert {row.kind for line in part.lines.all() for row in line.reductions.all()} == {ReductionKind.LOST}
    assert StockRecord.objects.get(pk=lines(part)[0].stockrecord_id).num_in_stock == before


def test_what_never_left_is_cancelled_and_on_sale_again(order: Order) -> None:
    part = overdue(order.vendor_orders.get())
    one = decide(ready_to_decide(part, reason=R.NOT_DELIVERED))
    appeal_time_over()
    assert books(part) == Books(TOTAL, 0, 0, 0)
    assert fresh(part).status == S.CANCELLED
    assert StockRecord.objects.get(pk=lines(part)[0].stockrecord_id).num_allocated == 0
    one.refresh_from_db()
    assert (one.refunded_points, one.refunded_shipping_points) == (TOTAL, WAY)


def test_half_sent_and_nothing_arrived(order: Order) -> None:
    part = order.vendor_orders.get()
    three, single = lines(part)
    ship_lines(
        vendor=part.vendor, actor=order.user, vendor_order=part, tracking_code="T", quantities={three.pk: 1}
    )
    part = overdue(part)
    decide(ready_to_decide(part, reason=R.NOT_DELIVERED))
    appeal_time_over()
    kinds = {
        (row.line_id, row.kind, row.quantity) for line in part.lines.all() for row in line.reductions.all()
    }
    assert kinds == {
        (three.pk, ReductionKind.CANCELLED, 2),
        (single.pk, ReductionKind.CANCELLED, 1),
        (three.pk, ReductionKind.LOST, 1),
    }
    assert fresh(part).status == S.RETURNED
    # Who keeps nothing pays nothing for the way either.
    assert books(part) == Books(TOTAL, 0, 0, 0)


def test_lost_pieces_of_an_order_that_arrived_otherwise(order: Order) -> None:
    part = overdue(shipped(order))
    three, _single = lines(part)
    decide(ready_to_decide(part, pieces={three.pk: 1}, reason=R.NOT_DELIVERED))
    appeal_time_over()
    mark_delivered(vendor=part.vendor, actor=order.user, vendor_order=part)
    way = WAY * 1_000 // GOODS
    assert books(part) == Books(1_000 + way, TOTAL - 1_000 - way, 0, 0)
    assert complete_due(today=fresh(part).release_on) == 1


# With return of the goods ------------------------------------------------------------------
def returning(part: VendorOrder, pieces: dict[int, int] | None = None) -> Dispute:
    decide(ready_to_decide(part, pieces=pieces), K.RETURN)
    appeal_time_over()
    one = part.disputes.get()
    assert one.state == D.RETURNING
    return one


def test_goods_go_back_before_points_do(part: VendorOrder) -> None:
    one = returning(part)
    back = one.agreed_return
    assert back is not None
    assert (back.state, books(part)) == (ReturnState.APPROVED, Books(0, TOTAL, 0, 0))
    assert complete_due(today=part.release_on) == 0
    send_return(customer=part.order.user, asked=back, carrier="", tracking_code="B")
    settle_return(
        vendor=part.vendor, actor=CustomerFactory(), asked=back, answer="",
        accepted={line.pk: line.quantity for line in part.lines.all()},
    )  # fmt: skip
    one.refresh_from_db()
    assert (one.state, one.refunded_points) == (D.FOR_BUYER, TOTAL)
    assert books(part) == Books(TOTAL, 0, 0, 0)


def test_an_offer_to_take_it_back_works_the_same_way(part: VendorOrder) -> None:
    one = agreed(part, K.RETURN)
    assert one.state == D.RETURNING
    assert one.agreed_return
    send_return(customer=part.order.user, asked=one.agreed_return, carrier="", tracking_code="B")
    settle_silent_returns(now=timezone.now() + timedelta(days=11))
    one.refresh_from_db()
    assert one.state == D.AGREED
    assert books(part) == Books(TOTAL, 0, 0, 0)


@pytest.mark.parametrize("how", ["says so", "stays silent"])
def test_who_keeps_the_goods_gets_nothing(part: VendorOrder, how: str) -> None:
    one = returning(part)
    assert one.agreed_return
    if how == "says so":
        withdraw_return(customer=part.order.user, asked=one.agreed_return)
    else:
        settle_silent_returns(now=timezone.now() + timedelta(days=15))
    one.refresh_from_db()
    assert one.state == D.WITHDRAWN
    assert books(part) == Books(0, TOTAL, 0, 0)
    assert complete_due(today=part.release_on) == 1


def test_a_vendor_that_rejects_what_came_back_meets_us_again(part: VendorOrder) -> None:
    one = returning(part)
    assert one.agreed_return
    send_return(customer=part.order.user, asked=one.agreed_return, carrier="", tracking_code="B")
    settle_return(
        vendor=part.vendor,
        actor=CustomerFactory(),
        asked=one.agreed_return,
        accepted={},
        answer="Another one",
    )
    one.refresh_from_db()
    assert one.state == D.DECIDING
    assert books(part) == Books(0, TOTAL, 0, 0)
    decide(one)
    appeal_time_over()
    assert books(part) == Books(TOTAL, 0, 0, 0)


# A return that was refused or deducted from ------------------------------------------------
def deducted(part: VendorOrder, pieces: dict[int, int], points: int) -> None:
    asked = open_return(
        customer=part.order.user, vendor_order=part, quantities=pieces, reason=ReturnReason.CHANGED_MIND,
        description="Too big",
    )  # fmt: skip
    settle_return(
        vendor=part.vendor, actor=CustomerFactory(), asked=asked, accepted=pieces, deducted_points=points,
        answer="Worn",
    )  # fmt: skip


def test_a_deduction_is_paid_back_after_all(part: VendorOrder) -> None:
    three, _single = lines(part)
    deducted(part, {three.pk: 1}, 300)
    assert books(part).buyer == 700
    decide(ready_to_decide(part, pieces={three.pk: 1}, reason=R.RETURN))
    appeal_time_over()
    assert books(part).buyer == 1_000
    # The two that the buyer kept cost what they cost before.
    deducted(fresh(part), {three.pk: 2}, 0)
    assert books(part).buyer == 3_000


def test_some_of_a_deduction_from_an_order_that_is_back_and_over(part: VendorOrder) -> None:
    deducted(part, {line.pk: line.quantity for line in part.lines.all()}, 350)
    three, _single = lines(part)
    assert fresh(part).status == S.RETURNED
    assert books(part).escrow == 0
    one = ready_to_decide(fresh(part), pieces={three.pk: 3}, reason=R.RETURN)
    decide(one, K.PARTIAL, points={three.pk: 100})
    appeal_time_over()
    assert books(part).buyer == GOODS - 350 + 100
    assert three.reductions.get(kind=ReductionKind.UNDEDUCTED).refunded_points == 100
    assert sum(astuple(books(part))) == TOTAL


@pytest.mark.parametrize("reason", [R.RETURN, R.DAMAGED])
def test_a_part_may_be_a_deduction_and_more_of_the_same_line(part: VendorOrder, reason: R) -> None:
    three, _single = lines(part)
    deducted(part, {three.pk: 1}, 300)
    one = ready_to_decide(fresh(part), pieces={three.pk: 1}, reason=reason)
    decide(one, K.PARTIAL, points={three.pk: 2_100})
    appeal_time_over()
    one.refresh_from_db()
    assert one.refunded_points == 2_100
    assert books(part).buyer == 700 + 2_100


def test_a_later_return_finds_only_what_is_left_of_the_way(part: VendorOrder) -> None:
    three, single = lines(part)
    decide(ready_to_decide(part, pieces={three.pk: 1}), K.PARTIAL, shipping_points=4_900)
    appeal_time_over()
    asked = open_return(
        customer=part.order.user, vendor_order=fresh(part), quantities={three.pk: 3, single.pk: 1},
        reason=ReturnReason.DAMAGED, description="All of it",
    )  # fmt: skip
    settle_return(
        vendor=part.vendor, actor=CustomerFactory(), asked=asked, answer="",
        accepted={three.pk: 3, single.pk: 1},
    )  # fmt: skip
    assert books(part) == Books(TOTAL, 0, 0, 0)


def test_what_is_withdrawn_moves_nothing(part: VendorOrder) -> None:
    withdraw_dispute(customer=part.order.user, dispute=dispute(part))
    assert books(part) == Books(0, TOTAL, 0, 0)
