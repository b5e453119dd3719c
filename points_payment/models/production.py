"""How a batch's codes are made, and who let them out: printers, and one production of each batch."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import ExportKind, ProductionState
from points_payment.models.cards import Batch

FINGERPRINT_DIGITS, FINGERPRINT_GROUP = 32, 4
#: The production ended; nothing of it changes any more.
ENDED = (ProductionState.RELEASED, ProductionState.FAILED, ProductionState.DISCARDED)


class Printer(models.Model):
    """Who prints cards, and the public key that their files are encrypted to. The key never changes."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    public_key = models.CharField(_("public key (age)"), max_length=100, unique=True)
    added_by = person(_("added by"))
    created_at = models.DateTimeField(_("since"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    #: Who compared the fingerprint with the printer; nobody else's key can slip in.
    confirmed_by = person_or_none(_("confirmed by"))  # fmt: skip
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    retired_by = person_or_none(_("retired by"))  # fmt: skip
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        verbose_name = _("printer")
        verbose_name_plural = _("printers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("added_by")),
                name="points_printer_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_usable(self) -> bool:
        return self.confirmed_at is not None and self.retired_at is None

    @property
    def fingerprint(self) -> str:
        """Half of the SHA-256 of the key, in groups that two people can read to each other."""
        digits = hashlib.sha256(self.public_key.encode("ascii")).hexdigest()[:FINGERPRINT_DIGITS]
        return " ".join(
            digits[start : start + FINGERPRINT_GROUP]
            for start in range(0, FINGERPRINT_DIGITS, FINGERPRINT_GROUP)
        )


class CardProduction(models.Model):
    """The making of a batch's codes, in the background, into one file that is let out once."""

    batch = models.ForeignKey(
        Batch, verbose_name=_("batch"), on_delete=models.PROTECT, related_name="productions"
    )
    kind = models.CharField(_("file"), max_length=12, choices=ExportKind, default=ExportKind.LIST)
    #: Nobody: printed in the house, where the settings permit it.
    printer = models.ForeignKey(
        Printer, verbose_name=_("printer"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="productions",
    )  # fmt: skip
    started_by = person(_("started by"))
    created_at = models.DateTimeField(_("started"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    state = models.CharField(
        _("state"), max_length=12, choices=ProductionState, default=ProductionState.WAITING
    )
    cards_done = models.PositiveIntegerField(_("cards made"), default=0)
    #: How often a worker began; one that was killed leaves no other trace.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    began_at = models.DateTimeField(_("began"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    #: A slug, never the text of an error: that may quote what it was about.
    error_code = models.CharField(_("error"), max_length=64, blank=True)
    file_name = models.CharField(_("name of the file"), max_length=120, blank=True)
    file_bytes = models.BigIntegerField(_("size of the file"), default=0)
    #: Of the file as it is kept and handed over: encrypted.
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    released_by = person_or_none(_("released by"))  # fmt: skip
    released_at = models.DateTimeField(_("released"), null=True, blank=True)

    class Meta:
        verbose_name = _("production of cards")
        verbose_name_plural = _("productions of cards")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch"], condition=~Q(state=ProductionState.FAILED), name="points_produced_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ProductionState.READY, ProductionState.RELEASED])
                | ~Q(file_sha256="") & ~Q(file_name=""),
                name="points_produced_file",
            ),
            models.CheckConstraint(
                condition=Q(state=ProductionState.RELEASED, released_at__isnull=False)
                & ~Q(released_by=F("started_by"))
                & Q(released_by__isnull=False)
                | ~Q(state=ProductionState.RELEASED) & Q(released_by=None, released_at=None),
                name="points_released_by_other",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.state}"

    @property
    def is_under_way(self) -> bool:
        return self.state in {ProductionState.WAITING, ProductionState.RUNNING}

    @property
    def percent_done(self) -> int:
        return self.cards_done * 100 // self.batch.number_of_cards
