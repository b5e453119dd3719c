from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """An effect outside the database (message, index, analytics) that the committed change asks for.

    Written in the transaction of the change, carried out after it, at least once: handlers are
    idempotent. Payloads hold ids, never personal data or secrets.
    """

    topic = models.CharField(_("topic"), max_length=64)
    payload = models.JSONField(_("payload"), default=dict)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    available_at = models.DateTimeField(_("not before"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        indexes = [
            models.Index(
                fields=["available_at", "id"], name="outbox_waiting", condition=models.Q(done_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"
