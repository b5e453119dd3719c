"""A return and a dispute, each lived by all who have a part in it, in a browser of their own.

The buyer is on a phone and reads Arabic; the seller and the marketplace's staff sit at a desk, in English.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from forked_apps.partner.governorates import Governorate
from marketplace.demo.people import ADMIN, DEMO_PASSWORD
from tests.browser.person import Person, new_phone
from tests.browser.test_story import PRICE, add_to_basket, balance, open_shop, top_up

pytestmark = pytest.mark.browser
CHARGE = 6_000


def a_photo(name: str = "corner.jpg") -> FilePayload:
    file = io.BytesIO()
    Image.new("RGB", (400, 300), "sienna").save(file, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def attach(person: Person, action: str) -> None:
    person.form(action).locator("input[type=file]").set_input_files([a_photo()])


class Sale:
    """A buyer's order that arrived from a seller who has a shop of their own, with the addresses of both."""

    def __init__(self, someone: Callable[..., Person]) -> None:
        self.seller, self.shop, self.portal, product = open_shop(someone, "en")
        phone = new_phone()
        self.buyer = someone("ar", phone_screen=True)
        self.buyer.sign_up(phone=phone, name="زينب علي")
        top_up(someone, "en", phone)
        self.buyer.go(product)
        add_to_basket(self.buyer, shop=self.shop)
        self.buyer.go("/checkout/address/")
        self.buyer.send(
            "/checkout/address/",
            full_name="زينب علي",
            phone=phone,
            governorate=Governorate.BAGHDAD,
            district="الكرادة",
            landmark="قرب جامع التقوى",
        )
        self.buyer.send("/checkout/place/")
        found = re.search(r"/thank-you/([\w-]+)/", self.buyer.page.url)
        assert found, self.buyer.page.url
        self.number = found.group(1)
        self.part = f"{self.number}-A"
        self.order_page = f"/account/orders/{self.number}/"
        self.before = self.points()
        self._deliver()

    def points(self) -> int:
        self.buyer.go("/wallet/")
        return balance(self.buyer)

    def _deliver(self) -> None:
        """The buyer tells their code, and the seller types it."""
        page = f"{self.portal}orders/{self.part}/"
        self.seller.go(page)
        self.seller.send("/accept/")
        self.seller.send("/ship/", tracking_code=f"IQ-{secrets.token_hex(4)}", carrier="Iraq Post")
        self.buyer.go(self.order_page)
        code = self.buyer.page.locator("[data-handover-code]").inner_text()
        self.seller.follow("/hand-over/")
        self.seller.send("", code=code)

    def pieces_field(self, person: Person, action: str) -> str:
        name = person.form(action).locator("input[name^='line_']").first.get_attribute("name")
        assert name
        return name


def test_a_return_from_both_sides(someone: Callable[..., Person]) -> None:
    sale = Sale(someone)
    buyer, seller = sale.buyer, sale.seller

    # The buyer asks, with a photo; without a piece nothing is asked.
    buyer.go(sale.order_page)
    buyer.follow("/return/")
    buyer.page.check("main input[name=reason][value=damaged]")
    attach(buyer, "")
    buyer.send("", description="وصلت الحافة مكسورة")
    assert buyer.page.locator("main .alert-danger").count() == 1
    buyer.page.check("main input[name=reason][value=damaged]")
    attach(buyer, "")
    buyer.send("", description="وصلت الحافة مكسورة", **{sale.pieces_field(buyer, ""): "١"})
    own_page = buyer.page.url.removeprefix(buyer.shop_url)
    number = own_page.rstrip("/").split("/")[-1]
    expect(buyer.page.locator("main img.return-photo")).to_have_count(1)

    # The seller sees it with its photo, and says how to send it.
    seller.go(f"{sale.portal}returns/")
    seller.follow(f"/returns/{number}/")
    photo = seller.page.locator("main img.return-photo")
    expect(photo).to_have_count(1)
    assert photo.evaluate(
        "image => image.complete && image.naturalWidth > 0 || image.decode().then(() => true)"
    )
    seller.fill("/approve/", answer="By courier, to our shop in Basra")
    # Beside it stands the button that refuses.
    with seller.page.expect_navigation():
        seller.form("/approve/").locator("button.btn-primary").click()

    # The parcel goes back.
    buyer.go(own_page)
    assert "By courier, to our shop in Basra" in buyer.text
    buyer.send("/sent/", carrier="مندوب", tracking_code="BACK-17")

    # A look at it, and all of it is paid back, the way included: it was the seller's fault.
    seller.go(f"{sale.portal}returns/{number}/")
    assert "BACK-17" in seller.text
    seller.page.check("main form[action$='/settle/'] [name=restock]")
    seller.send("/settle/", **{sale.pieces_field(seller, "/settle/"): "1"})
    assert sale.points() == sale.before + PRICE + CHARGE
    buyer.go(own_page)
    assert buyer.page.locator("main form").count() == 0

    # Nobody else sees it.
    stranger = someone("en")
    stranger.sign_up(phone=new_phone(), name="Stranger")
    assert stranger.status_of(own_page) == 404


