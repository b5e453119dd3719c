# ruff: noqa: E501, S608 - statements of SQL read best in one row; they are constants
"""A payout from the wish to the receipt, whatever way the money goes."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.outbox.models import OutboxMessage
from points_payment import payout_methods, vendors
from points_payment.errors import (
    DestinationHeld,
    IdempotencyConflict,
    InsufficientPoints,
    InvalidAmount,
    OwnVendor,
    ReasonMissing,
    RequestWaiting,
    SamePerson,
    WrongDestinationState,
    WrongPayoutState,
)
from points_payment.kinds import AccountKind, TransferKind
from points_payment.models import Payout, Transfer
from points_payment.payout_methods import ByHand, Destination
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services import payout_orders
from points_payment.services.adjustments import approve_adjustment, propose_adjustment
from points_payment.services.destinations import retire_destination
from points_payment.services.payout_orders import (
    confirm_payout,
    order_payout,
    order_payout_to,
    record_payout_returned,
    reject_payout,
    request_payout,
    submit_payout,
    withdraw_payout_request,
)
from points_payment.services.payouts import pay_out
from points_payment.services.vendor_funds import VendorFunds, funds_of
from points_payment.settlement_selectors import all_payouts, payouts_of, payouts_waiting
from tests.factories.points import make_person, new_key
from tests.points_payment.settling import (
    VENDOR,
    ask,
    make_destination,
    order,
    owe,
    pay,
    sell,
    take_back,
)
from tests.points_payment.test_races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_waiting")]


def funds() -> VendorFunds:
    return funds_of(vendor_id=VENDOR)


# The same for every method, also one that only this test knows -------------------------------


class Gateway(ByHand):
    """A gateway as one may come: it takes the order by itself, and is told once."""

    code = "gateway"
    label = "Gateway"
    number_label = "Token"

    def __init__(self) -> None:
        self.sent: dict[str, int] = {}

    def validate(self, destination: Destination) -> Destination:
        return Destination(destination.holder_name, "", destination.number.strip())

    def receipt_note(self) -> str:
        return "Paid by the gateway."

    def submit(self, payout: Payout) -> str:
        self.sent[payout.reference] = payout.amount_points
        return f"gw-{payout.pk}"


@pytest.fixture
def gateway(monkeypatch):
    found = Gateway()
    monkeypatch.setitem(payout_methods._methods, found.code, found)
    return found


METHODS = {
    "cash": Destination("Layla"),
    "bank": Destination("Layla", "Rafidain", "00123456"),
    "wallet": Destination("Layla", "FIB", "07701234567"),
    "gateway": Destination("Layla", "", "token-1"),
}


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_payout_goes_its_whole_way_whoever_pays(gateway, method, drain_outbox):
    sell(1_000)
    destination = make_destination(method=method, destination=METHODS[method])
    asked = ask(600, destination=destination)
    assert (asked.state, asked.method, asked.number) == ("requested", method, destination.number)
    assert (funds().orderable_points, funds().requestable_points) == (900, 300)
    ordered = order_payout(payout=asked, actor=make_person())
    submit_payout(payout_id=ordered.pk)
    # A message may come twice: it is sent once.
    submit_payout(payout_id=ordered.pk)
    ordered.refresh_from_db()
    assert ordered.gateway_reference == (f"gw-{ordered.pk}" if method == "gateway" else "")
    # Nothing moved yet, whoever sends it.
    assert account_points(kind=AccountKind.PAYOUTS) == 0
    assert (funds().payable_points, funds().unordered_points) == (900, 300)
    paid = confirm_payout(payout=ordered, actor=make_person(), paid_reference=" R-77 ")
    assert (paid.state, paid.paid_reference) == ("paid", "R-77")
    assert account_points(kind=AccountKind.PAYOUTS) == 600
    assert (funds().payable_points, funds().ordered_points) == (300, 0)
    written = Transfer.objects.get(pk=paid.transfer_id)
    assert (written.reference, written.actor_id) == (paid.reference, paid.ordered_by_id)
    returned = record_payout_returned(payout=paid, actor=make_person(), reason="Closed account")
    assert (returned.state, returned.end_reason) == ("returned", "Closed account")
    assert funds().payable_points == 900
    submit_payout(payout_id=returned.pk)
    assert gateway.sent == ({returned.reference: 600} if method == "gateway" else {})


# What may be asked for -----------------------------------------------------------------------


def test_a_request_is_for_what_is_payable_and_no_more():
    sell(1_000)
    for points in (0, -5):
        with pytest.raises(InvalidAmount):
            ask(points)
    with pytest.raises(InsufficientPoints) as refused:
        ask(901)
    assert refused.value.available_points == 900
    assert not Payout.objects.exists()
    ask(900)


def test_one_request_at_a_time_and_its_key_again_is_the_same_one():
    sell(1_000)
    destination, actor, key = make_destination(), make_person(), new_key()
    first = ask(100, destination=destination, actor=actor, idempotency_key=key)
    assert ask(100, destination=destination, actor=actor, idempotency_key=key) == first
    with pytest.raises(IdempotencyConflict):
        ask(101, destination=destination, actor=actor, idempotency_key=key)
    with pytest.raises(RequestWaiting):
        ask(100, destination=destination)
    assert Payout.objects.count() == 1


def test_a_destination_of_another_vendor_or_of_the_past_is_none():
    sell(1_000)
    other = make_destination(vendor=VENDOR + 1)
    with pytest.raises(type(other).DoesNotExist):
        request_payout(
            vendor_id=VENDOR,
            destination=other,
            amount_points=5,
            actor=make_person(),
            idempotency_key=new_key(),
        )
    old = make_destination()
    retire_destination(vendor_id=VENDOR, destination=old, actor=make_person())
    with pytest.raises(WrongDestinationState):
        ask(5, destination=old)


def test_the_vendor_takes_its_request_back_until_it_is_ordered():
    sell(1_000)
    asked = ask(100)
    with pytest.raises(Payout.DoesNotExist):
        withdraw_payout_request(vendor_id=VENDOR + 1, payout=asked, actor=make_person())
    assert withdraw_payout_request(vendor_id=VENDOR, payout=asked, actor=make_person()).state == "withdrawn"
    for step in (
        lambda: order_payout(payout=asked, actor=make_person()),
        lambda: withdraw_payout_request(vendor_id=VENDOR, payout=asked, actor=make_person()),
        lambda: confirm_payout(payout=asked, actor=make_person(), paid_reference="x"),
        lambda: reject_payout(payout=asked, actor=make_person(), reason="x"),
        lambda: record_payout_returned(payout=asked, actor=make_person(), reason="x"),
    ):
        with pytest.raises(WrongPayoutState):
            step()
    with pytest.raises(WrongPayoutState):
        withdraw_payout_request(vendor_id=VENDOR, payout=order(50), actor=make_person())


# What may be ordered -------------------------------------------------------------------------


def test_nothing_is_ordered_to_where_nobody_looked_or_in_its_first_day(settings):
    sell(1_000)
    waiting = make_destination(is_usable=False)
    asked = ask(100, destination=waiting)
    with pytest.raises(DestinationHeld):
        order_payout(payout=asked, actor=make_person())
    withdraw_payout_request(vendor_id=VENDOR, payout=asked, actor=make_person())
    settings.PAYOUT_DESTINATION_HOURS = 24
    new = make_destination(destination=Destination("Someone new"))
    asked = ask(100, destination=new)
    with pytest.raises(DestinationHeld) as held:
        order_payout(payout=asked, actor=make_person())
    assert held.value.usable_from == new.usable_from
    with pytest.raises(DestinationHeld):
        order_payout_to(destination=new, amount_points=5, actor=make_person(), idempotency_key=new_key())
    retire_destination(vendor_id=VENDOR, destination=new, actor=make_person())
    with pytest.raises(WrongDestinationState):
        order_payout(payout=asked, actor=make_person())
    asked.refresh_from_db()
    assert asked.state == "requested"


def test_staff_order_without_being_asked_once_for_each_key():
    sell(1_000)
    adder = make_person()
    destination, actor, key = make_destination(actor=adder), make_person(), new_key()
    with pytest.raises(InvalidAmount):
        order_payout_to(destination=destination, amount_points=0, actor=actor, idempotency_key=key)
    with pytest.raises(SamePerson):
        order_payout_to(destination=destination, amount_points=5, actor=adder, idempotency_key=key)
    with pytest.raises(InsufficientPoints):
        order_payout_to(destination=destination, amount_points=901, actor=actor, idempotency_key=key)
    first = order_payout_to(destination=destination, amount_points=900, actor=actor, idempotency_key=key)
    again = order_payout_to(destination=destination, amount_points=900, actor=actor, idempotency_key=key)
    assert (first.state, again.pk, first.requested_by) == ("ordered", first.pk, None)
    with pytest.raises(IdempotencyConflict):
        order_payout_to(destination=destination, amount_points=1, actor=actor, idempotency_key=key)
    assert list(payouts_of(vendor_id=VENDOR)) == [first] == list(all_payouts(state="ordered"))
    assert payouts_waiting() == 1


def test_what_is_ordered_is_kept_from_refunds_corrections_and_other_payouts():
    reference = sell(1_000)
    ordered = order(700)
    # Of 900, 200 are left: the refund takes those, and the vendor owes the rest.
    take_back(reference, 1_000)
    assert funds() == VendorFunds(700, 700, 700, 0)
    assert funds().debt_points == 700
    for take in (
        lambda: ask(1),
        lambda: pay_out(
            vendor_id=VENDOR, amount_points=1, actor_id=make_person().pk, approved_by_id=make_person().pk,
            reference="x", idempotency_key=new_key(),
        ),
        lambda: approve_adjustment(
            adjustment=propose_adjustment(
                account_kind=AccountKind.VENDOR_PAYABLE, owner_id=VENDOR, amount_points=-1, reason="x",
                actor=make_person(),
            ),
            actor=make_person(),
        ),
    ):  # fmt: skip
        with pytest.raises(InsufficientPoints) as refused:
            take()
        assert refused.value.available_points == 0
    confirm_payout(payout=ordered, actor=make_person(), paid_reference="R")
    assert funds() == VendorFunds(0, 700, 0, 0)


def test_an_order_that_is_rejected_is_set_against_what_is_owed():
    reference = sell(1_000)
    ordered = order(900)
    take_back(reference, 1_000)
    assert funds().debt_points == 900
    with pytest.raises(ReasonMissing):
        reject_payout(payout=ordered, actor=make_person(), reason=" ")
    assert reject_payout(payout=ordered, actor=make_person(), reason="Office closed").state == "rejected"
    assert funds().debt_points == 0
    assert funds().net_points == 0


def test_who_owes_gets_nothing():
    owe(500)
    sell(400)
    with pytest.raises(InsufficientPoints):
        ask(1)
    sell(1_000)
    # 360 and 900 came in, 500 went to the debt.
    assert funds() == VendorFunds(760, 0, 0, 0)


def test_a_refund_before_the_order_leaves_the_request_to_be_rejected():
    reference = sell(1_000)
    asked = ask(900)
    take_back(reference, 500)
    with pytest.raises(InsufficientPoints) as refused:
        order_payout(payout=asked, actor=make_person())
    assert refused.value.available_points == 450
    assert reject_payout(payout=asked, actor=make_person(), reason="Refunded meanwhile").state == "rejected"


# Two persons ---------------------------------------------------------------------------------


def test_nobody_orders_their_own_wish_nor_confirms_their_own_order():
    sell(1_000)
    asker, orderer = make_person(), make_person()
    asked = ask(100, actor=asker)
    with pytest.raises(SamePerson):
        order_payout(payout=asked, actor=asker)
    ordered = order_payout(payout=asked, actor=orderer)
    for person in (asker, orderer):
        with pytest.raises(SamePerson):
            confirm_payout(payout=ordered, actor=person, paid_reference="R")
    with pytest.raises(ReasonMissing):
        confirm_payout(payout=ordered, actor=make_person(), paid_reference=" ")
    assert not Transfer.objects.filter(kind=TransferKind.PAYOUT).exists()


def test_nobody_pays_a_vendor_for_which_they_work(monkeypatch):
    sell(1_000)
    insider = make_person()
    asked, ordered, paid = None, order(100), pay(100)
    asked = ask(100)
    people = vendors.People(lambda user, vendor: (user, vendor) == (insider.pk, VENDOR), lambda vendor: "ar")
    monkeypatch.setattr(vendors, "_people", people)
    for step in (
        lambda: order_payout(payout=asked, actor=insider),
        lambda: order_payout_to(
            destination=asked.destination, amount_points=1, actor=insider, idempotency_key=new_key()
        ),
        lambda: confirm_payout(payout=ordered, actor=insider, paid_reference="R"),
        lambda: reject_payout(payout=ordered, actor=insider, reason="R"),
        lambda: record_payout_returned(payout=paid, actor=insider, reason="R"),
    ):
        with pytest.raises(OwnVendor):
            step()


def test_a_payout_comes_back_once_with_a_reason():
    sell(1_000)
    paid = pay(900)
    with pytest.raises(ReasonMissing):
        record_payout_returned(payout=paid, actor=make_person(), reason="")
    record_payout_returned(payout=paid, actor=make_person(), reason="Wrong number")
    with pytest.raises(WrongPayoutState):
        record_payout_returned(payout=paid, actor=make_person(), reason="Wrong number")
    assert funds().payable_points == 900


def test_money_that_comes_back_counts_against_a_debt():
    reference = sell(1_000)
    paid = pay(900)
    take_back(reference, 1_000)
    assert funds().debt_points == 900
    record_payout_returned(payout=paid, actor=make_person(), reason="Closed")
    assert (funds().debt_points, funds().net_points, funds().orderable_points) == (0, 0, 0)


def test_every_step_that_the_vendor_did_not_take_is_told():
    sell(1_000)
    record_payout_returned(payout=pay(100), actor=make_person(), reason="x")
    reject_payout(payout=ask(100), actor=make_person(), reason="x")
    told = OutboxMessage.objects.filter(topic="payout.changed").order_by("pk")
    assert [message.payload["state"] for message in told] == ["ordered", "paid", "returned", "rejected"]


def test_a_payout_says_its_number_and_hides_the_accounts():
    sell(1_000)
    paid = ask(5, destination=make_destination(method="bank", destination=METHODS["bank"]))
    assert str(paid) == paid.reference == f"P-{paid.pk:06d}"
    assert (paid.masked_number, paid.is_open) == ("••3456", True)


# The database and the proof ------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    ["amount_points = 1", "number = 'x'", "ordered_by_id = confirmed_by_id", "paid_reference = 'x'",
     "transfer_id = NULL", "state = 'paid', confirmed_by_id = ordered_by_id"],
)  # fmt: skip
def test_the_database_refuses_to_rewrite_a_payout(change):
    sell(1_000)
    paid = pay(100)
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(f"UPDATE points_payment_payout SET {change} WHERE id = %s", [paid.pk])


@pytest.mark.parametrize(
    ("change", "culprit"),
    [
        ("UPDATE points_payment_payout SET amount_points = 99", "payout "),
        ("UPDATE points_payment_payoutdestination SET number = '9'", "destination "),
        ("UPDATE points_payment_payout SET confirmed_by_id = requested_by_id", "payout "),
        ("UPDATE points_payment_payout SET return_transfer_id = transfer_id, state = 'returned', ended_by_id = ordered_by_id, ended_at = now()", "payout "),
        ("UPDATE points_payment_payout SET state = 'ordered', transfer_id = NULL, confirmed_by_id = NULL, amount_points = 5000", "ordered payouts of vendor 31"),
    ],
    ids=["amount", "account", "person", "return", "ordered"],
)  # fmt: skip
def test_the_proof_names_a_payout_that_was_tampered_with(tampered_books, change, culprit):
    sell(1_000)
    pay(100)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(change)
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert any(found.check == "payouts" and found.culprit.startswith(culprit) for found in prove())


# Races ---------------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ten_persons_confirm_one_payout_at_once_and_it_is_paid_once():
    sell(1_000)
    ordered = order(900)
    people = [make_person() for _ in range(10)]
    ends = at_once(
        [lambda one=one: confirm_payout(payout=ordered, actor=one, paid_reference="R") for one in people]
    )
    assert ends == {"done": 1, "WrongPayoutState": 9}
    assert account_points(kind=AccountKind.PAYOUTS) == 900


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_its_lock_two_confirm_one_payout(monkeypatch, tampered_books):
    """Negative control: both see it ordered. The ledger's key still pays it once, by its other person."""
    sell(1_000)
    ordered = order(900)
    meet = threading.Barrier(2)

    def look_without_lock(payout, *states, vendor_id=None):
        seen = Payout.objects.get(pk=payout.pk)
        meet.wait(30)
        return seen

    monkeypatch.setattr(payout_orders, "_lock", look_without_lock)
    people = [make_person(), make_person()]
    ends = at_once(
        [lambda one=one: confirm_payout(payout=ordered, actor=one, paid_reference="R") for one in people]
    )
    # Neither is told that the other was there first: it runs against the ledger's key or the row's guard.
    assert ends["WrongPayoutState"] == 0
    assert sum(ends.values()) == 2
    assert account_points(kind=AccountKind.PAYOUTS) == 900


