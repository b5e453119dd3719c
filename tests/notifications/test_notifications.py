"""People are told once, in their language, by every way they have; and the demo's phone shows it."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from forked_apps.partner.models import VendorStatus
from marketplace.notifications import kinds, phonebox
from marketplace.notifications.models import Notification, PhoneMessage
from marketplace.notifications.services import deliver_sms, notify
from marketplace.notifications.sms import SmsNotSent
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import enqueue
from tests.factories.catalogue import VendorFactory
from tests.factories.people import a_customer, an_email_customer

pytestmark = pytest.mark.django_db
Drain = Callable[[], int]

FACTS = {"number": "100017", "total_points": 45_000}


def texts(recipient: str | None) -> list[str]:
    return list(PhoneMessage.objects.filter(recipient=recipient or "").values_list("text", flat=True))


def test_by_sms_and_by_email_after_commit(drain_outbox: Drain) -> None:
    alice = a_customer(email="alice@example.com", language="en")

    notify(kind="order.placed", about="order.placed:1", user=alice, facts=FACTS)
    assert not texts(alice.phone)
    assert not mail.outbox
    drain_outbox()

    assert texts(alice.phone) == [
        "Nuqta: your order 100017 is placed, for 45,000 points. We tell you when it is on its way."
    ]
    assert mail.outbox[0].to == ["alice@example.com"]
    assert mail.outbox[0].subject == "Your order 100017"


def test_the_same_thing_is_told_once(drain_outbox: Drain) -> None:
    alice = a_customer()
    for _time in range(3):
        notify(kind="order.placed", about="order.placed:1", user=alice, facts=FACTS)
    drain_outbox()
    notification = Notification.objects.get()
    deliver_sms(notification_id=notification.pk)

    assert len(texts(alice.phone)) == 1


def test_in_the_receivers_language_whatever_is_active(
    drain_outbox: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    @kinds.kind("test.language")
    def words() -> kinds.Words:
        seen.append(translation.get_language())
        return kinds.Words(subject="s", text="t")

    karwan = a_customer(language="ckb")
    with translation.override("en"):
        notify(kind="test.language", about="test:1", user=karwan, facts={})
        # A contact alone is enough to know the language of its holder.
        notify(kind="test.language", about="test:2", phone=karwan.phone or "", facts={})
        seen.clear()
        drain_outbox()
    kinds._kinds.pop("test.language")

    assert seen == ["ckb", "ckb"]


def test_an_unproved_phone_gets_nothing(drain_outbox: Drain) -> None:
    alice = a_customer(verified=False)
    notify(kind="order.placed", about="order.placed:1", user=alice, facts=FACTS)
    drain_outbox()
    assert not PhoneMessage.objects.exists()


def test_trouble_with_the_sms_does_not_send_the_mail_again(
    drain_outbox: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    from marketplace.notifications import services

    class Broken:
        def send(self, *, phone: str, text: str) -> None:
            raise SmsNotSent("down")

    alice = a_customer(email="alice@example.com")
    with monkeypatch.context() as patched:
        patched.setattr(services, "gateway", Broken)
        notify(kind="order.placed", about="order.placed:1", user=alice, facts=FACTS)
        drain_outbox()
    assert len(mail.outbox) == 1
    assert not texts(alice.phone)

    OutboxMessage.objects.filter(done_at=None).update(available_at=timezone.now())
    drain_outbox()
    assert len(mail.outbox) == 1
    assert len(texts(alice.phone)) == 1


def test_a_kind_is_checked_when_it_is_asked_for() -> None:
    with pytest.raises(kinds.UnknownKind):
        notify(kind="no.such", about="x", facts={})
    with pytest.raises(TypeError):
        notify(kind="order.placed", about="x", facts={"number": "1"})


def samples_of(annotation: str) -> list[Any]:
    """Of a fact: each value where they are named, else one."""
    if annotation.startswith("Literal["):
        return list(ast.literal_eval(annotation.removeprefix("Literal")))
    samples = {
        "int": 1_250,
        "str": "سامان %s",
        "bool": True,
        "IsoDate": "2026-07-04",
        "IsoMoment": "2026-07-04T10:00:00+03:00",
        "Changes": [["سامان %s", "8%", "9%"]],
    }
    return [samples[annotation]]


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
@pytest.mark.parametrize("name", sorted(kinds._kinds))
def test_every_kind_has_words_in_every_language(name: str, language: str) -> None:
    """A translation with a broken placeholder would raise here."""
    parameters = inspect.signature(kinds._kinds[name]).parameters
    samples = [samples_of(str(parameter.annotation)) for parameter in parameters.values()]
    for values in itertools.product(*samples):
        with translation.override(language):
            words = kinds.words_of(name, dict(zip(parameters, values, strict=True)))
        assert words.subject
        assert words.text
        assert "%(" not in words.text
        assert "\n" not in words.subject


@pytest.mark.parametrize(
    ("status", "words"), [(VendorStatus.APPROVED, "is approved"), (VendorStatus.REFUSED, "could not approve")]
)
def test_a_vendor_is_told_what_was_decided(drain_outbox: Drain, status: VendorStatus, words: str) -> None:
    owner = a_customer(language="en")
    vendor: Any = VendorFactory(
        phone=owner.phone, status=status, decision_reason="No papers", decided_at=timezone.now()
    )

    enqueue(topic="vendor.decided", payload={"vendor_id": vendor.pk})
    drain_outbox()

    [text] = texts(owner.phone)
    assert words in text


def test_points_that_were_added_are_told(drain_outbox: Drain) -> None:
    alice = a_customer(language="en")

    enqueue(topic="points.added", payload={"user_id": alice.pk, "amount_points": 25_000, "transfer_id": 9})
    drain_outbox()

    assert "25,000 points were added" in texts(alice.phone)[0]


# The demo's phone ---------------------------------------------------------------------------
def test_the_phone_shows_its_own_messages_newest_first(client: Client) -> None:
    client.cookies["django_language"] = "en"
    for number, recipient in enumerate(["+9647701234567", "+9647711111111", "+9647701234567"]):
        phonebox.keep(recipient=recipient, text=f"<b>message {number}</b>")

    page = client.get("/demo/phone/", {"to": "٠٧٧٠ ١٢٣ ٤٥٦٧"}).content.decode()

    assert page.index("message 2") < page.index("message 0")
    assert "message 1" not in page
    assert "<b>" not in page


@pytest.mark.parametrize("to", ["", "nonsense", "+9647799999999", "nobody@example.com", "\x00"])
def test_the_phone_bears_any_number(client: Client, to: str) -> None:
    assert client.get("/demo/phone/", {"to": to}).status_code == 200


def test_mails_are_on_the_phone_too(client: Client) -> None:
    an_email_customer(email="amal@example.com", verified=False, language="en")
    client.post("/accounts/login/", {"login": "amal@example.com", "password": "kahwa-and-dates-7"})

    assert "data-phone-message" in client.get("/demo/phone/", {"to": "amal@example.com"}).content.decode()


def test_outside_the_demo_there_is_no_phone(client: Client, settings: object) -> None:
    settings.NUQTA_DEMO = False  # type: ignore[attr-defined]

    phonebox.keep(recipient="+9647701234567", text="secret")

    assert client.get("/demo/phone/", {"to": "+9647701234567"}).status_code == 404
    assert not PhoneMessage.objects.exists()


def test_outside_the_demo_the_address_is_not_even_known() -> None:
    """Another process, in production mode: the URL is not mounted."""
    import os
    import subprocess
    import sys

    script = (
        "import django; django.setup()\n"
        "from django.urls import resolve, Resolver404\n"
        "try: resolve('/demo/phone/'); print('there')\n"
        "except Resolver404: print('not there')\n"
    )
    from marketplace.env import BASE_DIR, current

    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "NUQTA_MODE": "production",
        "NUQTA_VAR": str(current().var_dir),
        "SECRET_KEY": "x" * 50,
        "CARD_KEYS": "1:" + "ab" * 32,
        "ALLOWED_HOSTS": "shop.example",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "EMAIL_URL": "smtp://localhost:25",
    }
    answers = {}
    for mode in ("production", "demo"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**environment, "NUQTA_MODE": mode},
            cwd=BASE_DIR,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        answers[mode] = done.stdout.strip()
    assert answers == {"production": "not there", "demo": "there"}
