from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from marketplace.users.models import User


@pytest.fixture
def sign_in():
    """A browser in which a person has signed in; pages in English."""

    def signed_in(user: User | None = None) -> Client:
        client = Client()
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in
