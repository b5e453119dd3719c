"""The vendor's money in its portal and on the staff's pages: asked for, ordered, confirmed, questioned."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from pypdf import PdfReader

from forked_apps.order.reserve import USUAL_DAYS, reserve_of
from forked_apps.partner.models import Partner
from forked_apps.partner.offers import buy_box, is_on_sale, offers_on_sale
from forked_apps.partner.permissions import VendorPermission as P
from marketplace.notifications.models import Notification
from marketplace.notifications.services import words_of
from marketplace.outbox.models import OutboxMessage
from points_payment import vendor_figures
from points_payment.kinds import AccountKind
from points_payment.models import (
    Payout,
    PayoutDestination,
    SettlementStatement,
    VendorDebt,
    VendorPayment,
)
from points_payment.services.payout_orders import order_payout
from points_payment.services.settlement import close_periods, question_statement
from points_payment.settlement_exports import receipt_pdf, statement_pdf
from points_payment.statements import Period
from points_payment.vendors import language_of_vendor, works_for
from tests.factories.orders import make_offer
from tests.factories.points import make_person
from tests.factories.vendors import a_cast, a_member, a_staff_member
from tests.points_payment.settling import ask, make_destination, order, owe, pay, sell
from vendor_portal.money import free_days

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(settings):
    settings.PAYOUT_DESTINATION_HOURS = 0
    settings.VENDOR_DEBT = {"hold_points": 500, "stop_points": 2_000}


def url(name: str, vendor, *args: object) -> str:
    return reverse(f"portal:{name}", args=[vendor.code, *args])


def staff_url(name: str, *args: object) -> str:
    return reverse(f"points_staff:{name}", args=args)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def a_statement(vendor: Partner) -> SettlementStatement:
    """Of this month, closed before its time."""
    sell(1_000, vendor=vendor.pk)
    close_periods(now=Period.month(timezone.localdate()).ends_before + timedelta(days=1))
    return SettlementStatement.objects.get(vendor_id=vendor.pk)


# The vendor ----------------------------------------------------------------------------------


def test_a_vendor_says_where_asks_and_gets_a_receipt(sign_in, drain_outbox):
    cast = a_cast()
    vendor = cast.vendor
    Partner.objects.filter(pk=vendor.pk).update(phone="+9647701112233")
    sell(10_000, vendor=vendor.pk)
    browser = sign_in(cast.alice)
    assert "Say first where" in browser.get(url("money-payouts", vendor)).content.decode()
    data = {"method": "bank", "holder_name": "Alice A", "provider": "Rafidain", "number": "0012 3456"}
    assert browser.post(url("money-destination-add", vendor), data).status_code == 302
    place = PayoutDestination.objects.get()
    html = browser.get(url("money-destinations", vendor)).content.decode()
    assert "••3456" in html
    assert "00123456" not in html
    form = browser.get(url("money-payouts", vendor)).context["form"]
    wish = {
        "destination": place.pk,
        "amount_points": "٩٬٠٠١",
        "idempotency_key": form["idempotency_key"].value(),
    }
    refused = browser.post(url("money-payout-ask", vendor), wish)
    assert refused.status_code == 422
    assert "Only" in refused.content.decode()
    assert not Payout.objects.exists()
    wish["amount_points"] = "5,000"
    for _ in range(2):
        assert browser.post(url("money-payout-ask", vendor), wish).status_code == 302
    payout = Payout.objects.get()
    assert (payout.state, payout.requested_by) == ("requested", cast.alice)
    # No receipt yet; it waits for staff.
    assert browser.get(url("money-payout-receipt", vendor, payout.pk)).status_code == 302
    one, other = a_staff_member("admin"), a_staff_member("admin")
    staff = sign_in(one)
    held = staff.post(staff_url("payout-order", payout.pk), follow=True)
    assert "second look" in held.content.decode()
    assert staff.post(staff_url("destination-confirm", place.pk), {"note": ""}).status_code == 422
    assert "00123456" in staff.get(staff_url("destination-confirm", place.pk)).content.decode()
    assert staff.post(staff_url("destination-confirm", place.pk), {"note": "Called"}).status_code == 302
    assert "00123456" not in staff.get(staff_url("payouts")).content.decode()
    assert staff.post(staff_url("payout-order", payout.pk)).status_code == 302
    assert "00123456" in staff.get(staff_url("payout", payout.pk)).content.decode()
    same = staff.post(staff_url("payout-confirm", payout.pk), {"paid_reference": "B-1"}, follow=True)
    assert "two persons" in same.content.decode()
    assert (
        sign_in(other).post(staff_url("payout-confirm", payout.pk), {"paid_reference": "B-1"}).status_code
        == 302
    )
    payout.refresh_from_db()
    assert payout.state == "paid"
    receipt = browser.get(url("money-payout-receipt", vendor, payout.pk))
    assert receipt["Content-Type"] == "application/pdf"
    assert payout.reference in text_of(receipt.content)
    assert "00123456" not in text_of(receipt.content)
    drain_outbox()
    kinds = list(
        Notification.objects.filter(user=cast.alice).order_by("pk").values_list("kind", "facts__state")
    )
    assert kinds == [
        ("payout.destination", "waiting"), ("payout.destination", "confirmed"), ("payout.changed", "ordered"),
        ("payout.changed", "paid"),
    ]  # fmt: skip
    # A new destination is told to the shop's phone too, and no message has the number.
    assert Notification.objects.filter(phone="+9647701112233", kind="payout.destination").count() == 2
    assert "00123456" not in str(list(Notification.objects.values_list("facts", flat=True)))
    assert "00123456" not in "".join(message.body for message in mail.outbox)


def test_what_is_typed_wrong_stays_and_changes_nothing(sign_in):
    cast = a_cast()
    browser = sign_in(cast.alice)
    data = {"method": "wallet", "holder_name": "Alice A", "provider": "FIB", "number": "12"}
    answer = browser.post(url("money-destination-add", cast.vendor), data)
    assert answer.status_code == 422
    assert "This number cannot be right" in answer.content.decode()
    assert 'value="FIB"' in answer.content.decode()
    no_name = browser.post(
        url("money-destination-add", cast.vendor), data | {"provider": " ", "number": "0770 123 4567"}
    )
    assert "which bank or operator" in no_name.content.decode()
    assert not PayoutDestination.objects.exists()
    make_destination(vendor=cast.vendor.pk, is_usable=False)
    again = {"method": "cash", "holder_name": "Layla Hassan"}
    assert browser.post(url("money-destination-add", cast.vendor), again).status_code == 422
    assert browser.post(url("money-payout-ask", cast.vendor), {}).status_code == 422


def test_a_request_is_withdrawn_and_a_destination_taken_away(sign_in):
    cast = a_cast()
    sell(1_000, vendor=cast.vendor.pk)
    asked = ask(500, vendor=cast.vendor.pk)
    browser = sign_in(cast.alice)
    for _ in range(2):
        assert browser.post(url("money-payout-withdraw", cast.vendor, asked.pk)).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "withdrawn"
    place = asked.destination
    assert browser.get(url("money-destination-retire", cast.vendor, place.pk)).status_code == 200
    place.refresh_from_db()
    assert place.state == "confirmed"
    for _ in range(2):
        browser.post(url("money-destination-retire", cast.vendor, place.pk))
    place.refresh_from_db()
    assert place.state == "retired"
    assert "Earlier destinations" in browser.get(url("money-destinations", cast.vendor)).content.decode()


def test_who_may_only_look_changes_nothing_and_another_vendor_sees_nothing(sign_in):
    cast = a_cast()
    sell(2_000, vendor=cast.vendor.pk)
    asked, place = ask(500, vendor=cast.vendor.pk), make_destination(vendor=cast.other_vendor.pk)
    statement = a_statement(cast.vendor)
    looker = a_member(cast.vendor, P.MONEY_VIEW)
    for name in ("money", "money-payouts", "money-destinations", "money-statements", "money-now-csv"):
        assert sign_in(looker).get(url(name, cast.vendor)).status_code == 200
    for name, args in (
        ("money-payout-ask", ()), ("money-payout-withdraw", (asked.pk,)), ("money-destination-add", ()),
        ("money-destination-retire", (asked.destination_id,)), ("money-statement-accept", (statement.pk,)),
        ("money-statement-question", (statement.pk,)),
    ):  # fmt: skip
        assert sign_in(looker).post(url(name, cast.vendor, *args)).status_code == 403
    for name, pk in (
        ("money-payout-withdraw", asked.pk), ("money-payout-receipt", asked.pk),
        ("money-statement", statement.pk),
        ("money-statement-pdf", statement.pk), ("money-statement-csv", statement.pk),
        ("money-statement-transit", statement.pk), ("money-statement-accept", statement.pk),
        ("money-statement-question", statement.pk), ("money-destination-retire", asked.destination_id),
    ):  # fmt: skip
        browser = sign_in(cast.dana)
        own = url(name, cast.other_vendor, pk)
        assert {browser.get(own).status_code, browser.post(own, {"text": "x"}).status_code} <= {404, 405}
        assert browser.get(url(name, cast.vendor, pk)).status_code in {404, 405}
    # A destination of another vendor is none to ask for.
    other = {"destination": place.pk, "amount_points": "5", "idempotency_key": "k"}
    assert sign_in(cast.alice).post(url("money-payout-ask", cast.vendor), other).status_code == 422
    asked.refresh_from_db()
    assert asked.state == "requested"


def test_a_statement_is_read_taken_along_questioned_answered_and_resolved(sign_in, drain_outbox):
    cast = a_cast()
    statement = a_statement(cast.vendor)
    browser, staff = sign_in(cast.alice), sign_in(a_staff_member("admin"))
    html = browser.get(url("money-statement", cast.vendor, statement.pk)).content.decode()
    assert "Silence counts as a yes" in html
    csv_file = browser.get(url("money-statement-csv", cast.vendor, statement.pk))
    rows = list(csv.reader(StringIO(b"".join(csv_file.streaming_content).decode())))
    assert len(rows) == 2
    for name in ("money-statement-transit",):
        assert browser.get(url(name, cast.vendor, statement.pk)).status_code == 200
    assert "900" in text_of(browser.get(url("money-statement-pdf", cast.vendor, statement.pk)).content)
    empty = browser.post(url("money-statement-question", cast.vendor, statement.pk), {"text": ""})
    assert empty.status_code == 422
    browser.post(url("money-statement-question", cast.vendor, statement.pk), {"text": "<b>Where is 100?</b>"})
    page = staff.get(staff_url("settlement", statement.pk)).content.decode()
    assert "&lt;b&gt;Where is 100?" in page
    assert (
        staff.get(staff_url("settlements"), {"state": "questioned"}).content.decode().count("settlements/")
        >= 1
    )
    assert staff.post(staff_url("settlement-answer", statement.pk), {"text": ""}).status_code == 422
    staff.post(staff_url("settlement-answer", statement.pk), {"text": "Which order?"})
    staff.post(staff_url("settlement-resolve", statement.pk), {"text": "See next month."})
    again = staff.post(staff_url("settlement-resolve", statement.pk), {"text": "Again"}, follow=True)
    assert "can no longer" in again.content.decode()
    assert "Which order?" in browser.get(url("money-statement", cast.vendor, statement.pk)).content.decode()
    late = browser.post(url("money-statement-accept", cast.vendor, statement.pk), follow=True)
    assert "can no longer" in late.content.decode()
    late = browser.post(
        url("money-statement-question", cast.vendor, statement.pk), {"text": "x"}, follow=True
    )
    assert "can no longer" in late.content.decode()
    statement.refresh_from_db()
    assert statement.state == "resolved"
    assert "900" in text_of(staff.get(staff_url("settlement-pdf", statement.pk)).content)
    assert staff.get(staff_url("settlement-csv", statement.pk)).status_code == 200
    drain_outbox()
    kinds = Notification.objects.filter(user=cast.alice).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["statement.issued", "statement.changed", "statement.changed"]


def test_a_statement_is_accepted(sign_in):
    cast = a_cast()
    statement = a_statement(cast.vendor)
    browser = sign_in(cast.alice)
    assert browser.post(url("money-statement-accept", cast.vendor, statement.pk)).status_code == 302
    statement.refresh_from_db()
    assert (statement.state, statement.decided_by) == ("accepted", cast.alice)
    html = browser.get(url("money-statement", cast.vendor, statement.pk)).content.decode()
    assert "Accept the statement" not in html
    assert "Question it" not in html


def test_a_suspended_vendor_reads_and_changes_nothing(sign_in):
    cast = a_cast()
    statement = a_statement(cast.vendor)
    Partner.objects.filter(pk=cast.vendor.pk).update(status="suspended")
    browser = sign_in(cast.alice)
    assert (
        "Accept the statement"
        not in browser.get(url("money-statement", cast.vendor, statement.pk)).content.decode()
    )
    assert browser.post(url("money-statement-accept", cast.vendor, statement.pk)).status_code == 403


def test_the_pages_take_the_same_queries_however_much_there_is(sign_in):
    cast = a_cast()
    sell(100_000, vendor=cast.vendor.pk)
    statement = a_statement(cast.vendor)
    browser = sign_in(cast.alice)
    pages = [
        url("money", cast.vendor), url("money-payouts", cast.vendor), url("money-destinations", cast.vendor),
        url("money-statements", cast.vendor), url("money-statement", cast.vendor, statement.pk),
    ]  # fmt: skip
    staff_pages = [staff_url(name) for name in ("payouts", "destinations", "settlements", "vendor-debts")]
    staff = sign_in(a_staff_member("admin"))

    def queries() -> list[int]:
        found = []
        for who, page in [(browser, page) for page in pages] + [(staff, page) for page in staff_pages]:
            with CaptureQueriesContext(
                connection,
            ) as caught:
                assert who.get(page).status_code == 200
            found.append(len(caught))
        return found

    pay(100, vendor=cast.vendor.pk)
    make_destination(vendor=cast.vendor.pk, destination=_named(0), is_usable=False)
    question_statement(vendor_id=cast.vendor.pk, statement=statement, actor=cast.alice, text="One")
    owe(600, vendor=cast.other_vendor.pk)
    queries()
    before = queries()
    for place in range(1, 4):
        pay(100, vendor=cast.vendor.pk)
        sell(100, vendor=cast.vendor.pk)
        make_destination(vendor=cast.vendor.pk, destination=_named(place), is_usable=False)
        question_statement(vendor_id=cast.vendor.pk, statement=statement, actor=cast.alice, text="More")
        owe(600, vendor=a_cast().vendor.pk)
    assert queries() == before


def _named(place: int):
    from points_payment.payout_methods import Destination

    return Destination(f"Layla {'ABCD'[place]}")


# Staff ---------------------------------------------------------------------------------------


def test_staff_order_reject_and_take_back(sign_in):
    cast = a_cast()
    sell(10_000, vendor=cast.vendor.pk)
    staff = sign_in(a_staff_member("admin"))
    found = staff.get(staff_url("payout-new"), {"vendor": cast.vendor.code})
    assert "has not said where" in found.content.decode()
    assert staff.get(staff_url("payout-new"), {"vendor": "nobody"}).status_code == 422
    place = make_destination(vendor=cast.vendor.pk)
    form = staff.get(staff_url("payout-new"), {"vendor": cast.vendor.code}).context["form"]
    data = {
        "destination": place.pk,
        "amount_points": "9001",
        "idempotency_key": form["idempotency_key"].value(),
    }
    assert staff.post(staff_url("payout-order-new", cast.vendor.pk), data).status_code == 422
    assert staff.post(staff_url("payout-order-new", 10**9), data).status_code == 302
    assert not Payout.objects.exists()
    data["amount_points"] = "900"
    assert staff.post(staff_url("payout-order-new", cast.vendor.pk), data).status_code == 302
    ordered = Payout.objects.get()
    receipt = staff.get(staff_url("payout-receipt", ordered.pk))
    assert receipt["Content-Type"] == "application/pdf"
    assert staff.post(staff_url("payout-reject", ordered.pk), {"reason": ""}).status_code == 422
    assert staff.post(staff_url("payout-reject", ordered.pk), {"reason": "Closed"}).status_code == 302
    assert staff.get(staff_url("payout-receipt", ordered.pk)).status_code == 302
    paid = pay(500, vendor=cast.vendor.pk)
    assert staff.post(staff_url("payout-returned", paid.pk), {"reason": "Bounced"}).status_code == 302
    paid.refresh_from_db()
    assert paid.state == "returned"
    assert "Bounced" in staff.get(staff_url("payout", paid.pk)).content.decode()
    gone = make_destination(vendor=cast.vendor.pk, destination=_named(1), is_usable=False)
    assert staff.post(staff_url("destination-refuse", gone.pk), {"note": "Nobody answers"}).status_code == 302
    assert staff.post(staff_url("destination-refuse", gone.pk), {"note": "Again"}).status_code == 302
    gone.refresh_from_db()
    assert gone.decision_note == "Nobody answers"


def test_staff_who_work_for_the_vendor_pay_it_nothing(sign_in):
    cast = a_cast()
    sell(1_000, vendor=cast.vendor.pk)
    insider = a_member(cast.vendor, P.ORDERS_VIEW, user=a_staff_member("admin"))
    assert works_for(user_id=insider.pk, vendor_id=cast.vendor.pk)
    asked = ask(100, vendor=cast.vendor.pk)
    answer = sign_in(insider).post(staff_url("payout-order", asked.pk), follow=True)
    assert "You work for this vendor" in answer.content.decode()
    asked.refresh_from_db()
    assert asked.state == "requested"


def test_a_vendor_who_owes_stops_selling_at_once_and_sells_again_when_it_has_paid(sign_in, drain_outbox):
    cast = a_cast()
    vendor = cast.vendor
    offer = make_offer(vendor=vendor)
    other = make_offer(vendor=cast.other_vendor)
    owe(3_000, vendor=vendor.pk)
    vendor.refresh_from_db()
    offer.refresh_from_db()
    assert vendor.sales_stopped_at is not None
    assert not is_on_sale(offer)
    assert list(offers_on_sale()) == [other]
    assert buy_box(offer.product) is None
    assert vendor not in Partner.objects.selling()
    # The status is the marketplace's; its portal still works, so that orders under way are sent.
    assert vendor.is_selling
    assert (
        sign_in().get(reverse("catalogue:detail", args=[offer.product.slug, offer.product.pk])).status_code
        == 200
    )
    assert OutboxMessage.objects.filter(topic="search.products").exists()
    browser = sign_in(cast.alice)
    html = browser.get(url("money", vendor)).content.decode()
    assert "You owe points" in html
    assert "Your offers are not sold for now" in html
    assert reserve_of(vendor=vendor).is_for_debt
    assert reserve_of(vendor=vendor).days == USUAL_DAYS
    taker, counter = a_staff_member("admin"), a_staff_member("admin")
    desk = sign_in(taker)
    assert "3,000" in desk.get(staff_url("vendor-debts")).content.decode()
    data = {"amount_points": "3,001", "reference": "R-1", "idempotency_key": "a"}
    assert desk.post(staff_url("vendor-debt-pay", vendor.pk), data).status_code == 422
    assert (
        desk.post(staff_url("vendor-debt-pay", vendor.pk), data | {"amount_points": "3000"}).status_code
        == 302
    )
    payment = VendorPayment.objects.get()
    desk.post(staff_url("vendor-payment-confirm", payment.pk))
    payment.refresh_from_db()
    assert payment.state == "waiting"
    assert sign_in(counter).post(staff_url("vendor-payment-confirm", payment.pk)).status_code == 302
    vendor.refresh_from_db()
    assert vendor.sales_stopped_at is None
    assert set(offers_on_sale()) == {offer, other}
    assert "You owe points" not in browser.get(url("money", vendor)).content.decode()
    assert not reserve_of(vendor=vendor).is_for_debt
    drain_outbox()
    kinds = Notification.objects.filter(user=cast.alice).order_by("pk").values_list("kind", "facts__level")
    assert [kind for kind in kinds if kind[0].startswith("vendor.")] == [
        ("vendor.debt", "stopped"), ("vendor.debt", "clear"), ("vendor.paid_in", None),
    ]  # fmt: skip


def test_staff_give_time_and_refuse_or_withdraw_money(sign_in):
    cast = a_cast()
    owe(3_000, vendor=cast.vendor.pk)
    taker = a_staff_member("admin")
    desk, other = sign_in(taker), sign_in(a_staff_member("admin"))
    assert (
        desk.post(staff_url("vendor-debt-time", cast.vendor.pk), {"days": "91", "reason": "x"}).status_code
        == 422
    )
    assert (
        desk.post(
            staff_url("vendor-debt-time", cast.vendor.pk), {"days": "30", "reason": "Feast"}
        ).status_code
        == 302
    )
    cast.vendor.refresh_from_db()
    assert cast.vendor.sales_stopped_at is None
    assert "Feast" in desk.get(staff_url("vendor-debt", cast.vendor.pk)).content.decode()
    assert "given time" in sign_in(cast.alice).get(url("money", cast.vendor)).content.decode()
    for key, end in (("a", "withdraw"), ("b", "refuse")):
        data = {"amount_points": "100", "reference": "R", "idempotency_key": key}
        desk.post(staff_url("vendor-debt-pay", cast.vendor.pk), data)
        payment = VendorPayment.objects.order_by("-pk").first()
        if end == "withdraw":
            assert other.post(staff_url("vendor-payment-withdraw", payment.pk)).status_code == 404
            for _ in range(2):
                assert desk.post(staff_url("vendor-payment-withdraw", payment.pk)).status_code == 302
        else:
            assert (
                other.post(staff_url("vendor-payment-refuse", payment.pk), {"reason": ""}).status_code == 422
            )
            assert (
                other.post(staff_url("vendor-payment-refuse", payment.pk), {"reason": "Short"}).status_code
                == 302
            )
    assert list(VendorPayment.objects.order_by("pk").values_list("state", flat=True)) == [
        "withdrawn",
        "refused",
    ]
    assert desk.get(staff_url("vendor-debt", 10**9)).status_code == 404
    # There is nothing to give time for any more.
    sell(3_000, vendor=cast.vendor.pk, basis_points=0)
    assert (
        desk.post(staff_url("vendor-debt-time", cast.vendor.pk), {"days": "3", "reason": "x"}).status_code
        == 422
    )
    assert VendorDebt.objects.get(pk=cast.vendor.pk).level == "clear"


# Documents and words -------------------------------------------------------------------------

PAYOUT_WORDS = {"en": "Receipt of a payout", "ar": "", "ckb": ""}


@pytest.mark.parametrize("language", ["en", "ar", "ckb"])
def test_the_documents_are_set_in_every_language(language):
    cast = a_cast()
    statement = a_statement(cast.vendor)
    sell(2_000_000, vendor=cast.vendor.pk)
    paid = pay(1_250_000, vendor=cast.vendor.pk)
    receipt = text_of(receipt_pdf(paid, vendor_name=cast.vendor.name, language=language))
    assert paid.reference in receipt
    assert "1,250,000" in receipt
    assert "Receipt 7" in receipt
    with translation.override(language):
        summary = text_of(statement_pdf(statement, vendor_name=cast.vendor.name))
    assert "1,000" in summary
    assert "900" in summary
    assert f"S-{statement.pk:06d}" in summary
    assert PAYOUT_WORDS[language] in receipt


def test_a_receipt_of_a_payout_that_came_back_says_so():
    cast = a_cast()
    sell(2_000, vendor=cast.vendor.pk)
    ordered = order(500, vendor=cast.vendor.pk)
    with translation.override("en"):
        assert "Paid on" not in text_of(receipt_pdf(ordered, vendor_name="Tigris", language="en"))
    paid = pay(600, vendor=cast.vendor.pk)
    from points_payment.services.payout_orders import record_payout_returned

    back = record_payout_returned(payout=paid, actor=make_person(), reason="x")
    assert "Came back" in text_of(receipt_pdf(back, vendor_name="Tigris", language="en"))


def test_the_vendors_language_is_its_owners():
    cast = a_cast()
    cast.alice.language = "ckb"
    cast.alice.save()
    assert language_of_vendor(cast.vendor.pk) == "ckb"
    assert language_of_vendor(10**9) == "ar"


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        *(("payout.changed", {"reference": "P-1", "state": state, "amount_points": 5, "reason": "x"})
          for state in ("ordered", "paid", "rejected", "returned")),
        *(("payout.destination", {"vendor": "T", "state": state, "method": "cash", "number": "", "note": "x"})
          for state in ("waiting", "confirmed", "refused", "retired")),
        *(("vendor.debt", {"vendor": "T", "level": level, "before": before, "owed_points": 5})
          for level, before in (("clear", "owes"), ("owes", "clear"), ("held", "owes"), ("stopped", "held"),
                                ("held", "stopped"))),
        ("vendor.paid_in", {"vendor": "T", "amount_points": 5}),
        ("statement.issued", {"vendor": "T", "month": "2026-07-01", "closing_points": 5}),
        ("statement.changed", {"month": "2026-07-01", "is_resolved": True}),
        ("statement.changed", {"month": "2026-07-01", "is_resolved": False}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(part) for part in value.values()),
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "ar", "ckb"])
def test_every_message_has_words(language, kind, facts):
    with translation.override(language):
        words = words_of(kind, facts)
    assert words.subject
    assert "%(" not in words.text


def test_a_vendor_without_owner_is_told_by_phone_and_one_of_nobody_not_at_all(drain_outbox):
    from tests.factories.catalogue import VendorFactory

    vendor = VendorFactory(phone="+9647701234567")
    silent = VendorFactory(phone="")
    for one in (vendor.pk, silent.pk, 10**9):
        sell(1_000, vendor=one)
        order_payout(payout=ask(100, vendor=one), actor=make_person())
    drain_outbox()
    told = Notification.objects.filter(kind="payout.changed")
    assert [notification.phone for notification in told] == ["+9647701234567"]
    assert AccountKind.PAYOUTS


def test_days_on_which_points_are_free(sign_in):
    from forked_apps.order.services.delivery import mark_delivered
    from forked_apps.order.services.fulfilment import ship_lines
    from tests.factories.orders import make_order

    cast = a_cast()
    for _ in range(2):
        part = make_order(None, [make_offer(vendor=cast.vendor, price=10_000)]).vendor_orders.get()
        ship_lines(vendor=cast.vendor, actor=cast.alice, vendor_order=part, tracking_code="T")
        mark_delivered(vendor=cast.vendor, actor=cast.alice, vendor_order=part)
    (day,) = free_days(vendor=cast.vendor)
    assert (day.orders, day.points) == (2, 30_000)
    assert "30,000" in sign_in(cast.alice).get(url("money", cast.vendor)).content.decode()
    # Delivery charges are told apart by the references that orders make.
    assert vendor_figures.shipping_pattern() == "%-S"
