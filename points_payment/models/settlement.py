"""Settlement with vendors: where they are paid, payouts, what they owe, and statements of closed months."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import (
    LIVE_DESTINATIONS,
    DebtLevel,
    DestinationState,
    PayoutState,
    ProposalState,
    StatementSide,
    StatementState,
)
from points_payment.models.decided import some_points, transfer_or_none, two_persons
from points_payment.models.desk import Decided
from points_payment.models.ledger import Transfer

#: Digits and letters of a number that lists show.
SHOWN_OF_A_NUMBER = 4


def masked(number: str) -> str:
    """The end of a number, so that its owner knows it and nobody else learns it."""
    return f"••{number[-SHOWN_OF_A_NUMBER:]}" if len(number) > SHOWN_OF_A_NUMBER else "••" * bool(number)


class PaidTo(models.Model):
    """An account, or a person who comes for cash."""

    #: Code of a ``payout_methods.PayoutMethod``.
    method = models.CharField(_("how"), max_length=16)
    #: The bank, or the operator of the wallet.
    provider = models.CharField(_("bank or operator"), max_length=60, blank=True)
    number = models.CharField(_("number"), max_length=40, blank=True)
    holder_name = models.CharField(_("name of the holder"), max_length=80)

    class Meta:
        abstract = True

    @property
    def masked_number(self) -> str:
        return masked(self.number)


class PayoutDestination(PaidTo):
    """Where a vendor is paid. Its words never change: another account is another row."""

    vendor_id = models.BigIntegerField(_("vendor"))
    created_by = person(_("added by"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    #: Whoever took over an account is noticed in the meantime: the vendor is told at once.
    usable_from = models.DateTimeField(_("not before"))
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(
        _("state"), max_length=12, choices=DestinationState, default=DestinationState.WAITING
    )
    decided_by = person_or_none(_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    #: How staff made sure that it is the vendor's.
    decision_note = models.CharField(_("note"), max_length=200, blank=True)
    retired_by = person_or_none(_("taken away by"))
    retired_at = models.DateTimeField(_("taken away"), null=True, blank=True)

    class Meta:
        verbose_name = _("destination of payouts")
        verbose_name_plural = _("destinations of payouts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor_id", "method", "provider", "number", "holder_name"],
                condition=Q(state__in=LIVE_DESTINATIONS),
                name="points_destination_once",
            ),
            models.CheckConstraint(
                condition=Q(state=DestinationState.WAITING, decided_by=None, retired_by=None)
                | Q(state=DestinationState.RETIRED, retired_by__isnull=False)
                | (
                    Q(state__in=[DestinationState.CONFIRMED, DestinationState.REFUSED])
                    & Q(decided_by__isnull=False, retired_by=None)
                    & ~Q(decided_by=F("created_by"))
                ),
                name="points_destination_second_look",
            ),
        ]
        indexes = [
            models.Index(fields=["vendor_id", "id"], name="points_destination_vendor"),
            models.Index(
                fields=["id"],
                name="points_destination_waiting",
                condition=Q(state=DestinationState.WAITING),
            ),
        ]

    def __str__(self) -> str:
        # Never the number: this is what logs and the administration print.
        return f"#{self.pk}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_DESTINATIONS

    @property
    def is_usable(self) -> bool:
        """Whether money may be sent there now."""
        return self.state == DestinationState.CONFIRMED and self.usable_from <= timezone.now()


class Payout(PaidTo):
    """Points that become money in a vendor's hand: asked for, ordered by one person, confirmed by another.

    It goes to where the destination was when it was asked for or ordered.
    """

    vendor_id = models.BigIntegerField(_("vendor"))
    amount_points = models.PositiveBigIntegerField(_("amount"))
    destination = models.ForeignKey(
        PayoutDestination, verbose_name=_("destination"), on_delete=models.PROTECT, related_name="payouts"
    )
    #: Of the vendor's people; None where staff ordered it without being asked.
    requested_by = person_or_none(_("asked for by"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(_("state"), max_length=12, choices=PayoutState, default=PayoutState.REQUESTED)
    ordered_by = person_or_none(_("ordered by"))
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    #: What a gateway calls it; empty where people pay.
    gateway_reference = models.CharField(_("reference of the gateway"), max_length=64, blank=True)
    confirmed_by = person_or_none(_("confirmed by"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    #: Number of the bank's transfer, or of the receipt that was signed.
    paid_reference = models.CharField(_("number of the receipt"), max_length=64, blank=True)
    transfer = transfer_or_none("payout")
    #: Who rejected it, withdrew it, or recorded that it came back.
    ended_by = person_or_none(_("ended by"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("reason"), max_length=200, blank=True)
    return_transfer = models.OneToOneField(
        Transfer,
        verbose_name=_("transfer back"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="returned_payout",
    )

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        ordering = ["-id"]
        constraints = [
            some_points("points_payout_something"),
            models.UniqueConstraint(
                fields=["vendor_id"],
                condition=Q(state=PayoutState.REQUESTED),
                name="points_payout_one_request",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=PayoutState.REQUESTED, requested_by__isnull=False, ordered_by=None, ended_by=None
                )
                | Q(state=PayoutState.ORDERED, ordered_by__isnull=False, confirmed_by=None, ended_by=None)
                | Q(
                    state=PayoutState.WITHDRAWN,
                    requested_by__isnull=False,
                    ordered_by=None,
                    ended_by__isnull=False,
                )
                | Q(state=PayoutState.REJECTED, confirmed_by=None, ended_by__isnull=False)
                | (Q(state=PayoutState.PAID, ended_by=None) & ~Q(paid_reference=""))
                | Q(state=PayoutState.RETURNED, ended_by__isnull=False),
                name="points_payout_state",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=[PayoutState.PAID, PayoutState.RETURNED])
                    & Q(ordered_by__isnull=False, confirmed_by__isnull=False, transfer__isnull=False)
                    & ~Q(confirmed_by=F("ordered_by"))
                )
                | (
                    ~Q(state__in=[PayoutState.PAID, PayoutState.RETURNED])
                    & Q(confirmed_by=None, transfer=None)
                ),
                name="points_payout_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state=PayoutState.RETURNED, return_transfer__isnull=False)
                | (~Q(state=PayoutState.RETURNED) & Q(return_transfer=None)),
                name="points_payout_returned",
            ),
        ]
        indexes = [
            models.Index(fields=["vendor_id", "id"], name="points_payout_vendor"),
            # What is kept of a vendor's points, and what staff have to look after.
            models.Index(
                fields=["vendor_id"],
                name="points_payout_open",
                condition=Q(state__in=[PayoutState.REQUESTED, PayoutState.ORDERED]),
                include=["state", "amount_points"],
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """How people and the ledger call it."""
        return f"P-{self.pk:06d}"

    @property
    def is_open(self) -> bool:
        return self.state in {PayoutState.REQUESTED, PayoutState.ORDERED}


class VendorPayment(Decided):
    """Money that a vendor who owes brings: taken by one person, counted and confirmed by another."""

    vendor_id = models.BigIntegerField(_("vendor"))

    class Meta(Decided.Meta):
        verbose_name = _("payment of a vendor")
        verbose_name_plural = _("payments of vendors")
        constraints = [
            two_persons("points_vendor_payment_two_persons", waiting=ProposalState.WAITING),
            some_points("points_vendor_payment_something"),
        ]
        indexes = [models.Index(fields=["vendor_id", "id"], name="points_vendor_payment_vendor")]


class VendorDebt(models.Model):
    """What a vendor owes now beyond what it has, and what follows. A row for who ever owed."""

    vendor_id = models.BigIntegerField(_("vendor"), primary_key=True)
    owed_points = models.BigIntegerField(_("owed"), default=0)
    level = models.CharField(_("what follows"), max_length=12, choices=DebtLevel, default=DebtLevel.CLEAR)
    #: When it began to owe.
    since = models.DateTimeField(_("since"), null=True, blank=True)
    #: Until then its offers are sold all the same.
    grace_until = models.DateTimeField(_("time given until"), null=True, blank=True)

    class Meta:
        verbose_name = _("debt of a vendor")
        verbose_name_plural = _("debts of vendors")
        constraints = [
            models.CheckConstraint(
                condition=Q(level=DebtLevel.CLEAR, owed_points=0, since=None)
                | (~Q(level=DebtLevel.CLEAR) & Q(owed_points__gt=0, since__isnull=False)),
                name="points_debt_level",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-owed_points", "vendor_id"],
                name="points_debt_largest",
                condition=Q(owed_points__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return str(self.vendor_id)

    @property
    def has_grace(self) -> bool:
        return self.grace_until is not None and self.grace_until > timezone.now()


class VendorDebtEvent(models.Model):
    """A step of a debt, or time that was given. Written once."""

    vendor_id = models.BigIntegerField(_("vendor"))
    level_before = models.CharField(_("before"), max_length=12, choices=DebtLevel)
    level = models.CharField(_("after"), max_length=12, choices=DebtLevel)
    owed_points = models.BigIntegerField(_("owed"))
    grace_until = models.DateTimeField(_("time given until"), null=True, blank=True)
    #: Who gave time; None: what was owed changed.
    actor = person_or_none(_("who"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("step of a debt")
        verbose_name_plural = _("steps of debts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["vendor_id", "id"], name="points_debt_event_vendor")]

    def __str__(self) -> str:
        return f"{self.vendor_id}: {self.level}"


class SettlementPeriod(models.Model):
    """A month whose statements are made. Written once, without gaps."""

    first_day = models.DateField(_("first day"), unique=True)
    last_day = models.DateField(_("last day"))
    starts_at = models.DateTimeField(_("begins"))
    ends_before = models.DateTimeField(_("ends"))
    #: Entries up to this one belong to this month or an earlier one, so that later sums begin behind it.
    last_entry_id = models.BigIntegerField(_("last entry"))
    closed_at = models.DateTimeField(_("closed"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("settlement period")
        verbose_name_plural = _("settlement periods")
        ordering = ["-first_day"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day"), ends_before__gt=F("starts_at")),
                name="points_period_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day:%Y-%m}"


class SettlementStatement(models.Model):
    """What became of a vendor's points in a closed month. Its figures never change.

    Points that left escrow, not orders: ``sales`` are goods released to the vendor in this month. The
    balance is what is payable less what the vendor owes, so it may be negative.
    """

    period = models.ForeignKey(
        SettlementPeriod, verbose_name=_("period"), on_delete=models.PROTECT, related_name="statements"
    )
    vendor_id = models.BigIntegerField(_("vendor"))
    opening_points = models.BigIntegerField(_("opening balance"))
    sales_points = models.BigIntegerField(_("sales"))
    shipping_points = models.BigIntegerField(_("delivery charges"))
    #: Below 0 where it was taken, above where refunds gave more of it back.
    commission_points = models.BigIntegerField(_("commission"))
    refunds_points = models.BigIntegerField(_("refunds after release"))
    #: And whatever else moved the balance.
    adjustments_points = models.BigIntegerField(_("adjustments"))
    payouts_points = models.BigIntegerField(_("payouts"))
    payouts_returned_points = models.BigIntegerField(_("payouts that came back"))
    paid_in_points = models.BigIntegerField(_("paid in by the vendor"))
    closing_points = models.BigIntegerField(_("closing balance"))
    #: Of the closing balance, what the vendor owes; 0 or below.
    receivable_points = models.BigIntegerField(_("owed by the vendor"))
    #: In escrow when the month ended.
    in_transit_points = models.BigIntegerField(_("still in transit"))
    movements_count = models.PositiveIntegerField(_("movements"))
    created_at = models.DateTimeField(_("issued"), db_default=Now())
    #: Silence until then is a yes.
    accept_by = models.DateTimeField(_("answer by"))
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(_("state"), max_length=12, choices=StatementState, default=StatementState.ISSUED)
    #: Who accepted or resolved it; None: nobody questioned it in time.
    decided_by = person_or_none(_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("statement of a vendor")
        verbose_name_plural = _("statements of vendors")
        ordering = ["-period__first_day", "vendor_id"]
        constraints = [
            models.UniqueConstraint(fields=["period", "vendor_id"], name="points_statement_once"),
            models.CheckConstraint(
                condition=Q(
                    closing_points=F("opening_points")
                    + F("sales_points")
                    + F("shipping_points")
                    + F("commission_points")
                    + F("refunds_points")
                    + F("adjustments_points")
                    + F("payouts_points")
                    + F("payouts_returned_points")
                    + F("paid_in_points")
                ),
                name="points_statement_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    receivable_points__lte=0,
                    in_transit_points__gte=0,
                    payouts_points__lte=0,
                    payouts_returned_points__gte=0,
                    paid_in_points__gte=0,
                ),
                name="points_statement_signs",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[StatementState.ISSUED, StatementState.QUESTIONED], decided_at=None)
                | Q(state=StatementState.ACCEPTED, decided_at__isnull=False)
                | Q(state=StatementState.RESOLVED, decided_at__isnull=False, decided_by__isnull=False),
                name="points_statement_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["vendor_id", "period"], name="points_statement_vendor"),
            models.Index(
                fields=["id"],
                name="points_statement_questioned",
                condition=Q(state=StatementState.QUESTIONED),
            ),
            models.Index(
                fields=["accept_by"],
                name="points_statement_silent",
                condition=Q(state=StatementState.ISSUED),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class StatementMessage(models.Model):
    """What vendor and staff write to each other about a statement. Written once."""

    statement = models.ForeignKey(
        SettlementStatement, verbose_name=_("statement"), on_delete=models.PROTECT, related_name="messages"
    )
    side = models.CharField(_("side"), max_length=12, choices=StatementSide)
    author = person(_("author"))
    text = models.TextField(_("text"), max_length=1000)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("message about a statement")
        verbose_name_plural = _("messages about statements")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"#{self.pk}"