def test_a_dispute_from_all_three_sides(someone: Callable[..., Person]) -> None:
    sale = Sale(someone)
    buyer, seller = sale.buyer, sale.seller

    # The buyer reports, with a photo.
    buyer.go(sale.order_page)
    buyer.follow("/problem/")
    buyer.page.check("main input[name=reason][value=not_described]")
    attach(buyer, "")
    buyer.send("", description="ليس كما في الوصف", **{sale.pieces_field(buyer, ""): "١"})
    own_page = buyer.page.url.removeprefix(buyer.shop_url)
    number = own_page.rstrip("/").split("/")[-1]
    assert buyer.page.locator("main form[action$='/escalate/']").count() == 0

    # The seller finds it counted and listed, and refuses.
    seller.go(sale.portal)
    seller.follow(f"{sale.portal}disputes/")
    seller.follow(f"/disputes/{number}/")
    expect(seller.page.locator("main img.return-photo")).to_have_count(1)
    seller.send("/refuse/", reason="It is what the page says")

    # So the buyer asks the marketplace, with evidence; the seller gives theirs.
    buyer.go(own_page)
    assert "It is what the page says" in buyer.text
    attach(buyer, "/escalate/")
    buyer.send("/escalate/", text="اللون والمقاس مختلفان عن الصورة")
    seller.go(f"{sale.portal}disputes/{number}/")
    attach(seller, "/message/")
    seller.send("/message/", text="Our packing list, with the colour")

    # Staff read both and decide for the buyer; no point has moved yet.
    admin = someone("en").sign_in(login=ADMIN.phone, password=DEMO_PASSWORD, landing="/staff/disputes/")
    admin.go(f"/staff/disputes/?q={number}")
    admin.follow(f"/staff/disputes/{number}/")
    assert "Our packing list, with the colour" in admin.text
    assert "اللون والمقاس مختلفان عن الصورة" in admin.text
    expect(admin.page.locator("main img.return-photo")).to_have_count(3)
    admin.follow("/decide/")
    admin.page.check("main input[name=kind][value=refund]")
    admin.send("", reason="The photo shows another colour than the page")
    assert sale.points() == sale.before

    # Both read why. The seller appeals, and whoever decided cannot decide again.
    for person, page in ((buyer, own_page), (seller, f"{sale.portal}disputes/{number}/")):
        person.go(page)
        assert "The photo shows another colour than the page" in person.text
    seller.send("/appeal/", text="Here is the film of packing it")
    admin.go(f"/staff/disputes/{number}/decide/")
    admin.page.check("main input[name=kind][value=nothing]")
    admin.send("", reason="I change my mind")
    assert admin.page.locator("main .alert-danger").count() == 1

    # Another member of the staff does, for good: the points are back.
    judge = hire_judge(someone, admin)
    judge.go(f"/staff/disputes/{number}/decide/")
    judge.page.check("main input[name=kind][value=refund]")
    judge.send("", reason="The film shows the wrong colour as well")
    assert sale.points() == sale.before + PRICE + CHARGE
    buyer.go(own_page)
    assert "The film shows the wrong colour as well" in buyer.text
    assert buyer.page.locator("main form").count() == 0
    buyer.go("/account/orders/problems/")
    assert number in buyer.text

    # Nobody else sees it.
    stranger = someone("en")
    stranger.sign_up(phone=new_phone(), name="Stranger")
    assert stranger.status_of(own_page) == 404
    assert stranger.status_of(f"/staff/disputes/{number}/") == 403


def hire_judge(someone: Callable[..., Person], admin: Person) -> Person:
    """Somebody signs up, and the admin gives them the role of admins."""
    phone = new_phone()
    judge = someone("en")
    judge.sign_up(phone=phone, name="Judge Two")
    admin.go(f"/staff/people/?q={phone}")
    admin.page.locator("main a[href^='/staff/people/']", has_text="Judge Two").first.click()
    admin.page.wait_for_url("**/staff/people/*/")
    admin.form("/give/").locator("select[name=role]").select_option(label="Admin")
    admin.send("/give/", reason="Second opinion")
    return judge
