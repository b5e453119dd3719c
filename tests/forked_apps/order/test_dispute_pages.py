"""Disputes in the browser's way, from all three sides; each sees what is theirs."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from forked_apps.order.dispute_models import Dispute, DisputeState, RemedyKind
from forked_apps.order.models import VendorOrder
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.partner.models import Partner
from forked_apps.partner.permissions import VendorPermission as P
from marketplace.notifications.models import Notification
from marketplace.users.models import User
from tests.factories.disputes import (
    decide,
    delivered,
    dispute,
    escalate,
    make_disputable_order,
    ready_to_decide,
    refuse,
)
from tests.factories.vendors import a_cast, a_person, a_staff_member
from tests.forked_apps.order.test_return_pages import picture, private_files  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
D, K = DisputeState, RemedyKind
VENDORS_PHONE = "+9647701112233"


@pytest.fixture
def cast():
    return a_cast(bob_may=[P.ORDERS_VIEW])


@pytest.fixture
def part(cast) -> VendorOrder:
    Partner.objects.filter(pk=cast.vendor.pk).update(phone=VENDORS_PHONE)
    return delivered(make_disputable_order(vendor=cast.vendor))


def mine(part: VendorOrder, step: str = "", *more: object) -> str:
    """The buyer's page of the newest dispute, or of a step of it."""
    name = f"orders:problem-{step}" if step else "orders:problem"
    return reverse(name, args=[part.order.number, Dispute.objects.first().number, *more])


def theirs(part: VendorOrder, step: str, *more: object) -> str:
    number = Dispute.objects.first().number
    return reverse(f"portal:disputes-{step}", args=[part.vendor.code, number, *more])


def desk(step: str = "dispute", *more: object) -> str:
    return reverse(f"dispute_staff:{step}", args=[Dispute.objects.first().number, *more])


def new(part: VendorOrder) -> str:
    return reverse("orders:problem-new", args=[part.order.number, part.number])


def report(client, part: VendorOrder, **changes: object):
    client.force_login(part.order.user)
    data = {
        f"line_{part.lines.first().pk}": "٢",
        "reason": "damaged",
        "description": "A corner is broken.",
        **changes,
    }
    return client.post(new(part), data)


def balance(part: VendorOrder) -> int:
    return User.objects.get(pk=part.order.user_id).point_balance


