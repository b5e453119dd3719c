"""The messages that a phone or mailbox would have received: kept in the demo alone."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet

from marketplace.notifications.models import PhoneMessage

KEPT = 500


def keep(*, recipient: str, text: str) -> None:
    """Remember a message for the demo's phone; outside the demo, nothing."""
    if not settings.NUQTA_DEMO:
        return
    message = PhoneMessage.objects.create(recipient=recipient, text=text)
    PhoneMessage.objects.filter(pk__lte=message.pk - KEPT).delete()


def keep_mail(mail: EmailMessage) -> None:
    """Remember an e-mail under each of its addresses."""
    for address in mail.to:
        keep(recipient=address.lower(), text=f"{mail.subject}\n\n{mail.body}")


def messages_for(recipient: str) -> QuerySet[PhoneMessage]:
    """Newest first."""
    return PhoneMessage.objects.filter(recipient=recipient)
