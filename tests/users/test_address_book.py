"""Alice's addresses are hers: Charlie gets 404, whatever he asks."""

from __future__ import annotations

import pytest
from django.test import Client
from oscar.apps.address.models import UserAddress

from forked_apps.checkout.addresses import DeliveryAddress
from forked_apps.checkout.forms import DeliveryAddressForm
from forked_apps.customer.addresses import AddressExists, save_address
from marketplace.users.models import User
from tests.factories.people import a_customer

pytestmark = pytest.mark.django_db

TYPED = {
    "full_name": "زينب كريم",
    "phone": "٠٧٧٠ ١٢٣ ٤٥٦٧",
    "governorate": "BG",
    "district": "الكرادة",
    "landmark": "قرب جامع الرحمن",
    "details": "",
}


@pytest.fixture
def alice(client: Client) -> User:
    user = a_customer("Alice")
    client.force_login(user)
    return user


def address_of(user: User, **changes: str) -> UserAddress:
    delivery = DeliveryAddress(**{**TYPED, "phone": "+9647701234567", **changes})
    return save_address(user=user, delivery=delivery, is_default=False)


def test_an_address_is_added_in_oscars_columns(client: Client, alice: User) -> None:
    response = client.post("/account/addresses/add/", TYPED)

    assert response["Location"] == "/account/addresses/"
    address = alice.addresses.get()
    assert str(address.phone_number) == "+9647701234567"
    assert (address.first_name, address.state, address.line4, address.line1, address.country_id) == (
        "زينب كريم",
        "BG",
        "الكرادة",
        "قرب جامع الرحمن",
        "IQ",
    )
    assert address.is_default_for_shipping
    page = client.get("/account/addresses/").content.decode()
    assert "الكرادة" in page
    assert "0770 123 4567" in page


def test_adding_starts_with_what_is_known(client: Client, alice: User) -> None:
    form = client.get("/account/addresses/add/").context["form"]
    assert form.initial == {"full_name": "Alice", "phone": alice.phone}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12345"),
        ("phone", ""),
        ("governorate", "XX"),
        ("governorate", ""),
        ("district", "1"),
        ("landmark", ""),
        ("full_name", "..."),
        ("landmark", "ب" * 201),
    ],
)
def test_what_a_courier_cannot_use_is_explained(field: str, value: str) -> None:
    form = DeliveryAddressForm({**TYPED, field: value})
    assert not form.is_valid()
    assert list(form.errors) == [field]


def test_the_same_address_twice_is_one(client: Client, alice: User) -> None:
    client.post("/account/addresses/add/", TYPED)
    response = client.post("/account/addresses/add/", TYPED)

    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert alice.addresses.count() == 1


def test_editing_keeps_what_was_there(client: Client, alice: User) -> None:
    address = address_of(alice)
    url = f"/account/addresses/{address.pk}/"
    assert client.get(url).context["form"].initial["district"] == "الكرادة"

    client.post(url, {**TYPED, "governorate": "BA", "district": "العشار"})

    address.refresh_from_db()
    assert (address.state, address.line4, address.is_default_for_shipping) == ("BA", "العشار", True)


def test_one_address_is_the_default(client: Client, alice: User) -> None:
    first, second = address_of(alice), address_of(alice, district="المنصور")

    client.post(f"/account/addresses/{second.pk}/default/")

    assert list(alice.addresses.filter(is_default_for_shipping=True)) == [second]
    assert not UserAddress.objects.get(pk=first.pk).is_default_for_shipping


def test_deleting_asks_first_and_hands_the_default_on(client: Client, alice: User) -> None:
    first, second = address_of(alice), address_of(alice, district="المنصور")
    url = f"/account/addresses/{first.pk}/delete/"

    assert client.get(url).status_code == 200
    assert alice.addresses.count() == 2
    client.post(url)
    assert list(alice.addresses.all()) == [second]
    assert alice.addresses.get().is_default_for_shipping


@pytest.mark.parametrize("path", ["", "delete/", "default/"])
def test_anothers_address_does_not_exist(client: Client, alice: User, path: str) -> None:
    charlie = a_customer("Charlie")
    address = address_of(charlie)
    address_of(alice, district="المنصور")
    url = f"/account/addresses/{address.pk}/{path}"

    answers = {client.post(url, TYPED).status_code}
    if path != "default/":
        answers.add(client.get(url).status_code)

    assert answers == {404}
    address.refresh_from_db()
    assert address.line4 == "الكرادة"
    assert address.user == charlie
    assert "الكرادة" not in client.get("/account/addresses/").content.decode()


def test_two_people_may_live_at_one_address(alice: User) -> None:
    assert address_of(alice).pk != address_of(a_customer("Bob")).pk
    with pytest.raises(AddressExists):
        address_of(alice)


def test_after_saving_it_leads_back_to_the_checkout_and_nowhere_else(client: Client, alice: User) -> None:
    response = client.post("/account/addresses/add/", {**TYPED, "next": "/checkout/"})
    assert response["Location"] == "/checkout/"
    response = client.post(
        "/account/addresses/add/", {**TYPED, "district": "المنصور", "next": "https://evil.example/"}
    )
    assert response["Location"] == "/account/addresses/"


def test_changes_need_a_post(client: Client, alice: User) -> None:
    address = address_of(alice)
    assert client.get(f"/account/addresses/{address.pk}/default/").status_code == 405
