"""What a vendor earned, lived by its owner and two of the marketplace's staff, in a browser of their own.

The owner is on a phone and reads Arabic; staff sit at a desk, in English. This process serves the
shop, on a database of its own where a destination is usable at once and what was sold was sold last month.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from marketplace.demo.last_month import newest_month_to_close
from points_payment.models import Transfer
from points_payment.payout_methods import Destination
from points_payment.services.settlement import close_periods
from points_payment.statements import Period
from tests.browser.person import PASSWORD, Person
from tests.factories.vendors import a_person, a_staff_member, a_vendor
from tests.points_payment.backdating import backdate_all
from tests.points_payment.settling import make_destination, sell

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SOLD, COMMISSION, ASKED = 10_000, 1_000, 4_000
NUMBER = "00123456"
RECEIPT = "TR-2290"


@dataclass(frozen=True, slots=True)
class Cast:
    """By the phones with which they sign in."""

    owner: str
    orders: str
    confirms: str
    portal: str


@pytest.fixture
def cast(transactional_db: None, settings: Any) -> Cast:
    """A vendor who sold something last month and has a confirmed bank account; two people of the staff."""
    settings.PAYOUT_DESTINATION_HOURS = 0
    people = [a_person("ليلى"), a_staff_member("admin", name="Omar"), a_staff_member("admin", name="Nour")]
    for person in people:
        person.set_password(PASSWORD)
        person.save()
    vendor = a_vendor(owner=people[0], name="Dijla Carpets")
    sell(SOLD, vendor=vendor.pk)
    make_destination(
        vendor=vendor.pk, method="bank", destination=Destination("Layla Hassan", "Rafidain", NUMBER),
        actor=people[0],
    )  # fmt: skip
    _close_last_month()
    owner, orders, confirms = (str(person.phone) for person in people)
    return Cast(owner, orders, confirms, portal=f"/portal/{vendor.code}/money/")


@transaction.atomic
def _move_to_last_month() -> None:
    begins = Period.month(newest_month_to_close()).starts_at
    ids = Transfer.objects.order_by("pk").values_list("pk", flat=True)
    backdate_all({pk: begins + timedelta(days=9, minutes=place) for place, pk in enumerate(ids)})


def _close_last_month() -> None:
    _move_to_last_month()
    assert close_periods(now=timezone.now()) == 1


@pytest.fixture
def shop_url(cast: Cast, live_server: LiveServer) -> str:
    """In the place of the demo's: where people of this module go."""
    return str(live_server.url)


@pytest.fixture
def owner(cast: Cast, someone: Callable[..., Person]) -> Person:
    return someone("ar", phone_screen=True).sign_in(login=cast.owner, password=PASSWORD, landing=cast.portal)


@pytest.fixture
def staff(cast: Cast, someone: Callable[..., Person]) -> tuple[Person, Person]:
    first, second = (
        someone("en").sign_in(login=login, password=PASSWORD, landing="/staff/payouts/")
        for login in (cast.orders, cast.confirms)
    )
    return first, second


def state(person: Person) -> str:
    """Of the page's statement, as the badge beside its title says."""
    return person.page.locator("main h1 + .status").inner_text()


def listed(person: Person) -> str:
    """Address of the first thing in the page's table."""
    return person.page.locator("main .desk-table tbody a").first.get_attribute("href") or ""


def test_a_payout_from_the_wish_to_the_receipt(
    cast: Cast, owner: Person, staff: tuple[Person, Person], tmp_path: Path
) -> None:
    first, second = staff
    # More than there is is refused beside the field, and what was typed stays.
    owner.go(f"{cast.portal}payouts/")
    owner.send("/payouts/ask/", amount_points="٩٬٠٠١")
    assert owner.page.locator("main [name=amount_points].is-invalid").input_value() == "٩٬٠٠١"
    owner.send("/payouts/ask/", amount_points=str(ASKED))
    assert owner.page.locator("main form[action$='/withdraw/']").count() == 1

    # One orders it. Then it cannot be withdrawn, and whoever ordered it cannot confirm it.
    first.go("/staff/payouts/")
    payout = listed(first)
    first.go(payout)
    reference = first.page.locator("main h1").inner_text()
    first.follow("/order/")
    first.send("")
    owner.go(f"{cast.portal}payouts/")
    assert owner.page.locator("main form[action$='/withdraw/']").count() == 0
    assert owner.page.locator("main a[href$='/receipt.pdf']").count() == 0
    first.go(f"{payout}confirm/")
    first.send("", paid_reference=RECEIPT)
    assert first.page.locator(".alert-danger").count() == 1
    assert first.page.locator(f"main a[href$='{payout}confirm/']").count() == 1
    assert RECEIPT not in first.text

    # Another has the receipt, and must write its number down.
    second.go(payout)
    assert NUMBER in second.text
    second.follow("/confirm/")
    second.send("", paid_reference="  ")
    assert second.page.locator("main .is-invalid").count() == 1
    second.send("", paid_reference=RECEIPT)
    assert RECEIPT in second.text
    assert second.page.locator("main a[href$='/confirm/']").count() == 0

    # The owner sees it paid, with less left, and has the receipt; the whole number stands nowhere.
    owner.go(f"{cast.portal}payouts/")
    assert owner.number_in(".desk-tile-number") == SOLD - COMMISSION - ASKED
    assert NUMBER not in owner.text
    with owner.page.expect_download() as downloading:
        owner.page.locator("main a[href$='/receipt.pdf']").click()
    target = tmp_path / "receipt.pdf"
    downloading.value.save_as(target)
    receipt = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(target.read_bytes())).pages)
    assert reference in receipt
    assert RECEIPT in receipt
    assert NUMBER not in receipt


def test_a_statement_is_questioned_answered_and_accepted(
    cast: Cast, owner: Person, staff: tuple[Person, Person]
) -> None:
    clerk, _other = staff
    owner.go(f"{cast.portal}statements/")
    page = listed(owner)
    owner.go(page)
    issued = state(owner)
    # Without words nothing is questioned.
    owner.send("/question/", text=" ")
    assert owner.page.locator("main .is-invalid").count() == 1
    assert state(owner) == issued
    owner.send("/question/", text="العمولة أكثر مما اتفقنا عليه")
    questioned = state(owner)
    assert questioned != issued

    clerk.go("/staff/settlements/?state=questioned")
    desk_page = listed(clerk)
    clerk.go(desk_page)
    assert "العمولة أكثر مما اتفقنا عليه" in clerk.text
    clerk.fill("/answer/", text="Ten percent of 10,000, as in your contract")
    with clerk.page.expect_navigation():
        # Its other button resolves the question as well.
        clerk.form("/answer/").locator("button:not([formaction])").click()
    clerk.check_page()
    # An answer does not end the question: that is the vendor's to say.
    assert state(clerk) == "Questioned"
    sums = clerk.page.locator(".statement-sums").inner_text()

    owner.go(page)
    assert "Ten percent of 10,000" in owner.text
    owner.send("/accept/")
    assert state(owner) not in {issued, questioned}
    assert owner.page.locator("main form[action$='/question/'], main form[action$='/accept/']").count() == 0
    clerk.go(desk_page)
    assert state(clerk) == "Accepted"
    assert clerk.page.locator("main form[action$='/answer/']").count() == 0
    # Whatever is said about it, its figures stay.
    assert clerk.page.locator(".statement-sums").inner_text() == sums
