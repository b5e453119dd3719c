from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oscar.apps.order.abstract_models import AbstractLine, AbstractOrder, AbstractOrderDiscount

from forked_apps.offer.models import Bearer


class VendorOrderStatus(models.TextChoices):
    PLACED = "placed", _("Placed")
    ACCEPTED = "accepted", _("Accepted")
    PACKED = "packed", _("Packed")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Refused at the door")
    PARTLY_RETURNED = "partly_returned", _("Partly returned")
    RETURNED = "returned", _("Returned")


class DeliveryProof(models.TextChoices):
    """How we know that goods arrived."""

    CODE = "code", _("The buyer's code")
    VENDOR = "vendor", _("The vendor's word")
    ASSUMED = "assumed", _("Nobody said otherwise in time")


class ReductionKind(models.TextChoices):
    """Why something of what a line cost was given back."""

    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Refused at the door")
    RETURNED = "returned", _("Returned")
    #: The buyer keeps the goods, and pays less for them.
    ALLOWANCE = "allowance", _("Price reduced afterwards")
    #: By a dispute: shipped, and never with the buyer; what was deducted from a return, paid back after all.
    LOST = "lost", _("Did not arrive")
    UNDEDUCTED = "undeducted", _("Deduction paid back")


#: Reductions of points alone: no piece goes anywhere.
WITHOUT_PIECES = (ReductionKind.ALLOWANCE, ReductionKind.UNDEDUCTED)


class Order(AbstractOrder):
    """What one customer bought at once. Its status is derived from its vendor orders, never stored."""

    #: The client's key: a second submit with it, or of the same basket, gives this order back.
    idempotency_key = models.CharField(
        _("idempotency key"), max_length=64, unique=True, null=True, editable=False
    )

    class Meta(AbstractOrder.Meta):
        constraints = [
            # A basket is ordered at most once, whatever the application does.
            models.UniqueConstraint(fields=["basket"], name="order_once_per_basket"),
        ]

    @property
    def total_points(self) -> int:
        """Goods and shipping, in whole points."""
        return int(self.total_incl_tax)

    @property
    def shipping_points(self) -> int:
        return int(self.shipping_incl_tax)

    @property
    def goods_points(self) -> int:
        """After discounts."""
        return self.total_points - self.shipping_points


