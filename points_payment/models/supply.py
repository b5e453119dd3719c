"""Where printed cards go: distributors, shops, and the ranges of serials that were sent to them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.governorates import Governorate
from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import ConsignmentState, ReplacementState
from points_payment.models.cards import Batch, Card
from points_payment.models.decided import transfer_or_none
from points_payment.models.ledger import Transfer

#: A consignment in one of these holds no cards any more: they may be sent again.
GONE = (ConsignmentState.RETURNED, ConsignmentState.SPLIT)


def _numbers() -> Func:
    return Func(F("first_number"), F("last_number"), Value("[]"), function="int8range")


class Distributor(models.Model):
    """Takes many cards and brings them to shops. Owes nothing: the shops do."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    governorate = models.CharField(_("governorate"), max_length=2, choices=Governorate)
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_active = models.BooleanField(_("gets new cards"), default=True)
    created_at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        verbose_name = _("distributor")
        verbose_name_plural = _("distributors")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Shop(models.Model):
    """Sells cards. It owes the face value of what was activated for it, until it pays."""

    name = models.CharField(_("name"), max_length=100)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    governorate = models.CharField(_("governorate"), max_length=2, choices=Governorate)
    address = models.CharField(_("address"), max_length=200, blank=True)
    distributor = models.ForeignKey(
        Distributor, verbose_name=_("distributor"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="shops",
    )  # fmt: skip
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_active = models.BooleanField(_("gets new cards"), default=True)
    created_at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["name", "governorate", "address"], name="points_shop_once"),
            # 0 is our own counter.
            models.CheckConstraint(condition=Q(id__gt=0), name="points_shop_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class Consignment(models.Model):
    """A range of a batch's numbers that was sent to a distributor or a shop. Its range never changes.

    A distributor's consignment is divided further: each shop's part is its child.
    """

    batch = models.ForeignKey(
        Batch, verbose_name=_("batch"), on_delete=models.PROTECT, related_name="consignments"
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("out of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
    )
    #: The consignment that was split, of which this is a piece.
    split_from = models.ForeignKey(
        "self", verbose_name=_("piece of"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="pieces",
    )  # fmt: skip
    distributor = models.ForeignKey(
        Distributor, verbose_name=_("distributor"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="consignments",
    )  # fmt: skip
    shop = models.ForeignKey(
        Shop, verbose_name=_("shop"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="consignments",
    )  # fmt: skip
    first_number = models.BigIntegerField(_("first number"))
    last_number = models.BigIntegerField(_("last number"))
    created_at = models.DateTimeField(_("sent"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(
        _("state"), max_length=12, choices=ConsignmentState, default=ConsignmentState.SENT
    )
    #: When the shop got its cards and owed their value.
    activated_at = models.DateTimeField(_("activated"), null=True, blank=True)

    class Meta:
        verbose_name = _("consignment")
        verbose_name_plural = _("consignments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_number__gte=F("first_number")), name="points_consigned_some"
            ),
            models.CheckConstraint(
                condition=Q(distributor=None, shop__isnull=False)
                | Q(distributor__isnull=False, shop=None, parent=None),
                name="points_consigned_to_one",
            ),
            # Numbers of cards are unique over all batches, so the range alone says it.
            ExclusionConstraint(
                name="points_consigned_once",
                expressions=[(_numbers(), RangeOperators.OVERLAPS)],
                condition=Q(parent=None) & ~Q(state__in=GONE),
            ),
            ExclusionConstraint(
                name="points_consigned_once_within",
                expressions=[(_numbers(), RangeOperators.OVERLAPS)],
                condition=Q(parent__isnull=False) & ~Q(state__in=GONE),
            ),
        ]  # fmt: skip
        indexes = [GistIndex(_numbers(), name="points_consigned_numbers")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def cards(self) -> int:
        return self.last_number - self.first_number + 1

    @property
    def value_points(self) -> int:
        """What its cards are worth, or would be if all were active."""
        return self.cards * self.batch.face_value_points

    @property
    def first_serial(self) -> str:
        from points_payment.codes import serial_of

        return serial_of(self.first_number)

    @property
    def last_serial(self) -> str:
        from points_payment.codes import serial_of

        return serial_of(self.last_number)

    @property
    def holder(self) -> Distributor | Shop:
        holder = self.shop or self.distributor
        assert holder is not None, "the constraint points_consigned_to_one"
        return holder


class ConsignmentEvent(models.Model):
    """Who brought a consignment into which state, when, why, and what its shop owed for it. Append-only."""

    consignment = models.ForeignKey(
        Consignment, verbose_name=_("consignment"), on_delete=models.PROTECT, related_name="events"
    )
    state = models.CharField(_("state"), max_length=12, choices=ConsignmentState)
    #: How many cards changed.
    cards = models.PositiveIntegerField(_("cards"), default=0)
    #: What the shop owes more (positive) or less (negative) since.
    owed_points = models.BigIntegerField(_("owed"), default=0)
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

    class Meta:
        verbose_name = _("event of a consignment")
        verbose_name_plural = _("events of consignments")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.consignment_id}: {self.state}"


class CardReplacement(models.Model):
    """A damaged card that one person wants to replace and another lets them."""

    card = models.ForeignKey(
        Card, verbose_name=_("damaged card"), on_delete=models.PROTECT, related_name="replacements"
    )
    reason = models.CharField(_("what happened to it"), max_length=200)
    proof_seen = models.CharField(_("what was seen as proof"), max_length=200)
    requested_by = person(_("requested by"))
    created_at = models.DateTimeField(_("requested"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(
        _("state"), max_length=12, choices=ReplacementState, default=ReplacementState.REQUESTED
    )
    decided_by = person_or_none(_("decided by"))  # fmt: skip
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=200, blank=True)
    new_card = models.OneToOneField(
        Card, verbose_name=_("new card"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="replacement_of",
    )  # fmt: skip
    transfer = transfer_or_none("card_replacement")  # fmt: skip

    class Meta:
        verbose_name = _("replacement of a card")
        verbose_name_plural = _("replacements of cards")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["card"],
                condition=~Q(state=ReplacementState.REFUSED),
                name="points_card_replaced_once",
            ),
            models.CheckConstraint(
                condition=Q(state=ReplacementState.APPROVED, new_card__isnull=False, transfer__isnull=False)
                | (~Q(state=ReplacementState.APPROVED) & Q(new_card=None, transfer=None)),
                name="points_replacement_has_card",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="points_replacement_two_people",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"#{self.pk}: {self.state}"
