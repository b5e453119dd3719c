"""Pages of the top-up desk, of those who supervise it, and of customers who ask for points."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation
from pypdf import PdfReader

from marketplace.notifications.models import PhoneMessage
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission as P
from points_payment import caller_questions
from points_payment.caller_questions import CallerQuestion
from points_payment.kinds import AccountKind, ProposalState, RequestState, TransferKind
from points_payment.models import (
    CallerVerification,
    CashHandIn,
    DrawerCount,
    LimitChange,
    TopUp,
    TopUpProposal,
    TopUpRequest,
)
from points_payment.selectors import account_points
from points_payment.services.cash import confirm_hand_in, hand_in_cash
from points_payment.services.escrow import AllocationSpec, hold_for_order
from points_payment.services.ledger import Posting, post_transfer
from points_payment.services.operators import held_points, operator_limits
from points_payment.services.shifts import close_shift, open_shift
from points_payment.services.topup_requests import take_request
from points_payment.services.verification import MAX_CODES_AN_HOUR
from tests.factories.desk import (
    limit_operator,
    make_operator,
    make_proposal,
    make_request,
    make_staff,
    make_supervisor,
    make_top_up,
    verify_caller,
)
from tests.factories.people import a_customer, an_email_customer
from tests.factories.points import new_key

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"


@pytest.fixture
def operator(client) -> User:
    return sign_in(client, make_operator())


@pytest.fixture
def supervisor(client) -> User:
    return sign_in(client, make_supervisor())


def sign_in(client: Client, person: User) -> User:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


def text(response) -> str:
    return response.content.decode()


def desk(client: Client, customer: User):
    return client.get("/staff/top-up/", {"phone": customer.phone})


def newest_code(customer: User) -> str:
    import re

    message = PhoneMessage.objects.filter(recipient=customer.phone).latest("pk")
    found = re.search(r"\b(\d{6})\b", message.text)
    assert found is not None
    return found.group(1)


def ask_questions(monkeypatch) -> None:
    """Two questions whose answers are ``yes``."""
    from django import forms

    monkeypatch.setattr(
        caller_questions,
        "_questions",
        {
            slug: CallerQuestion(
                slug=slug,
                label=slug,
                fields=lambda: {"text": forms.CharField(required=False)},
                is_askable=lambda customer, operator: True,
                check=lambda customer, answer: answer["text"] == "yes",
            )
            for slug in ("a", "b")
        },
    )


# The desk -----------------------------------------------------------------------------------


def test_a_code_goes_to_the_phone_and_lets_points_be_added_once(client, operator, drain_outbox):
    customer = a_customer(language="en")
    page = desk(client, customer)
    assert "Send a code to the phone" in text(page)
    assert "form" not in page.context
    facts = {"customer": customer.pk}
    response = client.post("/staff/top-up/send-code/", facts, follow=True)
    assert "on its way" in text(response)
    drain_outbox()
    code = newest_code(customer)
    assert code not in text(response)
    wrong = client.post("/staff/top-up/check-code/", facts | {"code": f"{(int(code) + 1) % 10**6:06d}"})
    assert wrong.status_code == 422
    assert "Tries left: 4" in text(wrong)
    assert client.post("/staff/top-up/check-code/", facts | {"code": ""}).status_code == 422
    verified = client.post("/staff/top-up/check-code/", facts | {"code": code}, follow=True)
    assert "Caller verified" in text(verified)
    form = verified.context["form"]
    facts |= {"idempotency_key": form["idempotency_key"].value()}
    facts |= {"amount_points": "25000", "reason": "Cash", "reference": "R-1"}
    added = client.post("/staff/top-up/add/", facts, follow=True)
    assert "were added" in text(added)
    again = client.post("/staff/top-up/add/", facts | {"idempotency_key": "other"}, follow=True)
    assert "Verify the caller first" in text(again)
    assert TopUp.objects.get().verification == CallerVerification.objects.get()


def test_a_phone_is_not_flooded_with_codes(client, operator):
    customer = a_customer()
    for _ in range(MAX_CODES_AN_HOUR):
        client.post("/staff/top-up/send-code/", {"customer": customer.pk})
    response = client.post("/staff/top-up/send-code/", {"customer": customer.pk}, follow=True)
    assert "Too many tries" in text(response)


def test_answers_verify_and_no_page_shows_them(client, operator, monkeypatch):
    ask_questions(monkeypatch)
    customer = an_email_customer(email="z@example.com")
    request = take_request(request=make_request(customer), operator=operator)
    facts = {"customer": customer.pk, "request": request.pk}
    page = client.get("/staff/top-up/", {"request": request.pk})
    assert "no proven phone" in text(page)
    assert "yes" not in text(page).replace("keyes", "")
    for answers, words in (
        ({"a-text": "yes"}, "at least two questions"),
        ({"a-text": "yes", "b-text": "no"}, "do not prove"),
    ):
        refused = client.post("/staff/top-up/check-answers/", facts | answers)
        assert refused.status_code == 422
        assert words in text(refused)
    assert CallerVerification.objects.get().wrong_tries == 1
    verified = client.post(
        "/staff/top-up/check-answers/", facts | {"a-text": "yes", "b-text": "yes"}, follow=True
    )
    assert verified.context["form"]["amount_points"].value() == str(request.amount_points)


def test_above_the_limit_the_page_says_so_and_a_proposal_waits(client, operator):
    customer = a_customer()
    limit_operator(operator, movement=1_000)
    verify_caller(operator, customer)
    facts = {
        "customer": customer.pk, "idempotency_key": "k", "amount_points": "5000", "reason": "Cash",
        "reference": "R",
    }  # fmt: skip
    assert "above your limit" in text(client.post("/staff/top-up/check/", facts))
    response = client.post("/staff/top-up/add/", facts, follow=True)
    assert "when somebody else approves" in text(response)
    proposal = TopUpProposal.objects.get()
    assert "5,000" in text(client.get("/staff/top-ups/drawer/"))
    client.post(f"/staff/top-ups/approvals/{proposal.pk}/withdraw/")
    proposal.refresh_from_db()
    assert proposal.state == ProposalState.WITHDRAWN
    again = client.post(f"/staff/top-ups/approvals/{proposal.pk}/withdraw/", follow=True)
    assert "decided meanwhile" in text(again)
    assert not TopUp.objects.exists()


def test_a_day_s_limit_is_told_beside_the_amount_and_what_was_typed_stays(client, operator):
    customer = a_customer()
    limit_operator(operator, day=1_000)
    verify_caller(operator, customer)
    facts = {
        "customer": customer.pk, "idempotency_key": "k", "amount_points": "5000", "reason": "Cash",
        "reference": "R-77",
    }  # fmt: skip
    response = client.post("/staff/top-up/add/", facts)
    assert response.status_code == 422
    assert "One day" in str(response.context["form"].errors["amount_points"])
    assert "R-77" in text(response)


# Requests -----------------------------------------------------------------------------------


def test_a_customer_asks_sees_the_state_and_withdraws(client):
    customer = sign_in(client, a_customer())
    assert "/wallet/top-ups/" in text(client.get("/wallet/"))
    assert "No request yet" in text(client.get("/wallet/top-ups/"))
    day = timezone.localdate().isoformat()
    facts = {"amount_points": "٢٥٬٠٠٠", "method": "shop", "pay_on": day, "note": "<b>Karrada</b>"}
    for wrong in ({"amount_points": "5"}, {"pay_on": "2020-01-01"}, {"method": "x"}):
        refused = client.post("/wallet/top-ups/new/", facts | wrong)
        assert refused.status_code == 422
        assert set(refused.context["form"].errors) == set(wrong)
    page = client.post("/wallet/top-ups/new/", facts, follow=True)
    assert "25,000" in text(page)
    assert "&lt;b&gt;Karrada" in text(page)
    # One at a time: asking again leads to the one that is there.
    assert client.get("/wallet/top-ups/new/")["Location"] == "/wallet/top-ups/"
    client.post("/wallet/top-ups/new/", facts)
    request = TopUpRequest.objects.get(customer=customer)
    assert "withdrawn" in text(client.post(f"/wallet/top-ups/{request.pk}/withdraw/", follow=True))
    assert "not possible any more" in text(
        client.post(f"/wallet/top-ups/{request.pk}/withdraw/", follow=True)
    )
    sign_in(client, a_customer())
    assert client.post(f"/wallet/top-ups/{request.pk}/withdraw/").status_code == 404


def test_two_pages_sent_at_once_ask_once(client, monkeypatch):
    from points_payment import topup_views

    customer = sign_in(client, a_customer())
    make_request(customer)
    monkeypatch.setattr(topup_views, "OPEN_REQUESTS", ())
    facts = {"amount_points": "25000", "method": "shop", "pay_on": timezone.localdate().isoformat()}
    assert client.post("/wallet/top-ups/new/", facts).status_code == 302
    assert TopUpRequest.objects.count() == 1


def test_staff_take_fulfil_and_decline_requests(client, operator, drain_outbox):
    customer, other = a_customer(language="en"), a_customer(language="en")
    request, second = make_request(customer), make_request(other)
    assert "Take it" in text(client.get("/staff/top-ups/requests/"))
    page = client.post(f"/staff/top-ups/requests/{request.pk}/take/", follow=True)
    assert "Asked for" in text(page)
    verify_caller(operator, customer)
    facts = {
        "customer": customer.pk, "request": request.pk, "idempotency_key": "k", "amount_points": "25000",
        "reason": "Cash", "reference": "R",
    }  # fmt: skip
    assert client.post("/staff/top-up/check/", facts | {"customer": other.pk}).status_code == 404
    client.post("/staff/top-up/add/", facts)
    request.refresh_from_db()
    assert request.state == RequestState.FULFILLED
    address = f"/staff/top-ups/requests/{second.pk}/decline/"
    assert "not possible" in text(client.post(address, {"reason": "Nobody there"}, follow=True))
    client.post(f"/staff/top-ups/requests/{second.pk}/take/")
    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "Nobody there"})
    drain_outbox()
    message = PhoneMessage.objects.filter(recipient=other.phone).latest("pk").text
    assert message == ("Nuqta: we could not add the 25,000 points that you asked for. Reason: Nobody there")


def test_a_request_is_put_back_by_who_has_it_or_a_supervisor(client, operator):
    request = take_request(request=make_request(a_customer()), operator=make_operator("Ali"))
    taken = client.post(f"/staff/top-ups/requests/{request.pk}/take/", follow=True)
    assert "changed meanwhile" in text(taken)
    client.post(f"/staff/top-ups/requests/{request.pk}/put-back/")
    request.refresh_from_db()
    assert request.state == RequestState.TAKEN
    sign_in(client, make_supervisor())
    assert "Put it back" in text(client.get("/staff/top-ups/requests/"))
    client.post(f"/staff/top-ups/requests/{request.pk}/put-back/")
    request.refresh_from_db()
    assert request.state == RequestState.WAITING


@pytest.mark.parametrize("request_id", ["", "x", "0", "9" * 40, "²"])
def test_nonsense_for_a_request_is_no_error(client, operator, request_id):
    assert client.get("/staff/top-up/", {"request": request_id}).status_code == 200


# Approvals ----------------------------------------------------------------------------------


def test_a_supervisor_approves_and_refuses_what_others_proposed(client, supervisor):
    first, second, own = make_proposal(), make_proposal(), make_proposal(operator=supervisor)
    page = text(client.get("/staff/top-ups/approvals/"))
    assert f"/staff/top-ups/approvals/{first.pk}/approve/" in page
    assert f"/staff/top-ups/approvals/{own.pk}/approve/" not in page
    assert "9,000" in text(client.get(f"/staff/top-ups/approvals/{first.pk}/approve/"))
    assert not TopUp.objects.exists()
    client.post(f"/staff/top-ups/approvals/{first.pk}/approve/")
    assert client.post(f"/staff/top-ups/approvals/{second.pk}/refuse/", {"reason": ""}).status_code == 422
    client.post(f"/staff/top-ups/approvals/{second.pk}/refuse/", {"reason": "Too much"})
    for act in ("approve", "refuse"):
        address = f"/staff/top-ups/approvals/{own.pk}/{act}/"
        assert "Somebody else" in text(client.post(address, {"reason": "x"}, follow=True))
    assert [proposal.state for proposal in TopUpProposal.objects.order_by("pk")] == [
        ProposalState.DONE,
        ProposalState.REFUSED,
        ProposalState.WAITING,
    ]
    assert "Too much" in text(client.get("/staff/top-ups/approvals/"))


def test_what_waits_is_counted_on_the_first_staff_page(client, supervisor):
    make_proposal()
    make_request(a_customer())
    operator = make_operator()
    make_top_up(5_000, operator=operator)
    hand_in_cash(
        person=operator, kind=AccountKind.OPERATOR, amount_points=5, reference="B", idempotency_key="k"
    )
    page = text(client.get("/staff/"))
    for words in ("Requests for points", "Top-ups to approve", "Cash to confirm"):
        assert words in page


# Reversal -----------------------------------------------------------------------------------


def test_a_slip_is_taken_back_as_far_as_it_is_left(client, operator, drain_outbox):
    customer = a_customer(language="en")
    made = make_top_up(5_000, operator=operator, customer=customer)
    hold_for_order(
        customer_id=customer.pk, order_reference="N1", idempotency_key="n1", actor_id=None,
        allocations=[AllocationSpec("N1-1", 7, 2_000, 800)],
    )  # fmt: skip
    address = f"/staff/top-up/{made.pk}/reverse/"
    assert address in text(client.get("/staff/top-up/"))
    page = text(client.get(address))
    assert "3,000" in page
    assert "stays spent" in page
    assert client.post(address, {"reason": ""}).status_code == 422
    done = client.post(address, {"reason": "Slip"}, follow=True)
    assert "the customer had spent" in text(done)
    assert client.post(address, {"reason": "Again"}).status_code == 422
    assert address not in text(client.get("/staff/top-up/"))
    drain_outbox()
    assert PhoneMessage.objects.filter(recipient=customer.phone, text__contains="taken back").count() == 1


def test_another_operator_s_top_up_does_not_exist_and_a_supervisor_takes_it_back(client, operator):
    made = make_top_up(5_000)
    address = f"/staff/top-up/{made.pk}/reverse/"
    assert client.get(address).status_code == 404
    sign_in(client, make_supervisor())
    assert "were taken back" in text(client.post(address, {"reason": "Slip"}, follow=True))


# Cash and shifts ----------------------------------------------------------------------------


def test_an_operator_hands_cash_in_and_a_supervisor_confirms_it(client, operator):
    make_top_up(5_000, operator=operator)
    facts = {"amount_points": "5001", "reference": "Bag 1", "idempotency_key": "k"}
    refused = client.post("/staff/top-ups/drawer/hand-in/", facts)
    assert refused.status_code == 422
    assert "more than the books say" in text(refused)
    assert client.post("/staff/top-ups/drawer/hand-in/", {}).status_code == 422
    for _ in range(2):
        client.post("/staff/top-ups/drawer/hand-in/", facts | {"amount_points": "4000"})
    first = CashHandIn.objects.get()
    client.post(f"/staff/top-ups/hand-ins/{first.pk}/withdraw/")
    again = client.post(f"/staff/top-ups/hand-ins/{first.pk}/withdraw/", follow=True)
    assert "decided meanwhile" in text(again)
    for key in ("a", "b"):
        client.post(
            "/staff/top-ups/drawer/hand-in/", facts | {"amount_points": "2000", "idempotency_key": key}
        )
    _, second, third = CashHandIn.objects.order_by("pk")
    sign_in(client, make_supervisor())
    assert "Bag 1" in text(client.get("/staff/top-ups/hand-ins/"))
    client.post(f"/staff/top-ups/hand-ins/{second.pk}/confirm/")
    client.post(f"/staff/top-ups/hand-ins/{third.pk}/refuse/", {"reason": "Empty"})
    assert "Empty" in text(client.get("/staff/top-ups/hand-ins/"))
    assert held_points(person_id=operator.pk) == 3_000
    assert account_points(kind=AccountKind.CASH) == -2_000


def test_a_collector_hands_in_what_shops_paid(client):
    collector = sign_in(client, make_staff(P.STAFF_ACCESS, P.CARDS_DISTRIBUTE))
    post_transfer(
        kind=TransferKind.SHOP_PAYMENT, idempotency_key="x",
        postings=[Posting(AccountKind.COLLECTIONS, collector.pk, -700), Posting(AccountKind.SHOP, 9, 700)],
    )  # fmt: skip
    assert "700" in text(client.get("/staff/collections/"))
    facts = {"amount_points": "701", "reference": "Bag", "idempotency_key": "k"}
    assert client.post("/staff/collections/hand-in/", facts).status_code == 422
    client.post("/staff/collections/hand-in/", facts | {"amount_points": "700"})
    hand_in = CashHandIn.objects.get()
    assert hand_in.account_kind == AccountKind.COLLECTIONS
    withdrawn = client.post(f"/staff/top-ups/hand-ins/{hand_in.pk}/withdraw/")
    assert withdrawn["Location"] == "/staff/collections/"


def test_a_shift_begins_and_ends_on_the_page(client, operator):
    assert client.post("/staff/top-ups/drawer/end/", {"counted_points": "0"}).status_code == 422
    assert client.post("/staff/top-ups/drawer/begin/", {"counted_points": ""}).status_code == 422
    client.post("/staff/top-ups/drawer/begin/", {"counted_points": "0"})
    assert "End the shift" in text(client.get("/staff/top-ups/drawer/"))
    make_top_up(5_000, operator=operator)
    refused = client.post("/staff/top-ups/drawer/end/", {"counted_points": "4000"})
    assert refused.status_code == 422
    assert "Count again, or say why" in text(refused)
    client.post("/staff/top-ups/drawer/end/", {"counted_points": "4000", "reason": "Torn note"})
    closing = DrawerCount.objects.get(kind="closing")
    assert closing.difference_points == -1_000
    page = client.get(f"/staff/top-ups/reports/{operator.pk}/", {"shift": closing.opening_id})
    assert "Torn note" in text(page)
    assert 'data-held="5000"' in text(page)


# Operators and reports ----------------------------------------------------------------------


def test_a_supervisor_sees_every_operator_and_sets_limits_of_others(client, supervisor):
    operator = make_operator("Omar")
    make_top_up(5_000, operator=operator)
    open_shift(operator=operator, counted_points=5_000, reason="")
    page = text(client.get("/staff/top-ups/operators/"))
    assert "Omar" in page
    assert "5,000" in page
    address = f"/staff/top-ups/operators/{operator.pk}/"
    facts = {"movement_points": "٧٬٠٠٠", "day_points": "", "reason": "New"}
    assert client.post(f"{address}limits/", facts | {"reason": ""}).status_code == 422
    client.post(f"{address}limits/", facts)
    assert operator_limits(operator_id=operator.pk).movement_points == 7_000
    assert operator_limits(operator_id=operator.pk).day_points == settings.TOP_UP_LIMITS["day_points"]
    shown = text(client.get(address))
    assert "New" in shown
    assert "usual" in shown
    own = f"/staff/top-ups/operators/{supervisor.pk}/"
    assert "Nobody sets their own limits" in text(client.get(own))
    assert "Somebody else" in text(client.post(f"{own}limits/", facts, follow=True))
    assert LimitChange.objects.count() == 1
    assert client.get(f"/staff/top-ups/operators/{a_customer().pk}/").status_code == 404


@pytest.fixture
def shift(operator) -> DrawerCount:
    """A shift of everything: a top-up of before it, two top-ups, a reversal, cash handed in, a difference."""
    from points_payment.services.reversals import reverse_top_up

    make_top_up(1_000, operator=operator)
    opening = open_shift(operator=operator, counted_points=1_000, reason="")
    make_top_up(5_000, operator=operator, customer=a_customer("=HYPERLINK"))
    slip = make_top_up(2_000, operator=operator, customer=a_customer("زينب"))
    reverse_top_up(top_up=slip, actor=operator, reason="Slip")
    confirm_hand_in(
        hand_in=hand_in_cash(
            person=operator, kind=AccountKind.OPERATOR, amount_points=3_000, reference="Bag",
            idempotency_key=new_key(),
        ),
        actor=make_supervisor(),
    )  # fmt: skip
    close_shift(operator=operator, counted_points=2_990, reason="Torn note")
    # Of the next shift.
    make_top_up(700, operator=operator)
    return opening


def test_the_report_of_a_shift_adds_up(client, operator, shift):
    page = client.get(f"/staff/top-ups/reports/{operator.pk}/", {"shift": shift.pk})
    report = page.context["report"]
    assert (
        report.opening_points,
        report.added_points,
        report.reversed_points,
        report.handed_in_points,
        report.held_points,
    ) == (1_000, 7_000, 2_000, 3_000, 3_000)
    assert [line.cash_points for line in report.lines] == [5_000, 2_000, -2_000, -3_000]
    assert [line.held_points for line in report.lines] == [6_000, 8_000, 6_000, 3_000]
    assert [line.customer for line in report.lines] == ["=HYPERLINK", "زينب", "زينب", ""]
    assert report.closing.difference_points == -10


def test_the_report_of_a_day_adds_up_and_another_day_is_empty(client, operator, shift):
    today = client.get(f"/staff/top-ups/reports/{operator.pk}/").context["report"]
    assert (today.opening_points, today.added_points, today.held_points) == (0, 8_700, 3_700)
    tomorrow = timezone.localdate() + timedelta(days=1)
    later = client.get(f"/staff/top-ups/reports/{operator.pk}/", {"day": tomorrow.isoformat()})
    assert (later.context["report"].opening_points, later.context["report"].held_points) == (3_700, 3_700)
    for nonsense in ("x", "0001-01-01", "9999-12-31"):
        assert client.get(f"/staff/top-ups/reports/{operator.pk}/", {"day": nonsense}).status_code == 200


def test_an_open_shift_has_a_report_up_to_now(client, operator):
    opening = open_shift(operator=operator, counted_points=0, reason="")
    make_top_up(5_000, operator=operator)
    address = f"/staff/top-ups/reports/{operator.pk}/"
    page = client.get(address, {"shift": opening.pk})
    assert page.context["report"].held_points == 5_000
    assert "still open" in text(page)
    assert client.get(f"{address}cash.pdf", {"shift": opening.pk}).status_code == 200


def test_the_report_as_csv_is_plain_and_carries_no_formula(client, operator, shift):
    answer = client.get(f"/staff/top-ups/reports/{operator.pk}/cash.csv", {"shift": shift.pk})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert ["Cash taken for top-ups", "7000"] in rows
    assert ["Difference", "-10"] in rows
    assert [row[4] for row in rows[-4:]] == ["5000", "2000", "-2000", "-3000"]
    assert rows[-4][2] == "'=HYPERLINK"
    assert f'filename="cash-{operator.pk}-shift-{shift.pk}.csv"' in answer["Content-Disposition"]


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
def test_the_report_is_printed_in_three_languages(client, operator, shift, language):
    client.cookies["django_language"] = language
    answer = client.get(f"/staff/top-ups/reports/{operator.pk}/cash.pdf", {"shift": shift.pk})
    assert answer["Content-Type"] == "application/pdf"
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    for number in ("7,000", "3,000", "2,990"):
        assert number in words
    empty = client.get(f"/staff/top-ups/reports/{operator.pk}/cash.pdf", {"day": "2020-01-01"})
    assert empty.status_code == 200
    translation.activate("en")


def test_reports_of_others_do_not_exist_but_for_supervisors(client, operator):
    other = make_operator()
    opening = open_shift(operator=other, counted_points=0, reason="")
    for name in ("", "cash.csv", "cash.pdf"):
        assert client.get(f"/staff/top-ups/reports/{other.pk}/{name}").status_code == 404
    # Nor is another's shift shown under one's own number.
    for shift in (opening.pk, "x", "9" * 30):
        assert client.get(f"/staff/top-ups/reports/{operator.pk}/", {"shift": shift}).status_code == 404
    sign_in(client, make_supervisor())
    assert client.get(f"/staff/top-ups/reports/{other.pk}/", {"shift": opening.pk}).status_code == 200
