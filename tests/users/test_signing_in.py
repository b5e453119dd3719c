"""Signing in by phone or e-mail, what limits it, and how a lost password is replaced."""

from __future__ import annotations

import random
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings

from marketplace.notifications.models import PhoneMessage
from marketplace.users.models import User, vouch_for_email
from tests.factories.people import PASSWORD, a_customer, an_email_customer
from tests.users.conftest import PHONE, newest_code, newest_message

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"
RESET_CODE = "/accounts/password/reset/confirm/"
RESET_DONE = "/accounts/password/reset/complete/"
NEW_PASSWORD = "tigris-and-euphrates-9"


def log_in(browser: Client, login: str, password: str = PASSWORD, **more: str) -> Any:
    headers = {key: value for key, value in more.items() if key.startswith("HTTP_")}
    data = {"login": login, "password": password, **{k: v for k, v in more.items() if k not in headers}}
    return browser.post(LOGIN, data, **headers)  # type: ignore[arg-type]


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


@pytest.mark.parametrize(
    "login", ["07701234567", "+9647701234567", "٠٧٧٠ ١٢٣ ٤٥٦٧", "alice@example.com", "ALICE@Example.com"]
)
def test_phone_and_email_both_sign_in(browser: Client, login: str) -> None:
    a_customer(phone=PHONE, email="alice@example.com")

    assert log_in(browser, login)["Location"] == "/"
    assert is_signed_in(browser)


@pytest.mark.parametrize("login", ["07701234567", "nobody@example.com", "alice@example.com"])
def test_a_wrong_password_and_an_unknown_person_get_one_answer(browser: Client, login: str) -> None:
    an_email_customer(email="alice@example.com")

    response = log_in(browser, login, "not-the-password")

    assert "is not right" in response.context["form"].non_field_errors()[0]
    assert not is_signed_in(browser)


def test_what_is_neither_phone_nor_email_is_explained(browser: Client) -> None:
    response = log_in(browser, "alice")
    assert "Write a mobile number" in response.context["form"].errors["login"][0]


def test_five_wrong_passwords_lock_the_account_in_every_spelling_and_nobody_else(browser: Client) -> None:
    a_customer(phone=PHONE)
    a_customer(phone="+9647711111111")
    for spelling in ("07701234567", "+9647701234567", "٠٧٧٠١٢٣٤٥٦٧", "0770-123-4567", "009647701234567"):
        log_in(browser, spelling, "wrong")

    response = log_in(browser, "0770 123 45 67")
    assert "Too many" in response.context["form"].non_field_errors()[0]
    assert not is_signed_in(browser)
    log_in(browser, "07711111111")
    assert is_signed_in(browser)


@pytest.mark.parametrize("behind_proxies", [0, 1])
def test_limits_hold_against_made_up_addresses(browser: Client, behind_proxies: int) -> None:
    """A client may write any X-Forwarded-For; only what our own proxy appended counts."""
    answers = []
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=behind_proxies):
        for number in range(62):
            forged = ".".join(str(random.randrange(1, 255)) for _ in range(4))
            header = f"{forged}, 198.51.100.7" if behind_proxies else forged
            answers.append(log_in(browser, f"078{number:08d}", "", HTTP_X_FORWARDED_FOR=header).status_code)

    assert answers[:60] == [200] * 60
    assert answers[60:] == [429, 429]


def test_real_neighbours_behind_the_proxy_are_counted_apart(browser: Client) -> None:
    """The negative control of the test above: other addresses have limits of their own."""
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        answers = {
            log_in(browser, "07801234567", "", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}").status_code
            for number in range(62)
        }
    assert answers == {200}


def test_too_many_requests_say_when_to_come_back(browser: Client) -> None:
    for _number in range(60):
        log_in(browser, "07801234567", "")

    response = log_in(browser, "07801234567", "")

    assert response.status_code == 429
    assert response["Retry-After"] == "60"


def test_codes_asked_for_too_fast_are_refused_politely(browser: Client) -> None:
    """allauth raises here; without our middleware the answer is 500."""
    a_customer(phone=PHONE, verified=False)
    assert log_in(browser, "07701234567")["Location"] == "/accounts/phone/verify/"
    browser.post("/accounts/logout/")

    response = log_in(browser, "07701234567")

    assert response.status_code == 429
    assert PhoneMessage.objects.count() == 1


def test_who_never_proved_the_phone_gets_a_new_code_on_signing_in(browser: Client) -> None:
    a_customer(phone=PHONE, verified=False)

    assert log_in(browser, "07701234567")["Location"] == "/accounts/phone/verify/"
    assert not is_signed_in(browser)
    browser.post("/accounts/phone/verify/", {"code": newest_code()})
    assert is_signed_in(browser)


def test_who_never_proved_the_email_gets_a_code_on_signing_in(browser: Client) -> None:
    an_email_customer(email="amal@example.com", verified=False)

    assert log_in(browser, "amal@example.com")["Location"] == "/accounts/confirm-email/"
    browser.post("/accounts/confirm-email/", {"code": newest_code("amal@example.com")})
    assert is_signed_in(browser)


def test_a_closed_account_does_not_open(browser: Client) -> None:
    user = a_customer(phone=PHONE)
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert log_in(browser, "07701234567")["Location"] == "/accounts/inactive/"
    assert not is_signed_in(browser)


