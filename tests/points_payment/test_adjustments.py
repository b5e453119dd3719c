"""Corrections by two persons."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.notifications.models import Notification
from marketplace.outbox.models import OutboxMessage
from points_payment.errors import (
    IdempotencyConflict,
    InsufficientPoints,
    InvalidAmount,
    OwnWallet,
    SamePerson,
    WrongAdjustmentState,
)
from points_payment.kinds import AccountKind, AdjustmentState
from points_payment.models import Adjustment, Transfer, VendorBalance, Wallet
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services.adjustments import (
    MAX_ADJUSTMENT_POINTS,
    approve_adjustment,
    propose_adjustment,
    refuse_adjustment,
    withdraw_adjustment,
)
from tests.factories.points import give_promotion, make_customer_with_points, make_person
from tests.points_payment.vendors import VENDOR, earn

pytestmark = pytest.mark.django_db


def propose(owner_id: int, points: int, *, kind=AccountKind.CUSTOMER_PAID, reason="Miscounted", actor=None):
    return propose_adjustment(
        account_kind=kind,
        owner_id=owner_id,
        amount_points=points,
        reason=reason,
        actor=actor or make_person(),
    )


def paid_points(customer) -> int:
    return Wallet.objects.get(pk=customer.pk).paid_points


def test_two_persons_add_and_take_points_of_a_wallet():
    customer = make_customer_with_points(paid=100)
    done = approve_adjustment(adjustment=propose(customer.pk, 50), actor=make_person())
    assert (done.state, paid_points(customer)) == (AdjustmentState.DONE, 150)
    approve_adjustment(adjustment=propose(customer.pk, -120), actor=make_person())
    assert paid_points(customer) == 30
    assert account_points(kind=AccountKind.ADJUSTMENTS) == 70


def test_all_that_is_payable_can_be_taken():
    earn(1_000)
    payable = VendorBalance.objects.get(pk=VENDOR).payable_points
    approve_adjustment(
        adjustment=propose(VENDOR, -payable, kind=AccountKind.VENDOR_PAYABLE), actor=make_person()
    )
    assert VendorBalance.objects.get(pk=VENDOR).payable_points == 0


def test_customers_are_told_of_corrections_of_their_wallets_and_of_no_vendors(drain_outbox):
    customer = make_customer_with_points(paid=100)
    earn(1_000)
    OutboxMessage.objects.all().delete()
    added = approve_adjustment(adjustment=propose(customer.pk, 50), actor=make_person()).transfer_id
    taken = approve_adjustment(adjustment=propose(customer.pk, -120), actor=make_person()).transfer_id
    approve_adjustment(adjustment=propose(VENDOR, -300, kind=AccountKind.VENDOR_PAYABLE), actor=make_person())
    told = OutboxMessage.objects.filter(topic__in=["points.added", "points.corrected"]).order_by("id")
    assert list(told.values_list("topic", "payload")) == [
        ("points.added", {"user_id": customer.pk, "amount_points": 50, "transfer_id": added}),
        ("points.corrected", {"user_id": customer.pk, "amount_points": 120, "transfer_id": taken}),
    ]
    drain_outbox()
    corrected = Notification.objects.get(kind="points.corrected")
    assert corrected.facts == {"amount_points": 120, "balance_points": 30}


@pytest.mark.parametrize(("points", "topic"), [(1, "points.added"), (-1, "points.corrected")])
def test_a_single_point_is_enough_to_be_corrected(points, topic):
    customer = make_customer_with_points(paid=5)
    approve_adjustment(adjustment=propose(customer.pk, points), actor=make_person())
    assert paid_points(customer) == 5 + points
    assert OutboxMessage.objects.latest("pk").topic == topic


def test_a_wallet_that_never_had_points_can_get_some():
    customer = make_person()
    approve_adjustment(adjustment=propose(customer.pk, 5), actor=make_person())
    assert paid_points(customer) == 5


def test_more_than_there_is_is_refused_whole_and_promotional_points_stay():
    customer = make_customer_with_points(paid=100)
    give_promotion(customer, 500)
    proposed = propose(customer.pk, -101)
    with pytest.raises(InsufficientPoints) as refused:
        approve_adjustment(adjustment=proposed, actor=make_person())
    assert refused.value.available_points == 100
    proposed.refresh_from_db()
    assert (proposed.state, paid_points(customer)) == (AdjustmentState.PROPOSED, 100)


def test_a_vendors_balance_is_corrected_too():
    earn(1_000)
    approve_adjustment(adjustment=propose(VENDOR, -300, kind=AccountKind.VENDOR_PAYABLE), actor=make_person())
    approve_adjustment(adjustment=propose(VENDOR, 5, kind=AccountKind.VENDOR_PAYABLE), actor=make_person())
    assert VendorBalance.objects.get(pk=VENDOR).payable_points == 605
    for vendor_id in (VENDOR, 99):
        with pytest.raises(InsufficientPoints):
            approve_adjustment(
                adjustment=propose(vendor_id, -606, kind=AccountKind.VENDOR_PAYABLE), actor=make_person()
            )


def test_who_proposed_it_neither_carries_it_out_nor_refuses_it():
    actor, customer = make_person(), make_person()
    proposed = propose(customer.pk, 5, actor=actor)
    with pytest.raises(SamePerson):
        approve_adjustment(adjustment=proposed, actor=actor)
    with pytest.raises(SamePerson):
        refuse_adjustment(adjustment=proposed, actor=actor, reason="")
    with pytest.raises(SamePerson):
        withdraw_adjustment(adjustment=proposed, actor=make_person())
    assert not Transfer.objects.exists()
    # The database says no as well.
    with pytest.raises(DatabaseError), transaction.atomic():
        Adjustment.objects.filter(pk=proposed.pk).update(state=AdjustmentState.REFUSED, decided_by=actor)


def test_what_is_decided_stays_so():
    customer = make_person()
    withdrawn, refused, done = (propose(customer.pk, 5) for _ in range(3))
    withdraw_adjustment(adjustment=withdrawn, actor=withdrawn.proposed_by)
    assert refuse_adjustment(adjustment=refused, actor=make_person(), reason="No").decision_reason == "No"
    approve_adjustment(adjustment=done, actor=make_person())
    for adjustment in (withdrawn, refused, done):
        with pytest.raises(WrongAdjustmentState):
            approve_adjustment(adjustment=adjustment, actor=make_person())
    assert paid_points(customer) == 5
    with pytest.raises(DatabaseError), transaction.atomic():
        Adjustment.objects.filter(pk=refused.pk).update(decision_reason="Yes")
    with pytest.raises(DatabaseError), transaction.atomic():
        Adjustment.objects.filter(pk=done.pk).delete()


@pytest.mark.parametrize(
    ("points", "reason", "kind"),
    [
        (0, "Why", AccountKind.CUSTOMER_PAID),
        (MAX_ADJUSTMENT_POINTS + 1, "Why", AccountKind.CUSTOMER_PAID),
        (-MAX_ADJUSTMENT_POINTS - 1, "Why", AccountKind.CUSTOMER_PAID),
        (5, "  ", AccountKind.CUSTOMER_PAID),
        (5, "Why", AccountKind.COMMISSION),
    ],
)
def test_what_cannot_be_proposed(points, reason, kind):
    with pytest.raises(InvalidAmount):
        propose(1, points, reason=reason, kind=kind)
    assert not Adjustment.objects.exists()


def test_the_most_there_may_be():
    assert propose(1, MAX_ADJUSTMENT_POINTS).pk
    assert propose(1, -MAX_ADJUSTMENT_POINTS).pk


@pytest.mark.parametrize(
    "change",
    ["amount_points = 6", "reason = 'x'", "owner_id = 2", "transfer_id = NULL"],
)
def test_a_changed_adjustment_is_found(change):
    done = approve_adjustment(adjustment=propose(make_person().pk, 5), actor=make_person())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE points_payment_adjustment ALTER proposed_by_id DROP NOT NULL")
        cursor.execute("ALTER TABLE points_payment_adjustment DROP CONSTRAINT points_adjustment_two_persons")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE points_payment_adjustment SET {change}")  # noqa: S608 - the list above
        findings = [finding for finding in prove() if finding.check == "adjustments"]
        transaction.set_rollback(True)
    assert findings
    assert all(str(done.pk) in finding.culprit or "transfer" in finding.culprit for finding in findings)


def test_nobody_proposes_or_carries_out_a_correction_of_their_own_wallet():
    person = make_customer_with_points(paid=100)
    with pytest.raises(OwnWallet):
        propose(person.pk, 5, actor=person)
    proposed = propose(person.pk, 5)
    with pytest.raises(OwnWallet):
        approve_adjustment(adjustment=proposed, actor=person)
    assert paid_points(person) == 100
    # Their number may also be a vendor's.
    assert propose(person.pk, 5, kind=AccountKind.VENDOR_PAYABLE, actor=person).pk


def test_the_same_proposal_twice_is_one():
    actor, customer = make_person(), make_person()
    facts = {"account_kind": AccountKind.CUSTOMER_PAID, "owner_id": customer.pk, "reason": "Miscounted"}
    facts |= {"actor": actor, "idempotency_key": "once"}
    first = propose_adjustment(**facts, amount_points=5)
    assert propose_adjustment(**facts, amount_points=5) == first
    with pytest.raises(IdempotencyConflict):
        propose_adjustment(**facts, amount_points=6)
    assert Adjustment.objects.count() == 1
