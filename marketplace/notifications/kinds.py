"""Every kind of message the platform tells people, and its words.

A kind is a function of facts (plain JSON values) that gives the words in the language that is active
when it is called. Facts never hold codes or secrets: they are stored until the message is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _, ngettext

from marketplace.formats import format_date


@dataclass(frozen=True, slots=True)
class Words:
    #: The e-mail's subject.
    subject: str
    #: The SMS, and the e-mail's text.
    text: str


Kind = Callable[..., Words]
#: ``2026-07-04``: facts are JSON, which has no dates.
IsoDate = str

_kinds: dict[str, Kind] = {}


class UnknownKind(LookupError):
    """No function is registered for this kind."""


def kind(name: str) -> Callable[[Kind], Kind]:
    """Register the words of a kind; packages above may add their own."""

    def register(words: Kind) -> Kind:
        _kinds[name] = words
        return words

    return register


def words_of(name: str, facts: dict[str, Any]) -> Words:
    """The message in the active language.

    Raises:
        UnknownKind: nobody registered it.
    """
    try:
        words = _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None
    return words(**facts)


def points(amount_points: int) -> str:
    """``45,000 points``, for a sentence of plain text."""
    return ngettext("%(amount)s point", "%(amount)s points", amount_points) % {"amount": f"{amount_points:,}"}


@kind("order.placed")
def order_placed(*, number: str, total_points: int) -> Words:
    return Words(
        subject=_("Your order %(number)s") % {"number": number},
        text=_("Nuqta: your order %(number)s is placed, for %(points)s. We tell you when it is on its way.")
        % {"number": number, "points": points(total_points)},
    )


@kind("vendor_order.shipped")
def vendor_order_shipped(*, number: str, vendor: str, tracking_code: str, carrier: str = "") -> Words:
    facts = {"number": number, "vendor": vendor, "tracking_code": tracking_code, "carrier": carrier}
    return Words(
        subject=_("Your order %(number)s is on its way") % facts,
        text=(
            _(
                "Nuqta: %(vendor)s shipped your order %(number)s with %(carrier)s. "
                "Tracking code: %(tracking_code)s"
            )
            if carrier
            else _("Nuqta: %(vendor)s shipped your order %(number)s. Tracking code: %(tracking_code)s")
        )
        % facts,
    )


@kind("parcel.corrected")
def parcel_corrected(*, number: str, vendor: str, tracking_code: str, carrier: str = "") -> Words:
    facts = {"number": number, "vendor": vendor, "tracking_code": tracking_code, "carrier": carrier}
    return Words(
        subject=_("A tracking code of your order %(number)s was put right") % facts,
        text=(
            _(
                "Nuqta: the right tracking code of your parcel from %(vendor)s "
                "is %(tracking_code)s (%(carrier)s)."
            )
            if carrier
            else _("Nuqta: the right tracking code of your parcel from %(vendor)s is %(tracking_code)s.")
        )
        % facts,
    )


@kind("vendor_order.delivered")
def vendor_order_delivered(*, number: str, vendor: str, is_assumed: bool) -> Words:
    facts = {"number": number, "vendor": vendor}
    return Words(
        subject=_("Your order %(number)s arrived") % facts,
        text=(
            _(
                "Nuqta: nobody told us otherwise, so we take your order %(number)s from %(vendor)s "
                "as delivered. If it did not arrive, tell us now."
            )
            if is_assumed
            else _(
                "Nuqta: your order %(number)s from %(vendor)s was delivered. "
                "Is something wrong? Tell us soon."
            )
        )
        % facts,
    )


@kind("vendor_order.assumed")
def vendor_order_assumed(*, number: str) -> Words:
    facts = {"number": number}
    return Words(
        subject=_("Order %(number)s counts as delivered") % facts,
        text=_(
            "Nuqta: nobody spoke of order %(number)s for a week after its day, so it counts as delivered. "
            "Ask the buyer for their code next time: your points are free sooner."
        )
        % facts,
    )


@kind("vendor_order.reduced")
def vendor_order_reduced(*, number: str, vendor: str, pieces: int) -> Words:
    facts = {"number": number, "vendor": vendor, "pieces": pieces}
    return Words(
        subject=_("Something of your order %(number)s was taken back") % facts,
        text=ngettext(
            "Nuqta: %(pieces)s piece of your order %(number)s from %(vendor)s was taken back. "
            "Its points are in your wallet.",
            "Nuqta: %(pieces)s pieces of your order %(number)s from %(vendor)s were taken back. "
            "Their points are in your wallet.",
            pieces,
        )
        % facts,
    )


@kind("vendor_order.allowance")
def vendor_order_allowance(*, number: str, vendor: str, amount_points: int) -> Words:
    facts = {"number": number, "vendor": vendor, "points": points(amount_points)}
    return Words(
        subject=_("Points of your order %(number)s are back") % facts,
        text=_("Nuqta: %(vendor)s gave you %(points)s of your order %(number)s back.") % facts,
    )


@kind("return.changed")
def return_changed(*, number: str, state: str, refunded_points: int) -> Words:
    """The buyer reads what the vendor did, the vendor what the buyer did."""
    facts = {"number": number, "points": points(refunded_points)}
    texts = {
        "requested": _("Nuqta: a buyer wants to return something, %(number)s. Answer within three days."),
        "sent": _("Nuqta: return %(number)s is on its way to you."),
        "withdrawn": _("Nuqta: the buyer keeps it, return %(number)s is withdrawn."),
        "approved": _("Nuqta: you may send return %(number)s back. Look at its page for how."),
        "refunded": _("Nuqta: return %(number)s is settled, and %(points)s are in your wallet."),
        "refused": _("Nuqta: the seller refused return %(number)s. Look at its page for why."),
        "rejected": _(
            "Nuqta: the seller looked at return %(number)s and refused it. Look at its page for why."
        ),
    }
    subject = _("Return %(number)s") % facts
    return Words(subject=subject, text=texts.get(state, _("Return %(number)s")) % facts)


@kind("return.message")
def return_message(*, number: str) -> Words:
    facts = {"number": number}
    return Words(
        subject=_("A message about return %(number)s") % facts,
        text=_("Nuqta: there is a new message about return %(number)s.") % facts,
    )


@kind("vendor.approved")
def vendor_approved(*, vendor: str) -> Words:
    return Words(
        subject=_("You can sell on Nuqta"),
        text=_("Nuqta: %(vendor)s is approved. Open your portal and put your first products on sale.")
        % {"vendor": vendor},
    )


@kind("vendor.refused")
def vendor_refused(*, vendor: str, reason: str) -> Words:
    return Words(
        subject=_("Your application to sell on Nuqta"),
        text=_("Nuqta: we could not approve %(vendor)s. Reason: %(reason)s")
        % {"vendor": vendor, "reason": reason},
    )


@kind("vendor.suspended")
def vendor_suspended(*, vendor: str, reason: str) -> Words:
    return Words(
        subject=_("Your shop on Nuqta is suspended"),
        text=_("Nuqta: %(vendor)s is suspended and cannot sell for now. Reason: %(reason)s")
        % {"vendor": vendor, "reason": reason},
    )


@kind("points.added")
def points_added(*, amount_points: int, balance_points: int) -> Words:
    return Words(
        subject=_("Points were added to your wallet"),
        text=_("Nuqta: %(points)s were added to your wallet. You have %(balance)s now.")
        % {"points": points(amount_points), "balance": points(balance_points)},
    )


@kind("points.corrected")
def points_corrected(*, amount_points: int, balance_points: int) -> Words:
    return Words(
        subject=_("Your wallet was corrected"),
        text=_(
            "Nuqta: we corrected a mistake in your wallet and took %(points)s back. "
            "You have %(balance)s now. Ask us if you don't know why."
        )
        % {"points": points(amount_points), "balance": points(balance_points)},
    )


@kind("points.expiring")
def points_expiring(*, amount_points: int, first_on: IsoDate) -> Words:
    facts = {"points": points(amount_points), "date": format_date(date.fromisoformat(first_on))}
    return Words(
        subject=_("Some of your points expire soon"),
        text=_("Nuqta: %(points)s of your promotional points expire soon, the first on %(date)s.") % facts,
    )


@kind("top_up.reversed")
def top_up_reversed(*, amount_points: int, balance_points: int) -> Words:
    return Words(
        subject=_("A top-up was taken back"),
        text=_(
            "Nuqta: a top-up was made by mistake, so %(points)s were taken back from your wallet. "
            "You have %(balance)s now."
        )
        % {"points": points(amount_points), "balance": points(balance_points)},
    )


@kind("top_up_request.declined")
def top_up_request_declined(*, amount_points: int, reason: str) -> Words:
    return Words(
        subject=_("Your request for points"),
        text=_("Nuqta: we could not add the %(points)s that you asked for. Reason: %(reason)s")
        % {"points": points(amount_points), "reason": reason},
    )


@kind("cards.guessing")
def cards_guessing(*, scope: str, failures: int) -> Words:
    text = {
        "account": _("Nuqta: an account has typed %(failures)s wrong card codes. Look at the alerts."),
        "device": _("Nuqta: a device has typed %(failures)s wrong card codes. Look at the alerts."),
        "address": _(
            "Nuqta: %(failures)s wrong card codes came from one network address. Look at the alerts."
        ),
    }.get(scope, _("Nuqta: %(failures)s wrong card codes were typed in an hour. Look at the alerts."))
    return Words(subject=_("Someone may be guessing card codes"), text=text % {"failures": f"{failures:,}"})


@kind("ledger.alert")
def ledger_alert(*, findings: int) -> Words:
    return Words(
        subject=_("The books of Nuqta are not proved"),
        text=ngettext(
            "Nuqta: the proof of the ledger failed with %(number)s finding. Open the page Proof at once.",
            "Nuqta: the proof of the ledger failed with %(number)s findings. Open the page Proof at once.",
            findings,
        )
        % {"number": f"{findings:,}"},
    )


@kind("team.invited")
def team_invited(*, vendor: str, role: str, url: str = "") -> Words:
    facts = {"vendor": vendor, "role": role, "url": url}
    return Words(
        subject=_("%(vendor)s invites you to its team") % facts,
        text=(
            _(
                "Nuqta: %(vendor)s invites you to its team as %(role)s. "
                "Sign in with this number to accept: %(url)s"
            )
            if url
            else _(
                "Nuqta: %(vendor)s invites you to its team as %(role)s. Sign in with this number to accept."
            )
        )
        % facts,
    )
