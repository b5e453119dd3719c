"""The sub-ledger of escrow: what each order line holds, by its reference alone."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from points_payment.models.ledger import Transfer


class Allocation(models.Model):
    """Points held for one line (or one vendor's shipping charge) of an order.

    The last five amounts change; they are the sums of the allocation's moves.
    """

    reference = models.CharField(_("reference"), max_length=64, unique=True)
    order_reference = models.CharField(_("order"), max_length=64, db_index=True)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("customer"), on_delete=models.PROTECT, related_name="+"
    )
    vendor_id = models.BigIntegerField(_("vendor"))
    transfer = models.ForeignKey(
        Transfer, verbose_name=_("purchase"), on_delete=models.PROTECT, related_name="allocations"
    )
    gross_points = models.BigIntegerField(_("gross"))
    paid_points = models.BigIntegerField(_("of these paid"))
    promotional_points = models.BigIntegerField(_("of these promotional"))
    #: Added by the platform, which bears so much of a discount; the vendor earns it like the rest.
    subsidy_points = models.BigIntegerField(_("of these from the platform"), default=0)
    #: Terms of the commission, frozen: a percentage and a fixed sum, at least, at most.
    #: See ``services.escrow.commission_on``.
    commission_basis_points = models.PositiveIntegerField(_("commission (basis points)"))
    commission_fixed_points = models.BigIntegerField(_("fixed commission"), default=0)
    commission_floor_points = models.BigIntegerField(_("least commission"), default=0)
    commission_cap_points = models.BigIntegerField(_("most commission"), null=True, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    release_at = models.DateTimeField(_("release"), null=True, blank=True)
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    refunded_points = models.BigIntegerField(_("refunded"), default=0)
    #: Of what is refunded, what went back as promotional points.
    refunded_promotional_points = models.BigIntegerField(_("refunded promotional"), default=0)
    #: Of what is refunded, what went back to the platform: it is no customer's.
    refunded_subsidy_points = models.BigIntegerField(_("refunded to the platform"), default=0)
    #: Left escrow for the vendor and is still the vendor's, commission included.
    released_points = models.BigIntegerField(_("released"), default=0)
    commission_points = models.BigIntegerField(_("commission"), default=0)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    gross_points__gt=0,
                    paid_points__gte=0,
                    promotional_points__gte=0,
                    subsidy_points__gte=0,
                    gross_points=F("paid_points") + F("promotional_points") + F("subsidy_points"),
                ),
                name="points_allocation_parts",
            ),
            models.CheckConstraint(
                condition=Q(
                    refunded_points__gte=0,
                    released_points__gte=0,
                    gross_points__gte=F("refunded_points") + F("released_points"),
                ),
                name="points_allocation_within_gross",
            ),
            models.CheckConstraint(
                condition=Q(
                    refunded_promotional_points__gte=0,
                    refunded_promotional_points__lte=F("promotional_points"),
                    refunded_subsidy_points__gte=0,
                    refunded_subsidy_points__lte=F("subsidy_points"),
                    refunded_points__gte=F("refunded_promotional_points") + F("refunded_subsidy_points"),
                    refunded_points__lte=F("refunded_promotional_points")
                    + F("refunded_subsidy_points")
                    + F("paid_points"),
                ),
                name="points_allocation_refund_by_bucket",
            ),
            models.CheckConstraint(
                condition=Q(commission_points__gte=0, commission_points__lte=F("released_points")),
                name="points_allocation_commission",
            ),
            models.CheckConstraint(
                condition=Q(commission_fixed_points__gte=0, commission_floor_points__gte=0)
                & (
                    Q(commission_cap_points=None) | Q(commission_cap_points__gte=F("commission_floor_points"))
                ),
                name="points_allocation_terms",
            ),
        ]
        indexes = [models.Index(fields=["vendor_id", "id"], name="points_allocation_vendor")]

    def __str__(self) -> str:
        return self.reference

    @property
    def held_points(self) -> int:
        """Still in escrow."""
        return self.gross_points - self.refunded_points - self.released_points

    @property
    def subsidy_left_points(self) -> int:
        """Added by the platform, and not back with it."""
        return self.subsidy_points - self.refunded_subsidy_points

    @property
    def refundable_points(self) -> int:
        """What the customer paid and did not get back."""
        return self.gross_points - self.refunded_points - self.subsidy_left_points


class AllocationMove(models.Model):
    """What one transfer changed of an allocation. Append-only."""

    allocation = models.ForeignKey(
        Allocation, verbose_name=_("allocation"), on_delete=models.PROTECT, related_name="moves"
    )
    transfer = models.ForeignKey(
        Transfer, verbose_name=_("transfer"), on_delete=models.PROTECT, related_name="allocation_moves"
    )
    refunded_points = models.BigIntegerField(_("refunded"), default=0)
    refunded_promotional_points = models.BigIntegerField(_("refunded promotional"), default=0)
    refunded_subsidy_points = models.BigIntegerField(_("refunded to the platform"), default=0)
    released_points = models.BigIntegerField(_("released"), default=0)
    commission_points = models.BigIntegerField(_("commission"), default=0)

    class Meta:
        verbose_name = _("move of an allocation")
        verbose_name_plural = _("moves of allocations")
        constraints = [
            models.UniqueConstraint(fields=["allocation", "transfer"], name="points_allocation_move_once"),
        ]

    def __str__(self) -> str:
        return f"{self.allocation_id} by {self.transfer_id}"
