"""Staff: goodwill, adjustments between two people, and a customer's wallet to read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment import vendors
from points_payment.errors import LedgerConflict
from points_payment.kinds import AccountKind, AdjustmentState
from points_payment.models import Adjustment, Lot, Transfer, VendorBalance, Wallet
from points_payment.services.adjustments import propose_adjustment
from points_payment.services.goodwill import MAX_GOODWILL_POINTS
from tests.factories.points import give_promotion, make_customer_with_points, make_person, top_up_wallet
from tests.factories.vendors import a_vendor
from tests.points_payment.backdating import backdate
from tests.points_payment.test_statements import a_lively_wallet, in_baghdad
from tests.points_payment.vendors import VENDOR, earn

pytestmark = pytest.mark.django_db

GOODWILL, ADJUST = PlatformPermission.GOODWILL_GIVE, PlatformPermission.LEDGER_ADJUST


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"


def staff(*rights: PlatformPermission) -> User:
    person = make_person("Staff")
    codenames = [right.value for right in (*rights, PlatformPermission.STAFF_ACCESS)]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=person.pk)


def sign_in(client: Client, person: User) -> User:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def caller() -> User:
    person = make_customer_with_points(paid=1_000)
    person.first_name, person.phone = "Zainab", "+9647701234567"
    person.save()
    return person


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("/staff/goodwill/", GOODWILL),
        ("/staff/adjustments/", ADJUST),
        ("/staff/adjustments/new/", ADJUST),
        ("/staff/wallets/{customer}/", PlatformPermission.CUSTOMERS_VIEW),
    ],
)
def test_page_opens_for_its_right_alone(client, caller, address, right):
    address = address.format(customer=caller.pk)
    assert client.get(address).status_code == 302
    sign_in(client, staff(*(other for other in PlatformPermission if other != right)))
    assert client.get(address).status_code == 403
    sign_in(client, staff(right))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "address", ["/staff/goodwill/check/", "/staff/goodwill/give/", "/staff/adjustments/propose/"]
)
def test_actions_are_posted_and_need_their_right(client, address):
    sign_in(client, staff())
    assert client.post(address).status_code == 403
    sign_in(client, staff(*PlatformPermission))
    assert client.get(address).status_code == 405


# Goodwill -----------------------------------------------------------------------------------


def gift(client, **other) -> dict[str, str]:
    """The page's own hidden answers, and those that a person types."""
    form = client.get("/staff/goodwill/", {"phone": "٠٧٧٠ ١٢٣ ٤٥٦٧"}).context["form"]
    facts = {name: form[name].value() for name in ("customer", "idempotency_key")}
    facts["last_day"] = f"{form['last_day'].value():%Y-%m-%d}"
    return facts | {"amount_points": "٥٬٠٠٠", "reason": "Late parcel"} | other


def test_goodwill_is_found_checked_and_given_once(client, caller):
    giver = sign_in(client, staff(GOODWILL))
    facts = gift(client)
    assert facts["last_day"] == f"{timezone.localdate() + timedelta(days=90):%Y-%m-%d}"
    check = text(client.post("/staff/goodwill/check/", facts))
    assert "5,000" in check
    assert "Late parcel" in check
    assert not Lot.objects.filter(account_kind="customer_promotional").exists()
    for _ in range(2):
        assert client.post("/staff/goodwill/give/", facts, follow=True).status_code == 200
    row = Wallet.objects.get(pk=caller.pk)
    assert (row.paid_points, row.promotional_points) == (1_000, 5_000)
    written = Transfer.objects.get(kind="goodwill")
    assert (written.actor, written.reason) == (giver, "Late parcel")
    conflict = client.post("/staff/goodwill/give/", facts | {"amount_points": "1"}, follow=True)
    assert "used already" in text(conflict)
    page = client.get("/staff/goodwill/")
    assert [lot.original_points for lot, _last_day in page.context["recent"]] == [5_000]
    sign_in(client, staff(GOODWILL))
    assert not client.get("/staff/goodwill/").context["recent"]


