from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from points_payment.errors import IdempotencyConflict, InsufficientPoints, NotRefundable, UnknownAllocation
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Allocation, AllocationMove, Lot, Transfer, Wallet
from points_payment.selectors import account_points
from points_payment.services.escrow import (
    AllocationSpec,
    HeldOrder,
    Refunded,
    Released,
    commission_on,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.ledger import LotChange
from points_payment.services.wallets import (
    OpenUse,
    SpendableLot,
    plan_return,
    plan_spending,
    split_by_largest_remainder,
)
from tests.factories.points import (
    give_promotion,
    make_customer_with_points,
    make_person,
    new_key,
    top_up_wallet,
)

pytestmark = pytest.mark.django_db


def hold(customer, *gross, order="N1", key="", vendors=None, basis_points=800):
    with transaction.atomic():
        return hold_for_order(
            customer_id=customer.pk,
            order_reference=order,
            allocations=[
                AllocationSpec(f"{order}-{place}", (vendors or [7] * len(gross))[place], points, basis_points)
                for place, points in enumerate(gross)
            ],
            idempotency_key=key or f"order:{order}",
            actor_id=customer.pk,
        )


def release(*references, key=""):
    return release_allocations(references=references, actor_id=None, idempotency_key=key or new_key())


def refund(key="", **wanted):
    named = {reference.replace("_", "-"): points for reference, points in wanted.items()}
    return refund_allocations(
        references_and_points=named, actor_id=None, reason="Broken", idempotency_key=key or new_key()
    )


def buckets(customer):
    wallet = Wallet.objects.get(user=customer)
    return wallet.paid_points, wallet.promotional_points


# Rules -------------------------------------------------------------------------------------


def test_promotional_lots_are_spent_before_paid_ones():
    lots = [SpendableLot(3, True, 10), SpendableLot(1, True, 5), SpendableLot(2, False, 100)]
    spent = plan_spending(lots=lots, needed_points=20)
    assert (spent.paid_points, spent.promotional_points) == (5, 15)
    assert spent.lot_changes == (LotChange(3, -10), LotChange(1, -5), LotChange(2, -5))
    exact = plan_spending(lots=lots, needed_points=10)
    assert exact.lot_changes == (LotChange(3, -10),)


def test_shortfall_says_how_much_is_missing():
    with pytest.raises(InsufficientPoints) as caught:
        plan_spending(lots=[SpendableLot(1, True, 5), SpendableLot(2, False, 7)], needed_points=20)
    assert (caught.value.needed_points, caught.value.available_points, caught.value.short_by) == (20, 12, 8)


def test_points_return_to_the_lots_they_came_from_last_ones_first():
    uses = [OpenUse(9, 2, False, 5), OpenUse(8, 1, False, 5), OpenUse(7, 3, True, 4)]
    assert plan_return(uses=uses, paid_points=7, promotional_points=1) == (
        LotChange(2, 5, 9),
        LotChange(1, 2, 8),
        LotChange(3, 1, 7),
    )
    with pytest.raises(AssertionError):
        plan_return(uses=uses, paid_points=11, promotional_points=0)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (300, [501, 299], [188, 112]),
        (0, [5, 6], [0, 0]),
        (11, [5, 6], [5, 6]),
        (5, [], []),
        (0, [0, 0], [0, 0]),
        (1, [1, 2], [0, 1]),
    ],
)
def test_split_gives_the_rest_to_the_largest_remainders(total, weights, parts):
    assert split_by_largest_remainder(total_points=total, weights=weights) == parts


@pytest.mark.parametrize(
    ("points", "basis_points", "commission"),
    [(1_000, 800, 80), (6, 800, 0), (7, 800, 1), (1, 5_000, 1), (1, 4_999, 0), (0, 800, 0), (10, 10_000, 10)],
)
def test_commission_is_rounded_half_up(points, basis_points, commission):
    assert commission_on(points=points, basis_points=basis_points) == commission


# Holding -----------------------------------------------------------------------------------


def test_order_takes_promotional_points_first_and_splits_them_over_its_lines():
    customer = make_customer_with_points(paid=1_000, promotional=300)
    assert hold(customer, 501, 299, vendors=[7, 8]).total_points == 800
    assert buckets(customer) == (500, 0)
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=7) == 501
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=8) == 299
    parts = Allocation.objects.order_by("id").values_list("gross_points", "paid_points", "promotional_points")
    assert list(parts) == [(501, 313, 188), (299, 187, 112)]


def test_holding_takes_two_statements_however_many_lines(django_assert_num_queries):
    customer = make_customer_with_points(paid=1_000, promotional=300)
    specs = [AllocationSpec(f"N-{place}", place % 3, 10, 800) for place in range(30)]
    with transaction.atomic(), django_assert_num_queries(2):
        hold_for_order(
            customer_id=customer.pk,
            order_reference="N",
            allocations=specs,
            idempotency_key="k",
            actor_id=None,
        )


