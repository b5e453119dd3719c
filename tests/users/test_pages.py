"""Every page of signing in and of the account is drawn by us, in each language, for who may see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from marketplace.users.models import User
from tests.factories.people import PASSWORD, a_customer, an_email_customer
from tests.users.conftest import PHONE, newest_code

pytestmark = pytest.mark.django_db

OPEN = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/inactive/",
    "/accounts/password/reset/done/",
]
OWN = [
    "/account/",
    "/account/profile/",
    "/account/addresses/",
    "/account/addresses/add/",
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/phone/change/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/sessions/",
]
#: What allauth asks the password for once more.
GUARDED = ["/accounts/2fa/totp/activate/"]


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
@pytest.mark.parametrize("url", OPEN)
def test_open_pages(client: Client, url: str, language: str) -> None:
    client.cookies["django_language"] = language
    response = client.get(url)
    assert response.status_code == 200
    _is_ours(response.content.decode(), language)


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
@pytest.mark.parametrize("url", [*OWN, *GUARDED])
def test_own_pages(client: Client, url: str, language: str) -> None:
    client.cookies["django_language"] = language
    a_customer(phone=PHONE)
    client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    response = client.get(url)
    assert response.status_code == 200
    _is_ours(response.content.decode(), language)


@pytest.mark.parametrize("url", [*OWN[:4], *OWN[5:], *GUARDED, "/account/addresses/1/", "/account/orders/"])
def test_own_pages_ask_strangers_to_sign_in(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def _is_ours(page: str, language: str) -> None:
    assert f'<html lang="{language}"' in page
    assert f'dir="{"ltr" if language == "en" else "rtl"}"' in page
    for foreign in ("jquery", "https://cdn", "Menu:", "data-allauth"):
        assert foreign not in page
    assert "<h1" in page
    assert ' style="' not in page
    assert "onclick" not in page


def test_pages_of_the_codes(browser: Client) -> None:
    browser.post("/accounts/signup/", {"contact": PHONE, "name": "Zainab", "password1": PASSWORD})
    page = browser.get("/accounts/phone/verify/").content.decode()
    _is_ours(page, "en")
    assert "0770 123 4567" in page
    assert 'inputmode="numeric"' in page
    assert f"/demo/phone/?to=%2B{PHONE[1:]}" in page

    browser.post("/accounts/logout/", {"next": "/accounts/signup/"})
    assert browser.get("/accounts/signup/").status_code == 200
    browser.post("/accounts/signup/", {"contact": "z@example.com", "name": "Zainab", "password1": PASSWORD})
    _is_ours(browser.get("/accounts/confirm-email/").content.decode(), "en")

    an_email_customer(email="amal@example.com")
    other = Client()
    other.cookies["django_language"] = "en"
    other.post("/accounts/password/reset/", {"email": "amal@example.com"})
    _is_ours(other.get("/accounts/password/reset/confirm/").content.decode(), "en")
    other.post("/accounts/password/reset/confirm/", {"code": newest_code("amal@example.com")})
    _is_ours(other.get("/accounts/password/reset/complete/").content.decode(), "en")


def test_links_of_oscar_lead_to_our_pages_and_keep_next(client: Client) -> None:
    assert client.get("/account/login/?next=/basket/")["Location"] == "/accounts/login/?next=/basket/"
    assert client.get("/account/register/")["Location"] == "/accounts/signup/"


def test_name_and_language_are_changed(client: Client) -> None:
    user = a_customer(language="ar")
    client.force_login(user)

    response = client.post("/account/profile/", {"first_name": "Zainab Karim", "language": "en"})

    assert response["Location"] == "/account/profile/"
    assert response.cookies["django_language"].value == "en"
    user.refresh_from_db()
    assert (user.first_name, user.last_name, user.language) == ("Zainab Karim", "", "en")


def test_nobody_changes_phone_email_or_rights_through_the_profile(client: Client) -> None:
    user = a_customer(phone=PHONE)
    client.force_login(user)

    client.post(
        "/account/profile/",
        {
            "first_name": "Zainab",
            "language": "ar",
            "phone": "+9647711111111",
            "email": "x@example.com",
            "is_staff": "on",
            "is_superuser": "on",
            "phone_verified": "",
        },
    )

    user = User.objects.get(pk=user.pk)
    assert (user.phone, user.email, user.is_staff, user.is_superuser) == (PHONE, "", False, False)


def test_a_wrong_name_is_not_shown_as_saved(client: Client) -> None:
    client.force_login(a_customer("Alice"))
    response = client.post("/account/profile/", {"first_name": "7", "language": "ar"})
    assert response.status_code == 200
    assert response.context["form"].errors["first_name"]
    assert response.context["request"].user.first_name == "Alice"


def test_the_second_step_is_turned_on_and_asked_for(browser: Client) -> None:
    from allauth.mfa.totp.internal import auth

    a_customer(phone=PHONE)
    browser.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    code = auth.format_hotp_value(auth.hotp_value(secret, next(iter(auth.yield_hotp_counters_from_time()))))
    arabic_code = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    response = browser.post("/accounts/2fa/totp/activate/", {"code": arabic_code})
    assert response.status_code == 302
    for url in (
        "/accounts/2fa/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/totp/deactivate/",
    ):
        response = browser.get(url)
        assert response.status_code == 200
        _is_ours(response.content.decode(), "en")

    other = Client()
    other.cookies["django_language"] = "en"
    response = other.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in other.session
    _is_ours(other.get("/accounts/2fa/authenticate/").content.decode(), "en")


def test_other_devices_are_signed_out_on_request(browser: Client) -> None:
    a_customer(phone=PHONE)
    other = Client()
    for client in (browser, other):
        client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    assert other.get("/account/profile/").status_code == 200

    browser.post("/accounts/sessions/")

    assert other.get("/account/profile/").status_code == 302
    assert browser.get("/account/profile/").status_code == 200


def test_what_was_in_the_basket_before_signing_up_is_there_afterwards(browser: Client) -> None:
    from tests.factories.catalogue import OfferFactory

    offer: Any = OfferFactory(num_in_stock=5)
    browser.post(f"/basket/add/{offer.product_id}/", {"offer": offer.pk, "quantity": 2})
    assert _pieces(None) == 2

    browser.post(
        "/accounts/signup/", {"contact": PHONE, "name": "Zainab", "password1": PASSWORD, "next": "/basket/"}
    )
    browser.post("/accounts/phone/verify/", {"code": newest_code()})
    browser.get("/basket/")

    assert _pieces(User.objects.get(phone=PHONE)) == 2


def _pieces(owner: User | None) -> int:
    from forked_apps.basket.models import Basket

    return sum(basket.num_items for basket in Basket.objects.filter(owner=owner, status="Open"))