@pytest.mark.parametrize("address", ["/staff/goodwill/check/", "/staff/goodwill/give/"])
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount_points": "0"}, "amount_points"),
        ({"amount_points": str(MAX_GOODWILL_POINTS + 1)}, "amount_points"),
        ({"amount_points": "1.5"}, "amount_points"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"last_day": "2099-01-01"}, "last_day"),
        ({"last_day": "soon"}, "last_day"),
        ({"last_day": ""}, "last_day"),
    ],
)
def test_a_wrong_gift_is_told_beside_its_field(client, caller, address, wrong, field):
    sign_in(client, staff(GOODWILL))
    response = client.post(address, gift(client) | wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert response.context["form"]["reason"].value() == wrong.get("reason", "Late parcel")
    assert not Transfer.objects.filter(kind="goodwill").exists()


@pytest.mark.parametrize(
    ("phone", "reason"), [("123", "no phone number"), ("07709999999", "No customer"), ("", "required")]
)
@pytest.mark.parametrize("address", ["/staff/goodwill/", "/staff/adjustments/new/"])
def test_who_cannot_be_found_is_told(client, caller, address, phone, reason):
    sign_in(client, staff(GOODWILL, ADJUST))
    response = client.get(address, {"phone": phone})
    assert response.status_code == 422
    assert reason in text(response)


def test_own_wallet_and_closed_account_get_no_goodwill(client, caller):
    caller.user_permissions.set(Permission.objects.filter(codename=GOODWILL.value))
    sign_in(client, caller)
    assert "own wallet" in text(client.get("/staff/goodwill/", {"phone": "07701234567"}))
    facts = {
        "customer": caller.pk, "idempotency_key": "k", "amount_points": "5", "reason": "x",
        "last_day": f"{timezone.localdate():%Y-%m-%d}",
    }  # fmt: skip
    assert "own wallet" in text(client.post("/staff/goodwill/give/", facts, follow=True))
    sign_in(client, staff(GOODWILL))
    User.objects.filter(pk=caller.pk).update(is_active=False)
    assert "closed" in text(client.get("/staff/goodwill/", {"phone": "07701234567"}))
    assert client.post("/staff/goodwill/give/", facts).status_code == 404
    assert client.post("/staff/goodwill/check/", facts | {"reason": ""}).status_code == 302
    assert not Transfer.objects.filter(kind="goodwill").exists()


# Adjustments --------------------------------------------------------------------------------


def proposal(client, find: dict[str, str], **other) -> dict[str, str]:
    form = client.get("/staff/adjustments/new/", find).context["form"]
    facts = {name: form[name].value() for name in ("account_kind", "owner_id", "idempotency_key")}
    return facts | {"direction": "take", "amount_points": "٣٠٠", "reason": "Counted twice"} | other


BY_PHONE = {"phone": "07701234567"}


def decide(client, pk: int, step: str, **facts):
    return client.post(reverse(f"points_staff:adjustment-{step}", args=[pk]), facts, follow=True)


def test_an_adjustment_takes_two_people(client, caller):
    proposer = sign_in(client, staff(ADJUST))
    facts = proposal(client, BY_PHONE)
    for _ in range(2):
        assert "Someone else" in text(client.post("/staff/adjustments/propose/", facts, follow=True))
    one = Adjustment.objects.get()
    assert (one.amount_points, one.owner_id, one.proposed_by) == (-300, caller.pk, proposer)
    page = client.get("/staff/adjustments/")
    assert [step.name for step in page.context["rows"][0]["steps"]] == ["withdraw"]
    for step in ("approve", "refuse"):
        assert client.get(f"/staff/adjustments/{one.pk}/{step}/").status_code == 403
    assert "Two people" in text(decide(client, one.pk, "approve"))
    assert Wallet.objects.get(pk=caller.pk).paid_points == 1_000
    second = sign_in(client, staff(ADJUST))
    page = client.get("/staff/adjustments/")
    assert [step.name for step in page.context["rows"][0]["steps"]] == ["approve", "refuse"]
    assert client.get(f"/staff/adjustments/{one.pk}/withdraw/").status_code == 403
    assert "Two people" in text(decide(client, one.pk, "withdraw"))
    asked = client.get(f"/staff/adjustments/{one.pk}/approve/")
    assert (asked.context["owner"].balance_points, asked.context["after_points"]) == (1_000, 700)
    assert Adjustment.objects.get().state == AdjustmentState.PROPOSED
    assert "carried out" in text(decide(client, one.pk, "approve"))
    assert Wallet.objects.get(pk=caller.pk).paid_points == 700
    assert Adjustment.objects.get().decided_by == second
    # The browser's back button, and once more.
    assert "decided or withdrawn before" in text(decide(client, one.pk, "approve"))
    assert client.get(f"/staff/adjustments/{one.pk}/refuse/").status_code == 302
    assert Wallet.objects.get(pk=caller.pk).paid_points == 700


def test_what_was_refused_or_withdrawn_moves_nothing(client, caller):
    proposer = staff(ADJUST)
    first, second = (
        propose_adjustment(
            account_kind=AccountKind.CUSTOMER_PAID, owner_id=caller.pk, amount_points=5, reason="Slip",
            actor=proposer,
        )
        for _ in range(2)
    )  # fmt: skip
    sign_in(client, staff(ADJUST))
    assert client.post(f"/staff/adjustments/{first.pk}/refuse/", {"reason": ""}).status_code == 422
    decide(client, first.pk, "refuse", reason="Seen the receipt")
    sign_in(client, proposer)
    decide(client, second.pk, "withdraw")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.decision_reason) == (AdjustmentState.REFUSED, "Seen the receipt")
    assert second.state == AdjustmentState.WITHDRAWN
    assert Wallet.objects.get(pk=caller.pk).paid_points == 1_000
    assert "Seen the receipt" in text(client.get("/staff/adjustments/"))
    shown = {
        state: [
            row["adjustment"].pk
            for row in client.get("/staff/adjustments/", {"state": state}).context["rows"]
        ]
        for state in ("refused", "withdrawn", "proposed", "nonsense")
    }
    assert shown == {
        "refused": [first.pk], "withdrawn": [second.pk], "proposed": [], "nonsense": [second.pk, first.pk],
    }  # fmt: skip