def test_promotional_points_that_expire_first_are_spent_first_and_expired_ones_never():
    customer = make_person()
    now = timezone.now()
    give_promotion(customer, 10, expires_at=None)
    give_promotion(customer, 10, expires_at=now + timedelta(days=9))
    give_promotion(customer, 10, expires_at=now + timedelta(days=1))
    give_promotion(customer, 10, expires_at=now - timedelta(seconds=1))
    top_up_wallet(customer, 10)
    hold(customer, 25)
    assert list(Lot.objects.order_by("id").values_list("remaining_points", flat=True)) == [5, 0, 0, 10, 10]
    with pytest.raises(InsufficientPoints) as caught:
        hold(customer, 16, order="N2")
    assert caught.value.available_points == 15


def test_too_few_points_move_nothing():
    customer = make_customer_with_points(paid=99)
    with pytest.raises(InsufficientPoints) as caught:
        hold(customer, 60, 40)
    assert caught.value.short_by == 1
    assert buckets(customer) == (99, 0)
    assert not Allocation.objects.exists()


def test_someone_without_a_wallet_has_nothing():
    with pytest.raises(InsufficientPoints) as caught:
        hold(make_person(), 1)
    assert caught.value.available_points == 0


def test_order_of_nothing_moves_nothing():
    assert hold(make_person(), 0, 0) == HeldOrder(None, 0, 0)
    assert hold(make_person()) == HeldOrder(None, 0, 0)
    assert not Transfer.objects.exists()


def test_a_line_that_costs_nothing_has_no_allocation():
    hold(make_customer_with_points(paid=10), 0, 5, 0)
    assert list(Allocation.objects.values_list("reference", "gross_points")) == [("N1-1", 5)]


def test_same_order_is_held_once_also_when_the_wallet_is_empty_by_then():
    customer = make_customer_with_points(paid=100, promotional=10)
    first = hold(customer, 100)
    assert hold(customer, 100) == first == HeldOrder(first.transfer_id, 90, 10)
    top_up_wallet(customer, 500)
    assert hold(customer, 100) == first
    with pytest.raises(IdempotencyConflict):
        hold(customer, 101, key="order:N1", order="N1")
    assert buckets(customer) == (510, 0)


@pytest.mark.django_db(transaction=True)
def test_holding_wants_its_callers_transaction():
    customer = make_customer_with_points(paid=100)
    with pytest.raises(transaction.TransactionManagementError):
        hold_for_order(
            customer_id=customer.pk, order_reference="N", allocations=[AllocationSpec("N-1", 7, 5, 800)],
            idempotency_key="k", actor_id=None,
        )  # fmt: skip
    assert buckets(customer) == (100, 0)


# Release -----------------------------------------------------------------------------------


def test_release_pays_the_vendor_less_the_commission():
    hold(make_customer_with_points(paid=1_000), 501, 200, vendors=[7, 8])
    released = release("N1-0")
    assert (released.released_points, released.commission_points) == (501, 40)
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 461
    assert account_points(kind=AccountKind.COMMISSION) == 40
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=8) == 200


def test_release_happens_once():
    hold(make_customer_with_points(paid=1_000), 500)
    first = release("N1-0", key="k")
    assert release("N1-0", key="k") == first
    assert release("N1-0") == Released(None, 0, 0)
    hold(make_customer_with_points(paid=10), 5, order="N2")
    with pytest.raises(IdempotencyConflict):
        release("N1-0", "N2-0", key="k")
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 460


def test_unknown_allocations_are_named():
    hold(make_customer_with_points(paid=1_000), 500)
    with pytest.raises(UnknownAllocation) as caught:
        release("N1-0", "X")
    assert caught.value.references == ["X"]
    with pytest.raises(UnknownAllocation):
        refund(X=1)
    with pytest.raises(UnknownAllocation):
        refund_allocations(references=[], actor_id=None, reason="", idempotency_key="k")
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=7) == 500


# Refunds -----------------------------------------------------------------------------------


def test_cancelled_line_returns_whole_to_where_it_came_from():
    customer = make_customer_with_points(paid=1_000, promotional=300)
    hold(customer, 500, 300, vendors=[7, 8])
    refunded = refund_allocations(
        references=["N1-0", "N1-1"], actor_id=None, reason="Gone", idempotency_key="k"
    )
    assert refunded.total_points == 800
    assert buckets(customer) == (1_000, 300)
    assert account_points(kind=AccountKind.VENDOR_ESCROW, owner_id=7) == 0
    transfer = Transfer.objects.get(pk=refunded.transfer_id)
    assert (transfer.kind, transfer.reason, transfer.reference) == (TransferKind.CANCELLATION, "Gone", "N1")
    again = refund_allocations(references=["N1-0", "N1-1"], actor_id=None, reason="Gone", idempotency_key="k")
    assert again == refunded
    nothing = refund_allocations(references=["N1-0"], actor_id=None, reason="", idempotency_key="other")
    assert nothing == Refunded(None, 0, 0)


