from __future__ import annotations

import pytest
from django.test import Client

from marketplace.users.models import User
from tests.factories.people import PASSWORD, a_customer
from tests.users.conftest import PHONE

pytestmark = pytest.mark.django_db


def test_the_choice_of_who_is_signed_in_is_kept_on_the_account(client: Client) -> None:
    user = a_customer(language="ar")
    client.force_login(user)

    response = client.post("/language/", {"language": "ckb", "next": "/account/"})

    assert response["Location"] == "/account/"
    assert response.cookies["django_language"].value == "ckb"
    assert User.objects.get(pk=user.pk).language == "ckb"


@pytest.mark.parametrize("language", ["xx", "", "de", "../../etc"])
def test_a_language_that_the_shop_does_not_speak_changes_nothing(client: Client, language: str) -> None:
    user = a_customer(language="en")
    client.force_login(user)

    client.post("/language/", {"language": language})

    assert User.objects.get(pk=user.pk).language == "en"


def test_an_anonymous_choice_is_a_cookie_alone(client: Client) -> None:
    user = a_customer(language="ar")
    assert client.post("/language/", {"language": "en"}).cookies["django_language"].value == "en"
    assert User.objects.get(pk=user.pk).language == "ar"


def test_switching_leads_nowhere_else_and_needs_a_post(client: Client) -> None:
    response = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert client.get("/language/?language=en").status_code == 405


def test_the_kept_language_comes_back_on_signing_in_where_none_was_chosen() -> None:
    a_customer(phone=PHONE, language="ckb")
    fresh, chosen = Client(), Client()
    chosen.cookies["django_language"] = "en"
    data = {"login": PHONE, "password": PASSWORD}

    assert fresh.post("/accounts/login/", data).cookies["django_language"].value == "ckb"
    assert "django_language" not in chosen.post("/accounts/login/", data).cookies