def test_more_than_there_is_is_said_and_stays_proposed(client, caller):
    one = propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID, owner_id=caller.pk, amount_points=-1_001, reason="Slip",
        actor=make_person(),
    )  # fmt: skip
    sign_in(client, staff(ADJUST))
    assert "There are only" in text(decide(client, one.pk, "approve"))
    assert Adjustment.objects.get().state == AdjustmentState.PROPOSED


def test_nobody_corrects_their_own_wallet(client, caller):
    caller.user_permissions.set(Permission.objects.filter(codename=ADJUST.value))
    sign_in(client, caller)
    assert "own wallet" in text(client.get("/staff/adjustments/new/", BY_PHONE))
    facts = {
        "account_kind": "customer_paid", "owner_id": caller.pk, "idempotency_key": "k", "direction": "add",
        "amount_points": "5", "reason": "x",
    }  # fmt: skip
    assert "own wallet" in text(client.post("/staff/adjustments/propose/", facts, follow=True))
    assert not Adjustment.objects.exists()
    one = propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID, owner_id=caller.pk, amount_points=5, reason="Slip",
        actor=make_person(),
    )  # fmt: skip
    page = client.get("/staff/adjustments/")
    assert [step.name for step in page.context["rows"][0]["steps"]] == ["refuse"]
    assert "own wallet" in text(decide(client, one.pk, "approve"))
    assert Wallet.objects.get(pk=caller.pk).paid_points == 1_000


@pytest.mark.parametrize("words", ["baghdad-books", "BAGHDAD BOOKS", " Baghdad Books "])
def test_a_vendor_is_found_by_name_or_code_and_corrected(client, words):
    vendor = a_vendor(name="Baghdad Books")
    vendor.code = "baghdad-books"
    vendor.save()
    sign_in(client, staff(ADJUST))
    facts = proposal(client, {"vendor": words}, direction="add")
    client.post("/staff/adjustments/propose/", facts)
    one = Adjustment.objects.get()
    assert (one.account_kind, one.owner_id, one.amount_points) == ("vendor_payable", vendor.pk, 300)
    sign_in(client, staff(ADJUST))
    assert "Baghdad Books" in text(client.get("/staff/adjustments/"))
    assert "Baghdad Books" in text(client.get(f"/staff/adjustments/{one.pk}/approve/"))
    decide(client, one.pk, "approve")
    assert VendorBalance.objects.get(pk=vendor.pk).payable_points == 300


def test_what_is_nobody_s_account_is_not_corrected(client, caller):
    sign_in(client, staff(ADJUST))
    assert client.get("/staff/adjustments/new/", {"vendor": "nobody"}).status_code == 422
    facts = proposal(client, BY_PHONE)
    for other in (
        {"account_kind": "vendor_payable", "owner_id": 999_999},
        {"owner_id": 999_999},
        {"account_kind": "commission"},
        {"owner_id": "x"},
        {"owner_id": ""},
        {"owner_id": "9" * 40},
    ):
        assert client.post("/staff/adjustments/propose/", facts | other).status_code == 302
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount_points": "0"}, "amount_points"),
        ({"amount_points": "-5"}, "amount_points"),
        ({"amount_points": "10000001"}, "amount_points"),
        ({"reason": ""}, "reason"),
        ({"direction": ""}, "direction"),
        ({"direction": "both"}, "direction"),
    ],
)
def test_a_wrong_proposal_is_told_beside_its_field(client, caller, wrong, field):
    sign_in(client, staff(ADJUST))
    response = client.post("/staff/adjustments/propose/", proposal(client, BY_PHONE) | wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert "Zainab" in text(response)
    assert not Adjustment.objects.exists()


def test_a_used_page_proposes_nothing_else(client, caller):
    sign_in(client, staff(ADJUST))
    facts = proposal(client, BY_PHONE)
    client.post("/staff/adjustments/propose/", facts)
    response = client.post("/staff/adjustments/propose/", facts | {"amount_points": "7"}, follow=True)
    assert "used already" in text(response)
    assert Adjustment.objects.count() == 1


def test_what_no_page_foresees_is_refused_in_words(client, caller, monkeypatch):
    one = propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID,
        owner_id=caller.pk,
        amount_points=5,
        reason="x",
        actor=make_person(),
    )

    def collide(**facts):
        raise LedgerConflict

    monkeypatch.setattr("points_payment.services.adjustments.post_transfer", collide)
    sign_in(client, staff(ADJUST))
    assert "not possible" in text(decide(client, one.pk, "approve"))
    assert Adjustment.objects.get().state == AdjustmentState.PROPOSED