def html(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


# The whole way ----------------------------------------------------------------------------
def test_a_dispute_from_all_three_sides(client, cast, part, drain_outbox) -> None:
    client.force_login(part.order.user)
    assert new(part) in html(client, f"/account/orders/{part.order.number}/")
    html(client, new(part))
    assert report(client, part, photos=[picture(), picture("JPEG")]).status_code == 302
    one, before = Dispute.objects.get(), balance(part)
    assert one.dispute_lines.get().quantity == 2
    photo = one.photos.first()
    page = html(client, mine(part))
    assert mine(part, "photo", photo.pk) in page
    assert mine(part, "escalate") not in page
    answer = client.get(mine(part, "photo", photo.pk))
    assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
    assert "no-store" in answer["Cache-Control"]
    assert one.number in html(client, f"/account/orders/{part.order.number}/")
    assert new(part) not in html(client, f"/account/orders/{part.order.number}/")
    assert one.number in html(client, reverse("orders:problems"))

    client.force_login(cast.alice)
    assert one.number in html(client, reverse("portal:disputes", args=[cast.vendor.code]))
    assert theirs(part, "photo", photo.pk) in html(client, theirs(part, "detail"))
    assert client.get(theirs(part, "photo", photo.pk)).status_code == 200
    assert client.post(theirs(part, "refuse"), {"reason": ""}).status_code == 422
    client.post(theirs(part, "message"), {"text": "Which corner?"})
    client.post(theirs(part, "refuse"), {"reason": "It was whole when it left"})

    client.force_login(part.order.user)
    page = html(client, mine(part))
    assert "It was whole when it left" in page
    assert "Which corner?" in page
    assert client.post(mine(part, "escalate"), {"text": "", "photos": [picture()]}).status_code == 422
    client.post(mine(part, "escalate"), {"text": "The film of unpacking"})

    client.force_login(cast.alice)
    client.post(theirs(part, "message"), {"text": "Our packing slip", "photos": [picture()]})

    staff = a_staff_member("admin")
    client.force_login(staff)
    assert one.number in html(client, reverse("dispute_staff:disputes"))
    page = html(client, desk())
    for words in ("The film of unpacking", "Our packing slip", "It was whole when it left", "A corner is"):
        assert words in page, words
    line = f"points_{part.lines.first().pk}"
    for data in (
        {"kind": K.PARTIAL, "reason": "It is scratched"},
        {"kind": K.PARTIAL, "reason": "It is scratched", line: "3001"},
        {"kind": K.PARTIAL, line: "300", "reason": ""},
        {"kind": K.REPLACEMENT, "reason": "Not ours to promise"},
    ):
        assert client.post(desk("decide"), data).status_code == 422, data
    one.refresh_from_db()
    assert one.state == D.DECIDING
    data = {"kind": K.PARTIAL, line: "٣٠٠", "shipping_points": "10", "reason": "It is scratched"}
    assert client.post(desk("decide"), data).status_code == 302
    # Who decided finds nothing more to decide.
    assert client.post(desk("decide"), data).status_code == 302
    assert one.remedies.count() == 1

    for person, address in ((part.order.user, mine(part)), (cast.alice, theirs(part, "detail"))):
        client.force_login(person)
        assert "It is scratched" in html(client, address)
    assert balance(part) == before
    advance_disputes(now=timezone.now() + timedelta(days=6))
    assert balance(part) == before + 310
    drain_outbox()
    told = Notification.objects.filter(kind="dispute.step")
    by_step = {(row.facts["step"], bool(row.phone)) for row in told}
    assert by_step == {
        ("opened", True),
        ("refused", False),
        ("escalated", False), ("escalated", True),
        ("ready", False), ("ready", True),
        ("decided", False), ("decided", True),
        ("carried_out", False), ("carried_out", True),
    }  # fmt: skip
    assert Notification.objects.filter(kind="dispute.message").count() == 2


def test_an_offer_is_confirmed_before_points_move(client, cast, part) -> None:
    one, before = dispute(part), balance(part)
    line = f"points_{part.lines.first().pk}"
    client.force_login(cast.alice)
    for data in (
        {"kind": K.PARTIAL, "reason": "Sorry"},
        {"kind": K.NOTHING, "reason": "No"},
        {"reason": "No"},
    ):
        assert client.post(theirs(part, "offer"), data).status_code == 422
    assert client.post(theirs(part, "offer"), {"kind": K.PARTIAL, line: "500", "reason": "Sorry"})
    client.force_login(part.order.user)
    assert mine(part, "accept") in html(client, mine(part))
    page = html(client, mine(part, "accept"))
    offer = one.remedies.get()
    assert f'value="{offer.pk}"' in page
    assert "500" in page
    assert client.post(mine(part, "accept"), {"offer": "x"}).status_code == 302
    assert client.post(mine(part, "accept"), {"offer": offer.pk + 1}).status_code == 302
    assert balance(part) == before
    client.post(mine(part, "accept"), {"offer": offer.pk})
    assert balance(part) == before + 500
    client.post(mine(part, "accept"), {"offer": offer.pk})
    assert balance(part) == before + 500
    assert client.get(mine(part, "accept")).status_code == 302


def test_a_replacement_and_a_withdrawal_are_confirmed(client, cast, part) -> None:
    dispute(part)
    client.force_login(cast.alice)
    client.post(theirs(part, "offer"), {"kind": K.REPLACEMENT, "reason": "A new one"})
    client.force_login(part.order.user)
    client.post(mine(part, "accept"), {"offer": Dispute.objects.get().remedies.get().pk})
    assert mine(part, "arrived") in html(client, mine(part))
    html(client, mine(part, "arrived"))
    client.post(mine(part, "arrived"))
    assert Dispute.objects.first().state == D.AGREED
    dispute(part)
    html(client, mine(part, "withdraw"))
    client.post(mine(part, "withdraw"))
    assert Dispute.objects.first().state == D.WITHDRAWN
    # What is over stays over, and words say so.
    assert client.post(mine(part, "withdraw")).status_code == 302
    assert client.post(mine(part, "message"), {"text": "Hello?"}).status_code == 302
    assert Dispute.objects.first().messages.count() == 0


def test_an_appeal_needs_words_and_another_person(client, cast, part) -> None:
    first = a_staff_member("admin")
    one = decide(ready_to_decide(part), by=first)
    client.force_login(cast.alice)
    assert client.post(theirs(part, "appeal"), {"text": ""}).status_code == 422
    client.post(theirs(part, "appeal"), {"text": "The film of packing", "photos": [picture()]})
    client.force_login(first)
    assert client.post(desk("decide"), {"kind": K.REFUND, "reason": "Again"}).status_code == 422
    one.refresh_from_db()
    assert one.state == D.APPEALED
    client.force_login(a_staff_member("admin"))
    assert "The film of packing" in html(client, desk())
    client.post(desk("decide"), {"kind": K.NOTHING, "reason": "It left whole"})
    one.refresh_from_db()
    assert one.state == D.FOR_VENDOR


def test_the_buyer_appeals_too(client, part) -> None:
    decide(ready_to_decide(part), K.NOTHING)
    client.force_login(part.order.user)
    assert mine(part, "appeal") in html(client, mine(part))
    assert client.post(mine(part, "appeal"), {"text": "٣"}).status_code == 422
    client.post(mine(part, "appeal"), {"text": "Another photo", "photos": [picture()]})
    assert Dispute.objects.get().appealed_by == "buyer"
    assert mine(part, "appeal") not in html(client, mine(part))


def test_staff_ask_for_more(client, part) -> None:
    ready_to_decide(part)
    client.force_login(a_staff_member("admin"))
    assert client.post(desk("ask"), {"question": "Which box?"}).status_code == 422
    client.post(desk("ask"), {"sides": ["buyer"], "question": "Which box?"})
    client.force_login(part.order.user)
    assert "Which box?" in html(client, mine(part))
    client.post(mine(part, "message"), {"text": "The big one"})
    assert Dispute.objects.get().state == D.DECIDING


@pytest.mark.parametrize("state", list(D), ids=[state.value for state in D])
def test_every_state_has_its_page_on_all_sides(client, cast, part, state) -> None:
    one = ready_to_decide(part)
    facts: dict[str, object] = {"state": state, "deadline": timezone.now()}
    if state not in {D.DECIDING, D.EVIDENCE} and state in {
        D.AGREED,
        D.FOR_BUYER,
        D.FOR_VENDOR,
        D.WITHDRAWN,
        D.LAPSED,
    }:
        facts |= {"deadline": None, "closed_at": timezone.now()}
    if state == D.EVIDENCE:
        facts |= {"awaits_buyer": True, "awaits_vendor": True}
    if state == D.RETURNING:
        decide(one, K.RETURN)
        advance_disputes(now=timezone.now() + timedelta(days=6))
    else:
        Dispute.objects.filter(pk=one.pk).update(**facts)
    for person, address in (
        (part.order.user, mine(part)),
        (part.order.user, f"/account/orders/{part.order.number}/"),
        (cast.alice, theirs(part, "detail")),
        (a_staff_member("admin"), desk()),
    ):
        client.force_login(person)
        assert one.number in html(client, address)


# What is typed wrong ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "because"},
        {"reason": "return"},
        {"description": ""},
        {"photos": io.BytesIO(b"<svg onload=alert(1)>")},
    ],
    ids=["no reason", "no return was refused", "no words", "no picture"],
)
def test_a_wrong_report_is_told_beside_the_field(client, part, wrong) -> None:
    response = report(client, part, **wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(wrong)
    assert not Dispute.objects.exists()


def test_pieces_are_chosen_and_pictures_are_few(client, part) -> None:
    line = f"line_{part.lines.first().pk}"
    for pieces in ("0", "", "4", "x"):
        assert report(client, part, **{line: pieces}).status_code == 422, pieces
    assert report(client, part, photos=[picture() for _ in range(6)]).status_code == 422
    assert not Dispute.objects.exists()
    dispute(part)
    assert report(client, part).status_code == 422
    assert Dispute.objects.count() == 1


def test_what_cannot_be_reported_leads_back_to_the_order(client, part) -> None:
    VendorOrder.objects.filter(pk=part.pk).update(
        delivered_at=timezone.now() - timedelta(days=40), release_on=timezone.localdate()
    )
    VendorOrder.objects.filter(pk=part.pk).update(release_on=timezone.localdate() - timedelta(days=1))
    client.force_login(part.order.user)
    assert client.get(new(part)).status_code == 302
    assert new(part) not in html(client, f"/account/orders/{part.order.number}/")


# Tenants and rights -----------------------------------------------------------------------
def test_nobody_else_sees_a_dispute_or_its_photos(client, cast, part) -> None:
    report(client, part, photos=[picture()])
    photo = Dispute.objects.get().photos.get()
    client.force_login(a_person("Stranger"))
    for address in (mine(part), mine(part, "photo", photo.pk), mine(part, "accept"), new(part)):
        assert client.get(address).status_code == 404
    assert Dispute.objects.get().number not in html(client, reverse("orders:problems"))
    for address in (theirs(part, "detail"), theirs(part, "photo", photo.pk)):
        client.force_login(cast.dana)
        assert client.get(address).status_code == 404
        assert client.get(address.replace(part.vendor.code, cast.other_vendor.code)).status_code == 404
    assert Dispute.objects.get().number not in html(
        client, reverse("portal:disputes", args=[cast.other_vendor.code])
    )
    # A clerk who may only look.
    client.force_login(cast.bob)
    page = html(client, theirs(part, "detail"))
    assert theirs(part, "offer") not in page
    for step in ("offer", "refuse", "message", "appeal"):
        assert client.post(theirs(part, step), {"reason": "Yes", "text": "Yes"}).status_code == 403
    assert Dispute.objects.get().state == D.CONTACTING


def test_support_looks_and_writes_but_does_not_decide(client, part) -> None:
    ready_to_decide(part)
    client.force_login(a_staff_member("support"))
    page = html(client, desk())
    assert desk("decide") not in page
    client.post(desk("message"), {"text": "We look at it"})
    assert client.post(desk("decide"), {"kind": K.REFUND, "reason": "Yes"}).status_code == 403
    assert client.post(desk("ask"), {"sides": ["buyer"], "question": "Why"}).status_code == 403
    one = Dispute.objects.get()
    assert (one.state, one.messages.filter(side="marketplace").count()) == (D.DECIDING, 1)


def test_a_photo_belongs_to_its_dispute(client, cast, part) -> None:
    report(client, part, photos=[picture()])
    photo = Dispute.objects.get().photos.get()
    other = dispute(delivered(make_disputable_order(vendor=cast.vendor)))
    client.force_login(cast.alice)
    address = reverse("portal:disputes-photo", args=[cast.vendor.code, other.number, photo.pk])
    assert client.get(address).status_code == 404


# Counts, queues, queries ------------------------------------------------------------------
def test_what_is_open_is_counted_where_people_look(client, cast, part) -> None:
    client.force_login(cast.alice)
    dashboard = reverse("portal:dashboard", args=[cast.vendor.code])
    overview = client.get(dashboard).context
    assert overview["overview"].to_answer == 0
    one = dispute(part)
    overview = client.get(dashboard).context
    assert overview["overview"].to_answer == 1
    assert {each["waiting"] for each in overview["sections"]} == {0, 1}
    escalate(refuse(one), text="Look")
    assert client.get(dashboard).context["overview"].to_answer == 1
    client.force_login(a_staff_member("admin"))
    tiles = {tile["counter"].url_name: tile["number"] for tile in client.get("/staff/").context["tiles"]}
    assert tiles["dispute_staff:disputes"] == 0
    client.force_login(cast.alice)
    client.post(theirs(part, "message"), {"text": "Our slip"})
    client.force_login(a_staff_member("admin"))
    tiles = {tile["counter"].url_name: tile["number"] for tile in client.get("/staff/").context["tiles"]}
    assert tiles["dispute_staff:disputes"] == 1


def test_the_vendor_reads_why_points_are_held(client, cast, part) -> None:
    dispute(part)
    client.force_login(cast.alice)
    rows = client.get(reverse("portal:money", args=[cast.vendor.code])).context["page_obj"].object_list
    assert [row.is_disputed for row in rows] == [True]
    assert rows[0].why_held
    order = html(client, reverse("portal:orders-detail", args=[cast.vendor.code, part.number]))
    assert theirs(part, "detail") in order


def test_the_queue_is_in_order_of_deadlines(client, cast) -> None:
    late, early = (ready_to_decide(delivered(make_disputable_order(vendor=cast.vendor))) for _ in range(2))
    Dispute.objects.filter(pk=early.pk).update(deadline=timezone.now())
    contacting = dispute(delivered(make_disputable_order(vendor=cast.vendor)))
    client.force_login(a_staff_member("admin"))

    def numbers(query: str = "") -> list[str]:
        page = client.get(reverse("dispute_staff:disputes") + query).context["page_obj"]
        return [one.number for one in page]

    assert numbers() == [early.number, late.number]
    assert set(numbers("?show=open")) == {early.number, late.number, contacting.number}
    assert numbers(f"?show=all&q={contacting.number}") == [contacting.number]
    assert numbers("?show=all&q=nobody") == []


@pytest.mark.parametrize("who", ["buyer", "vendor", "staff"])
def test_lists_and_pages_do_not_grow_with_their_rows(client, cast, part, who) -> None:
    one = ready_to_decide(part)
    buyer = part.order.user
    person, listing, page = {
        "buyer": (buyer, reverse("orders:problems"), mine(part)),
        "vendor": (cast.alice, reverse("portal:disputes", args=[cast.vendor.code]), theirs(part, "detail")),
        "staff": (a_staff_member("admin"), reverse("dispute_staff:disputes"), desk()),
    }[who]
    client.force_login(person)

    def queries(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        return len(found)

    few, of_page = queries(listing), queries(page)
    for _ in range(3):
        other = delivered(make_disputable_order(vendor=cast.vendor))
        type(other.order).objects.filter(pk=other.order.pk).update(user=buyer)
        other.order.user = buyer
        ready_to_decide(VendorOrder.objects.get(pk=other.pk))
    assert queries(listing) == few
    for number in range(3):
        client.force_login(cast.alice)
        client.post(
            reverse("portal:disputes-message", args=[cast.vendor.code, one.number]),
            {"text": f"Word {'x' * number}", "photos": [picture()]},
        )
    client.force_login(person)
    assert queries(page) == of_page


def test_the_command_does_what_the_clock_says(part, capsys) -> None:
    one = dispute(part)
    yesterday = timezone.now() - timedelta(days=1)
    Dispute.objects.filter(pk=one.pk).update(escalate_from=yesterday, deadline=yesterday)
    call_command("close_deliveries")
    assert "1 disputes moved on" in capsys.readouterr().out
    assert one.events.filter(step="may_escalate").exists()
