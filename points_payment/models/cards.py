"""Scratch cards: what is known of them without knowing their codes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person
from points_payment.codes import CodeFormat, serial_of
from points_payment.kinds import (
    AttemptOutcome,
    BatchState,
    CardState,
    CodeAlphabet,
    CounterScope,
    EventScope,
)
from points_payment.models.ledger import Transfer


class Batch(models.Model):
    """Cards of one value that are made together. Its terms never change, only its state does."""

    face_value_points = models.BigIntegerField(_("value of a card"))
    number_of_cards = models.PositiveIntegerField(_("number of cards"))
    code_digits = models.PositiveSmallIntegerField(_("digits of a code"), default=18)
    code_alphabet = models.CharField(
        _("symbols of a code"), max_length=12, choices=CodeAlphabet,
        default=CodeAlphabet.DIGITS, db_default=CodeAlphabet.DIGITS,
    )  # fmt: skip
    expires_on = models.DateField(_("last day"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    drafted_by = person(_("drafted by"))
    created_at = models.DateTimeField(_("drafted"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(_("state"), max_length=12, choices=BatchState, default=BatchState.DRAFT)
    #: Public numbers of its cards, without gaps; set once, when the codes are made.
    first_number = models.BigIntegerField(_("first number"), null=True, blank=True, unique=True)
    last_number = models.BigIntegerField(_("last number"), null=True, blank=True, unique=True)

    class Meta:
        verbose_name = _("batch of cards")
        verbose_name_plural = _("batches of cards")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(face_value_points__gt=0, number_of_cards__gt=0), name="points_batch_something"
            ),
            models.CheckConstraint(
                condition=Q(first_number=None, last_number=None)
                | Q(last_number=F("first_number") + F("number_of_cards") - 1),
                name="points_batch_numbers",
            ),
            models.CheckConstraint(
                condition=Q(code_alphabet=CodeAlphabet.DIGITS, code_digits__range=(16, 24))
                | Q(code_alphabet=CodeAlphabet.CROCKFORD, code_digits=16),
                name="points_batch_code_format",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def code_format(self) -> CodeFormat:
        """What its codes look like."""
        return CodeFormat(CodeAlphabet(self.code_alphabet), self.code_digits)

    @property
    def total_points(self) -> int:
        return self.face_value_points * self.number_of_cards


class BatchEvent(models.Model):
    """Who brought a range of a batch's cards into which state, when and why. Append-only."""

    batch = models.ForeignKey(Batch, verbose_name=_("batch"), on_delete=models.PROTECT, related_name="events")
    state = models.CharField(_("state"), max_length=12, choices=BatchState)
    #: What the cards became; empty where only the batch changed.
    card_state = models.CharField(_("state of its cards"), max_length=12, choices=CardState, blank=True)
    first_number = models.BigIntegerField(_("first number"), null=True, blank=True)
    last_number = models.BigIntegerField(_("last number"), null=True, blank=True)
    transfer = models.ForeignKey(
        Transfer,
        verbose_name=_("transfer"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: Nobody: the calendar did it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("who"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    scope = models.CharField(
        _("about"), max_length=8, choices=EventScope, default=EventScope.BATCH, db_default=EventScope.BATCH
    )
    consignment = models.ForeignKey(
        "points_payment.Consignment", verbose_name=_("consignment"), null=True, blank=True,
        on_delete=models.PROTECT, related_name="card_events",
    )  # fmt: skip

    class Meta:
        verbose_name = _("event of a batch")
        verbose_name_plural = _("events of batches")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.state}"


class Card(models.Model):
    """One card. The code itself is nowhere: only its HMAC under a key from outside the database."""

    #: Public and sequential; with its check digit it is the serial, which redeems nothing.
    number = models.BigIntegerField(_("number"), unique=True)
    batch = models.ForeignKey(Batch, verbose_name=_("batch"), on_delete=models.PROTECT, related_name="cards")
    code_hmac = models.BinaryField(_("HMAC of the code"), unique=True, editable=False)
    #: Rotation nests: the HMAC runs through every key from the first version to the last.
    first_key_version = models.PositiveSmallIntegerField(_("first key version"))
    last_key_version = models.PositiveSmallIntegerField(_("last key version"))
    last_four = models.CharField(_("last four digits"), max_length=4)
    digest = models.BinaryField(_("digest"), editable=False)
    state = models.CharField(_("state"), max_length=12, choices=CardState, default=CardState.STOCKED)
    redemption = models.OneToOneField(
        Transfer,
        verbose_name=_("redemption"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="redeemed_card",
    )

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.CheckConstraint(
                condition=Q(state=CardState.REDEEMED, redemption__isnull=False)
                | (~Q(state=CardState.REDEEMED) & Q(redemption=None)),
                name="points_card_redeemed_by_transfer",
            ),
        ]
        indexes = [models.Index(fields=["batch", "state"], name="points_card_batch_state")]

    def __str__(self) -> str:
        return self.serial

    @property
    def serial(self) -> str:
        """The printed number, with its check digit."""
        return serial_of(self.number)


class RedemptionAttempt(models.Model):
    """Someone typed a code whose check digit is right. The code is not kept."""

    customer = person(_("customer"))
    address = models.CharField(_("network address"), max_length=64)
    device = models.CharField(_("device"), max_length=64)
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=AttemptOutcome, default=AttemptOutcome.PENDING
    )
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("attempt to redeem")
        verbose_name_plural = _("attempts to redeem")
        indexes = [models.Index(fields=["created_at"], name="points_attempt_created")]

    def __str__(self) -> str:
        return f"#{self.pk}: {self.outcome}"


class AttemptCounter(models.Model):
    """Recent wrong codes of one account, device, address or of everyone, and the wait they led to."""

    scope = models.CharField(_("scope"), max_length=12, choices=CounterScope)
    subject = models.CharField(_("subject"), max_length=64)
    failures = models.PositiveIntegerField(_("wrong codes"), default=0)
    #: When counting started.
    since = models.DateTimeField(_("since"), db_default=Now())
    last_at = models.DateTimeField(_("last"), db_default=Now())
    blocked_until = models.DateTimeField(_("blocked until"), null=True, blank=True)

    class Meta:
        verbose_name = _("counter of attempts")
        verbose_name_plural = _("counters of attempts")
        constraints = [
            models.UniqueConstraint(fields=["scope", "subject"], name="points_attempt_counter_once")
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.subject}: {self.failures}"