def test_unknown_adjustment_is_not_found(client):
    sign_in(client, staff(ADJUST))
    for step in ("approve", "refuse", "withdraw"):
        assert client.get(f"/staff/adjustments/999/{step}/").status_code == 404


def test_owners_of_whom_nobody_knows_keep_their_number(client, monkeypatch):
    earn(100)
    propose_adjustment(
        account_kind=AccountKind.VENDOR_PAYABLE,
        owner_id=VENDOR,
        amount_points=5,
        reason="x",
        actor=make_person(),
    )
    propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID,
        owner_id=999_999,
        amount_points=5,
        reason="x",
        actor=make_person(),
    )
    sign_in(client, staff(ADJUST))
    page = text(client.get("/staff/adjustments/"))
    assert f"#{VENDOR}" in page
    assert "#999999" in page
    for one in Adjustment.objects.all():
        assert client.get(f"/staff/adjustments/{one.pk}/approve/").status_code == 200
        decide(client, one.pk, "withdraw")
    monkeypatch.setattr(vendors, "_directory", None)
    assert vendors.find_vendor("x") is None
    assert vendors.vendor_names([3]) == {3: "#3"}
    assert not vendors.knows_vendor(3)


def test_the_index_counts_what_waits_for_somebody_else(client, caller):
    proposer = staff(ADJUST)
    propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID,
        owner_id=caller.pk,
        amount_points=5,
        reason="x",
        actor=proposer,
    )
    counts = []
    for person in (proposer, staff(ADJUST)):
        sign_in(client, person)
        tiles = client.get("/staff/").context["tiles"]
        counts += [tile["number"] for tile in tiles if "adjustments" in tile["url"]]
    assert counts == [0, 1]


# A customer's wallet ------------------------------------------------------------------------


def test_staff_read_a_customer_s_statement_from_the_person_s_page(client):
    customer = a_lively_wallet()
    sign_in(client, staff(PlatformPermission.CUSTOMERS_VIEW))
    address = f"/staff/wallets/{customer.pk}/"
    assert address in text(client.get(f"/staff/people/{customer.pk}/"))
    page = client.get(address)
    assert page.context["page"].rows[0].balance_points == 5_893
    assert len(page.context["page"].rows) == 7
    assert '<form method="post"' not in text(page).split("desk-main")[1].split("</main>")[0]
    assert len(client.get(address, {"kind": "purchases"}).context["page"].rows) == 2
    assert client.post(address).status_code == 405


def test_staff_narrow_a_statement_by_month_and_read_on(client):
    customer = make_person()
    backdate(top_up_wallet(customer, 100).pk, in_baghdad(2025, 10, 5))
    for _ in range(30):
        top_up_wallet(customer, 1)
    give_promotion(customer, 7, expires_at=timezone.now() + timedelta(days=3))
    sign_in(client, staff(PlatformPermission.CUSTOMERS_VIEW))
    address = f"/staff/wallets/{customer.pk}/"
    assert [row.amount_points for row in client.get(address, {"month": "2025-10"}).context["page"].rows] == [
        100
    ]
    first = client.get(address, {"kind": "top_ups"})
    assert "of these can be spent until" in text(first)
    second = client.get(address, {"kind": "top_ups", "before": first.context["page"].older_before})
    assert len(second.context["page"].rows) == 6


def test_a_person_without_points_has_an_empty_wallet(client):
    sign_in(client, staff(PlatformPermission.CUSTOMERS_VIEW))
    assert "No such movements" in text(client.get(f"/staff/wallets/{make_person().pk}/"))
    assert client.get("/staff/wallets/999999/").status_code == 404
