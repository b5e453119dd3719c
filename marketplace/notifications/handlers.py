"""What of the outbox is told to people."""

from __future__ import annotations

from typing import Any

from forked_apps.order.models import DeliveryProof, Order, Parcel, VendorOrder
from forked_apps.order.return_models import Return, ReturnMessage, ReturnState, Side
from forked_apps.partner.models import Partner, VendorStatus
from marketplace.notifications import services
from marketplace.notifications.services import deliver_email, deliver_sms, notify
from marketplace.outbox.registry import handles
from marketplace.users.models import User

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
    parcel = Parcel.objects.select_related("vendor_order__order__user", "vendor_order__vendor").get(
        pk=payload["parcel_id"]
    )
    part = parcel.vendor_order
    if part.order.user is not None:
        notify(
            kind="vendor_order.shipped",
            about=f"vendor_order.shipped:{parcel.pk}",
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


@handles("points.expiring")
def tell_points_expire(payload: dict[str, Any]) -> None:
    notify(
        kind="points.expiring",
        about=f"points.expiring:{payload['notice']}",
        user=User.objects.get(pk=payload["user_id"]),
        facts={"amount_points": payload["amount_points"], "first_on": payload["first_on"]},
    )
