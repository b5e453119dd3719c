"""What is told of disputes: each step to both sides, but for who took it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from forked_apps.order.dispute_models import Dispute, DisputeEvent, DisputeMessage, DisputeStep
from forked_apps.order.return_models import Side
from marketplace.formats import format_date
from marketplace.notifications.kinds import IsoDate, Words, kind, points
from marketplace.notifications.services import notify
from marketplace.outbox.registry import handles

_P = DisputeStep
#: Evidence is told as the message that it is.
_UNTOLD = frozenset({_P.GAVE_EVIDENCE})
#: What the one who acts has to know as well: there is something for them to do, or points for them.
_TOLD_TO_ALL = frozenset({_P.ACCEPTED, _P.ESCALATED, _P.READY, _P.APPEALED})


@kind("dispute.step")
def dispute_step(
    *, number: str, step: str, amount_points: int, until: IsoDate = "", is_vendor: bool = False
) -> Words:
    facts = {
        "number": number,
        "points": points(amount_points),
        "date": format_date(date.fromisoformat(until)) if until else "",
    }
    texts = _of_the_vendor() if is_vendor else _of_the_buyer()
    paid = {_P.ACCEPTED, _P.CARRIED_OUT, _P.RETURN_ENDED}
    key = f"{step}.paid" if amount_points and step in paid else step
    subject = _("Problem %(number)s") % facts
    return Words(subject=subject, text=texts.get(key, _("Nuqta: problem %(number)s goes on.")) % facts)


def _of_both() -> dict[str, str]:
    return {
        _P.MAY_ESCALATE: _(
            "Nuqta: problem %(number)s is not solved in time. The buyer may ask us to decide until %(date)s."
        ),
        _P.READY: _("Nuqta: both sides have spoken about problem %(number)s. Our staff decide."),
        _P.ASKED: _("Nuqta: we need to know more about problem %(number)s. Look at its page until %(date)s."),
        _P.DECIDED: _(
            "Nuqta: we decided about problem %(number)s. Its page says why, and how to appeal until %(date)s."
        ),
        _P.APPEALED: _("Nuqta: there is an appeal about problem %(number)s. Somebody else decides it."),
        _P.CARRIED_OUT: _("Nuqta: the decision about problem %(number)s is final. Look at its page."),
        _P.RETURN_ENDED: _("Nuqta: the return of problem %(number)s ended. Look at its page."),
        _P.LAPSED: _("Nuqta: nobody answered about problem %(number)s in time, so it is closed."),
    }


def _of_the_buyer() -> dict[str, str]:
    back = _("Nuqta: problem %(number)s is settled, and %(points)s are in your wallet.")
    return _of_both() | {
        _P.OFFERED: _("Nuqta: the seller made you an offer about problem %(number)s. Look at its page."),
        _P.REFUSED: _(
            "Nuqta: the seller sees no fault in problem %(number)s. You may ask us to decide until %(date)s."
        ),
        _P.ACCEPTED: _("Nuqta: you accepted the offer about problem %(number)s."),
        _P.ESCALATED: _("Nuqta: we look at problem %(number)s. Give your evidence until %(date)s."),
        f"{_P.ACCEPTED}.paid": back,
        f"{_P.CARRIED_OUT}.paid": back,
        f"{_P.RETURN_ENDED}.paid": back,
    }


def _of_the_vendor() -> dict[str, str]:
    back = _("Nuqta: problem %(number)s is settled, and the buyer has %(points)s back.")
    return _of_both() | {
        _P.OPENED: _(
            "Nuqta: a buyer reports problem %(number)s. Answer until %(date)s, or they may ask us to decide."
        ),
        _P.ACCEPTED: _("Nuqta: the buyer accepted your offer about problem %(number)s."),
        _P.REPLACED: _("Nuqta: the replacement arrived, so problem %(number)s is solved."),
        _P.WITHDRAWN: _("Nuqta: the buyer withdrew problem %(number)s."),
        _P.ESCALATED: _(
            "Nuqta: the buyer asks us to decide about problem %(number)s. Give your evidence until %(date)s, "
            "or we decide for the buyer."
        ),
        f"{_P.ACCEPTED}.paid": back,
        f"{_P.CARRIED_OUT}.paid": back,
        f"{_P.RETURN_ENDED}.paid": back,
    }


@kind("dispute.message")
def dispute_message(*, number: str) -> Words:
    facts = {"number": number}
    return Words(
        subject=_("A message about problem %(number)s") % facts,
        text=_("Nuqta: there is a new message about problem %(number)s.") % facts,
    )


@handles("dispute.event")
def tell_step(payload: dict[str, Any]) -> None:
    event = DisputeEvent.objects.get(pk=payload["event_id"])
    if event.step in _UNTOLD:
        return
    one = _dispute(event.of_id)
    silent = "" if event.step in _TOLD_TO_ALL else event.side
    facts = {
        "number": one.number,
        "step": event.step,
        "amount_points": event.points,
        "until": payload["until"],
    }
    about = f"dispute.step:{event.pk}"
    _tell("dispute.step", one, silent=silent, about=about, facts=facts, of_vendor={"is_vendor": True})


@handles("dispute.message")
def tell_message(payload: dict[str, Any]) -> None:
    message = DisputeMessage.objects.get(pk=payload["message_id"])
    one = _dispute(message.of_id)
    about = f"dispute.message:{message.pk}"
    _tell("dispute.message", one, silent=message.side, about=about, facts={"number": one.number})


def _tell(
    name: str,
    one: Dispute,
    *,
    silent: str,
    about: str,
    facts: dict[str, Any],
    of_vendor: dict[str, Any] | None = None,
) -> None:
    buyer, vendor = one.vendor_order.order.user, one.vendor_order.vendor
    if silent != Side.BUYER and buyer is not None:
        notify(kind=name, about=about, user=buyer, facts=facts)
    if silent != Side.VENDOR and vendor.phone:
        notify(kind=name, about=about, phone=vendor.phone, facts=facts | (of_vendor or {}))


def _dispute(pk: int) -> Dispute:
    return Dispute.objects.select_related("vendor_order__vendor", "vendor_order__order__user").get(pk=pk)
