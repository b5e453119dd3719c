"""Ways to pay a vendor, behind one interface: by hand today, by a gateway later.

Requests, orders and confirmations know only this protocol; a new way is a class and a line of
``register_payout_method``. A method never moves points: the confirmation of a second person does, whoever
sends the money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.utils.translation import gettext_lazy as _

from marketplace.users.phones import InvalidPhone, ascii_digits, to_e164
from points_payment.errors import InvalidDestination

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from points_payment.models import Payout

#: ISO 13616: two letters, two check digits, then up to 30 of the country's own; an Iraqi one has 23.
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
IRAQI_IBAN_LENGTH = 23


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to pay, as somebody wrote it or as a method wants it written."""

    holder_name: str
    provider: str = ""
    number: str = ""


class PayoutMethod(Protocol):
    #: As destinations and payouts remember it.
    code: str
    label: _StrPromise
    #: What the number is called; empty where there is none.
    number_label: _StrPromise | str
    #: What the provider is called; empty where there is none.
    provider_label: _StrPromise | str

    def validate(self, destination: Destination) -> Destination:
        """The destination as it is stored: one spelling of the same account.

        Raises:
            InvalidDestination: a part is missing or cannot be right.
        """

    def receipt_note(self) -> _StrPromise | str:
        """What a receipt says of how the money went."""

    def submit(self, payout: Payout) -> str:
        """Send the money on its way after the payout was ordered; the gateway's name for it.

        Empty where a person pays. May be called again for the same payout, and must then pay once.
        """


class ByHand:
    """A person pays; nothing happens by itself."""

    number_label: _StrPromise | str = ""
    provider_label: _StrPromise | str = ""

    def submit(self, payout: Payout) -> str:
        return ""


class CashPickUp(ByHand):
    code = "cash"
    label = _("Cash, picked up at our office")

    def validate(self, destination: Destination) -> Destination:
        return Destination(holder_name=_name_of(destination))

    def receipt_note(self) -> _StrPromise | str:
        return _("Paid in cash. Who receives it signs, and shows an identity card.")


class BankTransfer(ByHand):
    code = "bank"
    label = _("Bank account")
    number_label: _StrPromise | str = _("Account number or IBAN")
    provider_label: _StrPromise | str = _("Bank")

    def validate(self, destination: Destination) -> Destination:
        name, provider = _name_of(destination), destination.provider.strip()
        number = re.sub(r"[\s-]", "", ascii_digits(destination.number)).upper()
        if not provider:
            raise InvalidDestination("provider")
        if not (_is_iban(number) if number[:1].isalpha() else re.fullmatch(r"[0-9]{6,24}", number)):
            raise InvalidDestination("number")
        return Destination(name, provider, number)

    def receipt_note(self) -> _StrPromise | str:
        return _("Paid by bank transfer.")


class MobileWallet(ByHand):
    code = "wallet"
    label = _("Mobile wallet (ZainCash, AsiaPay, FIB and others)")
    number_label: _StrPromise | str = _("Phone number of the wallet")
    provider_label: _StrPromise | str = _("Operator of the wallet")

    def validate(self, destination: Destination) -> Destination:
        name, provider = _name_of(destination), destination.provider.strip()
        if not provider:
            raise InvalidDestination("provider")
        try:
            number = to_e164(destination.number)
        except InvalidPhone:
            raise InvalidDestination("number") from None
        return Destination(name, provider, number)

    def receipt_note(self) -> _StrPromise | str:
        return _("Paid to a mobile wallet.")


_methods: dict[str, PayoutMethod] = {}


def register_payout_method(method: PayoutMethod) -> None:
    _methods[method.code] = method


def payout_methods() -> list[PayoutMethod]:
    return list(_methods.values())


def payout_method(code: str) -> PayoutMethod:
    """Raises:
    KeyError: nobody registered such a way to pay.
    """
    return _methods[code]


def method_label(code: str) -> str:
    """Its name in the language of now; the code itself where the method is gone."""
    return str(_methods[code].label) if code in _methods else code


def _name_of(destination: Destination) -> str:
    name = " ".join(destination.holder_name.split())
    if not name:
        raise InvalidDestination("holder_name")
    return name


def _is_iban(number: str) -> bool:
    """By ISO 7064's mod 97, which finds every wrong digit and nearly every swap."""
    if not _IBAN.fullmatch(number) or (number.startswith("IQ") and len(number) != IRAQI_IBAN_LENGTH):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


register_payout_method(CashPickUp())
register_payout_method(BankTransfer())
register_payout_method(MobileWallet())
