"""One field for phone or e-mail; a code proves it; nobody learns who has an account."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from marketplace.notifications.models import PhoneMessage
from marketplace.users.models import User
from tests.factories.people import PASSWORD, a_customer, an_email_customer
from tests.users.conftest import PHONE, arabic, newest_code, newest_message, wrong

pytestmark = pytest.mark.django_db

SIGN_UP = "/accounts/signup/"
VERIFY_PHONE = "/accounts/phone/verify/"
VERIFY_EMAIL = "/accounts/confirm-email/"


def sign_up(browser: Client, contact: str, *, name: str = "Zainab", **more: str) -> Any:
    return browser.post(SIGN_UP, {"contact": contact, "name": name, "password1": PASSWORD, **more})


def signed_in(browser: Client) -> User | None:
    key = browser.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None


@pytest.mark.parametrize(
    "spelling",
    [
        "07701234567",
        "0770 123 4567",
        "+964 770 123 4567",
        "00964-770-1234567",
        "7701234567",
        "٠٧٧٠١٢٣٤٥٦٧",
        "۰۷۷۰ ۱۲۳ ۴۵۶۷",
    ],
)
def test_a_phone_in_any_spelling_is_proved_by_a_code(browser: Client, spelling: str) -> None:
    response = sign_up(browser, spelling)

    assert response.status_code == 302
    assert response["Location"] == VERIFY_PHONE
    assert signed_in(browser) is None
    response = browser.post(VERIFY_PHONE, {"code": newest_code()})
    assert response.status_code == 302
    user = signed_in(browser)
    assert user is not None
    assert (user.phone, user.phone_verified, user.first_name, user.email) == (PHONE, True, "Zainab", "")
    assert user.language == "en"


def test_the_user_name_says_nothing(browser: Client) -> None:
    sign_up(browser, "zainab@example.com", name="Zainab")

    user = User.objects.get()
    assert "zainab" not in user.username.lower()
    assert len(user.username) == 32


def test_the_code_may_be_typed_in_arabic_digits(browser: Client) -> None:
    sign_up(browser, "07701234567")

    browser.post(VERIFY_PHONE, {"code": f" {arabic(newest_code())} "})

    assert signed_in(browser) is not None


def test_a_wrong_code_is_no_proof(browser: Client) -> None:
    sign_up(browser, "07701234567")

    response = browser.post(VERIFY_PHONE, {"code": wrong(newest_code())})

    assert response.status_code == 200
    assert b"This code is not right" in response.content
    assert signed_in(browser) is None
    assert not User.objects.get().phone_verified


def test_after_five_wrong_codes_the_right_one_is_refused(browser: Client) -> None:
    sign_up(browser, "07701234567")
    code = newest_code()
    for _attempt in range(settings.ACCOUNT_PHONE_VERIFICATION_MAX_ATTEMPTS):
        response = browser.post(VERIFY_PHONE, {"code": wrong(code)})

    assert response["Location"] == reverse("account_login")
    browser.post(VERIFY_PHONE, {"code": code})
    assert signed_in(browser) is None
    assert not User.objects.get().phone_verified


def test_a_late_code_is_refused(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(browser, "07701234567")
    code = newest_code()
    session = browser.session
    session["account_login"]["state"]["stages"]["verify_phone"]["data"]["at"] -= 15 * 60 + 1
    session.save()

    browser.post(VERIFY_PHONE, {"code": code})

    assert signed_in(browser) is None
    assert not User.objects.get().phone_verified


def test_the_code_is_sent_again_with_a_pause_between(browser: Client) -> None:
    sign_up(browser, "07701234567")
    first = newest_code()

    response = browser.post(VERIFY_PHONE, {"action": "resend"}, follow=True)
    assert b"wait half a minute" in response.content
    assert PhoneMessage.objects.count() == 1

    cache.clear()
    browser.post(VERIFY_PHONE, {"action": "resend"})
    assert PhoneMessage.objects.count() == 2
    assert newest_code() != first
    browser.post(VERIFY_PHONE, {"code": newest_code()})
    assert signed_in(browser) is not None


def test_a_taken_number_looks_like_a_free_one_and_its_holder_is_told(browser: Client) -> None:
    alice = a_customer(phone=PHONE)
    stranger, newcomer = Client(), Client()
    for client in (stranger, newcomer):
        client.cookies["django_language"] = "en"

    taken = sign_up(stranger, "07701234567")
    free = sign_up(newcomer, "07701234568")

    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])
    pages = [client.get(VERIFY_PHONE).content.decode() for client in (stranger, newcomer)]
    plain = [
        page.replace("0770 123 4567", "N")
        .replace("0770 123 4568", "N")
        .replace("9647701234567", "N")
        .replace("9647701234568", "N")
        for page in pages
    ]
    assert _without_tokens(plain[0]) == _without_tokens(plain[1])
    assert User.objects.count() == 2
    assert "already have a Nuqta account" in newest_message(PHONE)
    for code in ("000000", "123456", ""):
        stranger.post(VERIFY_PHONE, {"code": code})
    assert signed_in(stranger) is None
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert alice.first_name == "Alice"


def _without_tokens(page: str) -> str:
    import re

    return re.sub(
        r'(csrfmiddlewaretoken" value|csp-nonce|nonce)="[^"]*"', "", re.sub(r"X-CSRFToken[^}]*", "", page)
    )


def test_an_email_address_is_proved_by_a_code(browser: Client) -> None:
    response = sign_up(browser, "Zainab@Example.com ")

    assert response["Location"] == VERIFY_EMAIL
    assert signed_in(browser) is None
    assert mail.outbox[0].to == ["zainab@example.com"]
    browser.post(VERIFY_EMAIL, {"code": arabic(newest_code("zainab@example.com"))})
    user = signed_in(browser)
    assert user is not None
    assert user.email == "zainab@example.com"
    assert user.phone is None


def test_a_taken_email_address_looks_like_a_free_one(browser: Client) -> None:
    an_email_customer(email="amal@example.com")

    response = sign_up(browser, "AMAL@example.com")

    assert response["Location"] == VERIFY_EMAIL
    assert User.objects.count() == 1
    assert "have an account already" in mail.outbox[0].subject
    assert browser.get(VERIFY_EMAIL).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("contact", "123", "Write a mobile number"),
        ("contact", "07701234", "Write a mobile number"),
        ("contact", "a@b", "not a complete e-mail"),
        ("contact", "", "required"),
        ("name", "12", "in words"),
        ("name", "", "required"),
        ("password1", "12345", "too short"),
        ("password1", "+9647701234567", "too similar"),
    ],
)
def test_what_cannot_be_is_explained_beside_the_field(
    browser: Client, field: str, value: str, words: str
) -> None:
    response = browser.post(
        SIGN_UP, {"contact": "07701234567", "name": "Zainab", "password1": PASSWORD, field: value}
    )

    assert response.status_code == 200
    assert words in " ".join(response.context["form"].errors[field])
    assert not User.objects.exists()
    assert not PhoneMessage.objects.exists()


def test_invisible_characters_do_not_make_a_second_name(browser: Client) -> None:
    sign_up(browser, "07701234567", name="Ali\u202e\u200b Hasan\u200c")

    assert User.objects.get().first_name == "Ali Hasan\u200c"


def test_next_is_kept_through_the_code(browser: Client) -> None:
    sign_up(browser, "07701234567", next="/basket/")

    response = browser.post(VERIFY_PHONE, {"code": newest_code()})

    assert response["Location"] == "/basket/"


@pytest.mark.parametrize(
    "evil", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_next_leads_nowhere_else(browser: Client, evil: str) -> None:
    sign_up(browser, "07701234567", next=evil)
    assert browser.post(VERIFY_PHONE, {"code": newest_code()})["Location"] == "/"

    browser.post(reverse("account_logout"))
    response = browser.post(
        reverse("account_login"), {"login": "07701234567", "password": PASSWORD, "next": evil}
    )
    assert response["Location"] == "/"


def test_two_at_once_with_one_number_make_one_account(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's account appears between the form's check and the INSERT."""
    from marketplace.users.forms import SignUpForm

    real_clean = SignUpForm.clean

    def clean_then_lose_the_race(form: SignUpForm) -> object:
        cleaned = real_clean(form)
        a_customer("Faster", phone=PHONE, verified=False)
        return cleaned

    monkeypatch.setattr(SignUpForm, "clean", clean_then_lose_the_race)

    response = sign_up(browser, "07701234567")

    assert response.status_code == 302
    assert response["Location"] == VERIFY_PHONE
    assert User.objects.get().first_name == "Faster"


