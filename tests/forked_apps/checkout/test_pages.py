"""From the basket to the thank-you page, as a customer without JavaScript walks it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from oscar.apps.address.models import UserAddress

from forked_apps.basket.models import Basket
from forked_apps.order.models import Order
from forked_apps.order.services.fulfilment import mark_packed, ship_lines
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from tests.factories.orders import give_points, make_basket, make_customer, make_offer, make_order

pytestmark = pytest.mark.django_db

FIELDS = {
    "full_name": "Zainab Kareem",
    "phone": "٠٧٧٠ ١٢٣ ٤٥٦٧",
    "governorate": "BG",
    "district": "الكرادة",
    "landmark": "قرب جامع الرحمن",
}


@pytest.fixture(autouse=True)
def english(client: Client) -> None:
    client.cookies["django_language"] = "en"


@pytest.fixture
def customer(client: Client) -> User:
    customer = make_customer(points=100_000)
    client.force_login(customer)
    return customer


def hidden_fields(html: str, action: str) -> dict[str, str]:
    form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', html, re.DOTALL)
    assert form, html
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))


def review(client: Client) -> str:
    return client.get(reverse("checkout:preview")).content.decode()


def choose_address(client: Client) -> None:
    answer = client.post(reverse("checkout:shipping-address"), FIELDS)
    assert answer["Location"] == reverse("checkout:preview")


def test_the_whole_way(client: Client, customer: User) -> None:
    first, second = make_offer(price=10_000), make_offer(price=30_000, charge_points=0)
    make_basket(customer, [first, second])
    assert client.get(reverse("checkout:index"))["Location"] == reverse("checkout:shipping-address")
    choose_address(client)
    html = review(client)
    for text in (
        first.partner.name,
        second.partner.name,
        "10,000",
        "30,000",
        "45,000",
        "100,000",
        "55,000",
        "free",
    ):
        assert text in html
    answer = client.post(reverse("checkout:place"), hidden_fields(html, reverse("checkout:place")))
    order = Order.objects.get()
    assert answer["Location"] == reverse("checkout:thank-you", args=[order.number])
    thanks = client.get(answer["Location"]).content.decode()
    assert order.number in thanks
    assert order.shipping_address.phone_number == "+9647701234567"
    assert User.objects.get(pk=customer.pk).point_balance == 55_000


def test_the_button_pressed_twice_gives_the_same_order(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer(price=10_000)])
    choose_address(client)
    fields = hidden_fields(review(client), reverse("checkout:place"))
    answers = [client.post(reverse("checkout:place"), fields)["Location"] for _ in range(2)]
    assert answers == [reverse("checkout:thank-you", args=[Order.objects.get().number])] * 2
    assert User.objects.get(pk=customer.pk).point_balance == 85_000


def test_two_tabs_give_the_same_order(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer(price=10_000)])
    choose_address(client)
    tabs = [hidden_fields(review(client), reverse("checkout:place")) for _ in range(2)]
    assert tabs[0]["idempotency_key"] != tabs[1]["idempotency_key"]
    assert len({client.post(reverse("checkout:place"), tab)["Location"] for tab in tabs}) == 1
    assert Order.objects.count() == 1


def test_too_few_points_say_how_many_and_offer_a_card_right_there(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer(price=200_000)])
    choose_address(client)
    html = review(client)
    assert "105,000" in html
    assert reverse("checkout:place") not in html
    fields = hidden_fields(html, reverse("wallet:redeem"))
    assert fields["next"] == reverse("checkout:preview")
    assert 'name="code"' in html
    # A voucher has letters, which the card's box has no keys for on a phone; its page leads back too.
    assert f'href="{reverse("wallet:redeem")}?next={quote(reverse("checkout:preview"), safe="")}"' in html
    give_points(customer, 105_000)
    assert reverse("checkout:place") in review(client)


def test_points_spent_meanwhile_place_nothing_and_keep_the_basket(client: Client, customer: User) -> None:
    basket = make_basket(customer, [make_offer(price=90_000)])
    choose_address(client)
    fields = hidden_fields(review(client), reverse("checkout:place"))
    Basket.objects.update(status=Basket.SAVED)
    make_order(customer, [make_offer(price=20_000)])
    Basket.objects.filter(pk=basket.pk).update(status=Basket.OPEN)
    html = client.post(reverse("checkout:place"), fields, follow=True).content.decode()
    assert "You are 20,000 points short" in html
    assert Order.objects.count() == 1
    assert Basket.objects.get(pk=basket.pk).lines.count() == 1


@pytest.mark.parametrize(
    ("change", "told", "choice"),
    [
        ({"price": 12_345}, "12,345", "Accept the new price"),
        ({"num_in_stock": 1}, "Only 1 piece", "Take what is left"),
        ({"num_in_stock": 0}, "sold out", "Remove"),
    ],
    ids=["price", "fewer", "sold out"],
)
def test_a_change_is_told_and_nothing_is_placed(
    client: Client, customer: User, change: dict[str, int], told: str, choice: str
) -> None:
    make_basket(customer, {make_offer(price=10_000): 2})
    choose_address(client)
    fields = hidden_fields(review(client), reverse("checkout:place"))
    StockRecord.objects.update(**change)
    html = client.post(reverse("checkout:place"), fields, follow=True).content.decode()
    assert told in html
    assert choice in html
    assert not Order.objects.exists()
    assert User.objects.get(pk=customer.pk).point_balance == 100_000


def test_a_vendor_that_does_not_deliver_there_is_told_before_the_button(
    client: Client, customer: User
) -> None:
    make_basket(customer, [make_offer()])
    client.post(reverse("checkout:shipping-address"), {**FIELDS, "governorate": "BA"})
    html = review(client)
    assert "does not deliver to Basra" in html
    assert reverse("checkout:place") not in html


def test_a_wrong_address_is_told_beside_its_field(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer()])
    answer = client.post(reverse("checkout:shipping-address"), {**FIELDS, "phone": "12"})
    assert answer.status_code == 422
    assert "not a mobile number" in answer.content.decode()
    assert not UserAddress.objects.exists()


def test_a_saved_address_is_chosen_and_another_s_is_not(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer()])
    choose_address(client)
    choose_address(client)
    mine = UserAddress.objects.get()
    stranger = make_customer()
    theirs = UserAddress.objects.create(
        user=stranger, country_id="IQ", state="BG", line1="x", line4="y", first_name="z"
    )
    assert client.post(reverse("checkout:address-choose", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("checkout:address-choose", args=[mine.pk])).status_code == 302


@pytest.mark.parametrize("name", ["index", "shipping-address", "preview", "place"])
def test_a_visitor_signs_in_first_and_comes_back(client: Client, name: str) -> None:
    url = reverse(f"checkout:{name}")
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"] == f"{reverse('account_login')}?next={url}"


def test_placing_is_a_post(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer()])
    choose_address(client)
    assert client.get(reverse("checkout:place"))["Location"] == reverse("checkout:preview")
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [{}, {"basket": "x", "total": "1"}, {"basket": "1", "total": "-1"}, {"basket": "9" * 40, "total": "1"}],
)
def test_a_broken_form_places_nothing(client: Client, customer: User, fields: dict[str, str]) -> None:
    make_basket(customer, [make_offer()])
    choose_address(client)
    answer = client.post(reverse("checkout:place"), {"idempotency_key": "long-enough-key", **fields})
    assert answer.status_code == 302
    assert not Order.objects.exists()


def test_another_s_basket_is_not_ordered(client: Client, customer: User) -> None:
    make_basket(customer, [make_offer(price=1_000)])
    choose_address(client)
    fields = hidden_fields(review(client), reverse("checkout:place"))
    theirs = make_basket(make_customer(), [make_offer(price=1_000)])
    client.post(reverse("checkout:place"), {**fields, "basket": str(theirs.pk)})
    assert not Order.objects.exists()


@pytest.mark.parametrize("name", ["shipping-address", "preview"])
def test_with_an_empty_basket_there_is_nothing_to_check_out(
    client: Client, customer: User, name: str
) -> None:
    assert client.get(reverse(f"checkout:{name}"))["Location"] == reverse("basket:summary")


# The customer's orders --------------------------------------------------------------------
def test_an_order_shows_a_part_for_each_vendor_with_its_parcel(client: Client, customer: User) -> None:
    order = make_order(customer, [make_offer(), make_offer()])
    part = order.vendor_orders.get(number=f"{order.number}-A")
    ship_lines(
        vendor=part.vendor, actor=customer, vendor_order=part, carrier="Al-Barq", tracking_code="BRQ-7"
    )
    html = client.get(reverse("customer:order", args=[order.number])).content.decode()
    assert html.count("Cancel this part") == 1
    for text in ("BRQ-7", "Al-Barq", f"{order.number}-A", f"{order.number}-B", "Partly shipped", "60,000"):
        assert text in html
    listed = client.get(reverse("customer:order-list")).content.decode()
    assert order.number in listed
    assert "Partly shipped" in listed


def test_a_part_is_cancelled_by_its_button_until_the_vendor_begins(client: Client, customer: User) -> None:
    order = make_order(customer, [make_offer(), make_offer()])
    first, second = order.vendor_orders.order_by("number")
    mark_packed(vendor=second.vendor, actor=customer, vendor_order=second)
    for part in (first, second):
        client.post(reverse("orders:cancel-part", args=[order.number, part.number]))
        part.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "packed")
    assert User.objects.get(pk=customer.pk).point_balance == 100_000 - second.total_points
    assert (
        "Back in your wallet" in client.get(reverse("customer:order", args=[order.number])).content.decode()
    )


def test_another_s_order_is_not_found(client: Client, customer: User) -> None:
    theirs = make_order(make_customer(points=100_000))
    part = theirs.vendor_orders.get()
    assert client.get(reverse("customer:order", args=[theirs.number])).status_code == 404
    assert client.get(reverse("checkout:thank-you", args=[theirs.number])).status_code == 404
    assert client.post(reverse("orders:cancel-part", args=[theirs.number, part.number])).status_code == 404
    assert theirs.number not in client.get(reverse("customer:order-list")).content.decode()
    part.refresh_from_db()
    assert part.status == "placed"


def test_cancelling_is_a_post(client: Client, customer: User) -> None:
    order = make_order(customer)
    url = reverse("orders:cancel-part", args=[order.number, order.vendor_orders.get().number])
    assert client.get(url).status_code == 405
