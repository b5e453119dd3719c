"""Goods on their way back: what a buyer wants to return, what both sides say, and how it ended."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ReturnReason(models.TextChoices):
    DAMAGED = "damaged", _("It arrived damaged")
    DEFECTIVE = "defective", _("It does not work")
    WRONG_ITEM = "wrong_item", _("It is not what I ordered")
    NOT_AS_DESCRIBED = "not_described", _("It is not as it was described")
    INCOMPLETE = "incomplete", _("Parts are missing")
    CHANGED_MIND = "changed_mind", _("I changed my mind")


#: Not the vendor's fault: the buyer bears the way.
BUYERS_CHOICE = frozenset({ReturnReason.CHANGED_MIND})


class ReturnState(models.TextChoices):
    REQUESTED = "requested", _("Waits for the vendor")
    APPROVED = "approved", _("To be sent back")
    SENT = "sent", _("On its way back")
    REFUNDED = "refunded", _("Refunded")
    REFUSED = "refused", _("Refused")
    REJECTED = "rejected", _("Refused after a look at it")
    WITHDRAWN = "withdrawn", _("Withdrawn")


#: What may follow what; the only table of its kind.
NEXT_OF_RETURN: dict[ReturnState, frozenset[ReturnState]] = {
    # A vendor may pay back without wanting the goods.
    ReturnState.REQUESTED: frozenset(
        {ReturnState.APPROVED, ReturnState.REFUSED, ReturnState.REFUNDED, ReturnState.WITHDRAWN}
    ),
    ReturnState.APPROVED: frozenset({ReturnState.SENT, ReturnState.REFUNDED, ReturnState.WITHDRAWN}),
    ReturnState.SENT: frozenset({ReturnState.REFUNDED, ReturnState.REJECTED}),
    ReturnState.REFUNDED: frozenset(),
    ReturnState.REFUSED: frozenset(),
    ReturnState.REJECTED: frozenset(),
    ReturnState.WITHDRAWN: frozenset(),
}
#: Somebody still has to do something; until then the vendor order's points stay where they are.
OPEN_RETURNS = (ReturnState.REQUESTED, ReturnState.APPROVED, ReturnState.SENT)


class Side(models.TextChoices):
    BUYER = "buyer", _("Buyer")
    VENDOR = "vendor", _("Vendor")
    MARKETPLACE = "marketplace", _("Marketplace")


class Said(models.Model):
    """What someone says about a return or a dispute. Never changed."""

    #: Of what it is said, which each of them names.
    of_id: int
    side = models.CharField(_("side"), max_length=12, choices=Side)
    text = models.TextField(_("text"), max_length=2000)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        abstract = True
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.of_id}: {self.side}"


class Return(models.Model):
    """One wish of a buyer to send pieces of one vendor order back."""

    vendor_order = models.ForeignKey(
        "order.VendorOrder", verbose_name=_("vendor order"), on_delete=models.PROTECT, related_name="returns"
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    reason = models.CharField(_("reason"), max_length=16, choices=ReturnReason)
    description = models.TextField(_("what is wrong"), max_length=2000)
    state = models.CharField(_("state"), max_length=12, choices=ReturnState, default=ReturnState.REQUESTED)
    #: By when the vendor has to do the next step, or it is done in its place.
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    #: The vendor's last word: how to send it, or why not.
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_code = models.CharField(_("tracking code"), max_length=64, blank=True)
    refunded_points = models.PositiveBigIntegerField(_("refunded, in points"), default=0)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor_order"], condition=Q(state__in=OPEN_RETURNS), name="order_one_open_return"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_RETURNS, closed_at=None)
                | (~Q(state__in=OPEN_RETURNS) & Q(closed_at__isnull=False)),
                name="order_return_closed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"], condition=Q(answer_by__isnull=False), name="order_return_deadlines"
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_RETURNS

    @property
    def is_vendors_fault(self) -> bool:
        return self.reason not in BUYERS_CHOICE


class ReturnLine(models.Model):
    """Pieces of one line that the buyer wants to send back."""

    of = models.ForeignKey(
        Return, verbose_name=_("return"), on_delete=models.CASCADE, related_name="return_lines"
    )
    line = models.ForeignKey(
        "order.Line", verbose_name=_("line"), on_delete=models.PROTECT, related_name="return_lines"
    )
    quantity = models.PositiveIntegerField(_("pieces"))
    #: Paid back in the end; None until someone has decided.
    accepted = models.PositiveIntegerField(_("pieces paid back"), null=True, blank=True)
    #: Of those, on sale again.
    restocked = models.PositiveIntegerField(_("pieces back in stock"), default=0)

    class Meta:
        verbose_name = _("line of a return")
        verbose_name_plural = _("lines of a return")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["of", "line"], name="order_return_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & (Q(accepted=None, restocked=0) | Q(accepted__lte=models.F("quantity")))
                & (Q(accepted=None) | Q(restocked__lte=models.F("accepted"))),
                name="order_return_line_pieces",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} × {self.quantity}"


class ReturnMessage(Said):
    of = models.ForeignKey(
        Return, verbose_name=_("return"), on_delete=models.CASCADE, related_name="messages"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta(Said.Meta):
        verbose_name = _("message about a return")
        verbose_name_plural = _("messages about returns")


def private_files() -> Storage:
    """Not below the addresses of uploads: only a view that has checked who asks gives these out."""
    return storages["private"]


class ReturnPhoto(models.Model):
    of = models.ForeignKey(Return, verbose_name=_("return"), on_delete=models.CASCADE, related_name="photos")
    file = models.FileField(_("file"), upload_to="returns/", storage=private_files)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("photo of a return")
        verbose_name_plural = _("photos of returns")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.file)