def test_outside_the_demo_codes_are_neither_stored_nor_logged(
    browser: Client, settings: object, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    sent: list[str] = []

    class Recorder:
        def send(self, *, phone: str, text: str) -> None:
            sent.append(text)

    from marketplace.notifications import sms

    settings.NUQTA_DEMO = False  # type: ignore[attr-defined]
    settings.NUQTA_MODE = "production"  # type: ignore[attr-defined]
    caplog.set_level(logging.DEBUG)
    sms.GATEWAYS["recorder"] = Recorder
    settings.SMS_GATEWAY = "recorder"  # type: ignore[attr-defined]
    try:
        sign_up(browser, "07701234567")
    finally:
        del sms.GATEWAYS["recorder"]

    code = "".join(character for character in sent[0] if character.isdigit())
    assert len(code) == 6
    written = caplog.text + "".join(capfd.readouterr())
    assert code not in written
    assert not PhoneMessage.objects.exists()
    page = browser.get(VERIFY_PHONE).content.decode()
    assert "data-demo-phone" not in page
    assert code not in page


def test_the_console_gateway_refuses_outside_the_demo(
    browser: Client, settings: object, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings.NUQTA_DEMO = False  # type: ignore[attr-defined]
    settings.NUQTA_MODE = "production"  # type: ignore[attr-defined]

    assert sign_up(browser, "07701234567")["Location"] == VERIFY_PHONE

    assert not PhoneMessage.objects.exists()
    assert not capfd.readouterr().out
    assert "was not sent" in caplog.text
    assert "code is" not in caplog.text.lower()
