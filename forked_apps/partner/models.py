from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Floor
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oscar.apps.partner.abstract_models import AbstractPartner, AbstractStockRecord

from forked_apps.partner.governorates import Governorate
from forked_apps.partner.permissions import VendorPermission


class VendorStatus(models.TextChoices):
    APPLIED = "applied", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Closed")


class VendorQuerySet(models.QuerySet["Partner"]):
    def selling(self) -> "VendorQuerySet":
        """Vendors whose offers customers can buy now."""
        return self.filter(status=VendorStatus.APPROVED, sales_stopped_at=None)


class Partner(AbstractPartner):
    """A vendor. ``code`` is its slug; ``users`` (Oscar's) stays empty: see ``vendor_portal``."""

    status = models.CharField(
        _("status"), max_length=12, choices=VendorStatus, default=VendorStatus.APPLIED, db_index=True
    )
    governorate = models.CharField(
        _("governorate"), max_length=2, choices=Governorate, default=Governorate.BAGHDAD
    )
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    about = models.TextField(_("about"), blank=True, max_length=2000)
    #: Commission in basis points (1/100 of a percent), frozen on each vendor order when it is placed.
    commission_basis_points = models.PositiveIntegerField(_("commission (basis points)"), default=800)
    applied_at = models.DateTimeField(_("applied"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    decision_reason = models.CharField(_("reason"), max_length=500, blank=True)
    #: Its offers are not sold while it owes too much: ``points_payment.services.debts`` says when.
    sales_stopped_at = models.DateTimeField(_("sales stopped"), null=True, blank=True, editable=False)

    objects = VendorQuerySet.as_manager()

    class Meta(AbstractPartner.Meta):
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        permissions = (  # type: ignore[assignment]
            ("dashboard_access", "Can access dashboard"),
            *((permission.value, str(permission.name)) for permission in VendorPermission),
        )
        constraints = [
            models.CheckConstraint(
                condition=Q(commission_basis_points__lte=10_000), name="partner_commission_at_most_all"
            ),
        ]

    @property
    def is_selling(self) -> bool:
        return self.status == VendorStatus.APPROVED


class StockRecord(AbstractStockRecord):
    """An offer: one vendor's price and stock of one product."""

    list_price = models.DecimalField(
        _("list price"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("The price before a discount, in points."),
    )
    handling_days = models.PositiveSmallIntegerField(_("handling days"), default=1)
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta(AbstractStockRecord.Meta):
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(fields=["product", "partner"], name="partner_offer_once_per_vendor"),
            models.CheckConstraint(
                condition=Q(price__gt=0) & Q(price=Floor("price")), name="partner_offer_whole_price"
            ),
            models.CheckConstraint(
                condition=Q(list_price=None) | (Q(list_price__gt=0) & Q(list_price=Floor("list_price"))),
                name="partner_offer_whole_list_price",
            ),
            # Stock Oscar oversells; here the database refuses it.
            models.CheckConstraint(
                condition=Q(num_in_stock__gte=Coalesce(F("num_allocated"), 0)),
                name="partner_offer_never_oversold",
            ),
            models.CheckConstraint(
                condition=Q(num_allocated=None) | Q(num_allocated__gte=0),
                name="partner_offer_allocated_positive",
            ),
        ]

    @property
    def price_points(self) -> int:
        """Price in whole points."""
        return int(self.price or 0)

    @property
    def list_price_points(self) -> int | None:
        """Price before the discount, in whole points, where it is higher than the price."""
        return (
            int(self.list_price) if self.list_price and self.price and self.list_price > self.price else None
        )


from oscar.apps.partner.models import *  # type: ignore[assignment]  # noqa: E402, F403
