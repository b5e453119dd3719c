"""What a vendor owes after late refunds, what follows, and every way back."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.outbox.models import OutboxMessage
from points_payment import vendors
from points_payment.errors import (
    IdempotencyConflict,
    InvalidAmount,
    Overpaid,
    OwesNothing,
    OwnVendor,
    ReasonMissing,
    SamePerson,
    TooLong,
    WrongProposalState,
)
from points_payment.kinds import AccountKind, DebtLevel, TransferKind
from points_payment.models import Transfer, VendorDebt, VendorDebtEvent, VendorPayment
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import debts, vendor_payments as paying_in
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.debts import (
    DebtLimits,
    debt_level,
    debt_limits,
    give_time,
    level_for,
    register_sales_watcher,
    review_all_debts,
)
from points_payment.services.vendor_funds import funds_of, lock_vendor_balance
from points_payment.services.vendor_payments import (
    confirm_vendor_payment,
    record_vendor_payment,
    refuse_vendor_payment,
    withdraw_vendor_payment,
)
from points_payment.settlement_selectors import (
    debt_causes,
    debt_events,
    debt_of,
    debts as owing_vendors,
    vendor_payments,
    vendor_payments_waiting,
    vendors_in_debt,
)
from tests.factories.points import make_person, new_key
from tests.points_payment.settling import VENDOR, owe, pay, sell, take_back
from tests.points_payment.test_races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_waiting")]


@pytest.fixture(autouse=True)
def limits(settings):
    settings.VENDOR_DEBT = {"hold_points": 500, "stop_points": 2_000}


@pytest.fixture
def watched(monkeypatch):
    """What the shop was told of sales: vendor and whether they stop."""
    told: list[tuple[int, bool]] = []
    monkeypatch.setattr(debts, "_watchers", [])
    watcher = lambda vendor, stopped: told.append((vendor, stopped))  # noqa: E731 - one to be compared
    register_sales_watcher(watcher)
    register_sales_watcher(watcher)
    return told


def level() -> DebtLevel:
    return debt_level(vendor_id=VENDOR)


def bring(points: int, *, reference: str = "Receipt 9", **other) -> VendorPayment:
    facts = {"actor": make_person(), "idempotency_key": new_key()} | other
    return record_vendor_payment(vendor_id=VENDOR, amount_points=points, reference=reference, **facts)


def test_the_limits_are_safe_whatever_the_settings_say(settings):
    for given, expected in (
        ({}, DebtLimits(100_000, 1_000_000)),
        ({"hold_points": 0, "stop_points": 0}, DebtLimits(1, 1)),
        ({"hold_points": 900, "stop_points": 100}, DebtLimits(900, 900)),
    ):
        settings.VENDOR_DEBT = given
        assert debt_limits() == expected
    del settings.VENDOR_DEBT
    assert debt_limits() == DebtLimits(100_000, 1_000_000)


@pytest.mark.parametrize(
    ("owed", "has_grace", "expected"),
    [
        (0, False, "clear"), (1, False, "owes"), (499, False, "owes"), (500, False, "held"),
        (1_999, False, "held"),
        (2_000, False, "stopped"), (2_000, True, "held"), (499, True, "owes"), (-5, True, "clear"),
    ],
)  # fmt: skip
def test_what_follows_from_a_debt(owed, has_grace, expected):
    assert level_for(owed_points=owed, has_grace=has_grace) == expected


def test_a_vendor_who_owes_nothing_has_no_debt_and_no_row(watched):
    take_back(sell(1_000), 500)
    assert level() == DebtLevel.CLEAR
    assert debt_of(vendor_id=VENDOR) is None
    assert not VendorDebt.objects.exists()
    assert watched == []


def test_each_step_down_and_up_is_written_told_and_followed(watched):
    """Owes 400, then 1,400, then 2,400; sales fill it again."""
    sales = [(sell(points, basis_points=0), points) for points in (400, 1_000, 1_000)]
    pay(2_400)
    for (reference, points), expected in zip(sales, ("owes", "held", "stopped"), strict=True):
        take_back(reference, points)
        assert level() == expected
    debt = debt_of(vendor_id=VENDOR)
    assert (debt.owed_points, debt.has_grace) == (2_400, False)
    assert list(owing_vendors()) == [debt]
    assert vendors_in_debt() == 1
    assert watched == [(VENDOR, True)]
    for points, expected in ((401, "held"), (1_500, "owes"), (499, "clear")):
        sell(points, basis_points=0)
        assert level() == expected
    assert watched == [(VENDOR, True), (VENDOR, False)]
    events = debt_events(vendor_id=VENDOR).order_by("id")
    assert [(event.level_before, event.level) for event in events] == [
        ("clear", "owes"), ("owes", "held"), ("held", "stopped"), ("stopped", "held"), ("held", "owes"),
        ("owes", "clear"),
    ]  # fmt: skip
    told = OutboxMessage.objects.filter(topic="vendor.debt")
    assert {message.payload["event_id"] for message in told} == {event.pk for event in events}
    assert debt_of(vendor_id=VENDOR).since is None
    assert vendors_in_debt() == 0


def test_the_vendor_sees_which_refunds_made_it_owe():
    reference = sell(1_000, basis_points=0)
    pay(1_000)
    take_back(reference, 300, reason="Torn")
    take_back(reference, 200, reason="Late")
    causes = debt_causes(vendor_id=VENDOR)
    assert [(cause.points, cause.reason) for cause in causes] == [(200, "Late"), (300, "Torn")]
    assert {cause.order_number for cause in causes} == {reference.removesuffix("-1")}


def test_a_correction_for_the_vendor_counts_against_the_debt(watched):
    owe(2_000)
    assert level() == DebtLevel.STOPPED
    given = propose_adjustment(
        account_kind=AccountKind.VENDOR_PAYABLE, owner_id=VENDOR, amount_points=1_600, reason="Our mistake",
        actor=make_person(),
    )  # fmt: skip
    approve_adjustment(adjustment=given, actor=make_person())
    assert level() == DebtLevel.OWES
    assert watched == [(VENDOR, True), (VENDOR, False)]


# Time ----------------------------------------------------------------------------------------


def test_staff_give_time_in_which_the_vendor_sells(watched):
    owe(3_000)
    actor = make_person()
    debt = give_time(vendor_id=VENDOR, days=30, reason=" Sells before the feast ", actor=actor)
    assert debt.has_grace
    assert (level(), watched) == (DebtLevel.HELD, [(VENDOR, True), (VENDOR, False)])
    event = debt_events(vendor_id=VENDOR).first()
    assert (event.actor, event.reason, event.level) == (actor, "Sells before the feast", "held")
    # It is over by itself.
    VendorDebt.objects.update(grace_until=timezone.now() - timedelta(seconds=1))
    assert review_all_debts() == 1
    assert level() == DebtLevel.STOPPED
    assert watched[-1] == (VENDOR, True)


def test_time_is_taken_back(watched):
    owe(3_000)
    give_time(vendor_id=VENDOR, days=30, reason="x", actor=make_person())
    assert not give_time(vendor_id=VENDOR, days=0, reason="Sells nothing", actor=make_person()).has_grace
    assert level() == DebtLevel.STOPPED


def test_time_ends_with_the_debt(watched):
    owe(3_000)
    give_time(vendor_id=VENDOR, days=30, reason="x", actor=make_person())
    sell(3_000, basis_points=0)
    assert debt_of(vendor_id=VENDOR).grace_until is None


def test_who_may_give_time_and_how_much(monkeypatch):
    actor = make_person()
    with pytest.raises(OwesNothing):
        give_time(vendor_id=VENDOR, days=5, reason="x", actor=actor)
    owe(3_000)
    with pytest.raises(ReasonMissing):
        give_time(vendor_id=VENDOR, days=5, reason=" ", actor=actor)
    for days in (-1, debts.MOST_GRACE_DAYS + 1):
        with pytest.raises(TooLong):
            give_time(vendor_id=VENDOR, days=days, reason="x", actor=actor)
    monkeypatch.setattr(vendors, "_people", vendors.People(lambda *_: True, lambda _: "ar"))
    with pytest.raises(OwnVendor):
        give_time(vendor_id=VENDOR, days=5, reason="x", actor=actor)
    sell(3_000, basis_points=0)
    monkeypatch.setattr(vendors, "_people", None)
    with pytest.raises(OwesNothing):
        give_time(vendor_id=VENDOR, days=5, reason="x", actor=actor)


def test_other_limits_are_followed_within_the_hour(settings, watched):
    owe(600)
    assert (level(), watched) == (DebtLevel.HELD, [])
    settings.VENDOR_DEBT = {"hold_points": 100, "stop_points": 600}
    review_all_debts()
    assert level() == DebtLevel.STOPPED
    # Told at the step, and once more by the look at everyone: twice does no harm.
    assert set(watched) == {(VENDOR, True)}


def test_a_look_at_everyone_opens_no_debt_where_there_is_none(watched):
    owe(600)
    sell(600, basis_points=0)
    assert review_all_debts() == 1
    assert VendorDebt.objects.get().level == "clear"
    # A vendor whose row was never made is not given one.
    take_back(sell(100, vendor=VENDOR + 1), 50)
    assert review_all_debts() == 1


# Money that is brought -----------------------------------------------------------------------


def test_money_counts_when_a_second_person_has_counted_it(watched):
    owe(3_000)
    taker, counter = make_person(), make_person()
    payment = bring(2_000, actor=taker)
    assert (funds_of(vendor_id=VENDOR).owed_points, vendor_payments_waiting()) == (3_000, 1)
    with pytest.raises(SamePerson):
        confirm_vendor_payment(payment=payment, actor=taker)
    done = confirm_vendor_payment(payment=payment, actor=counter)
    assert (done.state, done.decided_by) == ("done", counter)
    assert (level(), watched) == (DebtLevel.HELD, [(VENDOR, True), (VENDOR, False)])
    assert account_points(kind=AccountKind.CASH) == -2_000
    with pytest.raises(WrongProposalState):
        confirm_vendor_payment(payment=payment, actor=make_person())
    assert OutboxMessage.objects.filter(topic="vendor.paid_in").count() == 1
    assert list(vendor_payments(state="done")) == [done]
    assert str(done) == f"#{done.pk}"


def test_what_sales_filled_meanwhile_is_the_vendors_own():
    owe(1_000)
    payment = bring(1_000)
    sell(700, basis_points=0)
    confirm_vendor_payment(payment=payment, actor=make_person())
    assert (funds_of(vendor_id=VENDOR).owed_points, funds_of(vendor_id=VENDOR).payable_points) == (0, 700)
    assert level() == DebtLevel.CLEAR


def test_no_more_is_taken_than_is_owed_and_a_double_click_takes_it_once():
    owe(1_000)
    actor, key = make_person(), new_key()
    first = bring(600, actor=actor, idempotency_key=key)
    assert bring(600, actor=actor, idempotency_key=key) == first
    with pytest.raises(IdempotencyConflict):
        bring(601, actor=actor, idempotency_key=key)
    with pytest.raises(Overpaid) as refused:
        bring(401)
    assert refused.value.owed_points == 400
    for nothing in (0, -1):
        with pytest.raises(InvalidAmount):
            bring(nothing)
    with pytest.raises(ReasonMissing):
        bring(5, reference=" ")
    assert VendorPayment.objects.count() == 1


def test_a_note_is_refused_by_another_or_withdrawn_by_its_writer(monkeypatch):
    owe(1_000)
    taker = make_person()
    payment = bring(100, actor=taker)
    with pytest.raises(SamePerson):
        refuse_vendor_payment(payment=payment, actor=taker, reason="Short")
    with pytest.raises(SamePerson):
        withdraw_vendor_payment(payment=payment, actor=make_person())
    with pytest.raises(ReasonMissing):
        refuse_vendor_payment(payment=payment, actor=make_person(), reason="")
    assert withdraw_vendor_payment(payment=payment, actor=taker).state == "withdrawn"
    other = bring(1_000)
    assert refuse_vendor_payment(payment=other, actor=make_person(), reason="False notes").state == "refused"
    third = bring(5)
    monkeypatch.setattr(vendors, "_people", vendors.People(lambda *_: True, lambda _: "ar"))
    with pytest.raises(OwnVendor):
        bring(5)
    with pytest.raises(OwnVendor):
        confirm_vendor_payment(payment=third, actor=make_person())
    assert funds_of(vendor_id=VENDOR).owed_points == 1_000
    assert not Transfer.objects.filter(kind=TransferKind.VENDOR_PAYMENT).exists()


# The database and the proof ------------------------------------------------------------------


def test_the_database_refuses_to_rewrite_what_was_brought_or_stepped():
    owe(1_000)
    confirm_vendor_payment(payment=bring(100), actor=make_person())
    for change in (
        "UPDATE points_payment_vendorpayment SET amount_points = 1",
        "DELETE FROM points_payment_vendorpayment",
        "UPDATE points_payment_vendordebtevent SET owed_points = 1",
        "DELETE FROM points_payment_vendordebt",
        "UPDATE points_payment_vendordebt SET owed_points = 0",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(change)


@pytest.mark.parametrize(
    ("change", "check", "culprit"),
    [
        ("UPDATE points_payment_vendorpayment SET amount_points = 99", "vendor-payments", "payment "),
        ("UPDATE points_payment_vendorpayment SET vendor_id = 5", "vendor-payments", "payment "),
        ("UPDATE points_payment_vendordebt SET owed_points = 1", "vendor-debts", "debt of vendor 31"),
        ("UPDATE points_payment_vendordebtevent SET owed_points = 1", "vendor-debts", "step of a debt"),
    ],
    ids=["amount", "vendor", "debt", "step"],
)
def test_the_proof_names_what_was_tampered_with(tampered_books, change, check, culprit):
    owe(1_000)
    confirm_vendor_payment(payment=bring(100), actor=make_person())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(change)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert any(found.check == check and found.culprit.startswith(culprit) for found in prove())


# Races ---------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_confirm_one_payment_at_once_and_it_counts_once():
    owe(1_000)
    payment = bring(600)
    people = [make_person() for _ in range(6)]
    ends = at_once([lambda one=one: confirm_vendor_payment(payment=payment, actor=one) for one in people])
    assert ends == {"done": 1, "WrongProposalState": 5}
    assert funds_of(vendor_id=VENDOR).owed_points == 400


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_money_and_a_sale_at_once_fill_the_debt_together():
    for _ in range(4):
        owe(1_000)
        payment = bring(1_000)
        at_once(
            [
                lambda payment=payment: confirm_vendor_payment(payment=payment, actor=make_person()),
                lambda: sell(700, basis_points=0),
            ]
        )
        after = funds_of(vendor_id=VENDOR)
        assert (after.owed_points, after.payable_points) == (0, 700)
        pay(700)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_of_the_balance_a_debt_is_filled_twice(monkeypatch, tampered_books):
    """Negative control: the confirmation reads the debt, a sale fills it, then the money fills it again."""
    owe(1_000)
    payment = bring(1_000)
    read, filled = threading.Event(), threading.Event()

    def read_first(*, vendor_id):
        found = funds_of(vendor_id=vendor_id)
        if not read.is_set():
            read.set()
            assert filled.wait(30)
        return found

    monkeypatch.setattr(paying_in, "lock_vendor_balance", lambda *, vendor_id: 0)
    monkeypatch.setattr(paying_in, "funds_of", read_first)

    def fill():
        assert read.wait(30)
        sell(700, basis_points=0)
        filled.set()

    at_once([lambda: confirm_vendor_payment(payment=payment, actor=make_person()), fill])
    assert funds_of(vendor_id=VENDOR).owed_points == -700
    assert lock_vendor_balance is not paying_in.lock_vendor_balance
    assert VendorDebtEvent.objects.exists()