def test_partial_refunds_give_paid_points_back_first():
    customer = make_customer_with_points(paid=60, promotional=40)
    hold(customer, 100)
    assert (refund(N1_0=50).paid_points, buckets(customer)) == (50, (50, 0))
    second = refund(N1_0=50)
    assert (second.paid_points, second.promotional_points) == (10, 40)
    assert buckets(customer) == (60, 40)


@pytest.mark.parametrize("points", [-1, 101])
def test_more_than_is_left_is_not_refundable(points):
    customer = make_customer_with_points(paid=100)
    hold(customer, 100)
    with pytest.raises(NotRefundable) as caught:
        refund(N1_0=points)
    assert (caught.value.reference, caught.value.asked_points, caught.value.left_points) == (
        "N1-0",
        points,
        100,
    )
    assert buckets(customer) == (0, 0)


def test_nothing_of_a_line_is_no_refund_of_it():
    hold(make_customer_with_points(paid=100), 10, 20)
    assert refund(N1_0=0) == Refunded(None, 0, 0)
    assert refund(N1_0=0, N1_1=5).total_points == 5
    moves = AllocationMove.objects.values_list("allocation__reference", "refunded_points")
    assert list(moves) == [("N1-1", 5)]


def test_refund_is_of_one_order():
    customer = make_customer_with_points(paid=100)
    hold(customer, 10)
    hold(customer, 10, order="N2")
    with pytest.raises(UnknownAllocation) as caught:
        refund(N1_0=1, N2_0=1)
    assert caught.value.references == ["N2-0"]


def test_late_refund_comes_from_commission_and_payable():
    customer = make_customer_with_points(paid=1_000)
    hold(customer, 1_000)
    release("N1-0")
    refunded = refund(N1_0=500)
    assert account_points(kind=AccountKind.COMMISSION) == 40
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 460
    assert Transfer.objects.get(pk=refunded.transfer_id).kind == TransferKind.RETURN
    assert buckets(customer) == (500, 0)


def test_partly_refunded_line_is_released_for_the_rest():
    hold(make_customer_with_points(paid=1_000), 1_000)
    refund(N1_0=999)
    released = release("N1-0")
    assert (released.released_points, released.commission_points) == (1, 0)


def test_what_payable_lacks_is_owed_by_the_vendor_and_filled_by_later_releases():
    customer, other = make_customer_with_points(paid=1_000), make_customer_with_points(paid=3_000)
    hold(customer, 1_000)
    release("N1-0")
    # Paid out meanwhile.
    from points_payment.services.ledger import Posting, post_transfer

    post_transfer(
        kind=TransferKind.PAYOUT,
        idempotency_key="p",
        postings=[Posting(AccountKind.VENDOR_PAYABLE, 7, -900), Posting(AccountKind.PAYOUTS, 7, 900)],
    )
    refund(N1_0=1_000)
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 0
    assert account_points(kind=AccountKind.VENDOR_RECEIVABLE, owner_id=7) == -900
    assert account_points(kind=AccountKind.COMMISSION) == 0
    hold(other, 500, order="N2")
    release("N2-0")
    assert account_points(kind=AccountKind.VENDOR_RECEIVABLE, owner_id=7) == -440
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 0
    hold(other, 1_000, order="N3")
    release("N3-0")
    assert account_points(kind=AccountKind.VENDOR_RECEIVABLE, owner_id=7) == 0
    assert account_points(kind=AccountKind.VENDOR_PAYABLE, owner_id=7) == 480


def test_any_sequence_of_parts_adds_up():
    customer = make_customer_with_points(paid=500, promotional=501)
    hold(customer, 334, 333, 334, vendors=[7, 7, 8])
    refund(N1_0=1)
    release("N1-0", "N1-1")
    for _ in range(7):
        refund(N1_0=13, N1_1=17)
    release("N1-2")
    refund(N1_0=334 - 1 - 91, N1_1=333 - 119, N1_2=334)
    assert buckets(customer) == (500, 501)
    for kind in (AccountKind.VENDOR_PAYABLE, AccountKind.VENDOR_ESCROW, AccountKind.VENDOR_RECEIVABLE):
        assert [account_points(kind=kind, owner_id=vendor) for vendor in (7, 8)] == [0, 0]
    assert account_points(kind=AccountKind.COMMISSION) == 0
