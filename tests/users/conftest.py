from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from marketplace.notifications.models import PhoneMessage

PHONE = "+9647701234567"


@pytest.fixture(autouse=True)
def no_earlier_attempts(db: None) -> None:
    """Limits are counted in the cache."""
    cache.clear()


@pytest.fixture
def browser() -> Client:
    """A browser set to English, so that tests read words."""
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def newest_message(recipient: str = PHONE) -> str:
    return PhoneMessage.objects.filter(recipient=recipient).order_by("-id").values_list("text", flat=True)[0]


def newest_code(recipient: str = PHONE) -> str:
    import re

    found = re.search(r"\b\d{6}\b", newest_message(recipient))
    assert found is not None
    return found[0]


def arabic(digits: str) -> str:
    return digits.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"