def _order_and_refund_at_once() -> tuple[dict[str, int], VendorFunds]:
    reference = sell(1_000)
    asked = ask(900)
    ends = at_once(
        [lambda: order_payout(payout=asked, actor=make_person()), lambda: take_back(reference, 1_000)]
    )
    return dict(ends), funds()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_order_and_a_late_refund_at_once_never_promise_what_is_gone():
    for _ in range(5):
        ends, after = _order_and_refund_at_once()
        assert after.ordered_points <= after.payable_points
        if "InsufficientPoints" in ends:
            for asked in Payout.objects.filter(state="requested"):
                reject_payout(payout=asked, actor=make_person(), reason="Refunded")
        for ordered in Payout.objects.filter(state="ordered"):
            confirm_payout(payout=ordered, actor=make_person(), paid_reference="R")
        # What one round left owed would be filled by the next one's sale.
        if funds().owed_points:
            sell(funds().owed_points, basis_points=0)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_of_the_balance_a_payout_is_promised_that_is_gone(monkeypatch, tampered_books):
    """Negative control: the order reads the funds, then the refund takes them, then the order is written."""
    reference = sell(1_000)
    asked = ask(900)
    read, gone = threading.Event(), threading.Event()

    def read_without_lock(vendor_id):
        found = funds_of(vendor_id=vendor_id)
        read.set()
        assert gone.wait(30)
        return found

    monkeypatch.setattr(payout_orders, "_lock_funds", read_without_lock)

    def refund():
        assert read.wait(30)
        take_back(reference, 1_000)
        gone.set()

    at_once([lambda: order_payout(payout=asked, actor=make_person()), refund])
    assert funds().ordered_points > funds().payable_points
    assert any(found.culprit == f"ordered payouts of vendor {VENDOR}" for found in prove())


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_requests_at_once_are_one():
    sell(1_000)
    destination = make_destination()
    ends = at_once([lambda: ask(500, destination=destination) for _ in range(6)])
    assert ends == {"done": 1, "RequestWaiting": 5}
