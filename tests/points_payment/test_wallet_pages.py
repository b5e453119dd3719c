"""What a customer reads of their wallet, on the page, as CSV and as PDF."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pypdf import PdfReader

from marketplace.users.models import User
from points_payment import exports, statement_views
from points_payment.kinds import TransferKind
from points_payment.models import Transfer
from points_payment.services.topups import top_up
from points_payment.statements import export_rows, span_of
from tests.factories.points import (
    give_promotion,
    make_customer_with_points,
    make_person,
    new_key,
    top_up_wallet,
)
from tests.points_payment.backdating import backdate
from tests.points_payment.test_statements import a_lively_wallet, in_baghdad

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(client):
    client.cookies["django_language"] = "en"


def sign_in(client: Client, person: User) -> User:
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return person


def text(response) -> str:
    return response.content.decode()


def streamed(response) -> str:
    return b"".join(response.streaming_content).decode("utf-8")


def entries(customer) -> list[int]:
    return [row.entry_id for row in export_rows(span_of(customer_id=customer.pk))]


@pytest.fixture
def october(client):
    """Signed in: 100 points of October 2025, 20 of November, 3 of today."""
    customer = make_person("Zainab")
    backdate(top_up_wallet(customer, 100).pk, in_baghdad(2025, 10, 5, 14, 30))
    backdate(give_promotion(customer, 20).transfer_id, in_baghdad(2025, 11, 6, 9))
    top_up_wallet(customer, 3)
    return sign_in(client, customer)


# The page -----------------------------------------------------------------------------------


def test_paid_and_promotional_points_stand_apart_with_what_expires_next(client):
    customer = sign_in(client, make_customer_with_points(paid=1_000))
    give_promotion(customer, 300, expires_at=in_baghdad(2035, 4, 3))
    give_promotion(customer, 50)
    give_promotion(customer, 9, expires_at=timezone.now() - timedelta(hours=1))
    page = client.get("/wallet/")
    assert page.context["balance_points"] == 1_350
    assert (page.context["paid_points"], page.context["promotional_points"]) == (1_000, 350)
    words = text(page)
    assert "300 points of these can be spent until 2 April 2035." in re.sub(r"<[^>]*>", "", words)
    assert "have expired and cannot be spent" in words
    assert "/wallet/redeem/" in words


def test_a_wallet_without_promotional_points_says_nothing_of_expiry(client):
    sign_in(client, make_customer_with_points(paid=5))
    assert "of these can be spent" not in text(client.get("/wallet/"))


def test_an_empty_wallet_offers_no_filters_and_empty_exports(client):
    sign_in(client, make_person())
    page = text(client.get("/wallet/"))
    assert "Nothing has moved yet" in page
    assert "wallet-filter" not in page
    assert len(streamed(client.get("/wallet/statement.csv")).splitlines()) == 1
    assert "Nothing moved" in pdf_text(client.get("/wallet/statement.pdf"))


@pytest.mark.parametrize(
    ("filters", "amounts"),
    [
        ({}, [3, 20, 100]),
        ({"kind": "gifts"}, [20]),
        ({"month": "2025-10"}, [100]),
        ({"month": "2025-11", "kind": "top_ups"}, []),
        ({"first_day": "2025-11-06", "last_day": "2025-11-06"}, [20]),
        ({"last_day": "2025-11-05"}, [100]),
        ({"first_day": "2025-11-06"}, [3, 20]),
        # Days go before a month.
        ({"first_day": "2025-11-06", "month": "2025-10"}, [3, 20]),
        ({"kind": "nonsense", "month": "2031-99", "first_day": "x"}, [3, 20, 100]),
        ({"month": "1999-01"}, [3, 20, 100]),
        ({"first_day": "0001-01-01", "last_day": "9999-12-31"}, [3, 20, 100]),
        ({"first_day": "9999-12-31"}, [3]),
    ],
)
def test_the_page_is_narrowed_by_kind_month_and_days(client, october, filters, amounts):
    page = client.get("/wallet/", filters)
    assert page.status_code == 200
    # The last but one: from a day that has not come until today is today.
    assert [row.amount_points for row in page.context["page"].rows] == amounts


def test_a_filtered_page_says_what_the_wallet_held_before_and_after(client, october):
    held = client.get("/wallet/", {"month": "2025-11", "kind": "gifts"}).context["balances"]
    assert (held.opening_points, held.closing_points) == (100, 120)
    assert client.get("/wallet/", {"kind": "gifts"}).context["balances"] is None


def test_nothing_of_a_kind_is_no_empty_wallet(client, october):
    page = text(client.get("/wallet/", {"kind": "corrections"}))
    assert "No such movements" in page
    assert "Nothing has moved yet" not in page


def test_months_are_those_since_the_first_movement(client, october):
    choices = client.get("/wallet/").context["form"].fields["month"].choices
    assert choices[-1] == ("2025-10", "October 2025")
    assert choices[1][0] == f"{timezone.localdate():%Y-%m}"
    client.cookies["django_language"] = "ar"
    choices = client.get("/wallet/").context["form"].fields["month"].choices
    assert choices[-1] == ("2025-10", "تشرين الأول 2025")


def test_older_pages_keep_the_filters(client):
    customer = sign_in(client, make_person())
    for _ in range(30):
        top_up_wallet(customer, 1)
        give_promotion(customer, 5)
    page = client.get("/wallet/", {"kind": "top_ups", "month": f"{timezone.localdate():%Y-%m}"})
    (address,) = [line for line in text(page).split('"') if "before=" in line]
    second = client.get(f"/wallet/{address.replace('&amp;', '&')}")
    assert [row.amount_points for row in second.context["page"].rows] == [1] * 5
    assert "before=" not in second.context["filters"]


@pytest.mark.parametrize("filters", [{}, {"kind": "top_ups", "first_day": "2020-01-01"}])
def test_the_page_takes_as_many_queries_for_many_movements(client, filters):
    customer = sign_in(client, make_customer_with_points(paid=10, promotional=5))
    client.get("/wallet/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/wallet/", filters).status_code == 200
        return len(captured)

    few = queries()
    for _ in range(40):
        top_up_wallet(customer, 1)
    assert queries() == few


# CSV ----------------------------------------------------------------------------------------


def test_csv_has_every_movement_oldest_first_for_a_spreadsheet(client):
    customer = sign_in(client, a_lively_wallet())
    response = client.get("/wallet/statement.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="nuqta-statement.csv"'
    content = streamed(response)
    assert content.startswith("\ufeff")
    header, *rows = csv.reader(io.StringIO(content.removeprefix("\ufeff")))
    assert header == [
        "Date", "Time", "Movement", "Points", "Order", "Card", "Reference", "Amount", "Balance",
    ]  # fmt: skip
    assert [row[7:] for row in rows] == [
        ["1000", "1000"], ["300", "1300"], ["-200", "1100"], ["-300", "800"], ["100", "900"],
        ["5000", "5900"], ["-7", "5893"],
    ]  # fmt: skip
    assert {row[0] for row in rows} == {f"{timezone.localdate():%Y-%m-%d}"}
    number = Transfer.objects.get(kind="purchase").reference
    assert [row[4] for row in rows[2:5]] == [number] * 3
    assert rows[5][5] == Transfer.objects.get(kind="card_redemption").reference
    assert [row[3] for row in rows[:2]] == ["Paid", "Promotional"]
    assert len(rows) == len(entries(customer))


def test_csv_of_a_month_and_a_kind(client, october):
    response = client.get("/wallet/statement.csv", {"month": "2025-10", "kind": "top_ups"})
    assert response["Content-Disposition"].endswith('nuqta-statement-2025-10-01-2025-10-31.csv"')
    (row,) = list(csv.reader(io.StringIO(streamed(response))))[1:]
    assert row[:3] == ["2025-10-05", "14:30:00", "Top-up"]


def test_csv_speaks_the_language_of_who_asked_for_it(client, october):
    client.cookies["django_language"] = "ar"
    response = client.get("/wallet/statement.csv")
    with translation.override("en"):
        content = streamed(response)
    with translation.override("ar"):
        assert str(TransferKind.TOP_UP.label) in content
    assert "Top-up" not in content


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_csv_runs_no_formulas(evil):
    assert exports.plain(evil) == f"'{evil}"
    assert exports.plain("R-1") == "R-1"
    assert exports.plain("") == ""


def test_a_reference_that_an_operator_typed_is_no_formula(client):
    customer = sign_in(client, make_person())
    top_up(
        operator=make_person(), customer=customer, amount_points=5, reason="Cash",
        reference='=HYPERLINK("http://evil.example")', idempotency_key=new_key(),
    )  # fmt: skip
    rows = list(csv.reader(io.StringIO(streamed(client.get("/wallet/statement.csv")))))
    assert rows[1][6].startswith("'=")


def test_a_long_csv_is_read_in_parts(client, monkeypatch):
    customer = sign_in(client, make_person())
    for _ in range(5):
        top_up_wallet(customer, 1)
    monkeypatch.setattr("points_payment.statements.EXPORT_ROWS", 2)
    lines = client.get("/wallet/statement.csv").streaming_content
    with CaptureQueriesContext(connection) as captured:
        first_two = [next(lines) for _ in range(2)]
    assert len(first_two) == 2
    assert len(captured) == 1
    assert len(list(lines)) == 4


# PDF ----------------------------------------------------------------------------------------


def pdf_text(response) -> str:
    assert response["Content-Type"] == "application/pdf", text(response)
    reader = PdfReader(io.BytesIO(response.content))
    return "\n".join(page.extract_text() for page in reader.pages)


def bare(words: str) -> str:
    """Without the signs that only order what is beside them."""
    return words.translate(dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069\u200e\u200f"))).replace(
        "\xa0", " "
    )


def test_pdf_of_a_month_says_who_when_and_what_the_wallet_held(client, october):
    User.objects.filter(pk=october.pk).update(phone="+9647701234567")
    response = client.get("/wallet/statement.pdf", {"month": "2025-11"})
    assert response["Content-Disposition"] == (
        'attachment; filename="nuqta-statement-2025-11-01-2025-11-30.pdf"'
    )
    words = bare(pdf_text(response))
    for said in (
        "Statement of points", "Zainab", "+9647701234567", "1 November 2025", "30 November 2025",
        "Opening balance", "Closing balance", "Goodwill", "+20", "120", "Page 1 / 1",
    ):  # fmt: skip
        assert said in words, said
    assert "+100" not in words


def test_pdf_of_all_begins_with_the_first_month(client, october):
    words = bare(pdf_text(client.get("/wallet/statement.pdf")))
    assert "1 October 2025" in words
    for amount in ("+100", "+20", "+3"):
        assert amount in words


def test_pdf_of_a_kind_says_so(client, october):
    words = bare(pdf_text(client.get("/wallet/statement.pdf", {"kind": "gifts"})))
    assert "Gifts" in words
    assert "+100" not in words


@pytest.mark.parametrize("language", ["ar", "ckb"])
def test_pdf_is_set_in_the_language_of_the_customer(client, october, language):
    client.cookies["django_language"] = language
    response = client.get("/wallet/statement.pdf", {"month": "2025-10"})
    assert "100" in pdf_text(response)


def test_a_long_pdf_has_numbered_pages(client):
    customer = sign_in(client, make_person())
    for _ in range(70):
        top_up_wallet(customer, 1)
    words = bare(pdf_text(client.get("/wallet/statement.pdf")))
    assert "Page 1 / 2" in words
    assert "Page 2 / 2" in words


def test_too_long_a_document_is_refused_with_its_reason(client, monkeypatch):
    monkeypatch.setattr(statement_views, "MOST_PDF_ROWS", 2)
    sign_in(client, a_lively_wallet())
    response = client.get("/wallet/statement.pdf")
    assert response.status_code == 422
    assert "Choose a shorter time" in text(response)
    assert client.get("/wallet/statement.pdf", {"kind": "cards"}).status_code == 200


@pytest.mark.parametrize("ending", ["csv", "pdf"])
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first_day": "2025-11-02", "last_day": "2025-11-01"}, "last_day"),
        ({"first_day": "yesterday"}, "first_day"),
        ({"kind": "nonsense"}, "kind"),
        ({"month": "2031-01"}, "month"),
    ],
)
def test_a_wrong_choice_is_told_beside_its_field_and_kept(client, october, ending, wrong, field):
    response = client.get(f"/wallet/statement.{ending}", wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert response.context["form"][field].value() == wrong[field]


@pytest.mark.parametrize(
    "address", ["/wallet/statement.csv", "/wallet/statement.pdf", "/wallet/movements/1/"]
)
def test_wallets_are_for_who_is_signed_in(client, address):
    response = client.get(address)
    assert response.status_code == 302
    assert "login" in response["Location"]
    assert client.post(address).status_code == 405


# One movement -------------------------------------------------------------------------------


def test_a_movement_s_page_says_what_it_did(client):
    customer = sign_in(client, a_lively_wallet())
    pages = [text(client.get(f"/wallet/movements/{pk}/")) for pk in entries(customer)]
    number = Transfer.objects.get(kind="purchase").reference
    card = Transfer.objects.get(kind="card_redemption").redeemed_card
    assert "New in your wallet" in pages[0]
    assert "Can be spent until" in pages[1]
    assert number in pages[2]
    assert "Where these points came from" in pages[2]
    assert "Other movements of this order" in pages[2]
    assert card.serial in pages[5]
    assert card.last_four in pages[5]
    # The reason of a correction is for staff.
    assert "Slip" not in pages[6]


def test_another_customer_s_movement_does_not_exist(client):
    customer = make_customer_with_points(paid=5)
    sign_in(client, make_customer_with_points(paid=7))
    for pk in [*entries(customer), 0, 10**30]:
        assert client.get(f"/wallet/movements/{pk}/").status_code == 404


def test_a_reversed_movement_links_to_what_reversed_it(client):
    from points_payment.kinds import AccountKind
    from points_payment.models import Lot
    from points_payment.services.ledger import LotChange, Posting, post_transfer

    customer = sign_in(client, make_customer_with_points(paid=50))
    original = Transfer.objects.get(kind=TransferKind.TOP_UP)
    post_transfer(
        kind=TransferKind.TOP_UP_REVERSAL, idempotency_key=new_key(), reverses_id=original.pk,
        postings=[
            Posting(AccountKind.CUSTOMER_PAID, customer.pk, -50),
            Posting(AccountKind.OPERATOR, original.actor_id, 50),
        ],
        lot_changes=[LotChange(Lot.objects.get(customer=customer).pk, -50)],
    )  # fmt: skip
    first, second = entries(customer)
    assert f"/wallet/movements/{second}/" in text(client.get(f"/wallet/movements/{first}/"))
    assert f"/wallet/movements/{first}/" in text(client.get(f"/wallet/movements/{second}/"))
