"""Tell people things: asked for in the transaction of what happened, sent after it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone, translation

from marketplace.notifications import phonebox
from marketplace.notifications.kinds import Words, words_of
from marketplace.notifications.models import Notification
from marketplace.notifications.sms import gateway
from marketplace.outbox.services import enqueue_many
from marketplace.users.models import User
from marketplace.users.phones import to_e164

SMS_TOPIC = "sms.send"
EMAIL_TOPIC = "email.send"


@transaction.atomic
def notify(
    *,
    kind: str,
    about: str,
    facts: dict[str, Any],
    user: User | None = None,
    phone: str = "",
    email: str = "",
) -> Notification:
    """Tell a person, or the holder of a phone number or e-mail address, one thing; once, however often asked.

    ``facts`` are the arguments of the kind's words and hold no code or secret. ``about`` names the event,
    such as ``order.placed:17``. It is sent when the caller's transaction has committed.

    Raises:
        UnknownKind, TypeError: the kind does not exist, or the facts are not its own.
        InvalidPhone: the number is none.
    """
    words_of(kind, facts)
    notification, created = Notification.objects.get_or_create(
        about=about,
        user=user,
        phone=to_e164(phone) if phone else "",
        email=email.lower(),
        defaults={"kind": kind, "facts": facts},
    )
    if created:
        # One message for each way, so that trouble with one does not send the other again.
        payload = {"message_id": notification.pk}
        enqueue_many([(SMS_TOPIC, payload), (EMAIL_TOPIC, payload)])
    return notification


@transaction.atomic
def deliver_sms(*, notification_id: int) -> None:
    """Send the text to the phone, if there is a proven one and it was not sent before.

    Raises:
        SmsNotSent: the gateway did not take it.
    """
    notification = _locked(notification_id)
    user = notification.user
    phone = notification.phone or (user.phone if user and user.phone_verified else None)
    if phone and notification.sms_sent_at is None:
        gateway().send(phone=phone, text=_words(notification).text)
        notification.sms_sent_at = timezone.now()
        notification.save(update_fields=["sms_sent_at"])


@transaction.atomic
def deliver_email(*, notification_id: int) -> None:
    """Send the text to the e-mail address, if the person has one and it was not sent before."""
    notification = _locked(notification_id)
    user = notification.user
    address = notification.email or (user.email if user else "")
    if address and notification.email_sent_at is None:
        words = _words(notification)
        mail = EmailMessage(words.subject, words.text, settings.DEFAULT_FROM_EMAIL, [address])
        mail.send()
        phonebox.keep_mail(mail)
        notification.email_sent_at = timezone.now()
        notification.save(update_fields=["email_sent_at"])


def _locked(notification_id: int) -> Notification:
    return (
        Notification.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .get(pk=notification_id)
    )


def _words(notification: Notification) -> Words:
    """In the receiver's language, which their account knows even where only a contact was named."""
    user = notification.user
    if user is None and notification.phone:
        user = User.objects.filter(phone=notification.phone, phone_verified=True).first()
    elif user is None and notification.email:
        user = User.objects.filter(email__iexact=notification.email).first()
    with translation.override(user.language if user else settings.LANGUAGE_CODE):
        return words_of(notification.kind, notification.facts)
