from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Floor
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oscar.apps.partner.abstract_models import AbstractPartner, AbstractStockRecord

from forked_apps.partner.governorates import Governorate
from forked_apps.partner.grades import HANDICAP_BASIS_POINTS, VendorGrade
from forked_apps.partner.official_numbers import MOST_CHARACTERS, validate_official_number
from forked_apps.partner.permissions import VendorPermission


class VendorStatus(models.TextChoices):
    APPLIED = "applied", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Closed")


def is_on_holiday(day: date, *, vendor: str = "") -> Q:
    """Of vendors, or of what has a vendor in this column (``partner__``), on that day."""
    return Q(**{f"{vendor}holiday_from__lte": day, f"{vendor}holiday_until__gte": day})


def sells_now(*, vendor: str = "") -> Q:
    """Approved, not on holiday today, not stopped for its debts; ``vendor`` as for ``is_on_holiday``."""
    today = timezone.localdate()
    may_sell = Q(**{f"{vendor}status": VendorStatus.APPROVED, f"{vendor}sales_stopped_at": None})
    return may_sell & (
        Q(**{f"{vendor}holiday_from": None})
        | Q(**{f"{vendor}holiday_from__gt": today})
        | Q(**{f"{vendor}holiday_until__lt": today})
    )


class VendorQuerySet(models.QuerySet["Partner"]):
    def selling(self) -> "VendorQuerySet":
        """Vendors whose offers customers can buy now."""
        return self.filter(sells_now())


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
    #: Stand on its invoices from then on; older ones keep what was printed.
    registration_number = models.CharField(
        _("commercial registration number"),
        max_length=MOST_CHARACTERS,
        blank=True,
        validators=[validate_official_number],
    )
    tax_number = models.CharField(
        _("tax number"), max_length=MOST_CHARACTERS, blank=True, validators=[validate_official_number]
    )
    #: Commission in basis points (1/100 of a percent) that was agreed with the vendor: of lines that no rule
    #: matches (``forked_apps.partner.commission``). Frozen when an order is placed.
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
    #: As last computed, minutes ago at most: see ``forked_apps.order.vendor_health``.
    health_grade = models.CharField(
        _("grade"), max_length=5, choices=VendorGrade, default=VendorGrade.GOOD, editable=False
    )
    #: The holiday that is planned, or under way, or was the last one; both days are part of it.
    holiday_from = models.DateField(_("on holiday from"), null=True, blank=True)
    holiday_until = models.DateField(_("on holiday until"), null=True, blank=True)
    holiday_message = models.CharField(_("message to customers"), max_length=200, blank=True)
    #: Whether the search index was last told that it is away.
    away_in_search = models.BooleanField(default=False, editable=False)
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
            models.CheckConstraint(
                condition=Q(holiday_from=None, holiday_until=None)
                | Q(
                    holiday_from__isnull=False,
                    holiday_until__isnull=False,
                    holiday_from__lte=F("holiday_until"),
                ),
                name="partner_holiday_whole",
            ),
        ]

    @property
    def is_selling(self) -> bool:
        """Whether it may sell; on holiday it does not."""
        return self.status == VendorStatus.APPROVED

    @property
    def is_on_holiday(self) -> bool:
        """Today, in Baghdad."""
        return self.holiday_is_set and self.holiday_from <= timezone.localdate() <= self.holiday_until  # type: ignore[operator]

    @property
    def holiday_is_set(self) -> bool:
        return self.holiday_from is not None and self.holiday_until is not None

    @property
    def handicap_basis_points(self) -> int:
        """By how much dearer its offers count in the buy box."""
        return HANDICAP_BASIS_POINTS[self.health_grade]


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
    #: Of one piece as this vendor packs it; None: what the product says.
    weight_grams = models.PositiveIntegerField(_("shipping weight (grams)"), null=True, blank=True)

    #: Of one piece, packed, where a query has asked (``forked_apps.partner.offers``); 0 where nobody knows.
    packed_grams: int = 0
    #: Pieces that are kept for other customers, where a query has asked: see ``forked_apps.partner.holds``.
    held_pieces: int = 0

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

from forked_apps.partner.commission_models import (  # noqa: E402, F401 - models of this application
    CommissionRule,
    CommissionRuleSet,
)
from forked_apps.partner.hold_models import StockHold  # noqa: E402, F401 - a model of this application
