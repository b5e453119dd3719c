"""Gateways that carry a text to a phone. What they carry is never logged: it may hold a code."""

from __future__ import annotations

import logging
import sys
from typing import Protocol

from django.conf import settings

from marketplace.notifications import phonebox

logger = logging.getLogger("nuqta.sms")


class SmsNotSent(Exception):
    """The gateway did not take the text; trying again later may help."""


class SmsGateway(Protocol):
    def send(self, *, phone: str, text: str) -> None:
        """Hand a text over for a phone (E.164).

        Raises:
            SmsNotSent: the gateway did not take it.
        """


class ConsoleGateway:
    """Stands in for a phone in the demo: prints the text, and keeps it for the page of the demo's phone.

    Outside the demo it reaches nobody, so it refuses, and prints and keeps nothing.
    """

    def send(self, *, phone: str, text: str) -> None:
        if not settings.NUQTA_DEMO:
            logger.error("An SMS was not sent: the console gateway works in the demo only (SMS_GATEWAY).")
            raise SmsNotSent("SMS_GATEWAY is console outside the demo.")
        phonebox.keep(recipient=phone, text=text)
        if settings.NUQTA_MODE == "demo":
            sys.stdout.write(f"[SMS {phone}] {text}\n")
            sys.stdout.flush()


GATEWAYS: dict[str, type[SmsGateway]] = {"console": ConsoleGateway}


def gateway() -> SmsGateway:
    """The gateway that the settings choose."""
    return GATEWAYS[settings.SMS_GATEWAY]()
