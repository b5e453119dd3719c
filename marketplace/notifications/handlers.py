"""What of the outbox is told to people."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from forked_apps.order.models import Order, Parcel
from forked_apps.partner.models import Partner, VendorStatus
from marketplace.notifications import services
from marketplace.notifications.services import deliver_email, deliver_sms, notify
from marketplace.notifications.sms import gateway
from marketplace.outbox.registry import handles
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from points_payment.desk_selectors import answer_to_request
from points_payment.services.verification import issue_code


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
