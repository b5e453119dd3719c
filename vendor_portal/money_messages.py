"""What a vendor is told about its money: words, and who gets them.

Messages go to the first owner, or to the shop's phone where there is none. A new destination of payouts goes
to every owner and to the shop's phone: whoever took over one of them must not be the only one to know.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.utils.translation import gettext as _

from forked_apps.partner.models import Partner
from marketplace.formats import format_month
from marketplace.notifications.kinds import IsoDate, Words, kind, points
from marketplace.notifications.services import notify
from marketplace.outbox.registry import handles
from points_payment.payout_methods import method_label
from points_payment.services import debts, destinations, payout_orders, settlement, vendor_payments
from points_payment.settlement_messages import (
    debt_event_facts,
    destination_facts,
    month_of_message,
    month_of_statement,
    payment_facts,
    payout_facts,
)
from vendor_portal.selectors import owner_of, owners_of


@kind("payout.changed")
def payout_changed(
    *,
    reference: str,
    state: Literal["ordered", "paid", "rejected", "returned"],
    amount_points: int,
    reason: str = "",
) -> Words:
    facts = {"reference": reference, "points": points(amount_points), "reason": reason}
    texts = {
        "ordered": _("Nuqta: your payout %(reference)s of %(points)s is on its way."),
        "paid": _("Nuqta: your payout %(reference)s of %(points)s is paid. Its receipt is in your portal."),
        "rejected": _("Nuqta: your payout %(reference)s of %(points)s is not paid. Reason: %(reason)s"),
        "returned": _(
            "Nuqta: your payout %(reference)s came back, so %(points)s are yours to be paid out again. "
            "Reason: %(reason)s"
        ),
    }
    return Words(subject=_("Your payout %(reference)s") % facts, text=texts[state] % facts)


@kind("payout.destination")
def destination_changed(
    *,
    vendor: str,
    state: Literal["waiting", "confirmed", "refused", "retired"],
    method: Literal["cash", "bank", "wallet"],
    number: str,
    note: str = "",
) -> Words:
    """``number`` is its end alone."""
    facts = {"vendor": vendor, "where": f"{method_label(method)} {number}".strip(), "note": note}
    texts = {
        "waiting": _(
            "Nuqta: somebody wants payouts of %(vendor)s to go to %(where)s. "
            "If it was none of you, tell us at once: nothing is paid there in its first day."
        ),
        "confirmed": _("Nuqta: payouts of %(vendor)s may go to %(where)s now."),
        "refused": _("Nuqta: we pay nothing to %(where)s for %(vendor)s. Reason: %(note)s"),
        "retired": _("Nuqta: payouts of %(vendor)s go to %(where)s no more."),
    }
    return Words(subject=_("Where %(vendor)s is paid") % facts, text=texts[state] % facts)


@kind("vendor.debt")
def debt_changed(
    *, vendor: str, level: Literal["clear", "owes", "held", "stopped"], before: str, owed_points: int
) -> Words:
    facts = {"vendor": vendor, "points": points(owed_points)}
    texts = {
        "clear": _("Nuqta: %(vendor)s owes nothing any more."),
        "owes": _("Nuqta: after refunds %(vendor)s owes %(points)s. The next sales fill it by themselves."),
        "held": _(
            "Nuqta: after refunds %(vendor)s owes %(points)s. Nothing is paid out until it is filled, "
            "and points of deliveries wait the longest time."
        ),
        "stopped": _(
            "Nuqta: after refunds %(vendor)s owes %(points)s, so its offers are not sold for now. "
            "Look at Money in your portal for how it ends."
        ),
    }
    sells_again = _("Nuqta: the offers of %(vendor)s are sold again. It owes %(points)s still.")
    text = sells_again if before == "stopped" and level in {"held", "owes"} else texts[level]
    return Words(subject=_("What %(vendor)s owes") % facts, text=text % facts)


@kind("vendor.paid_in")
def paid_in(*, vendor: str, amount_points: int) -> Words:
    facts = {"vendor": vendor, "points": points(amount_points)}
    return Words(
        subject=_("Your payment is counted"),
        text=_("Nuqta: %(points)s that %(vendor)s brought are counted.") % facts,
    )


@kind("statement.issued")
def statement_issued(*, vendor: str, month: IsoDate, closing_points: int) -> Words:
    facts = {"vendor": vendor, "month": _month(month), "points": points(closing_points)}
    return Words(
        subject=_("The statement of %(month)s") % facts,
        text=_(
            "Nuqta: the statement of %(vendor)s for %(month)s is ready; it closes with %(points)s. "
            "Accept or question it within two weeks."
        )
        % facts,
    )


@kind("statement.changed")
def statement_answered(*, month: IsoDate, is_resolved: bool) -> Words:
    facts = {"month": _month(month)}
    return Words(
        subject=_("The statement of %(month)s") % facts,
        text=(
            _("Nuqta: your question about the statement of %(month)s is resolved. Read how in your portal.")
            if is_resolved
            else _("Nuqta: there is an answer to your question about the statement of %(month)s.")
        )
        % facts,
    )


def _month(iso: str) -> str:
    return format_month(date.fromisoformat(iso))


# Who is told --------------------------------------------------------------------------------


def tell_vendor(vendor: Partner, *, kind: str, about: str, facts: dict[str, Any]) -> None:
    """The first owner, or the shop's phone."""
    owner = owner_of(vendor_id=vendor.pk)
    if owner is not None:
        notify(kind=kind, about=about, user=owner, facts=facts)
    elif vendor.phone:
        notify(kind=kind, about=about, phone=vendor.phone, facts=facts)


