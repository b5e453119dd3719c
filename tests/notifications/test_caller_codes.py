"""The code by which the top-up desk knows a caller: in their language, and sent or not there at all."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from marketplace.notifications import sms
from marketplace.notifications.models import Notification, PhoneMessage
from marketplace.notifications.sms import SmsNotSent
from marketplace.outbox.models import OutboxMessage
from points_payment.services.verification import check_code, request_code
from tests.factories.people import a_customer

pytestmark = pytest.mark.django_db
Drain = Callable[[], int]


@pytest.mark.parametrize("language", ["ar", "ckb", "en"])
def test_the_code_comes_by_sms_and_is_right(drain_outbox: Drain, language: str) -> None:
    operator, customer = a_customer("Omar"), a_customer(language=language)
    request_code(operator=operator, customer=customer)
    drain_outbox()
    message = PhoneMessage.objects.get(recipient=customer.phone)
    [code] = re.findall(r"\b(\d{6})\b", message.text)
    assert check_code(operator=operator, customer=customer, code=code).verified_at is not None
    # It stands in no notification and in no message of the outbox.
    assert not Notification.objects.exists()
    assert all(code not in str(row.payload) for row in OutboxMessage.objects.all())


def test_a_code_that_was_not_sent_is_not_kept_and_a_later_one_is(
    drain_outbox: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, customer = a_customer("Omar"), a_customer()
    verification = request_code(operator=operator, customer=customer)

    def refuse(self: object, *, phone: str, text: str) -> None:
        raise SmsNotSent("down")

    with monkeypatch.context() as down:
        down.setattr(sms.ConsoleGateway, "send", refuse)
        drain_outbox()
    verification.refresh_from_db()
    assert verification.code_hash == ""
    OutboxMessage.objects.update(available_at=verification.created_at)
    drain_outbox()
    verification.refresh_from_db()
    assert verification.code_hash
    assert PhoneMessage.objects.filter(recipient=customer.phone).count() == 1


def test_of_two_codes_asked_for_one_is_sent(drain_outbox: Drain) -> None:
    operator, customer = a_customer("Omar"), a_customer()
    for _ in range(2):
        request_code(operator=operator, customer=customer)
    drain_outbox()
    assert PhoneMessage.objects.filter(recipient=customer.phone).count() == 1
