"""What of the outbox is told to people."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from forked_apps.order.models import DeliveryProof, Order, Parcel, VendorOrder
from forked_apps.order.return_models import Return, ReturnMessage, ReturnState, Side
from forked_apps.partner.models import Partner, VendorStatus
from marketplace.notifications import services
from marketplace.notifications.services import deliver_email, deliver_sms, notify
from marketplace.notifications.sms import gateway
from marketplace.outbox.registry import handles
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.desk_selectors import answer_to_request
from points_payment.services.verification import issue_code

#: States of a return that the buyer brings about; the vendor is told of these.
BY_THE_BUYER = frozenset({ReturnState.REQUESTED, ReturnState.SENT, ReturnState.WITHDRAWN})


@handles(services.SMS_TOPIC)
def send_sms(payload: dict[str, Any]) -> None:
    deliver_sms(notification_id=payload["message_id"])


@handles(services.EMAIL_TOPIC)
def send_email(payload: dict[str, Any]) -> None:
    deliver_email(notification_id=payload["message_id"])


@handles("order.placed")
def tell_order_placed(payload: dict[str, Any]) -> None:
    order = Order.objects.select_related("user").get(pk=payload["order_id"])
    if order.user is not None:
        notify(
            kind="order.placed",
            about=f"order.placed:{order.pk}",
            user=order.user,
            facts={"number": order.number, "total_points": order.total_points},
        )


@handles("vendor_order.shipped")
def tell_shipped(payload: dict[str, Any]) -> None:
    _tell_of_parcel("vendor_order.shipped", parcel_id=payload["parcel_id"], about_id=payload["parcel_id"])


@handles("parcel.corrected")
def tell_corrected(payload: dict[str, Any]) -> None:
    _tell_of_parcel("parcel.corrected", parcel_id=payload["parcel_id"], about_id=payload["correction_id"])


def _tell_of_parcel(kind: str, *, parcel_id: int, about_id: int) -> None:
    parcel = Parcel.objects.select_related("vendor_order__order__user", "vendor_order__vendor").get(
        pk=parcel_id
    )
    part = parcel.vendor_order
    if part.order.user is not None:
        notify(
            kind=kind,
            about=f"{kind}:{about_id}",
            user=part.order.user,
            facts={
                "number": part.order.number,
                "vendor": part.vendor.name,
                "carrier": parcel.carrier,
                "tracking_code": parcel.tracking_code,
            },
        )


@handles("vendor_order.delivered")
def tell_delivered(payload: dict[str, Any]) -> None:
    """The buyer, always; the vendor too where nobody but the calendar said so."""
    part = _part(payload)
    is_assumed = part.delivery_proof == DeliveryProof.ASSUMED
    if part.order.user is not None:
        notify(
            kind="vendor_order.delivered",
            about=f"vendor_order.delivered:{part.pk}",
            user=part.order.user,
            facts={"number": part.order.number, "vendor": part.vendor.name, "is_assumed": is_assumed},
        )
    if is_assumed and part.vendor.phone:
        notify(
            kind="vendor_order.assumed",
            about=f"vendor_order.assumed:{part.pk}",
            phone=part.vendor.phone,
            facts={"number": part.number},
        )


@handles("vendor_order.reduced")
def tell_reduced(payload: dict[str, Any]) -> None:
    part = _part(payload)
    if part.order.user is not None:
        notify(
            kind="vendor_order.reduced",
            about=f"vendor_order.reduced:{payload['reduction_id']}",
            user=part.order.user,
            facts={"number": part.order.number, "vendor": part.vendor.name, "pieces": payload["pieces"]},
        )


@handles("vendor_order.allowance")
def tell_allowance(payload: dict[str, Any]) -> None:
    part = _part(payload)
    if part.order.user is not None:
        notify(
            kind="vendor_order.allowance",
            about=f"vendor_order.allowance:{payload['reduction_id']}",
            user=part.order.user,
            facts={
                "number": part.order.number,
                "vendor": part.vendor.name,
                "amount_points": payload["points"],
            },
        )


@handles("return.changed")
def tell_return(payload: dict[str, Any]) -> None:
    """Whoever has to act or to know: the vendor of what the buyer did, the buyer of what the vendor did."""
    asked = _asked(payload["return_id"])
    facts = {"number": asked.number, "state": payload["state"], "refunded_points": asked.refunded_points}
    about = f"return.changed:{asked.pk}:{payload['state']}"
    if payload["state"] in BY_THE_BUYER:
        if asked.vendor_order.vendor.phone:
            notify(kind="return.changed", about=about, phone=asked.vendor_order.vendor.phone, facts=facts)
    elif asked.vendor_order.order.user is not None:
        notify(kind="return.changed", about=about, user=asked.vendor_order.order.user, facts=facts)


@handles("return.message")
def tell_return_message(payload: dict[str, Any]) -> None:
    message = ReturnMessage.objects.get(pk=payload["message_id"])
    asked = _asked(message.of_id)
    about, facts = f"return.message:{message.pk}", {"number": asked.number}
    if message.side == Side.BUYER:
        if asked.vendor_order.vendor.phone:
            notify(kind="return.message", about=about, phone=asked.vendor_order.vendor.phone, facts=facts)
    elif asked.vendor_order.order.user is not None:
        notify(kind="return.message", about=about, user=asked.vendor_order.order.user, facts=facts)


def _asked(pk: int) -> Return:
    return Return.objects.select_related("vendor_order__vendor", "vendor_order__order__user").get(pk=pk)


def _part(payload: dict[str, Any]) -> VendorOrder:
    return VendorOrder.objects.select_related("order__user", "vendor").get(pk=payload["vendor_order_id"])


@handles("vendor.decided")
def tell_vendor(payload: dict[str, Any]) -> None:
    """Tell the vendor's phone, and its owner where the one who asks names them (``user_id``)."""
    vendor = Partner.objects.get(pk=payload["vendor_id"])
    kind = {
        VendorStatus.APPROVED: "vendor.approved",
        VendorStatus.REFUSED: "vendor.refused",
        VendorStatus.SUSPENDED: "vendor.suspended",
    }.get(VendorStatus(vendor.status))
    if kind is None:
        return
    facts = {"vendor": vendor.name}
    if kind != "vendor.approved":
        facts["reason"] = vendor.decision_reason
    decided = vendor.decided_at.isoformat() if vendor.decided_at else ""
    about = f"vendor.decided:{vendor.pk}:{vendor.status}:{decided}"
    user = User.objects.filter(pk=payload["user_id"]).first() if "user_id" in payload else None
    if user is not None:
        notify(kind=kind, about=about, user=user, facts=facts)
    elif vendor.phone:
        notify(kind=kind, about=about, phone=vendor.phone, facts=facts)