class VendorOrder(models.Model):
    """One vendor's part of an order, with a life of its own."""

    order = models.ForeignKey(
        Order, verbose_name=_("order"), on_delete=models.PROTECT, related_name="vendor_orders"
    )
    vendor = models.ForeignKey(
        "partner.Partner", verbose_name=_("vendor"), on_delete=models.PROTECT, related_name="vendor_orders"
    )
    number = models.CharField(_("number"), max_length=32, unique=True)
    status = models.CharField(
        _("status"), max_length=16, choices=VendorOrderStatus, default=VendorOrderStatus.PLACED
    )
    goods_points = models.PositiveBigIntegerField(_("goods, in points"))
    shipping_points = models.PositiveBigIntegerField(_("shipping, in points"))
    #: What the platform added for discounts that it bears; the buyer did not pay it.
    subsidy_points = models.PositiveBigIntegerField(_("borne by the platform, in points"), default=0)
    #: Frozen at placement: what was agreed with the vendor. Lines that a rule matched bear other terms; each
    #: one's own are frozen with its allocation.
    commission_basis_points = models.PositiveIntegerField(_("commission (basis points)"))
    #: Whose percentage the delivery charge bears, if any.
    shipping_commission_rule = models.ForeignKey(
        "partner.CommissionRule",
        verbose_name=_("commission rule of the delivery charge"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        # Rules are never deleted, says a trigger: a constraint would only lock the rows that all orders name.
        db_constraint=False,
        db_index=False,
    )
    deliver_from = models.DateField(_("expected from"))
    deliver_until = models.DateField(_("expected until"))
    placed_at = models.DateTimeField(_("placed"), default=timezone.now)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    delivery_proof = models.CharField(
        _("proof of delivery"), max_length=8, choices=DeliveryProof, blank=True, default=""
    )
    #: The first day on which what escrow holds may go to the vendor; known once it is delivered.
    release_on = models.DateField(_("free on"), null=True, blank=True)
    #: Wrong codes that were typed for it; see ``forked_apps.order.handover``.
    handover_failures = models.PositiveSmallIntegerField(_("wrong codes"), default=0)

    class Meta:
        verbose_name = _("vendor order")
        verbose_name_plural = _("vendor orders")
        ordering = ["-placed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "vendor"], name="order_one_part_per_vendor"),
            models.CheckConstraint(
                condition=models.Q(delivered_at=None, delivery_proof="", release_on=None)
                | (
                    models.Q(delivered_at__isnull=False, release_on__isnull=False)
                    & ~models.Q(delivery_proof="")
                ),
                name="order_delivery_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["vendor", "status", "-placed_at"], name="order_vendor_inbox"),
            # Few are on their way at a time, of all that ever were.
            models.Index(
                fields=["release_on"],
                condition=models.Q(
                    status__in=[VendorOrderStatus.DELIVERED, VendorOrderStatus.PARTLY_RETURNED]
                ),
                name="order_to_be_released",
            ),
            models.Index(
                fields=["deliver_until"],
                condition=models.Q(status=VendorOrderStatus.SHIPPED),
                name="order_on_its_way",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def total_points(self) -> int:
        """What the buyer paid."""
        return self.goods_points + self.shipping_points

    @property
    def value_points(self) -> int:
        """What the vendor earns, before commission."""
        return self.total_points + self.subsidy_points

    @property
    def is_partly_shipped(self) -> bool:
        """Whether a parcel is on its way and pieces still wait. No query where parcels are fetched."""
        return self.status == VendorOrderStatus.PACKED and self.pk is not None and bool(self.parcels.all())


class VendorOrderEvent(models.Model):
    """A step in a vendor order's life: who, when, from what to what."""

    vendor_order = models.ForeignKey(
        VendorOrder, verbose_name=_("vendor order"), on_delete=models.CASCADE, related_name="events"
    )
    old_status = models.CharField(_("from"), max_length=16, choices=VendorOrderStatus, blank=True)
    new_status = models.CharField(_("to"), max_length=16, choices=VendorOrderStatus)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("vendor order event")
        verbose_name_plural = _("vendor order events")
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.vendor_order_id}: {self.new_status}"


class Line(AbstractLine):
    vendor_order = models.ForeignKey(
        VendorOrder,
        verbose_name=_("vendor order"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="lines",
    )
    #: The one that matched at placement, in the version of then; none: what was agreed with the vendor.
    commission_rule = models.ForeignKey(
        "partner.CommissionRule",
        verbose_name=_("commission rule"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        # Rules are never deleted, says a trigger: a constraint would only lock the rows that all orders name.
        db_constraint=False,
        db_index=False,
    )

    #: One piece, packed, as it was when it was ordered; 0 where nobody knew.
    unit_grams = models.PositiveIntegerField(_("weight of a piece (grams)"), default=0)

    #: What the platform added, since it bears a discount of the line; the buyer did not pay it.
    subsidy_points = models.PositiveBigIntegerField(_("borne by the platform, in points"), default=0)

    class Meta(AbstractLine.Meta):
        pass

    @property
    def line_points(self) -> int:
        """What the line cost, after discounts, in whole points."""
        return int(self.line_price_incl_tax)

    @property
    def value_points(self) -> int:
        """What the vendor earns by it, before commission."""
        return self.line_points + self.subsidy_points

    @property
    def vendor_discount_points(self) -> int:
        """Of the discount, what the vendor bears."""
        return self.unit_points * self.quantity - self.value_points

    @property
    def unit_points(self) -> int:
        return int(self.unit_price_incl_tax or 0)


class LineReduction(models.Model):
    """What was given back of a line, and for which of its pieces. Append-only."""

    line = models.ForeignKey(
        Line, verbose_name=_("line"), on_delete=models.PROTECT, related_name="reductions"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=ReductionKind)
    quantity = models.PositiveIntegerField(_("pieces"))
    refunded_points = models.PositiveBigIntegerField(_("given back, in points"))
    #: Of the pieces' share, and not given back: goods came back worn.
    deducted_points = models.PositiveBigIntegerField(_("deducted, in points"), default=0)
    #: What went back to the platform of what it had added.
    returned_subsidy_points = models.PositiveBigIntegerField(_("back to the platform, in points"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("reduction of a line")
        verbose_name_plural = _("reductions of lines")
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=WITHOUT_PIECES, quantity=0, refunded_points__gt=0)
                | (~models.Q(kind__in=WITHOUT_PIECES) & models.Q(quantity__gt=0)),
                name="order_reduction_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.quantity} {self.kind}"


class OrderDiscount(AbstractOrderDiscount):
    #: As it was when the order was placed.
    borne_by = models.CharField(
        _("who bears the discount"), max_length=12, choices=Bearer, default=Bearer.VENDOR
    )

    class Meta(AbstractOrderDiscount.Meta):
        pass


class Parcel(models.Model):
    """What a vendor handed to a courier at once."""

    vendor_order = models.ForeignKey(
        VendorOrder, verbose_name=_("vendor order"), on_delete=models.PROTECT, related_name="parcels"
    )
    #: The first of a vendor order is 1.
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    carrier = models.CharField(_("carrier"), max_length=80, blank=True)
    tracking_code = models.CharField(_("tracking code"), max_length=64)
    #: Where the buyer can follow it; empty where the carrier has no such page.
    tracking_link = models.CharField(_("link"), max_length=400, blank=True)
    #: As weighed, or as its goods are known to weigh; None where nobody knows.
    weight_grams = models.PositiveIntegerField(_("weight (grams)"), null=True, blank=True)
    shipped_at = models.DateTimeField(_("shipped"), default=timezone.now)
    shipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("shipped by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ["shipped_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["vendor_order", "position"], name="order_parcel_position"),
        ]

    def __str__(self) -> str:
        return self.tracking_code


class ParcelLine(models.Model):
    parcel = models.ForeignKey(
        Parcel, verbose_name=_("parcel"), on_delete=models.CASCADE, related_name="parcel_lines"
    )
    line = models.ForeignKey(
        Line, verbose_name=_("line"), on_delete=models.PROTECT, related_name="parcel_lines"
    )
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("line of a parcel")
        verbose_name_plural = _("lines of a parcel")
        constraints = [
            models.UniqueConstraint(fields=["parcel", "line"], name="order_parcel_line_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_parcel_line_something"),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} × {self.quantity}"


from oscar.apps.order.models import *  # type: ignore[assignment]  # noqa: E402, F403

from forked_apps.order.dispute_models import (  # noqa: E402, F401 - models of this application
    Dispute,
    DisputeEvent,
    DisputeLine,
    DisputeMessage,
    DisputePhoto,
    Remedy,
    RemedyLine,
)
from forked_apps.order.document_models import (  # noqa: E402, F401
    Invoice,
    InvoiceCounter,
    ParcelCorrection,
)
from forked_apps.order.packing_models import PreparedLine, PreparedParcel  # noqa: E402, F401
from forked_apps.order.return_models import (  # noqa: E402, F401 - models of this application
    Return,
    ReturnLine,
    ReturnMessage,
    ReturnPhoto,
)
