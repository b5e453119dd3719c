"""Top-ups taken back, cash handed in between two people, drawers counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from marketplace.outbox.models import OutboxMessage
from points_payment.errors import (
    DifferenceUnexplained,
    IdempotencyConflict,
    InvalidAmount,
    MoreThanHeld,
    NothingLeftToReverse,
    NotReversible,
    SamePerson,
    TooLateToReverse,
    WrongProposalState,
    WrongShift,
)
from points_payment.kinds import AccountKind, ProposalState, TransferKind
from points_payment.models import CashHandIn, DrawerCount, Lot, Transfer
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import reversals
from points_payment.services.cash import (
    confirm_hand_in,
    hand_in_cash,
    handed_over_points,
    refuse_hand_in,
    withdraw_hand_in,
)
from points_payment.services.escrow import AllocationSpec, hold_for_order
from points_payment.services.ledger import Posting, post_transfer
from points_payment.services.operators import held_points
from points_payment.services.reversals import reverse_top_up, reversible_until, what_is_left
from points_payment.services.shifts import close_shift, open_shift, open_shift_of
from tests.factories.desk import make_operator, make_proposal, make_supervisor, make_top_up
from tests.factories.people import a_customer
from tests.factories.points import new_key, top_up_wallet

pytestmark = pytest.mark.django_db


def spend(customer, points: int) -> None:
    reference = new_key()
    hold_for_order(
        customer_id=customer.pk, order_reference=reference, idempotency_key=new_key(), actor_id=None,
        allocations=[AllocationSpec(f"{reference}-1", 7, points, 800)],
    )  # fmt: skip


def after(monkeypatch: pytest.MonkeyPatch, top_up, by: timedelta) -> None:
    monkeypatch.setattr(reversals.timezone, "now", lambda: top_up.created_at + by)


def hand_in(person, points: int, *, kind=AccountKind.OPERATOR, key: str = "") -> CashHandIn:
    return hand_in_cash(
        person=person, kind=kind, amount_points=points, reference="Bag 1", idempotency_key=key or new_key()
    )


# Reversals ----------------------------------------------------------------------------------


def test_a_slip_is_taken_back_whole_by_its_operator_and_once():
    operator, customer = make_operator(), a_customer()
    top_up = make_top_up(5_000, operator=operator, customer=customer)
    reversed_ = reverse_top_up(top_up=top_up, actor=operator, reason=" Wrong person ")
    assert (reversed_.amount_points, reversed_.spent_points) == (5_000, 0)
    transfer = Transfer.objects.get(pk=reversed_.transfer_id)
    assert (transfer.kind, transfer.reverses_id, transfer.actor, transfer.reason) == (
        TransferKind.TOP_UP_REVERSAL,
        top_up.pk,
        operator,
        "Wrong person",
    )
    assert customer.point_balance == held_points(person_id=operator.pk) == 0
    message = OutboxMessage.objects.order_by("-pk")[0]
    assert (message.topic, message.payload) == (
        "top_up.reversed",
        {"user_id": customer.pk, "amount_points": 5_000, "transfer_id": transfer.pk},
    )
    with pytest.raises(NotReversible):
        reverse_top_up(top_up=top_up, actor=operator, reason="Again")


def test_only_what_is_left_of_its_own_lot_comes_back():
    operator, customer = make_operator(), a_customer()
    top_up_wallet(customer, 1_000)
    top_up = make_top_up(5_000, operator=operator, customer=customer)
    top_up_wallet(customer, 9_000)
    spend(customer, 3_500)
    left = what_is_left(top_up=top_up)
    assert (left.left_points, left.spent_points) == (2_500, 2_500)
    reversed_ = reverse_top_up(top_up=top_up, actor=operator, reason="Slip")
    assert (reversed_.amount_points, reversed_.spent_points) == (2_500, 2_500)
    assert list(Lot.objects.order_by("pk").values_list("remaining_points", flat=True)) == [0, 0, 9_000]
    assert customer.point_balance == 9_000
    # The operator still owes the cash of what was spent.
    assert held_points(person_id=operator.pk) == 2_500


def test_of_a_spent_top_up_nothing_comes_back():
    operator, customer = make_operator(), a_customer()
    top_up = make_top_up(5_000, operator=operator, customer=customer)
    spend(customer, 5_000)
    with pytest.raises(NothingLeftToReverse):
        reverse_top_up(top_up=top_up, actor=operator, reason="Slip")
    assert not Transfer.objects.filter(kind=TransferKind.TOP_UP_REVERSAL).exists()


def test_who_may_reverse_and_until_when(monkeypatch):
    operator, supervisor = make_operator(), make_supervisor()
    top_up = make_top_up(5_000, operator=operator)
    own = make_top_up(5_000, operator=supervisor)
    assert reversible_until(top_up=top_up, actor=make_operator()) is None
    with pytest.raises(InvalidAmount):
        reverse_top_up(top_up=top_up, actor=operator, reason=" ")
    with pytest.raises(TooLateToReverse):
        reverse_top_up(top_up=top_up, actor=make_operator(), reason="Slip")
    after(monkeypatch, top_up, timedelta(minutes=15, seconds=1))
    for made, actor in ((top_up, operator), (own, supervisor)):
        with pytest.raises(TooLateToReverse):
            reverse_top_up(top_up=made, actor=actor, reason="Slip")
    after(monkeypatch, top_up, timedelta(hours=24, seconds=1))
    with pytest.raises(TooLateToReverse):
        reverse_top_up(top_up=top_up, actor=supervisor, reason="Slip")
    assert not Transfer.objects.filter(kind=TransferKind.TOP_UP_REVERSAL).exists()
    after(monkeypatch, top_up, timedelta(hours=24))
    assert reverse_top_up(top_up=top_up, actor=supervisor, reason="Slip").amount_points == 5_000


def test_cash_that_was_handed_in_meanwhile_comes_from_the_platform():
    operator, supervisor = make_operator(), make_supervisor()
    top_up = make_top_up(5_000, operator=operator)
    confirm_hand_in(hand_in=hand_in(operator, 4_000), actor=supervisor)
    reverse_top_up(top_up=top_up, actor=operator, reason="Slip")
    assert held_points(person_id=operator.pk) == 0
    assert account_points(kind=AccountKind.CASH) == 0


def test_the_proof_finds_a_reversal_that_took_another_lot(tampered_books):
    operator, customer = make_operator(), a_customer()
    top_up = make_top_up(5_000, operator=operator, customer=customer)
    other = make_top_up(5_000, operator=operator, customer=customer)
    from points_payment.services.ledger import LotChange

    post_transfer(
        kind=TransferKind.TOP_UP_REVERSAL, idempotency_key="x", reverses_id=top_up.pk,
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, customer.pk, -5_000),
            Posting(AccountKind.OPERATOR, operator.pk, 5_000),
        ],
        lot_changes=[LotChange(Lot.objects.get(transfer_id=other.pk).pk, -5_000)],
    )  # fmt: skip
    assert [finding.check for finding in prove()] == ["top-up-reversals"]


# Cash ---------------------------------------------------------------------------------------


def test_cash_moves_when_somebody_else_has_counted_it():
    operator, supervisor = make_operator(), make_supervisor()
    make_top_up(5_000, operator=operator)
    waiting = hand_in(operator, 3_000)
    assert (held_points(person_id=operator.pk), handed_over_points(person_id=operator.pk)) == (5_000, 3_000)
    with pytest.raises(SamePerson):
        confirm_hand_in(hand_in=waiting, actor=operator)
    done = confirm_hand_in(hand_in=waiting, actor=supervisor)
    assert (done.state, done.decided_by, done.transfer.kind) == (
        ProposalState.DONE,
        supervisor,
        TransferKind.CASH_HANDED_IN,
    )
    assert (held_points(person_id=operator.pk), handed_over_points(person_id=operator.pk)) == (2_000, 0)
    assert account_points(kind=AccountKind.CASH) == -3_000


def test_cash_collected_from_shops_is_handed_in_the_same_way():
    collector, supervisor = make_operator(), make_supervisor()
    post_transfer(
        kind=TransferKind.SHOP_PAYMENT, idempotency_key="x",
        postings=[Posting(AccountKind.COLLECTIONS, collector.pk, -700), Posting(AccountKind.SHOP, 9, 700)],
    )  # fmt: skip
    with pytest.raises(MoreThanHeld):
        hand_in(collector, 700)
    confirm_hand_in(hand_in=hand_in(collector, 700, kind=AccountKind.COLLECTIONS), actor=supervisor)
    assert held_points(person_id=collector.pk, kind=AccountKind.COLLECTIONS) == 0


def test_nobody_hands_in_more_than_they_hold():
    operator = make_operator()
    make_top_up(5_000, operator=operator)
    hand_in(operator, 3_000)
    with pytest.raises(MoreThanHeld) as refused:
        hand_in(operator, 2_001)
    assert refused.value.held_points == 2_000
    for points, kind in ((0, AccountKind.OPERATOR), (-5, AccountKind.OPERATOR), (5, AccountKind.SHOP)):
        with pytest.raises(InvalidAmount):
            hand_in(operator, points, kind=kind)
    assert CashHandIn.objects.count() == 1


def test_the_same_page_sent_again_hands_in_once():
    operator = make_operator()
    make_top_up(5_000, operator=operator)
    assert hand_in(operator, 3_000, key="page") == hand_in(operator, 3_000, key="page")
    with pytest.raises(IdempotencyConflict):
        hand_in(operator, 1, key="page")
    assert CashHandIn.objects.count() == 1


def test_what_a_reversal_took_out_again_cannot_be_confirmed():
    operator, supervisor = make_operator(), make_supervisor()
    top_up = make_top_up(5_000, operator=operator)
    waiting = hand_in(operator, 5_000)
    reverse_top_up(top_up=top_up, actor=operator, reason="Slip")
    with pytest.raises(MoreThanHeld):
        confirm_hand_in(hand_in=waiting, actor=supervisor)
    with pytest.raises(MoreThanHeld) as refused:
        hand_in(operator, 1)
    assert refused.value.held_points == 0
    with pytest.raises(InvalidAmount):
        refuse_hand_in(hand_in=waiting, actor=supervisor, reason="")
    with pytest.raises(SamePerson):
        refuse_hand_in(hand_in=waiting, actor=operator, reason="No")
    refused_one = refuse_hand_in(hand_in=waiting, actor=supervisor, reason="Empty bag")
    assert (refused_one.state, refused_one.decision_reason) == (ProposalState.REFUSED, "Empty bag")
    for act in (
        lambda: confirm_hand_in(hand_in=waiting, actor=supervisor),
        lambda: refuse_hand_in(hand_in=waiting, actor=supervisor, reason="No"),
        lambda: withdraw_hand_in(hand_in=waiting, actor=operator),
    ):
        with pytest.raises(WrongProposalState):
            act()


def test_an_operator_takes_their_own_cash_back_alone():
    operator = make_operator()
    make_top_up(5_000, operator=operator)
    waiting = hand_in(operator, 5_000)
    with pytest.raises(SamePerson):
        withdraw_hand_in(hand_in=waiting, actor=make_supervisor())
    assert withdraw_hand_in(hand_in=waiting, actor=operator).state == ProposalState.WITHDRAWN
    for act in (waiting.delete, lambda: CashHandIn.objects.update(decision_reason="x")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


# Shifts -------------------------------------------------------------------------------------


def test_a_shift_begins_and_ends_with_a_count():
    operator, supervisor = make_operator(), make_supervisor()
    opening = open_shift(operator=operator, counted_points=0, reason="")
    assert open_shift_of(operator_id=operator.pk) == opening
    with pytest.raises(WrongShift):
        open_shift(operator=operator, counted_points=0, reason="")
    make_top_up(5_000, operator=operator)
    make_top_up(1_000, operator=operator)
    confirm_hand_in(hand_in=hand_in(operator, 2_000), actor=supervisor)
    hand_in(operator, 500)
    closing = close_shift(operator=operator, counted_points=3_500, reason="")
    assert (closing.opening, closing.held_points, closing.handed_over_points) == (opening, 4_000, 500)
    assert (closing.expected_points, closing.difference_points) == (3_500, 0)
    assert closing.last_entry_id > opening.last_entry_id == 0
    assert open_shift_of(operator_id=operator.pk) is None
    with pytest.raises(WrongShift):
        close_shift(operator=operator, counted_points=0, reason="")
    assert open_shift(operator=operator, counted_points=3_500, reason="").held_points == 4_000


def test_a_difference_needs_a_reason_and_moves_no_point():
    operator = make_operator()
    open_shift(operator=operator, counted_points=0, reason="")
    make_top_up(5_000, operator=operator)
    with pytest.raises(DifferenceUnexplained) as refused:
        close_shift(operator=operator, counted_points=4_750, reason="  ")
    assert refused.value.difference_points == -250
    with pytest.raises(InvalidAmount):
        close_shift(operator=operator, counted_points=-1, reason="x")
    closing = close_shift(operator=operator, counted_points=4_750, reason="Torn note")
    assert (closing.difference_points, closing.reason) == (-250, "Torn note")
    assert held_points(person_id=operator.pk) == 5_000
    for act in (closing.delete, lambda: DrawerCount.objects.update(counted_points=5_000)):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    with pytest.raises(IntegrityError), transaction.atomic():
        DrawerCount.objects.create(
            operator=operator, kind="opening", held_points=5, handed_over_points=0, counted_points=4
        )


# The proof ----------------------------------------------------------------------------------


def tamper(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("top-ups-allowed", "topupproposal SET amount_points = amount_points + 1"),
        ("top-ups-allowed", "topup SET approved_by_id = 7 WHERE approved_by_id IS NULL"),
        ("top-ups-allowed", "topup SET approved_by_id = NULL"),
        ("top-ups-allowed", "callerverification SET used_at = NULL"),
        ("top-ups-allowed", "limitchange SET new_points = 1"),
        ("cash-handed-in", "cashhandin SET amount_points = amount_points + 1"),
        ("cash-handed-in", "cashhandin SET state = 'waiting', transfer_id = NULL, decided_by_id = NULL"),
        ("top-up-requests", "topuprequest SET customer_id = operator_id"),
        ("top-up-requests", "topuprequest SET note = 'x'"),
        ("drawers", "drawercount SET held_points = held_points + 1, reason = 'x'"),
        ("drawers", "drawercount SET reason = 'x'"),
    ],
)  # fmt: skip
def test_the_proof_finds_what_was_changed_behind_the_books(check, statement, tampered_books):
    from points_payment.services.desk import approve_top_up
    from points_payment.services.topup_requests import take_request
    from tests.factories.desk import add_verified, make_request

    operator, customer, supervisor = make_operator(), a_customer(), make_supervisor()
    approve_top_up(proposal=make_proposal(), actor=supervisor)
    request = take_request(request=make_request(customer), operator=operator)
    add_verified(operator, customer, 5_000, request=request)
    confirm_hand_in(hand_in=hand_in(operator, 5_000), actor=supervisor)
    open_shift(operator=operator, counted_points=0, reason="")
    assert not [finding for finding in prove() if finding.check != "orders-paid"]
    tamper(f"UPDATE points_payment_{statement}")
    assert check in {finding.check for finding in prove()}
