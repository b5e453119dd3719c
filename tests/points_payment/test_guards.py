"""Refusals and edges of the services of points, each at the very amount where it begins."""

from __future__ import annotations

import pytest
from django.db import transaction

from marketplace.outbox.models import OutboxMessage
from points_payment.errors import CardNotRedeemable, IdempotencyConflict, LedgerConflict, UnknownAllocation
from points_payment.kinds import AccountKind, BatchState, CardState, TransferKind
from points_payment.models import Batch, Card, Lot, VendorBalance
from points_payment.services.escrow import (
    AllocationSpec,
    hold_for_order,
    refund_allocations,
    release_allocations,
)
from points_payment.services.idempotency import hash_request
from points_payment.services.ledger import LotChange, NewLot, Posting, post_transfer
from points_payment.services.redemption import redeem_card
from tests.factories.points import from_device, make_customer_with_points, make_person, new_key, top_up_wallet
from tests.factories.refused_codes import REASONS, code_on_its_way

pytestmark = pytest.mark.django_db


# Posting ------------------------------------------------------------------------------------
def test_a_new_lot_is_the_wallets_credit_whoever_else_is_credited():
    customer = make_person()
    post_transfer(
        kind=TransferKind.GOODWILL,
        idempotency_key=new_key(),
        postings=[
            Posting(AccountKind.BREAKAGE, 0, 5),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer.pk, 10),
            Posting(AccountKind.PROMOTIONS, 0, -15),
        ],
        new_lot=NewLot(),
    )
    assert Lot.objects.get().original_points == 10


def test_a_new_lot_is_a_credit_where_the_other_bucket_is_debited():
    customer = make_customer_with_points(paid=10)
    paid = Lot.objects.get()
    post_transfer(
        kind=TransferKind.GOODWILL,
        idempotency_key=new_key(),
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, customer.pk, -10),
            Posting(AccountKind.CUSTOMER_PROMOTIONAL, customer.pk, 10),
        ],
        lot_changes=[LotChange(paid.pk, -10)],
        new_lot=NewLot(),
    )
    assert Lot.objects.exclude(pk=paid.pk).get().account_kind == AccountKind.CUSTOMER_PROMOTIONAL


def test_a_conflict_says_in_one_line_what_would_go_below_0():
    customer = make_person()
    with pytest.raises(LedgerConflict) as conflict, transaction.atomic():
        post_transfer(
            kind=TransferKind.GOODWILL,
            idempotency_key=new_key(),
            postings=[
                Posting(AccountKind.CUSTOMER_PAID, customer.pk, -1),
                Posting(AccountKind.PROMOTIONS, 0, 1),
            ],
        )
    assert str(conflict.value) == f"customer_paid of {customer.pk} would go below 0"


# Escrow -------------------------------------------------------------------------------------
def buy(customer, points: int) -> str:
    reference = new_key()
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk, order_reference=reference, idempotency_key=reference, actor_id=None,
            allocations=[AllocationSpec(f"{reference}-1", 7, points, 1_000)],
        )  # fmt: skip
    return f"{reference}-1"


def test_a_refund_of_nothing_that_is_named_is_refused():
    with pytest.raises(UnknownAllocation) as unknown:
        refund_allocations(actor_id=None, reason="", idempotency_key=new_key())
    assert unknown.value.references == []


def test_a_key_of_one_refund_is_no_key_of_another_amount():
    line, key = buy(make_customer_with_points(paid=10), 10), new_key()
    refund_allocations(references_and_points={line: 3}, actor_id=None, reason="", idempotency_key=key)
    with pytest.raises(IdempotencyConflict):
        refund_allocations(references_and_points={line: 4}, actor_id=None, reason="", idempotency_key=key)


def test_an_unknown_line_is_named_wherever_it_stands():
    line = buy(make_customer_with_points(paid=10), 10)
    for names in (["nothing", line], [line, "nothing"]):
        with pytest.raises(UnknownAllocation) as unknown:
            refund_allocations(references=names, actor_id=None, reason="", idempotency_key=new_key())
        assert unknown.value.references == ["nothing"]


# Late refunds --------------------------------------------------------------------------------
def test_a_vendor_that_never_had_anything_payable_can_be_refunded_from():
    customer = make_customer_with_points(paid=10)
    with transaction.atomic():
        hold_for_order(
            customer_id=customer.pk,
            order_reference="A",
            allocations=[AllocationSpec("A:1", 7, 10, 10_000)],
            idempotency_key=new_key(),
            actor_id=None,
        )
    release_allocations(references=["A:1"], actor_id=None, idempotency_key=new_key())
    refunded = refund_allocations(
        references_and_points={"A:1": 10}, actor_id=None, reason="late", idempotency_key=new_key()
    )
    assert refunded.paid_points == 10
    assert VendorBalance.objects.get(vendor_id=7).payable_points == 0


# Top-ups and requests ------------------------------------------------------------------------
def test_a_top_up_is_told_to_the_customer_whoever_made_it():
    customer = make_person()
    transfer = top_up_wallet(customer, 25_000)
    told = OutboxMessage.objects.filter(topic="points.added").values_list("payload", flat=True)
    assert list(told) == [
        {"user_id": customer.pk, "amount_points": 25_000, "transfer_id": transfer.pk},
    ]


def test_a_request_in_any_script_has_a_hash_of_its_own():
    hashes = {hash_request("reason", words) for words in ("زيارة", "سەردان", "visit")}
    assert len(hashes) == 3


# Cards ---------------------------------------------------------------------------------------
@pytest.mark.usefixtures("tampered_books")
@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.__name__)
def test_a_card_that_cannot_be_redeemed_adds_nothing(reason):
    code, customer = reason(), make_person()
    with pytest.raises(CardNotRedeemable):
        redeem_card(customer=customer, code=code, idempotency_key=new_key(), attempt=from_device())
    assert customer.point_balance == 0


@pytest.mark.usefixtures("tampered_books")
def test_a_range_on_its_way_keeps_its_cards_shut_whatever_they_and_their_batch_say():
    code, customer = code_on_its_way(), make_person()
    Card.objects.update(state=CardState.ACTIVE)
    Batch.objects.update(state=BatchState.ACTIVE)
    with pytest.raises(CardNotRedeemable):
        redeem_card(customer=customer, code=code, idempotency_key=new_key(), attempt=from_device())
    assert customer.point_balance == 0
