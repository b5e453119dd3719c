"""What guards spending: balances that cannot go below 0, and the lots that a balance consists of."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import AccountKind
from points_payment.models.ledger import Account, Transfer


class Wallet(models.Model):
    """A customer's balances. The row is the lock of everything that the customer spends."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="wallet",
    )
    paid_points = models.BigIntegerField(_("paid points"), default=0)
    promotional_points = models.BigIntegerField(_("promotional points"), default=0)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = [
            models.CheckConstraint(condition=Q(paid_points__gte=0), name="points_wallet_paid_not_negative"),
            models.CheckConstraint(
                condition=Q(promotional_points__gte=0), name="points_wallet_promo_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user_id)

    @property
    def balance_points(self) -> int:
        """Paid and promotional points together, as the books have them."""
        return self.paid_points + self.promotional_points

    @property
    def expired_points(self) -> int:
        """Promotional points whose day has come and that are not taken off yet; nobody can spend them."""
        if not self.promotional_points:
            return 0
        lots = Lot.objects.filter(customer_id=self.user_id, remaining_points__gt=0, expires_at__lte=Now())
        return lots.aggregate(total=Sum("remaining_points"))["total"] or 0

    @property
    def spendable_points(self) -> int:
        """What an order can take now: what the wallet's purchases would find under its lock."""
        return self.balance_points - self.expired_points


class VendorBalance(models.Model):
    """What can be paid out to a vendor."""

    vendor_id = models.BigIntegerField(_("vendor"), primary_key=True)
    payable_points = models.BigIntegerField(_("payable"), default=0)

    class Meta:
        verbose_name = _("vendor balance")
        verbose_name_plural = _("vendor balances")
        constraints = [
            models.CheckConstraint(
                condition=Q(payable_points__gte=0), name="points_vendor_payable_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return str(self.vendor_id)


class Lot(models.Model):
    """What is left of one credit. Only ``remaining_points`` ever changes."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        on_delete=models.PROTECT,
        related_name="lots",
        db_constraint=False,
        db_index=False,
    )
    account_kind = models.CharField(_("kind"), max_length=24, choices=AccountKind)
    transfer = models.ForeignKey(
        Transfer, verbose_name=_("credit"), on_delete=models.PROTECT, related_name="lots"
    )
    original_points = models.BigIntegerField(_("credited"))
    remaining_points = models.BigIntegerField(_("left"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    remaining_points__gte=0, original_points__gt=0, remaining_points__lte=F("original_points")
                ),
                name="points_lot_within_credit",
            ),
            models.CheckConstraint(
                condition=Q(account_kind="customer_promotional")
                | Q(account_kind="customer_paid", expires_at=None),
                name="points_lot_paid_never_expires",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "id"], name="points_lot_spendable", condition=Q(remaining_points__gt=0)
            ),
            # Whose day comes next: only promotional lots that are not used up are in it.
            models.Index(
                fields=["expires_at"],
                name="points_lot_expiring",
                condition=Q(remaining_points__gt=0, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}: {self.remaining_points}/{self.original_points}"


class LotUse(models.Model):
    """Points taken from a lot (negative) or given back to it (positive, naming the use it returns)."""

    lot = models.ForeignKey(Lot, verbose_name=_("lot"), on_delete=models.PROTECT, related_name="uses")
    transfer = models.ForeignKey(
        Transfer, verbose_name=_("transfer"), on_delete=models.PROTECT, related_name="lot_uses"
    )
    points = models.BigIntegerField(_("points"))
    returns = models.ForeignKey(
        "self",
        verbose_name=_("returns"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="returned_by",
    )

    class Meta:
        verbose_name = _("use of a lot")
        verbose_name_plural = _("uses of lots")
        constraints = [
            models.CheckConstraint(
                condition=Q(points__lt=0, returns=None) | Q(points__gt=0, returns__isnull=False),
                name="points_lot_use_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot_id}: {self.points:+d}"


class TopUp(models.Model):
    """Points that an operator added for cash."""

    transfer = models.OneToOneField(
        Transfer,
        verbose_name=_("transfer"),
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="top_up",
    )
    operator = person(_("operator"))
    customer = person(_("customer"))
    amount_points = models.PositiveBigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    reference = models.CharField(_("reference"), max_length=64)
    #: How the operator knew the caller; each verification is good for one top-up.
    verification = models.OneToOneField(
        "points_payment.CallerVerification",
        verbose_name=_("verification"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="top_up",
    )
    #: Who let a top-up above its operator's limit pass.
    approved_by = person_or_none(_("approved by"))
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("top-up")
        verbose_name_plural = _("top-ups")
        ordering = ["-transfer_id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (~Q(approved_by=F("operator")) & ~Q(approved_by=F("customer"))),
                name="points_top_up_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["operator", "created_at"], name="points_top_up_of_a_day")]

    def __str__(self) -> str:
        return f"#{self.pk}"