@handles("points.added")
def tell_points_added(payload: dict[str, Any]) -> None:
    """``user_id``, ``amount_points`` and ``transfer_id`` of a credit that somebody else made."""
    user = User.objects.get(pk=payload["user_id"])
    notify(
        kind="points.added",
        about=f"points.added:{payload['transfer_id']}",
        user=user,
        facts={"amount_points": payload["amount_points"], "balance_points": user.point_balance},
    )


@handles("points.corrected")
def tell_points_corrected(payload: dict[str, Any]) -> None:
    user = User.objects.get(pk=payload["user_id"])
    notify(
        kind="points.corrected",
        about=f"points.corrected:{payload['transfer_id']}",
        user=user,
        facts={"amount_points": payload["amount_points"], "balance_points": user.point_balance},
    )


@handles("points.expiring")
def tell_points_expire(payload: dict[str, Any]) -> None:
    notify(
        kind="points.expiring",
        about=f"points.expiring:{payload['notice']}",
        user=User.objects.get(pk=payload["user_id"]),
        facts={"amount_points": payload["amount_points"], "first_on": payload["first_on"]},
    )


@handles("top_up.code")
def send_caller_code(payload: dict[str, Any]) -> None:
    """Make the code that an operator asked for, and send it; if it is not sent, it does not exist."""
    issued = issue_code(verification_id=payload["verification_id"])
    if issued is None:
        return
    with translation.override(issued.language):
        text = _(
            "Nuqta: %(code)s. Our top-up desk asks for this code to know that it is you. "
            "If you are not with them now, tell it to nobody."
        ) % {"code": issued.code}
        gateway().send(phone=issued.phone, text=text)


@handles("top_up.reversed")
def tell_top_up_reversed(payload: dict[str, Any]) -> None:
    user = User.objects.get(pk=payload["user_id"])
    notify(
        kind="top_up.reversed",
        about=f"top_up.reversed:{payload['transfer_id']}",
        user=user,
        facts={"amount_points": payload["amount_points"], "balance_points": user.point_balance},
    )


@handles("top_up_request.declined")
def tell_request_declined(payload: dict[str, Any]) -> None:
    answer = answer_to_request(request_id=payload["request_id"])
    notify(
        kind="top_up_request.declined",
        about=f"top_up_request.declined:{payload['request_id']}",
        user=User.objects.get(pk=payload["user_id"]),
        facts={"amount_points": answer.amount_points, "reason": answer.reason},
    )


@handles("cards.guessing")
def tell_guessing(payload: dict[str, Any]) -> None:
    """Tell who helps with cards and who issues them; once an hour for each kind of subject."""
    for right in (PlatformPermission.CARDS_SUPPORT, PlatformPermission.CARDS_ISSUE):
        holders = User.objects.with_perm(
            right.full_name, include_superusers=False, backend="django.contrib.auth.backends.ModelBackend"
        )
        for person in holders:
            notify(
                kind="cards.guessing",
                about=f"cards.guessing:{payload['scope']}:{payload['hour']}",
                user=person,
                facts={"scope": payload["scope"], "failures": payload["failures"]},
            )


@handles("ledger.alert")
def tell_books_not_proved(payload: dict[str, Any]) -> None:
    """Everyone who may see the ledger: ``findings`` of the proof ``run_id``."""
    watchers = User.objects.with_perm(
        PlatformPermission.LEDGER_VIEW.full_name, backend="django.contrib.auth.backends.ModelBackend"
    )
    for watcher in watchers:
        notify(
            kind="ledger.alert",
            about=f"ledger.alert:{payload['run_id']}",
            user=watcher,
            facts={"findings": payload["findings"]},
        )
