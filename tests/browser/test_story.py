"""The whole story of the shop, as its people live it: in Arabic on a phone, and in English on a desk.

A customer, a vendor's owner and clerk, and the marketplace's admin, card manager and point distributor,
each in a browser of their own, against a shop served as the demo is.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from forked_apps.partner.governorates import Governorate
from forked_apps.partner.permissions import VendorPermission
from marketplace.demo.people import ADMIN, CARD_MANAGER, DEMO_PASSWORD, DISTRIBUTOR
from tests.browser.person import Person, new_phone

pytestmark = pytest.mark.browser

TRACKING_CODE = "IQ-77 204 118"
CARD_VALUE, TOP_UP, PRICE = 250_000, 3_000_000, 120_000


def open_shop(someone: Callable[..., Person], language: str) -> tuple[Person, str, str, str]:
    """An owner applies, an admin approves, the owner puts a product on sale.

    Returns the owner, the shop's name, its portal and the product's page.
    """
    owner = someone(language)
    owner.sign_up(phone=new_phone(), name="سارة كريم", landing="/sell/")
    name = f"Dijla {secrets.token_hex(3)}"
    owner.send("/sell/", name=name, governorate=Governorate.BASRA, phone=new_phone(), about="أثاث وحواسيب")
    assert name in owner.text

    admin = someone(language).sign_in(login=ADMIN.phone, password=DEMO_PASSWORD, landing="/staff/vendors/")
    admin.go(f"/staff/vendors/?q={name}")
    admin.page.locator("main a", has_text=name).first.click()
    admin.follow("approve/")
    admin.send("")
    owner.go("/portal/")
    code = re.search(r"/portal/([\w-]+)/", owner.page.url)
    assert code, owner.page.url
    portal = f"/portal/{code.group(1)}/"

    owner.go(f"{portal}shipping/")
    for governorate in (Governorate.BAGHDAD, Governorate.BASRA):
        owner.page.check(f"[name='{governorate}-delivers']")
        owner.fill(
            "",
            **{
                f"{governorate}-charge": "6000",
                f"{governorate}-days_min": "1",
                f"{governorate}-days_max": "3",
            },
        )
    owner.send("")

    owner.go(f"{portal}offers/add/?q=MacBook")
    owner.follow(f"{portal}offers/add/")
    # Arabic digits are digits, wherever a person types a number.
    owner.send("", sku=f"D-{secrets.token_hex(4)}", price="١٢٠٠٠٠", num_in_stock="5", handling_days="1")
    owner.page.locator(f"main td a[href^='{portal}offers/']").first.click()
    product = owner.page.locator("main a[href^='/catalogue/']").first.get_attribute("href")
    assert product, owner.page.url
    return owner, name, portal, product


def hire_clerk(someone: Callable[..., Person], owner: Person, portal: str) -> Person:
    """The owner creates a role and invites a clerk by phone into it; the clerk signs up and accepts."""
    owner.go(f"{portal}team/roles/new/")
    for right in (VendorPermission.ORDERS_VIEW, VendorPermission.ORDERS_SHIP):
        owner.page.check(f"[name='permissions'][value='{right}']")
    role = f"Shipping {secrets.token_hex(2)}"
    owner.send("", name=role)
    phone = new_phone()
    owner.go(f"{portal}team/invite/")
    owner.page.locator("main select[name='role']").select_option(label=role)
    owner.send("", contact=phone)

    clerk = someone(owner.language, phone_screen=True)
    clerk.sign_up(phone=phone, name="علي حسن", landing="/portal/invitations/")
    clerk.send("/accept/")
    for page, status in {
        "orders/": 200,
        "offers/": 403,
        "team/": 403,
        "money/": 403,
        "shipping/": 403,
    }.items():
        assert clerk.status_of(portal + page) == status, page
    return clerk


def issue_cards(someone: Callable[..., Person], language: str, tmp_path: Path) -> list[str]:
    """A card manager drafts a batch, an admin approves it, releases its codes and activates it."""
    manager = someone(language).sign_in(
        login=CARD_MANAGER.phone, password=DEMO_PASSWORD, landing="/staff/cards/new/"
    )
    manager.send("", face_value_points=str(CARD_VALUE), number_of_cards="3", note="Karrada")
    batch = re.search(r"/staff/cards/\d+/", manager.page.url)
    assert batch, manager.page.url
    path = batch.group(0)

    admin = someone(language).sign_in(login=ADMIN.phone, password=DEMO_PASSWORD, landing=path)
    admin.follow("approve/")
    admin.send("")

    manager.go(f"{path}codes/")
    manager.send("", kind="list")
    # The page looks by itself how far it is; who started it cannot release the file.
    expect(manager.page.locator("#production progress")).to_have_count(0, timeout=30_000)
    assert manager.status_of(f"{path}release/") == 403

    admin.go(path)
    admin.follow("release/")
    with admin.page.expect_download() as downloading:
        admin.form("").locator("button:not([type=button])").last.click()
    target = tmp_path / "codes.csv"
    downloading.value.save_as(target)
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="ascii"))))
    codes = [row["code"] for row in rows]
    assert len(set(codes)) == 3
    # Asking once more gives nothing but the way back to the batch.
    admin.send("")
    assert admin.page.url.endswith(path)

    admin.go(path)
    admin.follow("activate/")
    admin.send("")
    return codes


def top_up(someone: Callable[..., Person], language: str, phone: str) -> None:
    """A point distributor finds the customer by phone, verifies them and adds points."""
    distributor = someone(language).sign_in(
        login=DISTRIBUTOR.phone, password=DEMO_PASSWORD, landing="/staff/top-up/"
    )
    distributor.go(f"/staff/top-up/?phone={phone}")
    # The caller is verified by a code that their phone receives.
    # Not the one by which they signed up, which lies there still.
    before = distributor.codes_so_far(phone)
    distributor.send("/top-up/send-code/")
    distributor.send("/top-up/check-code/", code=distributor.newest_code(phone, but_for=before))
    distributor.send(
        "/top-up/check/", amount_points=str(TOP_UP), reason="Cash", reference=f"R-{secrets.token_hex(3)}"
    )
    distributor.send("/top-up/add/")
    assert distributor.status_of("/staff/cards/") == 403
    assert distributor.status_of("/staff/vendors/") == 403


@pytest.mark.parametrize(("language", "phone_screen"), [("ar", True), ("en", False)])
def test_story(someone: Callable[..., Person], tmp_path: Path, language: str, phone_screen: bool) -> None:
    owner, shop, portal, product = open_shop(someone, language)
    clerk = hire_clerk(someone, owner, portal)
    codes = issue_cards(someone, language, tmp_path)

    # The customer looks around before having an account, and narrows the results by a facet.
    customer = someone(language, phone_screen=phone_screen)
    customer.go("/search/?q=chair")
    everything = customer.number_in(".listing-count")
    facet = customer.page.locator("main a[rel=nofollow][href*='vendor=']").first.get_attribute("href") or ""
    customer.go(facet if facet.startswith("/") else f"/search/{facet}")
    assert 0 < customer.number_in(".listing-count") <= everything
    with customer.page.expect_navigation():
        customer.page.locator("main .product-card-title a").first.click()
    add_to_basket(customer)
    customer.go(product)
    add_to_basket(customer, shop=shop)
    customer.go("/basket/")
    assert customer.page.locator("main section[aria-labelledby^='vendor-']").count() == 2

    # Signing up on the way to the checkout keeps the basket.
    phone = new_phone()
    customer.sign_up(phone=phone, name="زينب علي", landing="/checkout/address/")
    customer.send(
        "/checkout/address/",
        full_name="زينب علي",
        phone=phone,
        governorate=Governorate.BAGHDAD,
        district="الكرادة",
        landmark="قرب جامع التقوى",
    )

    # Too few points: what is missing is said, and a card can be redeemed right there.
    needed = customer.number_in("dl .border-top dd")
    assert customer.number_in(".alert-danger bdi") == needed
    customer.send("/wallet/redeem/", code=codes[0])
    customer.go("/checkout/review/")
    assert customer.page.locator("form[action$='/checkout/place/']").count() == (needed <= CARD_VALUE)
    top_up(someone, language, phone)
    customer.go("/checkout/review/")
    customer.send("/checkout/place/")
    found = re.search(r"/thank-you/([\w-]+)/", customer.page.url)
    assert found, customer.page.url
    number = found.group(1)

    # The order has a part for each vendor, and its debit stands in the statement.
    order_page = f"/account/orders/{number}/"
    customer.go(order_page)
    parts = customer.page.locator("main section[aria-labelledby^='part-']")
    assert parts.count() == 2
    numbers = [parts.nth(index).locator("header .small bdi").first.inner_text() for index in range(2)]
    customer.go("/wallet/")
    assert balance(customer) == CARD_VALUE + TOP_UP - needed
    expect(customer.page.locator(f"main a[href*='{number}']").first).to_be_visible()

    # A card credits once.
    customer.go("/wallet/redeem/")
    customer.send("/wallet/redeem/", code=codes[0])
    customer.go("/wallet/")
    assert balance(customer) == CARD_VALUE + TOP_UP - needed

    # The clerk ships this vendor's part; the customer sees it; the other part is untouched and unseen.
    clerk.go(f"{portal}orders/")
    links = clerk.page.locator(f"main a[href^='{portal}orders/']").all()
    own = [link.inner_text() for link in links if link.inner_text() in numbers]
    assert len(own) == 1, own
    [other] = set(numbers) - set(own)
    clerk.go(f"{portal}orders/{own[0]}/")
    clerk.send("/accept/")
    clerk.send("/ship/", tracking_code=TRACKING_CODE, carrier="Iraq Post")
    assert clerk.status_of(f"{portal}orders/{other}/") == 404
    assert owner.status_of(f"{portal}orders/{other}/") == 404
    customer.go(order_page)
    shipped = [TRACKING_CODE in parts.nth(index).inner_text() for index in range(2)]
    assert shipped == [own_number == own[0] for own_number in numbers]
    assert customer.newest_message(phone, rf"({re.escape(TRACKING_CODE)})") == TRACKING_CODE

    # A stranger sees neither the order nor the portal.
    stranger = someone(language)
    stranger.sign_up(phone=new_phone(), name="غريب")
    assert stranger.status_of(order_page) == 404
    assert stranger.status_of(portal) == 404
    assert stranger.status_of("/staff/") == 403


def balance(person: Person) -> int:
    return int(person.page.locator("[data-balance]").get_attribute("data-balance") or 0)


def add_to_basket(person: Person, *, shop: str | None = None) -> None:
    """Press the buy box's button; with the name of a shop, that of its offer, wherever it stands."""
    boxes = person.page.locator("main .buy-box, main .other-offer")
    box = boxes.filter(has_text=shop).first if shop else boxes.first
    with person.page.expect_navigation():
        box.locator("form[action*='/basket/add/'] button").click()
    person.check_page()
