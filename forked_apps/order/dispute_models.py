"""A problem with a vendor order: told to the vendor first, decided by the marketplace if need be.

What was said, offered, decided and done is only added: triggers refuse everything else (migration 0025).
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from forked_apps.order.return_models import Said, Side, private_files
from marketplace.users.person_fields import person, person_or_none


class DisputeReason(models.TextChoices):
    NOT_DELIVERED = "not_delivered", _("It did not arrive")
    NOT_AS_DESCRIBED = "not_described", _("It is not as it was described")
    DAMAGED = "damaged", _("It arrived damaged")
    WRONG_OR_MISSING = "wrong_or_missing", _("Something is wrong or missing")
    RETURN = "return", _("My return was refused, or too much was deducted")
    OTHER = "other", _("Something else")


class DisputeState(models.TextChoices):
    CONTACTING = "contacting", _("Waits for the seller")
    OFFERED = "offered", _("The seller made an offer")
    REFUSED = "refused", _("The seller refused")
    REPLACING = "replacing", _("A replacement is on its way")
    EVIDENCE = "evidence", _("Waits for evidence")
    DECIDING = "deciding", _("With the marketplace")
    DECIDED = "decided", _("Decided, may be appealed")
    APPEALED = "appealed", _("Appealed")
    RETURNING = "returning", _("The goods go back first")
    AGREED = "agreed", _("Solved together")
    FOR_BUYER = "for_buyer", _("Decided for the buyer")
    FOR_VENDOR = "for_vendor", _("Decided for the seller")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Closed without an answer")


#: Until one of these ends, the vendor order's points stay where they are.
OPEN_DISPUTES = (
    DisputeState.CONTACTING,
    DisputeState.OFFERED,
    DisputeState.REFUSED,
    DisputeState.REPLACING,
    DisputeState.EVIDENCE,
    DisputeState.DECIDING,
    DisputeState.DECIDED,
    DisputeState.APPEALED,
    DisputeState.RETURNING,
)
#: Of these the marketplace's staff have to do something.
WITH_STAFF = (DisputeState.DECIDING, DisputeState.APPEALED)


class RemedyKind(models.TextChoices):
    """What becomes of a problem; a vendor offers it, or the marketplace decides it."""

    REFUND = "refund", _("All of it is paid back")
    PARTIAL = "partial", _("Some points are paid back")
    RETURN = "return", _("The goods go back, then it is paid back")
    #: A vendor's offer only.
    REPLACEMENT = "replacement", _("The seller sends it again")
    #: A decision only.
    NOTHING = "nothing", _("Nothing is paid back")


class DisputeStep(models.TextChoices):
    """What happened, as the history of a problem tells it."""

    OPENED = "opened", _("Reported")
    OFFERED = "offered", _("Offer made")
    REFUSED = "refused", _("Refused by the seller")
    ACCEPTED = "accepted", _("Offer accepted")
    REPLACED = "replaced", _("The replacement arrived")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MAY_ESCALATE = "may_escalate", _("Not solved in time")
    ESCALATED = "escalated", _("The marketplace was asked to decide")
    ASKED = "asked", _("More evidence was asked for")
    GAVE_EVIDENCE = "gave_evidence", _("Evidence given")
    READY = "ready", _("Ready to be decided")
    DECIDED = "decided", _("Decided")
    APPEALED = "appealed", _("Appealed")
    CARRIED_OUT = "carried_out", _("The decision is final and carried out")
    RETURN_ENDED = "return_ended", _("The return ended")
    LAPSED = "lapsed", _("Closed: nobody answered in time")


class Dispute(models.Model):
    """One problem of a buyer with pieces of one vendor order."""

    vendor_order = models.ForeignKey(
        "order.VendorOrder", verbose_name=_("vendor order"), on_delete=models.PROTECT, related_name="disputes"
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    reason = models.CharField(_("reason"), max_length=16, choices=DisputeReason)
    description = models.TextField(_("what is wrong"), max_length=2000)
    state = models.CharField(_("state"), max_length=16, choices=DisputeState, default=DisputeState.CONTACTING)
    #: The first moment at which the buyer may ask the marketplace to decide.
    escalate_from = models.DateTimeField(_("may be escalated from"))
    #: When the next thing happens by itself, or should be done by staff; see ``services.dispute_deadlines``.
    deadline = models.DateTimeField(_("deadline"), null=True, blank=True)
    awaits_buyer = models.BooleanField(_("waits for the buyer's evidence"), default=False)
    awaits_vendor = models.BooleanField(_("waits for the vendor's evidence"), default=False)
    #: There is one appeal; empty until then.
    appealed_by = models.CharField(_("appealed by"), max_length=12, choices=Side, blank=True, default="")
    #: The vendor had the points already when it was opened: what is paid back comes from there.
    is_late = models.BooleanField(_("opened after the release"), default=False)
    refunded_points = models.PositiveBigIntegerField(_("paid back, in points"), default=0)
    #: Of those, for the way.
    refunded_shipping_points = models.PositiveBigIntegerField(_("of the delivery, in points"), default=0)
    #: Where goods go back first: the return that does it.
    agreed_return = models.OneToOneField(
        "order.Return",
        verbose_name=_("return"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="dispute",
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor_order"], condition=Q(state__in=OPEN_DISPUTES), name="order_one_open_dispute"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_DISPUTES, closed_at=None)
                | (~Q(state__in=OPEN_DISPUTES) & Q(closed_at__isnull=False, deadline=None)),
                name="order_dispute_closed",
            ),
            models.CheckConstraint(
                condition=(Q(state=DisputeState.EVIDENCE) & (Q(awaits_buyer=True) | Q(awaits_vendor=True)))
                | (~Q(state=DisputeState.EVIDENCE) & Q(awaits_buyer=False, awaits_vendor=False)),
                name="order_dispute_awaits",
            ),
            models.CheckConstraint(
                condition=Q(refunded_shipping_points__lte=models.F("refunded_points")),
                name="order_dispute_refund_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["deadline"], condition=Q(deadline__isnull=False), name="order_dispute_deadlines"
            ),
            models.Index(fields=["opened_at"], name="order_dispute_opened"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_DISPUTES

    def awaits(self, side: Side) -> bool:
        """Whether this side was asked for evidence and has not given any yet."""
        return self.awaits_buyer if side == Side.BUYER else side == Side.VENDOR and self.awaits_vendor


class DisputeLine(models.Model):
    """Pieces of one line that something is wrong with."""

    of = models.ForeignKey(
        Dispute, verbose_name=_("dispute"), on_delete=models.PROTECT, related_name="dispute_lines"
    )
    line = models.ForeignKey(
        "order.Line", verbose_name=_("line"), on_delete=models.PROTECT, related_name="dispute_lines"
    )
    quantity = models.PositiveIntegerField(_("pieces"))

    class Meta:
        verbose_name = _("line of a dispute")
        verbose_name_plural = _("lines of a dispute")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["of", "line"], name="order_dispute_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_dispute_line_something"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} × {self.quantity}"


class DisputeMessage(Said):
    """Append-only."""

    of = models.ForeignKey(
        Dispute, verbose_name=_("dispute"), on_delete=models.PROTECT, related_name="messages"
    )
    author = person(_("who"))
    #: Said after the marketplace asked for it.
    is_evidence = models.BooleanField(_("evidence"), default=False)

    class Meta(Said.Meta):
        verbose_name = _("message about a dispute")
        verbose_name_plural = _("messages about disputes")


class DisputePhoto(models.Model):
    """With the first report, or with a message. Append-only."""

    of = models.ForeignKey(
        Dispute, verbose_name=_("dispute"), on_delete=models.PROTECT, related_name="photos"
    )
    message = models.ForeignKey(
        DisputeMessage,
        verbose_name=_("message"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="photos",
    )
    file = models.FileField(_("file"), upload_to="disputes/", storage=private_files)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("photo of a dispute")
        verbose_name_plural = _("photos of disputes")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.file)


class Remedy(models.Model):
    """A vendor's offer, or the marketplace's decision, with its reason. Append-only."""

    of = models.ForeignKey(
        Dispute, verbose_name=_("dispute"), on_delete=models.PROTECT, related_name="remedies"
    )
    #: The vendor offers, the marketplace decides.
    side = models.CharField(_("side"), max_length=12, choices=Side)
    kind = models.CharField(_("kind"), max_length=12, choices=RemedyKind)
    #: Of the delivery charge; goods have their lines.
    shipping_points = models.PositiveBigIntegerField(_("of the delivery, in points"), default=0)
    #: Empty where nobody decided but the deadline: ``words`` says it then, in the reader's language.
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    #: None: decided by the deadline alone.
    actor = person_or_none(_("who"))
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("offer or decision")
        verbose_name_plural = _("offers and decisions")
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(side=Side.VENDOR, kind=RemedyKind.NOTHING)
                & ~Q(side=Side.MARKETPLACE, kind=RemedyKind.REPLACEMENT)
                & Q(side__in=[Side.VENDOR, Side.MARKETPLACE]),
                name="order_remedy_of_its_side",
            ),
            models.CheckConstraint(
                condition=Q(kind=RemedyKind.PARTIAL) | Q(shipping_points=0), name="order_remedy_points"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.of_id}: {self.kind}"

    @property
    def words(self) -> str:
        return self.reason or gettext("The seller gave no evidence in time, so it is decided for the buyer.")

    @property
    def total_points(self) -> int:
        """Of a part only: what is paid back of the goods and of the way."""
        return self.shipping_points + sum(row.points for row in self.remedy_lines.all())


class RemedyLine(models.Model):
    """Points of one line that are paid back. Append-only."""

    of = models.ForeignKey(
        Remedy, verbose_name=_("offer or decision"), on_delete=models.PROTECT, related_name="remedy_lines"
    )
    line = models.ForeignKey(
        "order.Line", verbose_name=_("line"), on_delete=models.PROTECT, related_name="remedy_lines"
    )
    points = models.PositiveBigIntegerField(_("points"))

    class Meta:
        verbose_name = _("line of an offer or decision")
        verbose_name_plural = _("lines of offers and decisions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["of", "line"], name="order_remedy_line_once"),
            models.CheckConstraint(condition=Q(points__gt=0), name="order_remedy_line_something"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.points}"


class DisputeEvent(models.Model):
    """A step in a dispute's life: who, when, from what to what. Append-only."""

    of = models.ForeignKey(
        Dispute, verbose_name=_("dispute"), on_delete=models.PROTECT, related_name="events"
    )
    step = models.CharField(_("step"), max_length=16, choices=DisputeStep)
    old_state = models.CharField(_("from"), max_length=16, choices=DisputeState, blank=True)
    new_state = models.CharField(_("to"), max_length=16, choices=DisputeState)
    #: Empty: it happened by itself.
    side = models.CharField(_("side"), max_length=12, choices=Side, blank=True)
    actor = person_or_none(_("who"))
    #: Paid back by this step.
    points = models.PositiveBigIntegerField(_("points"), default=0)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("event of a dispute")
        verbose_name_plural = _("events of disputes")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.of_id}: {self.step}"
