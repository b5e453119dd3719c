from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notification(models.Model):
    """Something a person is told, by SMS and, where they have one, by e-mail.

    The text is made when it is sent, in the receiver's language: only its kind and facts are kept, and
    no code or secret is ever among them.
    """

    kind = models.CharField(_("kind"), max_length=40)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    #: For someone who may have no account yet (an invitation); otherwise the user's own are used.
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    #: What it is about, such as ``vendor_order.shipped:17:4``: the same thing is told once.
    about = models.CharField(_("about"), max_length=120)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sms_sent_at = models.DateTimeField(_("SMS sent"), null=True, blank=True)
    email_sent_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["about", "user", "phone", "email"],
                name="notifications_told_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class PhoneMessage(models.Model):
    """What a phone (or mailbox) received, in the demo alone: see ``marketplace.notifications.phonebox``."""

    recipient = models.CharField(_("receiver"), max_length=254)
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(_("received"), default=timezone.now)

    class Meta:
        verbose_name = _("message of the demo's phone")
        verbose_name_plural = _("messages of the demo's phone")
        ordering = ["-id"]
        indexes = [models.Index(fields=["recipient", "-id"], name="notifications_phone_newest")]

    def __str__(self) -> str:
        return f"{self.recipient} #{self.pk}"
