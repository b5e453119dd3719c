"""Rules of the commission: an ordered list, and every version that it ever had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person_or_none

if TYPE_CHECKING:
    from forked_apps.partner.commission import Goods


class CommissionRuleSet(models.Model):
    """The whole list as it was from one moment on; the highest version is in force. Append-only."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    #: Nobody: the first one, without a rule, comes with the shop.
    created_by = person_or_none(_("who"))
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("version of the commission rules")
        verbose_name_plural = _("versions of the commission rules")
        ordering = ["-version"]

    def __str__(self) -> str:
        return str(self.version)


class CommissionRule(models.Model):
    """One rule of one version: of which goods, and what the marketplace takes of them. Append-only.

    What is left open (no vendor, no category, no brand, no price) is any. A line takes the first rule that
    matches; where none does, its vendor pays ``Partner.commission_basis_points``.
    """

    rule_set = models.ForeignKey(
        CommissionRuleSet, verbose_name=_("version"), on_delete=models.PROTECT, related_name="rules"
    )
    position = models.PositiveSmallIntegerField(_("position"))
    #: Stays the same through all versions.
    number = models.PositiveIntegerField(_("rule"))
    vendor = models.ForeignKey(
        "partner.Partner",
        verbose_name=_("vendor"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: With everything below it.
    category = models.ForeignKey(
        "catalogue.Category",
        verbose_name=_("category"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    brand = models.ForeignKey(
        "catalogue.Brand",
        verbose_name=_("brand"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: Of one piece, before discounts; both ends belong to the band.
    price_from_points = models.BigIntegerField(_("price from"), null=True, blank=True)
    price_to_points = models.BigIntegerField(_("price up to"), null=True, blank=True)
    basis_points = models.PositiveIntegerField(_("commission (basis points)"))
    #: Of each piece, with the percentage.
    fixed_points = models.BigIntegerField(_("fixed commission per piece"), default=0)
    #: Of each line.
    floor_points = models.BigIntegerField(_("least commission"), default=0)
    cap_points = models.BigIntegerField(_("most commission"), null=True, blank=True)
    #: The percentage, and nothing else of the rule, is taken of delivery charges too.
    on_shipping = models.BooleanField(_("also on delivery charges"), default=False)
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("commission rule")
        verbose_name_plural = _("commission rules")
        ordering = ["rule_set", "position"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "position"], name="partner_commission_position_once"),
            models.UniqueConstraint(fields=["rule_set", "number"], name="partner_commission_number_once"),
            models.CheckConstraint(
                condition=Q(basis_points__lte=10_000, fixed_points__gte=0, floor_points__gte=0)
                & (Q(cap_points=None) | Q(cap_points__gte=F("floor_points"))),
                name="partner_commission_terms",
            ),
            models.CheckConstraint(
                condition=(Q(price_from_points=None) | Q(price_from_points__gt=0))
                & (Q(price_to_points=None) | Q(price_to_points__gt=0))
                & (
                    Q(price_from_points=None)
                    | Q(price_to_points=None)
                    | Q(price_to_points__gte=F("price_from_points"))
                ),
                name="partner_commission_band",
            ),
            models.CheckConstraint(
                condition=Q(on_shipping=False)
                | Q(category=None, brand=None, price_from_points=None, price_to_points=None),
                name="partner_commission_shipping",
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)

    def matches(self, goods: Goods) -> bool:
        """Whether the rule is for such goods; one that is not in force is for none."""
        return (
            self.is_active
            and self.vendor_id in {None, goods.vendor_id}
            and (self.category_id is None or self.category_id in goods.category_ids)
            and self.brand_id in {None, goods.brand_id}
            and (self.price_from_points or 0) <= goods.unit_points
            and (self.price_to_points is None or goods.unit_points <= self.price_to_points)
        )

    @property
    def is_of_vendors_alone(self) -> bool:
        """Asks for nothing that a delivery charge lacks."""
        return (self.category_id, self.brand_id, self.price_from_points, self.price_to_points) == (None,) * 4

    def matches_shipping_of(self, vendor_id: int) -> bool:
        return self.is_active and self.is_of_vendors_alone and self.vendor_id in {None, vendor_id}
