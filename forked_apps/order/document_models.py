"""What is written down about parcels and sales for good: corrections, invoices and credit notes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ParcelCorrection(models.Model):
    """What stood in the place of a mistyped tracking code or carrier, and who changed it. Append-only."""

    parcel = models.ForeignKey(
        "order.Parcel", verbose_name=_("parcel"), on_delete=models.PROTECT, related_name="corrections"
    )
    old_carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    old_tracking_code = models.CharField(_("tracking code"), max_length=64)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("correction of a parcel")
        verbose_name_plural = _("corrections of parcels")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.parcel_id}: {self.old_tracking_code}"


class InvoiceKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    #: Takes some of an invoice back.
    CREDIT_NOTE = "credit_note", _("Credit note")


class Invoice(models.Model):
    """What a vendor sold with one vendor order, or gave back of it, as it was then. Append-only.

    ``facts`` is all that the document prints, in the shape that ``invoice_facts`` gives it: later changes of
    names, titles or addresses change no invoice.
    """

    kind = models.CharField(_("kind"), max_length=12, choices=InvoiceKind)
    vendor = models.ForeignKey(
        "partner.Partner", verbose_name=_("vendor"), on_delete=models.PROTECT, related_name="invoices"
    )
    vendor_order = models.ForeignKey(
        "order.VendorOrder", verbose_name=_("vendor order"), on_delete=models.PROTECT, related_name="invoices"
    )
    refers_to = models.ForeignKey(
        "self",
        verbose_name=_("invoice"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="credit_notes",
    )
    #: Of a credit note: the last of the reductions that it is about.
    reduction = models.OneToOneField(
        "order.LineReduction",
        verbose_name=_("reduction of a line"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="credit_note",
    )
    year = models.PositiveSmallIntegerField(_("year"))
    #: Without a gap within vendor, kind and year.
    sequence = models.PositiveIntegerField(_("number in the year"))
    number = models.CharField(_("number"), max_length=40, unique=True)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now)
    total_points = models.PositiveBigIntegerField(_("total, in points"))
    #: None where the way of paying knows no such parts.
    paid_points = models.PositiveBigIntegerField(_("of these paid"), null=True, blank=True)
    promotional_points = models.PositiveBigIntegerField(_("of these promotional"), null=True, blank=True)
    facts: models.JSONField[dict[str, Any]] = models.JSONField(_("facts"))

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["issued_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "kind", "year", "sequence"], name="order_invoice_sequence_once"
            ),
            models.UniqueConstraint(
                fields=["vendor_order"], condition=Q(kind=InvoiceKind.INVOICE), name="order_invoice_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=InvoiceKind.INVOICE, refers_to=None, reduction=None)
                | Q(kind=InvoiceKind.CREDIT_NOTE, refers_to__isnull=False, reduction__isnull=False),
                name="order_invoice_kind",
            ),
            models.CheckConstraint(
                condition=Q(paid_points=None, promotional_points=None)
                | Q(
                    paid_points__isnull=False,
                    promotional_points__isnull=False,
                    total_points=models.F("paid_points") + models.F("promotional_points"),
                ),
                name="order_invoice_parts",
            ),
        ]
        indexes = [models.Index(fields=["vendor", "-issued_at"], name="order_invoice_of_vendor")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE


class InvoiceCounter(models.Model):
    """The last number that a vendor's invoices or credit notes of a year have reached."""

    vendor = models.ForeignKey(
        "partner.Partner", verbose_name=_("vendor"), on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=InvoiceKind)
    year = models.PositiveSmallIntegerField(_("year"))
    last = models.PositiveIntegerField(_("last number"))

    class Meta:
        verbose_name = _("counter of invoices")
        verbose_name_plural = _("counters of invoices")
        constraints = [
            models.UniqueConstraint(fields=["vendor", "kind", "year"], name="order_invoice_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.kind} {self.year}: {self.last}"
