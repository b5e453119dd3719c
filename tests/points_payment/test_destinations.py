"""Where vendors are paid: how it is written, who looks at it, and what nobody gets to see."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from marketplace.outbox.models import OutboxMessage
from points_payment import vendors
from points_payment.errors import (
    DestinationExists,
    InvalidDestination,
    OwnVendor,
    ReasonMissing,
    SamePerson,
    TooManyDestinations,
    WrongDestinationState,
)
from points_payment.models import PayoutDestination
from points_payment.payout_methods import Destination, method_label, payout_method, payout_methods
from points_payment.services.destinations import (
    MOST_DESTINATIONS,
    add_destination,
    confirm_destination,
    refuse_destination,
    retire_destination,
)
from points_payment.settlement_selectors import (
    destinations_of,
    destinations_to_look_at,
    destinations_waiting,
    live_destinations,
)
from tests.factories.points import make_person
from tests.points_payment.settling import CASH, VENDOR, make_destination

pytestmark = pytest.mark.django_db

IBAN = "IQ98NBIQ850123456789012"


@pytest.mark.parametrize(
    ("method", "written", "stored"),
    [
        ("cash", Destination("  Layla   Hassan ", "x", "y"), Destination("Layla Hassan")),
        ("bank", Destination("Layla", " Rafidain ", IBAN.lower()), Destination("Layla", "Rafidain", IBAN)),
        (
            "bank",
            Destination("Layla", "Rafidain", "IQ98 NBIQ 8501 2345 6789 012"),
            Destination("Layla", "Rafidain", IBAN),
        ),
        ("bank", Destination("Layla", "TBI", "٠٠١٢-٣٤٥٦"), Destination("Layla", "TBI", "00123456")),
        (
            "wallet",
            Destination("Layla", "ZainCash", "0770 123 4567"),
            Destination("Layla", "ZainCash", "+9647701234567"),
        ),
    ],
    ids=["cash", "iban", "iban-in-groups", "account", "wallet"],
)
def test_one_account_has_one_spelling(method, written, stored):
    assert payout_method(method).validate(written) == stored


@pytest.mark.parametrize(
    ("method", "written", "field"),
    [
        ("cash", Destination("  "), "holder_name"),
        ("bank", Destination("", "Rafidain", "00123456"), "holder_name"),
        ("bank", Destination("Layla", " ", "00123456"), "provider"),
        ("bank", Destination("Layla", "Rafidain", "12345"), "number"),
        ("bank", Destination("Layla", "Rafidain", "IQ99NBIQ850123456789012"), "number"),
        ("bank", Destination("Layla", "Rafidain", "IQ98NBIQ8501234567890"), "number"),
        ("bank", Destination("Layla", "Rafidain", "حساب 123456"), "number"),
        ("wallet", Destination("Layla", "", "07701234567"), "provider"),
        ("wallet", Destination("Layla", "ZainCash", "123"), "number"),
        ("wallet", Destination("", "ZainCash", "07701234567"), "holder_name"),
    ],
    ids=[
        "no-name", "bank-no-name", "no-bank", "short", "wrong-check-digits", "short-iban", "words",
        "no-operator",
        "no-phone", "wallet-no-name",
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_beside_its_field(method, written, field):
    with pytest.raises(InvalidDestination) as refused:
        add_destination(vendor_id=VENDOR, method=method, destination=written, actor=make_person())
    assert refused.value.field == field
    assert not PayoutDestination.objects.exists()


def test_every_method_says_its_name_and_how_it_was_paid():
    assert {method.code for method in payout_methods()} >= {"cash", "bank", "wallet"}
    with translation.override("en"):
        assert [str(payout_method(code).receipt_note())[:4] for code in ("cash", "bank", "wallet")] == [
            "Paid"
        ] * 3
        assert method_label("cash").startswith("Cash")
    assert method_label("gone") == "gone"


def test_a_new_destination_waits_for_a_second_look_and_a_day():
    added = make_destination(is_usable=False)
    assert (added.state, added.is_live, added.is_usable) == ("waiting", True, False)
    assert added.usable_from > timezone.now() + timedelta(hours=23)
    confirmed = confirm_destination(destination=added, actor=make_person(), note=" Called the shop ")
    assert (confirmed.state, confirmed.decision_note) == ("confirmed", "Called the shop")
    # Not in its first day, however sure anyone is.
    assert not confirmed.is_usable
    confirmed.usable_from = timezone.now() - timedelta(minutes=1)
    assert confirmed.is_usable


def test_who_added_it_or_works_there_has_no_second_look(monkeypatch):
    owner, insider = make_person(), make_person()
    monkeypatch.setattr(
        vendors, "_people", vendors.People(lambda user, vendor: user == insider.pk, lambda vendor: "ckb")
    )
    added = make_destination(actor=owner, is_usable=False)
    for decide in (confirm_destination, refuse_destination):
        with pytest.raises(SamePerson):
            decide(destination=added, actor=owner, note="Mine")
        with pytest.raises(OwnVendor):
            decide(destination=added, actor=insider, note="Ours")
        with pytest.raises(ReasonMissing):
            decide(destination=added, actor=make_person(), note="  ")
    added.refresh_from_db()
    assert added.state == "waiting"
    assert vendors.language_of_vendor(VENDOR) == "ckb"


def test_a_decision_is_made_once():
    added = make_destination(is_usable=False)
    assert (
        refuse_destination(destination=added, actor=make_person(), note="Nobody answers").state == "refused"
    )
    for again in (confirm_destination, refuse_destination):
        with pytest.raises(WrongDestinationState) as refused:
            again(destination=added, actor=make_person(), note="x")
        assert refused.value.state == "refused"
    with pytest.raises(WrongDestinationState):
        retire_destination(vendor_id=VENDOR, destination=added, actor=make_person())


def test_the_vendor_takes_one_away_and_another_vendor_does_not():
    added = make_destination()
    with pytest.raises(PayoutDestination.DoesNotExist):
        retire_destination(vendor_id=VENDOR + 1, destination=added, actor=make_person())
    assert live_destinations(vendor_id=VENDOR).count() == 1
    assert retire_destination(vendor_id=VENDOR, destination=added, actor=make_person()).state == "retired"
    assert not live_destinations(vendor_id=VENDOR).exists()
    # What there was stays to be seen.
    assert destinations_of(vendor_id=VENDOR).count() == 1
    # And the same may be added anew.
    make_destination()


def test_the_same_destination_is_added_once_and_not_too_many():
    make_destination(is_usable=False)
    with pytest.raises(DestinationExists):
        make_destination(is_usable=False)
    for place in range(1, MOST_DESTINATIONS):
        make_destination(destination=Destination(f"Layla {place}"), is_usable=False)
    assert destinations_to_look_at() == MOST_DESTINATIONS == len(destinations_waiting())
    with pytest.raises(TooManyDestinations):
        make_destination(destination=Destination("One more"), is_usable=False)


def test_every_step_is_told():
    added = make_destination(is_usable=False)
    confirm_destination(destination=added, actor=make_person(), note="x")
    retire_destination(vendor_id=VENDOR, destination=added, actor=make_person())
    told = OutboxMessage.objects.filter(topic="payout.destination").order_by("pk")
    assert [message.payload["state"] for message in told] == ["waiting", "confirmed", "retired"]


def test_the_number_is_in_no_log_no_message_and_no_list(caplog):
    caplog.set_level(logging.DEBUG)
    added = make_destination(
        method="bank", destination=Destination("Layla", "Rafidain", IBAN), is_usable=False
    )
    logging.getLogger("nuqta").error("%s %r", added, added)
    assert IBAN not in caplog.text
    assert IBAN not in str(list(OutboxMessage.objects.values_list("payload", flat=True)))
    assert added.masked_number == "••9012"
    assert (PayoutDestination(number="1234").masked_number, PayoutDestination().masked_number) == ("••", "")


def test_the_database_refuses_another_account_in_the_same_row():
    added = make_destination()
    for change in ("number = '1'", "holder_name = 'Mallory'", "usable_from = now()", "decision_note = 'x'"):
        with pytest.raises(DatabaseError, match="points_payment"), transaction.atomic():
            connection.cursor().execute(
                f"UPDATE points_payment_payoutdestination SET {change} WHERE id = %s",  # noqa: S608 - ours
                [added.pk],
            )


def test_without_anyone_who_knows_people_nobody_works_anywhere(monkeypatch, settings):
    monkeypatch.setattr(vendors, "_people", None)
    assert not vendors.works_for(user_id=1, vendor_id=VENDOR)
    assert vendors.language_of_vendor(VENDOR) == settings.LANGUAGE_CODE
    assert payout_method("cash").submit(None) == ""
    assert CASH.number == ""
