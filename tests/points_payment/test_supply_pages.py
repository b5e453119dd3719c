"""The pages of who sends cards to shops, as a browser without JavaScript sees them."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.users.permissions import PlatformPermission
from points_payment.codes import serial_of
from points_payment.errors import HolderExists, HolderInactive
from points_payment.kinds import BatchState, CardState, ConsignmentState
from points_payment.models import Card, Consignment, Distributor, HolderChange, Shop
from points_payment.proof import prove
from points_payment.services.batches import approve_batch, freeze_batch, issue_codes_once
from points_payment.services.card_support import freeze_card
from points_payment.services.holders import add_holder, change_holder
from points_payment.services.ranges import freeze_range, owed_by, record_shop_payment, return_range
from points_payment.services.redemption import redeem_card
from points_payment.supply_selectors import (
    Range,
    free_in_batch,
    free_in_consignment,
    preview_step,
)
from tests.factories.points import from_device, make_active_batch, make_batch, make_person, new_key
from tests.factories.supply import activate, make_distributor, make_received_batch, make_shop, send
from tests.points_payment.test_pages import sign_in, staff, text

pytestmark = pytest.mark.django_db
DESK = (PlatformPermission.CARDS_VIEW, PlatformPermission.CARDS_DISTRIBUTE)


@pytest.fixture(autouse=True)
def desk(client):
    client.cookies["django_language"] = "en"
    return sign_in(client, staff(*DESK))


def url(name, *args):
    return reverse(f"points_staff:{name}", args=args)


def redeem(code):
    redeem_card(customer=make_person(), code=code, idempotency_key=new_key(), attempt=from_device())


def serial(batch, place):
    return serial_of(batch.first_number + place)


def arabic(digits):
    return digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


# Receiving and sending ------------------------------------------------------------------------


def test_batch_is_received_on_its_page(client):
    batch = make_batch()
    approve_batch(batch=batch, actor=make_person())
    issue_codes_once(batch=batch, actor=batch.drafted_by)
    assert "Receive from the printer" in text(client.get(url("batch", batch.pk)))
    assert "Send cards" not in text(client.get(url("batch", batch.pk)))
    assert client.post(url("receive", batch.pk)).status_code == 302
    batch.refresh_from_db()
    assert batch.state == BatchState.RECEIVED
    assert "Send cards" in text(client.get(url("batch", batch.pk)))


def test_range_is_sent_by_serials_in_any_spelling(client, desk):
    batch, _codes = make_received_batch(cards=10)
    shop = make_shop()
    first = arabic(serial(batch, 2))
    answer = client.post(
        url("send", batch.pk),
        {"holder": f"shop-{shop.pk}", "first_serial": f"{first[:4]} {first[4:8]}-{first[8:]}",
         "last_serial": serial(batch, 5), "reason": "By car"},
    )  # fmt: skip
    sent = Consignment.objects.get()
    assert answer["Location"] == url("consignment", sent.pk)
    assert (sent.shop, sent.cards, sent.first_number) == (shop, 4, batch.first_number + 2)
    assert (sent.events.get().actor, sent.events.get().reason) == (desk, "By car")
    assert "Where its cards were sent" in text(client.get(url("batch", batch.pk)))
    listed = text(client.get(f"{url('consignments')}?batch={batch.pk}&state=sent"))
    assert f"Consignment {sent.pk}" in listed


def test_range_is_sent_by_first_serial_and_number_of_cards(client):
    batch, _codes = make_received_batch(cards=10)
    distributor = make_distributor()
    data = {"holder": f"distributor-{distributor.pk}", "first_serial": serial(batch, 0), "cards": "٧"}
    client.post(url("send", batch.pk), data)
    assert Consignment.objects.get().cards == 7
    assert Consignment.objects.get().distributor == distributor


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"first_serial": ""}, "This field is required"),
        ({"first_serial": "12345678901"}, "This serial is mistyped"),
        ({"last_serial": "", "cards": ""}, "Type the last serial, or the number of cards"),
        ({"cards": "3"}, "The last serial and the number of cards"),
        ({"first_serial": 4}, "The last serial comes before the first"),
        ({"last_serial": 99}, "The cards here are those from"),
        ({"first_serial": 0, "last_serial": 1}, "were sent already, with consignment"),
        ({"holder": "shop-0"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_sent_is_said_beside_the_field(client, given, words):
    batch, _codes = make_received_batch(cards=10)
    send(batch, 0, 0, shop=make_shop("Other"))
    data = {
        "holder": f"shop-{make_shop().pk}", "first_serial": 2, "last_serial": 3, "cards": "",
        "reason": "kept", **given,
    }  # fmt: skip
    data = {key: serial(batch, value) if isinstance(value, int) else value for key, value in data.items()}
    answer = client.post(url("send", batch.pk), data)
    assert answer.status_code == 422
    assert words in text(answer)
    assert "kept" in text(answer)
    assert Consignment.objects.count() == 1


def test_shop_that_gets_no_new_cards_is_not_offered_and_a_late_form_is_refused(client, monkeypatch):
    batch, _codes = make_received_batch(cards=4)
    shop = make_shop("Closed shop")
    form = client.get(url("send", batch.pk)).context["form"]
    assert f"shop-{shop.pk}" in form.holders
    change_holder(holder=shop, values={"is_active": False}, actor=make_person(), reason="Closed")
    assert "Closed shop" not in text(client.get(url("send", batch.pk)))
    change_holder(holder=shop, values={"is_active": True}, actor=make_person(), reason="Open")

    def closed_meanwhile(**_):
        raise HolderInactive

    monkeypatch.setattr("points_payment.staff.consignments.consign_range", closed_meanwhile)
    data = {"holder": f"shop-{shop.pk}", "first_serial": serial(batch, 0), "cards": "1"}
    answer = client.post(url("send", batch.pk), data)
    assert answer.status_code == 422
    assert "No new cards are sent there" in text(answer)
    assert not Consignment.objects.exists()


def test_batch_that_has_not_arrived_offers_no_form(client):
    batch = make_batch()
    page = text(client.get(url("send", batch.pk)))
    assert "has not arrived" in page
    assert "first_serial" not in page


def test_what_is_free_is_shown():
    batch, codes = make_received_batch(cards=20)
    start = batch.first_number
    assert free_in_batch(batch) == [Range(start, start + 19)]
    one = activate(send(batch, 5, 9, shop=make_shop()))
    redeem(codes[7])
    assert free_in_batch(batch) == [Range(start, start + 4), Range(start + 10, start + 19)]
    return_range(consignment=one, actor=make_person(), reason="Closed")
    assert free_in_batch(batch) == [Range(start, start + 6), Range(start + 8, start + 19)]
    send(batch, 0, 6, shop=make_shop())
    send(batch, 8, 19, shop=make_shop())
    assert free_in_batch(batch) == []
    sent, _codes = make_received_batch(cards=2)
    send(sent, 0, 1, shop=make_shop())
    assert free_in_batch(sent) == []
    whole, _codes = make_active_batch()
    assert free_in_batch(whole) == free_in_batch(make_batch()) == []


def test_distributor_sends_parts_on_to_shops(client):
    batch, _codes = make_received_batch(cards=10)
    distributor = make_distributor()
    whole = send(batch, 0, 7, distributor=distributor)
    own, other = make_shop("Own shop", distributor=distributor), make_shop("Another shop")
    page = client.get(url("send-on", whole.pk))
    assert list(page.context["form"].holders.values()) == [own, other]
    data = {"holder": f"shop-{own.pk}", "first_serial": serial(batch, 0), "cards": "3"}
    assert client.post(url("send-on", whole.pk), data).status_code == 302
    part = Consignment.objects.get(parent=whole)
    assert (part.shop, part.cards) == (own, 3)
    assert free_in_consignment(whole) == [Range(batch.first_number + 3, batch.first_number + 7)]
    page = text(client.get(url("consignment", whole.pk)))
    assert f"Consignment {part.pk}" in page
    assert "Send on to a shop" in page
    assert client.post(url("send-on", whole.pk), {**data, "cards": "99"}).status_code == 422
    assert client.get(url("send-on", part.pk)).status_code == 404


def test_frozen_consignment_is_not_sent_on(client):
    batch, _codes = make_received_batch(cards=4)
    whole = send(batch, 0, 3, distributor=make_distributor())
    freeze_range(consignment=whole, actor=make_person(), reason="Lost")
    assert "nothing of it can be sent on" in text(client.get(url("send-on", whole.pk)))


# Steps ----------------------------------------------------------------------------------------


def do(client, one, step, **data):
    return client.post(url("consignment-do", one.pk, step), {"reason": "Because", **data})


def test_each_step_of_a_consignment(client):
    batch, codes = make_received_batch(cards=4, value=1_000)
    shop = make_shop()
    one = send(batch, 0, 3, shop=shop)
    for step, state, owed in [
        ("activate", ConsignmentState.ACTIVE, 4_000), ("freeze", ConsignmentState.FROZEN, 4_000),
        ("unfreeze", ConsignmentState.ACTIVE, 4_000), ("return", ConsignmentState.RETURNED, 0),
    ]:  # fmt: skip
        assert client.get(url("consignment-step", one.pk, step)).status_code == 200
        check = client.post(url("consignment-check", one.pk, step), {"reason": "Because"})
        assert check.context["preview"].cards == 4
        assert "4,000" in text(check)
        answer = do(client, one, step)
        assert answer["Location"] == url("consignment", one.pk)
        one.refresh_from_db()
        assert (one.state, owed_by(shop.pk)) == (state, owed)
        assert one.events.last().reason == "Because"
    again = send(batch, 0, 3, shop=shop)
    do(client, again, "void")
    assert set(Card.objects.values_list("state", flat=True)) == {CardState.VOID}
    assert len(codes) == 4


def test_step_with_a_part_says_how_many_and_makes_a_consignment_of_it(client):
    batch, _codes = make_received_batch(cards=10, value=1_000)
    one = activate(send(batch, 0, 9, shop=make_shop()))
    part = {"first_serial": serial(batch, 3), "cards": "2", "reason": "Stolen"}
    check = client.post(url("consignment-check", one.pk, "freeze"), part)
    assert (check.context["preview"].cards, check.context["preview"].value_points) == (2, 2_000)
    hidden = check.context["form"]
    data = {name: hidden[name].value() or "" for name in hidden.fields}
    answer = client.post(url("consignment-do", one.pk, "freeze"), data)
    piece = Consignment.objects.get(state=ConsignmentState.FROZEN)
    assert answer["Location"] == url("consignment", piece.pk)
    assert (piece.split_from, piece.cards) == (one, 2)
    page = text(client.get(url("consignment", one.pk)))
    assert "It was split into" in page
    assert f"Consignment {piece.pk}" in page
    assert "Piece of" in text(client.get(url("consignment", piece.pk)))


@pytest.mark.parametrize("page", ["consignment-check", "consignment-do"])
def test_step_without_a_reason_changes_nothing(client, page):
    batch, _codes = make_received_batch(cards=4)
    one = send(batch, 0, 3, shop=make_shop())
    data = {"first_serial": serial(batch, 1), "cards": "1"}
    answer = client.post(url(page, one.pk, "activate"), data)
    assert answer.status_code == 422
    assert serial(batch, 1) in text(answer)
    one.refresh_from_db()
    assert one.state == ConsignmentState.SENT


def test_part_outside_of_the_consignment_is_refused(client):
    batch, _codes = make_received_batch(cards=10)
    one = send(batch, 0, 3, shop=make_shop())
    data = {"first_serial": serial(batch, 3), "cards": "2", "reason": "x"}
    answer = client.post(url("consignment-check", one.pk, "activate"), data)
    assert answer.status_code == 422
    assert "The cards here are those from" in text(answer)
    answer = client.post(url("consignment-do", one.pk, "activate"), data, follow=True)
    assert "The cards here are those from" in text(answer)
    only_last = {"last_serial": serial(batch, 3), "reason": "x"}
    answer = client.post(url("consignment-check", one.pk, "activate"), only_last)
    assert "Type the first serial too" in text(answer)


def test_step_that_is_not_possible_any_more_says_so(client):
    batch, _codes = make_received_batch(cards=4)
    one = send(batch, 0, 3, shop=make_shop())
    do(client, one, "void")
    answer = do(client, one, "activate")
    assert answer.status_code == 302
    assert "has changed meanwhile" in text(client.get(answer["Location"]))
    assert client.get(url("consignment-step", one.pk, "burn")).status_code == 404


def test_who_drafted_the_batch_sees_why_there_is_no_button(client):
    drafter = staff(*DESK)
    batch, _codes = make_received_batch(cards=4)
    one = send(batch, 0, 3, shop=make_shop())
    page = client.get(url("consignment", one.pk))
    assert [step.name for step in page.context["steps"]] == ["activate", "freeze", "return", "void"]
    mine = make_batch(cards=4, drafter=drafter)
    approve_batch(batch=mine, actor=make_person())
    issue_codes_once(batch=mine, actor=drafter)
    client.post(url("receive", mine.pk))
    mine.refresh_from_db()
    own = send(mine, 0, 3, shop=make_shop())
    sign_in(client, drafter)
    page = client.get(url("consignment", own.pk))
    assert [step.name for step in page.context["steps"]] == ["freeze", "return", "void"]
    assert "You drafted this batch: this step is someone else&#x27;s." in text(page)
    for name in ("consignment-check", "consignment-do"):
        assert client.post(url(name, own.pk, "activate"), {"reason": "x"}).status_code == 403
    own.refresh_from_db()
    assert own.state == ConsignmentState.SENT


def test_page_says_what_stands_in_the_way(client):
    batch, _codes = make_received_batch(cards=10)
    whole = send(batch, 0, 5, distributor=make_distributor())
    part = activate(send(batch, 0, 1, shop=make_shop(), parent=whole))
    other = send(batch, 2, 3, shop=make_shop(), parent=whole)
    page = client.get(url("consignment", whole.pk))
    assert [step.name for step in page.context["steps"]] == ["freeze", "void"]
    assert "Shops still hold parts of it" in text(page)
    freeze_range(consignment=whole, actor=make_person(), reason="Stolen")
    page = client.get(url("consignment", part.pk))
    assert [step.name for step in page.context["steps"]] == ["freeze", "void"]
    assert len(page.context["reasons"]) == 1
    page = client.get(url("consignment", other.pk))
    assert len(page.context["reasons"]) == 2
    lone = send(batch, 8, 9, shop=make_shop())
    freeze_batch(batch=batch, actor=make_person())
    assert "The batch is not active, or is frozen." in text(client.get(url("consignment", lone.pk)))


def test_who_only_looks_sees_no_button(client):
    batch, _codes = make_received_batch(cards=4)
    one = send(batch, 0, 3, shop=make_shop())
    sign_in(client, staff(PlatformPermission.CARDS_VIEW))
    page = client.get(url("consignment", one.pk))
    assert (page.context["steps"], page.context["reasons"]) == ([], [])
    assert "New shop" not in text(client.get(url("shops")))
    assert "Write down a payment" not in text(client.get(url("shop", one.shop_id)))


def test_preview_leaves_out_what_stays_frozen():
    batch, _codes = make_received_batch(cards=4, value=1_000)
    one = activate(send(batch, 0, 3, shop=make_shop()))
    freeze_card(card=batch.cards.earliest("number"), actor=make_person(), reason="Lost")
    freeze_range(consignment=one, actor=make_person(), reason="Stolen")
    preview = preview_step(step="unfreeze", consignment=one)
    assert (preview.cards, preview.value_points, preview.owed_points) == (3, 3_000, 0)
    assert preview_step(step="void", consignment=one).owed_points == -4_000


def test_consignments_are_found_by_a_card_in_them(client):
    batch, _codes = make_received_batch(cards=10)
    first, second = send(batch, 0, 4, shop=make_shop()), send(batch, 5, 9, shop=make_shop())
    page = client.get(f"{url('consignments')}?serial={serial(batch, 6)}")
    assert list(page.context["page_obj"]) == [second]
    assert client.get(f"{url('consignments')}?serial=123").status_code == 422
    assert len(client.get(url("consignments")).context["page_obj"]) == 2
    assert "No such consignment" in text(client.get(f"{url('consignments')}?state=void"))
    assert first.pk != second.pk


def test_lists_take_as_many_queries_for_many_rows(client):
    def queries(name):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(name)).status_code == 200
        return len(captured)

    def one_more():
        batch, _codes = make_received_batch(cards=2)
        distributor = make_distributor()
        whole = send(batch, 0, 1, distributor=distributor)
        activate(send(batch, 0, 1, shop=make_shop(distributor=distributor), parent=whole))

    one_more()
    names = ("consignments", "shops", "distributors", "card-reports")
    # The first page of all fills what the frame keeps in the process.
    client.get(url("consignments"))
    few = [queries(name) for name in names]
    for _ in range(5):
        one_more()
    assert [queries(name) for name in names] == few


# Distributors and shops -----------------------------------------------------------------------

SHOP = {"name": "مكتبة دجلة", "governorate": "BG", "phone": "٠٧٧٠ ١٢٣ ٤٥٦٧", "address": "الكرادة", "note": ""}


def test_shop_is_made_changed_and_rested(client, desk):
    distributor = make_distributor()
    answer = client.post(url("shop-new"), {**SHOP, "distributor": distributor.pk})
    shop = Shop.objects.get()
    assert answer["Location"] == url("shop", shop.pk)
    assert (shop.phone, shop.distributor) == ("+9647701234567", distributor)
    page = text(client.get(url("shop-edit", shop.pk)))
    assert "0770 123 4567" in page
    changed = {**SHOP, "phone": "0770 123 4568", "distributor": "", "reason": "Moved"}
    assert client.post(url("shop-edit", shop.pk), changed).status_code == 302
    assert client.post(url("shop-switch", shop.pk), {"reason": "Closed"}).status_code == 302
    shop.refresh_from_db()
    assert (shop.phone, shop.distributor, shop.is_active) == ("+9647701234568", None, False)
    changes = list(HolderChange.objects.values_list("values", "actor", "reason"))
    assert changes[1:] == [
        ({"phone": "+9647701234568", "distributor": None}, desk.pk, "Moved"),
        ({"is_active": False}, desk.pk, "Closed"),
    ]
    page = text(client.get(url("shop", shop.pk)))
    # The frame has a "shop" of its own, which no page may take the name of.
    assert "css/nuqta.css" in page
    assert "no new cards" in page
    assert "Moved" in page
    assert "Send new cards there again?" in text(client.get(url("shop-switch", shop.pk)))


def test_distributor_is_made_changed_and_rested(client):
    data = {"name": "Tigris", "governorate": "BA", "phone": "", "note": ""}
    assert client.post(url("distributor-new"), data).status_code == 302
    one = Distributor.objects.get()
    client.post(url("distributor-edit", one.pk), {**data, "note": "North", "reason": "Asked"})
    client.post(url("distributor-switch", one.pk), {"reason": "Rests"})
    one.refresh_from_db()
    assert (one.note, one.is_active) == ("North", False)
    make_shop("Corner", distributor=one)
    page = text(client.get(url("distributor", one.pk)))
    assert "Corner" in page
    assert "Rests" in page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"phone": "123"}, "not a mobile number"),
        ({"name": ""}, "required"),
        ({"governorate": ""}, "required"),
    ],
)
def test_mistakes_are_said_beside_the_field(client, given, words):
    answer = client.post(url("shop-new"), {**SHOP, **given})
    assert answer.status_code == 422
    assert words in text(answer)
    assert "الكرادة" in text(answer)
    assert not Shop.objects.exists()
    assert not HolderChange.objects.exists()


def test_same_shop_is_kept_once(client):
    client.post(url("shop-new"), SHOP)
    assert client.post(url("shop-new"), SHOP).status_code == 422
    assert Shop.objects.count() == 1
    with pytest.raises(HolderExists):
        add_holder(
            holder=Distributor(name=make_distributor("Euphrates").name, governorate="BG"), actor=make_person()
        )
    other = make_distributor()
    with pytest.raises(HolderExists):
        change_holder(holder=other, values={"name": "Euphrates"}, actor=make_person(), reason="x")
    assert not HolderChange.objects.filter(distributor__isnull=False).exists()


@pytest.mark.parametrize("page", ["shop", "distributor"])
def test_name_that_someone_took_meanwhile_is_said_beside_the_field(client, monkeypatch, page):
    def taken(**_):
        raise HolderExists

    monkeypatch.setattr("points_payment.staff.holders.add_holder", taken)
    monkeypatch.setattr("points_payment.staff.holders.change_holder", taken)
    one = make_shop() if page == "shop" else make_distributor()
    for address in (url(f"{page}-new"), url(f"{page}-edit", one.pk)):
        answer = client.post(address, {**SHOP, "reason": "x"})
        assert answer.status_code == 422
        assert "This name is taken" in text(answer)


def test_change_without_a_difference_writes_nothing():
    shop = make_shop()
    change_holder(holder=shop, values={"name": shop.name}, actor=make_person(), reason="x")
    assert not HolderChange.objects.exists()


@pytest.mark.usefixtures("tampered_books")
def test_changes_of_holders_are_append_only_and_proved():
    shop = add_holder(holder=Shop(name="Corner", governorate="BG"), actor=make_person())
    for change in (lambda: HolderChange.objects.update(reason="x"), HolderChange.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert prove() == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER points_refuse_change ON points_payment_holderchange")
    HolderChange.objects.filter(shop=shop).update(reason="Someone else's words")
    # The trigger that is gone, and what was done without it.
    assert [finding.check for finding in prove()] == ["guards", "holders"]


def test_shops_are_found_by_name_phone_and_governorate(client):
    client.post(url("shop-new"), SHOP)
    make_shop("Corner")
    for query, names in [
        ("q=corner", ["Corner"]), ("q=0770+123+4567", ["مكتبة دجلة"]), ("q=٤٥٦٧", ["مكتبة دجلة"]),
        ("governorate=BA", []), ("governorate=BG", ["Corner", "مكتبة دجلة"]), ("governorate=XX", None),
    ]:  # fmt: skip
        rows = client.get(f"{url('shops')}?{query}").context["rows"]
        if names is not None:
            assert sorted(shop.name for shop, _owed in rows) == sorted(names), query
    assert client.get(f"{url('distributors')}?q=nobody").status_code == 200


# Payments -------------------------------------------------------------------------------------


def owing_shop(points=10_000):
    batch, _codes = make_received_batch(cards=2, value=points // 2)
    shop = make_shop()
    activate(send(batch, 0, 1, shop=shop))
    return shop


def test_payment_is_checked_and_written_down_once(client, desk):
    shop = owing_shop()
    form = client.get(url("shop-pay", shop.pk)).context["form"]
    data = {
        "amount_points": "٤٬٠٠٠",
        "reference": "R-7",
        "reason": "",
        "idempotency_key": form.initial["idempotency_key"],
    }
    check = client.post(url("shop-pay-check", shop.pk), data)
    assert "6,000" in text(check)
    assert owed_by(shop.pk) == 10_000
    for _ in range(2):
        assert client.post(url("shop-pay-add", shop.pk), data)["Location"] == url("shop", shop.pk)
    assert owed_by(shop.pk) == 6_000
    page = client.get(url("shop", shop.pk))
    assert [(entry.amount_points, entry.transfer.actor) for entry in page.context["payments"]] == [
        (4_000, desk)
    ]
    answer = client.post(url("shop-pay-add", shop.pk), {**data, "reference": "R-8"}, follow=True)
    assert "This page was used already" in text(answer)


def test_shop_cannot_pay_more_than_it_owes(client):
    shop = owing_shop()
    data = {"amount_points": "10001", "reference": "R-7", "reason": "", "idempotency_key": "k"}
    for page in ("shop-pay-check", "shop-pay-add"):
        answer = client.post(url(page, shop.pk), data)
        assert answer.status_code == 422
        assert "it cannot pay more" in text(answer)
        assert "R-7" in text(answer)
    assert client.post(url("shop-pay-add", shop.pk), {**data, "amount_points": "0"}).status_code == 422
    assert owed_by(shop.pk) == 10_000


# Reports --------------------------------------------------------------------------------------


def test_reports_show_what_became_of_the_cards(client):
    distributor = make_distributor("Tigris distributor")
    batch, codes = make_received_batch(cards=10, value=1_000)
    whole = send(batch, 0, 7, distributor=distributor)
    shop = make_shop("=Corner", distributor=distributor)
    activate(send(batch, 0, 3, shop=shop, parent=whole))
    redeem(codes[0])
    record_shop_payment(
        shop=shop, amount_points=500, reference="R", actor=make_person(), idempotency_key=new_key()
    )
    for kind, words in [
        ("shops", "=Corner"),
        ("distributors", "Tigris distributor"),
        ("batches", f"Batch {batch.pk}"),
    ]:
        page = client.get(url("report", kind))
        assert words in text(page)
        assert page.context["rows"][0].redeemed == 1
    answer = client.get(f"{url('report-csv', 'shops')}?governorate=BG")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(lines))
    assert (row["name"], row["sent"], row["redeemed"], row["owed_points"]) == ("'=Corner", "4", "1", "3500")
    answer = client.get(url("report-csv", "batches"))
    assert f"Batch {batch.pk}" in b"".join(answer.streaming_content).decode()
    assert client.get(url("report", "nothing")).status_code == 404


def test_report_with_a_filter_that_cannot_be_read_says_so(client):
    assert client.get(f"{url('report', 'shops')}?first_day=soon").status_code == 422
    assert "Nothing to report" in text(client.get(f"{url('report', 'shops')}?governorate=NA"))
    later = client.get(f"{url('report', 'batches')}?first_day=2050-01-01&last_day=2050-01-02")
    assert later.context["rows"] == []