@handles(payout_orders.TOPIC)
def tell_payout(payload: dict[str, Any]) -> None:
    found = payout_facts(payout_id=payload["payout_id"])
    if (vendor := _vendor(found.vendor_id)) is None:
        return
    facts = {"reference": found.reference, "state": payload["state"], "amount_points": found.amount_points}
    if payload["state"] in {"rejected", "returned"}:
        facts["reason"] = found.reason
    about = f"payout.changed:{payload['payout_id']}:{payload['state']}"
    tell_vendor(vendor, kind="payout.changed", about=about, facts=facts)


@handles(payout_orders.SUBMIT_TOPIC)
def submit(payload: dict[str, Any]) -> None:
    payout_orders.submit_payout(payout_id=payload["payout_id"])


@handles(destinations.TOPIC)
def tell_destination(payload: dict[str, Any]) -> None:
    found = destination_facts(destination_id=payload["destination_id"])
    if (vendor := _vendor(found.vendor_id)) is None:
        return
    facts = {
        "vendor": vendor.name,
        "state": payload["state"],
        "method": found.method,
        "number": found.masked_number,
    }
    if payload["state"] == "refused":
        facts["note"] = found.note
    about = f"payout.destination:{payload['destination_id']}:{payload['state']}"
    for owner in owners_of(vendor_id=vendor.pk):
        notify(kind="payout.destination", about=about, user=owner, facts=facts)
    if vendor.phone:
        notify(kind="payout.destination", about=about, phone=vendor.phone, facts=facts)


@handles(debts.TOPIC)
def tell_debt(payload: dict[str, Any]) -> None:
    found = debt_event_facts(event_id=payload["event_id"])
    vendor = _vendor(found.vendor_id)
    # Time that was given and changed nothing is no news.
    if vendor is None or found.level == found.level_before:
        return
    facts = {
        "vendor": vendor.name,
        "level": found.level,
        "before": found.level_before,
        "owed_points": found.owed_points,
    }
    tell_vendor(vendor, kind="vendor.debt", about=f"vendor.debt:{payload['event_id']}", facts=facts)


@handles(vendor_payments.TOPIC)
def tell_paid_in(payload: dict[str, Any]) -> None:
    vendor_id, amount_points = payment_facts(payment_id=payload["payment_id"])
    if (vendor := _vendor(vendor_id)) is None:
        return
    about = f"vendor.paid_in:{payload['payment_id']}"
    tell_vendor(
        vendor,
        kind="vendor.paid_in",
        about=about,
        facts={"vendor": vendor.name, "amount_points": amount_points},
    )


@handles(settlement.ISSUED_TOPIC)
def tell_issued(payload: dict[str, Any]) -> None:
    found = month_of_statement(statement_id=payload["statement_id"])
    if (vendor := _vendor(found.vendor_id)) is None:
        return
    facts = {
        "vendor": vendor.name,
        "month": found.month.isoformat(),
        "closing_points": found.closing_points,
    }
    about = f"statement.issued:{payload['statement_id']}"
    tell_vendor(vendor, kind="statement.issued", about=about, facts=facts)


@handles(settlement.CHANGED_TOPIC)
def tell_answer(payload: dict[str, Any]) -> None:
    found = month_of_message(message_id=payload["message_id"])
    if (vendor := _vendor(found.vendor_id)) is None:
        return
    facts = {"month": found.month.isoformat(), "is_resolved": found.is_resolved}
    about = f"statement.changed:{payload['message_id']}"
    tell_vendor(vendor, kind="statement.changed", about=about, facts=facts)


def _vendor(vendor_id: int) -> Partner | None:
    """The ledger knows numbers alone; one of nobody is told nothing."""
    return Partner.objects.filter(pk=vendor_id).first()
