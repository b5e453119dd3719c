"""The pages of customers and staff, as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.codes import new_code, normalise_code, serial_of
from points_payment.kinds import BatchState
from points_payment.models import Batch, Card, TopUp, Wallet
from tests.factories.desk import verify_caller
from tests.factories.points import (
    make_active_batch,
    make_batch,
    make_customer_with_points,
    make_person,
    top_up_wallet,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"


def staff(*rights: PlatformPermission) -> User:
    person = make_person("Staff")
    person.user_permissions.set(Permission.objects.filter(codename__in=[right.value for right in rights]))
    return User.objects.get(pk=person.pk)


def sign_in(client: Client, person: User) -> User:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


def text(response) -> str:
    return response.content.decode()


# Wallet ------------------------------------------------------------------------------------


def test_wallet_is_for_who_is_signed_in(client):
    response = client.get(reverse("wallet:statement"))
    assert response.status_code == 302
    assert "login" in response["Location"]


@pytest.mark.parametrize("name", ["wallet:statement", "wallet:redeem"])
def test_the_account_s_menu_marks_the_wallet_and_nothing_else(client, name):
    sign_in(client, make_person())
    marked = re.findall(
        r'list-group-item-action active".*?</i>\s*(.*?)</a>', text(client.get(reverse(name))), re.DOTALL
    )
    assert marked == ["Wallet"]


def test_empty_wallet_says_what_to_do(client):
    sign_in(client, make_person())
    assert "Nothing has moved yet" in text(client.get("/wallet/"))


def test_statement_shows_ones_own_movements_with_running_balance(client):
    customer, other = (
        make_customer_with_points(paid=1_000, promotional=250),
        make_customer_with_points(paid=777),
    )
    top_up_wallet(customer, 40)
    sign_in(client, customer)
    page = client.get("/wallet/").context["page"]
    assert [(row.amount_points, row.balance_points, row.is_promotional) for row in page.rows] == [
        (40, 1_290, False),
        (250, 1_250, True),
        (1_000, 1_000, False),
    ]
    assert "777" not in text(client.get("/wallet/"))
    assert other.point_balance == 777


def test_statement_takes_as_many_queries_for_many_movements(client, django_assert_num_queries):
    customer = make_customer_with_points(paid=10, promotional=5)
    sign_in(client, customer)
    client.get("/wallet/")

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert client.get("/wallet/").status_code == 200
        return len(captured)

    few = queries()
    for _ in range(40):
        top_up_wallet(customer, 1)
    assert queries() == few


def test_older_movements_follow_without_gap_or_repetition(client):
    customer = make_customer_with_points(promotional=7)
    for _ in range(60):
        top_up_wallet(customer, 1)
    sign_in(client, customer)
    seen, address = [], "/wallet/"
    while address:
        page = client.get(address).context["page"]
        seen += [row.balance_points for row in page.rows]
        address = f"/wallet/?before={page.older_before}" if page.older_before else ""
    assert seen == list(range(67, 6, -1))


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30, "²", "0"])
def test_nonsense_in_the_address_is_no_error(client, before):
    sign_in(client, make_customer_with_points(paid=1))
    assert client.get("/wallet/", {"before": before}).status_code == 200


# Redeeming ---------------------------------------------------------------------------------


def test_customer_redeems_a_card_and_sees_the_new_balance(client):
    _batch, codes = make_active_batch(value=5_000)
    customer = sign_in(client, make_person())
    page = client.get("/wallet/redeem/")
    key = page.context["form"]["idempotency_key"].value()
    arabic = codes[0].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    response = client.post("/wallet/redeem/", {"code": arabic, "idempotency_key": key}, follow=True)
    assert response.redirect_chain == [("/wallet/", 302)]
    assert "5,000" in text(response)
    # The browser's back button, and the same form again.
    client.post("/wallet/redeem/", {"code": arabic, "idempotency_key": key})
    assert Wallet.objects.get(user=customer).balance_points == 5_000


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/checkout/review/", "/checkout/review/"),
        ("https://evil.example/", "/wallet/"),
        ("//evil.example/", "/wallet/"),
        ("javascript:alert(1)", "/wallet/"),
        ("", "/wallet/"),
    ],
)
def test_next_leads_back_within_the_shop_and_nowhere_else(client, target, goes_to):
    _batch, codes = make_active_batch()
    sign_in(client, make_person())
    page = client.get("/wallet/redeem/", {"next": target})
    assert page.context["back"] == (goes_to if target == goes_to else "")
    response = client.post("/wallet/redeem/", {"code": codes[0], "next": target})
    assert response["Location"] == goes_to


def test_wrong_code_stays_in_the_field_with_its_reason(client):
    sign_in(client, make_person())
    for code, reason in [
        ("", "Type the code"),
        ("123 456", "mistyped"),
        (new_code(), "cannot be redeemed"),
        ("१२३४५६७८९०१२३४५६७८", "mistyped"),
        ("x" * 500, "at most 80"),
    ]:
        response = client.post("/wallet/redeem/", {"code": code, "next": "/basket/", "idempotency_key": "k"})
        assert response.status_code == 422
        assert reason in text(response)
        assert response.context["form"]["code"].value() == code
        assert response.context["back"] == "/basket/"


def test_refused_code_gets_a_new_key(client):
    sign_in(client, make_person())
    response = client.post("/wallet/redeem/", {"code": new_code(), "idempotency_key": "k"})
    assert response.context["form"]["idempotency_key"].value() not in {"k", ""}


def test_too_many_wrong_codes_say_how_long_to_wait(client):
    sign_in(client, make_person())
    for _ in range(6):
        client.post("/wallet/redeem/", {"code": new_code()})
    assert "Try again in 1 minute." in text(client.post("/wallet/redeem/", {"code": new_code()}))


def test_browser_keeps_its_device_number(client):
    sign_in(client, make_person())
    client.get("/wallet/redeem/")
    first = client.cookies["nuqta_device"].value
    client.get("/wallet/redeem/")
    assert client.cookies["nuqta_device"].value == first


# Staff: who may ----------------------------------------------------------------------------


PAGES = [
    ("/staff/cards/", PlatformPermission.CARDS_VIEW),
    ("/staff/cards/new/", PlatformPermission.CARDS_ISSUE),
    ("/staff/cards/find/", PlatformPermission.CARDS_VIEW),
    ("/staff/cards/{batch}/", PlatformPermission.CARDS_VIEW),
    ("/staff/cards/{batch}/approve/", PlatformPermission.CARDS_APPROVE),
    ("/staff/cards/{batch}/codes/", PlatformPermission.CARDS_ISSUE),
    ("/staff/cards/{batch}/activate/", PlatformPermission.CARDS_APPROVE),
    ("/staff/cards/{batch}/freeze/", PlatformPermission.CARDS_APPROVE),
    ("/staff/cards/{batch}/unfreeze/", PlatformPermission.CARDS_APPROVE),
    ("/staff/cards/{batch}/void/", PlatformPermission.CARDS_APPROVE),
    ("/staff/top-up/", PlatformPermission.POINTS_TOP_UP),
    ("/staff/ledger/", PlatformPermission.LEDGER_VIEW),
    ("/staff/ledger/accounts/", PlatformPermission.LEDGER_VIEW),
]


@pytest.mark.parametrize(("address", "right"), PAGES)
def test_page_opens_for_its_right_alone(client, address, right):
    address = address.format(batch=make_batch().pk)
    assert client.get(address).status_code == 302
    sign_in(client, staff(*(other for other in PlatformPermission if other != right)))
    assert client.get(address).status_code == 403
    sign_in(client, staff(right))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "address", ["/staff/top-up/check/", "/staff/top-up/add/", "/staff/ledger/proof/ask/"]
)
def test_actions_are_posted_and_need_their_right(client, address):
    sign_in(client, staff())
    assert client.post(address).status_code == 403
    sign_in(client, staff(*PlatformPermission))
    assert client.get(address).status_code == 405


@pytest.mark.parametrize(
    "step", ["", "approve/", "codes/", "release/", "activate/", "freeze/", "unfreeze/", "void/"]
)
def test_unknown_batch_is_not_found(client, step):
    sign_in(client, staff(*PlatformPermission))
    assert client.get(f"/staff/cards/999/{step}").status_code == 404


# Staff: cards ------------------------------------------------------------------------------


def test_batch_goes_from_draft_to_active_by_two_people(client, drain_outbox):
    issuer = sign_in(client, staff(*PlatformPermission))
    last_day = (timezone.localdate() + timedelta(days=30)).isoformat()
    client.post(
        "/staff/cards/new/",
        {"face_value_points": "٢٥٬٠٠٠", "number_of_cards": "3", "expires_on": last_day, "note": "Eid"},
    )
    batch = Batch.objects.get()
    assert (batch.face_value_points, batch.number_of_cards, batch.drafted_by) == (25_000, 3, issuer)
    address = f"/staff/cards/{batch.pk}/"
    assert "someone else" in text(client.get(address))
    for step in ("approve", "activate", "unfreeze"):
        assert client.get(f"{address}{step}/").status_code == 403
    assert "Someone else" in text(client.post(f"{address}approve/", follow=True))
    assert Batch.objects.get().state == BatchState.DRAFT
    second = sign_in(client, staff(*PlatformPermission))
    assert client.get(f"{address}approve/").status_code == 200
    assert Batch.objects.get().state == BatchState.DRAFT
    client.post(f"{address}approve/")
    client.post(f"{address}approve/")
    client.post(f"{address}codes/", {"kind": "list"})
    drain_outbox()
    assert client.post(f"{address}codes/", {"kind": "list"}).status_code == 302
    sign_in(client, staff(*PlatformPermission))
    lines = b"".join(client.post(f"{address}release/").streaming_content).decode().split("\r\n")
    assert len(lines) == 5
    code = lines[1].split(",")[1]
    client.post(f"{address}activate/")
    customer = sign_in(client, make_person())
    client.post("/wallet/redeem/", {"code": code})
    assert Wallet.objects.get(user=customer).balance_points == 25_000
    sign_in(client, second)
    assert client.post(f"{address}freeze/", {"reason": ""}).status_code == 422
    client.post(f"{address}freeze/", {"reason": "Stolen"})
    assert Batch.objects.get().state == BatchState.FROZEN
    client.post(f"{address}unfreeze/", {"reason": "Found"})
    client.post(f"{address}void/", {"reason": "Lost"})
    page = client.get(address)
    assert [(state, count) for state, _label, count in page.context["counts"]] == [
        ("redeemed", 1),
        ("void", 2),
    ]
    assert "Stolen" in text(page)
    assert client.get("/staff/cards/").status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"face_value_points": "0"},
        {"face_value_points": "12.5"},
        {"face_value_points": "-5"},
        {"face_value_points": "१२"},
        {"face_value_points": "9" * 40},
        {"number_of_cards": "1000001"},
        {"expires_on": "2020-01-01"},
        {"expires_on": "soon"},
    ],
)
def test_wrong_draft_is_told_beside_the_field(client, wrong):
    sign_in(client, staff(*PlatformPermission))
    good = {
        "face_value_points": "5,000",
        "number_of_cards": "10",
        "expires_on": (timezone.localdate() + timedelta(days=9)).isoformat(),
    }
    response = client.post("/staff/cards/new/", good | wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(wrong)
    assert not Batch.objects.exists()
    assert client.post("/staff/cards/new/", good).status_code == 302


def test_card_is_found_by_its_serial_and_its_code_is_nowhere(client):
    _batch, codes = make_active_batch(cards=2)
    sign_in(client, staff(*PlatformPermission))
    card = Card.objects.order_by("number").first()
    assert card is not None
    page = text(client.get("/staff/cards/find/", {"serial": card.serial}))
    assert "Active" in page
    assert normalise_code(codes[0]) not in page
    assert codes[0] not in page
    for serial in ("", "123", "x", serial_of(999), codes[0], "9" * 40):
        assert client.get("/staff/cards/find/", {"serial": serial}).status_code == 200
    assert "No card has this serial" in text(client.get("/staff/cards/find/", {"serial": serial_of(999)}))


# Staff: top-up desk ------------------------------------------------------------------------


@pytest.fixture
def caller() -> User:
    person = make_person("Zainab")
    person.phone, person.phone_verified = "+9647701234567", True
    person.save()
    return person


def test_operator_finds_checks_and_adds_once(client, caller):
    operator = sign_in(client, staff(PlatformPermission.POINTS_TOP_UP))
    page = client.get("/staff/top-up/", {"phone": "٠٧٧٠ ١٢٣ ٤٥٦٧"})
    assert "Zainab" in text(page)
    assert "form" not in page.context
    verify_caller(operator, caller)
    page = client.get("/staff/top-up/", {"phone": "٠٧٧٠ ١٢٣ ٤٥٦٧"})
    facts = {name: page.context["form"][name].value() for name in ("customer", "idempotency_key")}
    facts |= {"amount_points": "٢٥٬٠٠٠", "reason": "Cash", "reference": "R-1"}
    check = client.post("/staff/top-up/check/", facts)
    assert "25,000" in text(check)
    assert not TopUp.objects.exists()
    for _ in range(2):
        response = client.post("/staff/top-up/add/", facts, follow=True)
        assert response.status_code == 200
    top_up = TopUp.objects.get()
    assert (top_up.operator, top_up.customer, top_up.amount_points, top_up.reference) == (
        operator,
        caller,
        25_000,
        "R-1",
    )
    conflict = client.post("/staff/top-up/add/", facts | {"amount_points": "1"}, follow=True)
    assert "used already" in text(conflict)
    assert caller.point_balance == 25_000


@pytest.mark.parametrize(
    ("phone", "reason"), [("123", "no phone number"), ("07709999999", "No customer"), ("", "required")]
)
def test_who_cannot_be_found_is_told(client, caller, phone, reason):
    sign_in(client, staff(PlatformPermission.POINTS_TOP_UP))
    response = client.get("/staff/top-up/", {"phone": phone})
    assert response.status_code == 422
    assert reason in text(response)


def test_closed_account_and_own_wallet_get_nothing(client, caller):
    caller.user_permissions.set(Permission.objects.filter(codename="points_top_up"))
    sign_in(client, caller)
    assert "own wallet" in text(client.get("/staff/top-up/", {"phone": "07701234567"}))
    facts = {
        "customer": caller.pk,
        "idempotency_key": "k",
        "amount_points": "5",
        "reason": "x",
        "reference": "x",
    }
    assert "own wallet" in text(client.post("/staff/top-up/add/", facts, follow=True))
    sign_in(client, staff(PlatformPermission.POINTS_TOP_UP))
    User.objects.filter(pk=caller.pk).update(is_active=False)
    assert "closed" in text(client.get("/staff/top-up/", {"phone": "07701234567"}))
    assert client.post("/staff/top-up/add/", facts).status_code == 404
    assert not TopUp.objects.exists()


@pytest.mark.parametrize("address", ["/staff/top-up/check/", "/staff/top-up/add/"])
def test_wrong_amount_is_told_beside_the_field(client, caller, address):
    verify_caller(sign_in(client, staff(PlatformPermission.POINTS_TOP_UP)), caller)
    facts = {"customer": caller.pk, "idempotency_key": "k", "reason": "x", "reference": "x"}
    for amount in ("", "0", "-5", "1.5", "abc", "10000001", "9" * 50):
        response = client.post(address, facts | {"amount_points": amount})
        assert response.status_code == 422
        assert response.context["form"].errors.keys() == {"amount_points"}
    for customer in ("", "x", "-1", "9" * 50):
        response = client.post(address, facts | {"customer": customer, "amount_points": "5"})
        assert response.status_code == 404
    assert not TopUp.objects.exists()


# Staff: ledger -----------------------------------------------------------------------------


def test_ledger_shows_sums(client):
    make_customer_with_points(paid=1_000)
    sign_in(client, staff(PlatformPermission.LEDGER_VIEW))
    page = client.get("/staff/ledger/")
    assert page.context["grand_total_points"] == 0
    assert {total.kind: total.points for total in page.context["totals"]} == {
        "customer_paid": 1_000,
        "operator": -1_000,
    }
    for kind in ("", "operator", "nonsense"):
        assert client.get("/staff/ledger/accounts/", {"kind": kind}).status_code == 200


# Django's admin ----------------------------------------------------------------------------


def test_admin_shows_the_books_and_changes_nothing(client):
    _batch, codes = make_active_batch()
    make_customer_with_points(paid=5)
    root = make_person("Root")
    User.objects.filter(pk=root.pk).update(is_staff=True, is_superuser=True)
    sign_in(client, root)
    from points_payment import models

    for name in models.__all__:
        model = getattr(models, name)
        base = f"/admin/points_payment/{model._meta.model_name}/"
        if name in {"Seal", "AllocationMove", "LotUse", "IdempotencyKey", "AttemptCounter"}:
            continue
        page = client.get(base)
        assert page.status_code == 200, base
        assert codes[0] not in text(page)
        assert client.get(f"{base}add/").status_code == 403
        if row := model.objects.first():
            assert client.get(f"{base}{row.pk}/change/").status_code == 200
            assert client.post(f"{base}{row.pk}/change/", {}).status_code == 403
            assert client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403