def test_a_superuser_made_on_the_console_signs_in_by_email(browser: Client) -> None:
    User.objects.create_superuser(email="root@example.com", password=PASSWORD)

    assert log_in(browser, "root@example.com")["Location"] == "/"
    assert is_signed_in(browser)


def test_the_admin_signs_people_in_through_the_shops_own_page(browser: Client) -> None:
    response = browser.get("/admin/login/?next=/admin/")
    assert response["Location"].startswith("/accounts/login/?next=")


# A lost password ----------------------------------------------------------------------------
def test_a_password_is_replaced_by_a_code_to_the_phone(browser: Client) -> None:
    user = a_customer(phone=PHONE)

    assert browser.post(RESET, {"email": "٠٧٧٠ ١٢٣ ٤٥٦٧"})["Location"] == RESET_CODE
    assert not mail.outbox
    assert browser.post(RESET_CODE, {"code": newest_code()})["Location"] == RESET_DONE
    browser.post(RESET_DONE, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert not EmailAddress.objects.filter(user=user).exists()


def test_a_password_is_replaced_by_a_code_to_the_email(browser: Client) -> None:
    user = an_email_customer(email="amal@example.com")

    browser.post(RESET, {"email": "Amal@example.com"})
    browser.post(RESET_CODE, {"code": newest_code("amal@example.com")})
    browser.post(RESET_DONE, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_a_new_password_needs_the_code_first(browser: Client) -> None:
    user = a_customer(phone=PHONE)
    browser.post(RESET, {"email": PHONE})

    response = browser.post(RESET_DONE, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert response["Location"] == RESET_CODE
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("contact", ["07701234567", "nobody@example.com"])
def test_asking_for_a_stranger_tells_nothing(browser: Client, contact: str) -> None:
    response = browser.post(RESET, {"email": contact})

    assert response["Location"] == RESET_CODE
    assert browser.get(RESET_CODE).status_code == 200
    assert browser.post(RESET_CODE, {"code": ""}).status_code == 200
    assert not PhoneMessage.objects.filter(recipient=PHONE).exists()


def test_after_a_reset_the_person_is_no_longer_locked_out(browser: Client) -> None:
    a_customer(phone=PHONE)
    for _attempt in range(5):
        log_in(browser, "07701234567", "wrong")
    browser.post(RESET, {"email": PHONE})
    browser.post(RESET_CODE, {"code": newest_code()})
    browser.post(RESET_DONE, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    log_in(browser, "07701234567", NEW_PASSWORD)

    assert is_signed_in(browser)


def test_other_devices_are_signed_out_by_a_new_password(browser: Client) -> None:
    a_customer(phone=PHONE)
    other = Client()
    log_in(other, "07701234567")
    assert other.get("/account/").status_code == 200
    browser.post(RESET, {"email": PHONE})
    browser.post(RESET_CODE, {"code": newest_code()})
    browser.post(RESET_DONE, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    assert other.get("/account/").status_code == 302


# Changing contacts --------------------------------------------------------------------------
@pytest.fixture
def alice(browser: Client) -> User:
    """Signed in, and asked for the password a moment ago."""
    user = a_customer(phone=PHONE)
    log_in(browser, "07701234567")
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return user


def test_a_new_phone_counts_once_its_code_is_typed(browser: Client, alice: User) -> None:
    browser.post("/accounts/phone/change/", {"phone": "0771 111 1111"})
    alice.refresh_from_db()
    assert alice.phone == PHONE

    browser.post("/accounts/phone/verify/", {"code": newest_code("+9647711111111")})
    alice.refresh_from_db()
    assert (alice.phone, alice.phone_verified) == ("+9647711111111", True)


def test_a_change_asks_for_the_password_first(browser: Client) -> None:
    a_customer(phone=PHONE)
    log_in(browser, "07701234567")

    response = browser.post("/accounts/phone/change/", {"phone": "0771 111 1111"})

    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not PhoneMessage.objects.exists()


def test_anothers_phone_cannot_be_taken(browser: Client, alice: User) -> None:
    a_customer("Charlie", phone="+9647711111111")

    browser.post("/accounts/phone/change/", {"phone": "0771 111 1111"})
    response = browser.post("/accounts/phone/verify/", {"code": newest_code("+9647711111111")})

    assert "Another account" in response.context["verify_form"].errors["code"][0]
    alice.refresh_from_db()
    assert alice.phone == PHONE


def test_an_email_is_added_once_its_code_is_typed(browser: Client, alice: User) -> None:
    browser.post("/accounts/email/", {"email": "Alice@example.com", "action_add": "1"})
    alice.refresh_from_db()
    assert alice.email == ""

    browser.post("/accounts/confirm-email/", {"code": newest_code("alice@example.com")})
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    cache.clear()
    browser.post("/accounts/logout/")
    log_in(browser, "alice@example.com")
    assert is_signed_in(browser)


def test_a_security_mail_tells_of_a_changed_password(browser: Client, alice: User) -> None:
    alice.email = "alice@example.com"
    alice.save()
    vouch_for_email(alice)

    browser.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )

    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)
    assert mail.outbox[-1].subject == "Your password changed"
    assert is_signed_in(browser)


def test_newest_message_of_a_signed_up_phone_names_the_shop(browser: Client) -> None:
    a_customer(phone=PHONE, verified=False)
    log_in(browser, "07701234567")
    assert "is your Nuqta code" in newest_message()
