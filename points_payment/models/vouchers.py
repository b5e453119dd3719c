"""Vouchers: codes that add promotional points, and what campaigns may give away by them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person
from points_payment.kinds import CampaignState, VoucherEventKind
from points_payment.models.ledger import Transfer
from points_payment.voucher_codes import MADE_SYMBOLS, shown_voucher_code


class VoucherCampaign(models.Model):
    """Vouchers of one value. Its terms never change; the row is the lock of its limits."""

    name = models.CharField(_("name"), max_length=100)
    #: Many codes, each good for one redemption; or one code for everybody.
    is_single_use = models.BooleanField(_("single-use codes"))
    value_points = models.BigIntegerField(_("value of a voucher"))
    starts_at = models.DateTimeField(_("begins"))
    #: The first moment in which nothing is redeemed any more.
    ends_at = models.DateTimeField(_("ends"))
    total_limit = models.PositiveIntegerField(_("redemptions in all"))
    per_customer_limit = models.PositiveIntegerField(_("redemptions per customer"))
    lifetime_days = models.PositiveIntegerField(_("days that the points live"))
    created_by = person(_("made by"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    is_active = models.BooleanField(_("active"), default=True)
    redeemed_count = models.PositiveIntegerField(_("redeemed"), default=0)

    class Meta:
        verbose_name = _("campaign of vouchers")
        verbose_name_plural = _("campaigns of vouchers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(value_points__gt=0, per_customer_limit__gt=0, lifetime_days__gt=0),
                name="points_campaign_something",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="points_campaign_window"),
            # The second line of defence: the service counts under this row's lock.
            models.CheckConstraint(
                condition=Q(redeemed_count__lte=F("total_limit")), name="points_campaign_within_limit"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def left_count(self) -> int:
        """Redemptions that its limit still allows."""
        return self.total_limit - self.redeemed_count

    def redeemable_count(self, *, codes_made: int) -> int:
        """Redemptions that are still possible: by its limit, and by the codes that there are."""
        if not self.is_single_use:
            return self.left_count
        return min(self.left_count, codes_made - self.redeemed_count)

    @property
    def last_moment(self) -> datetime:
        """Of the day that people call the last one."""
        return self.ends_at - timedelta(microseconds=1)

    @property
    def given_points(self) -> int:
        return self.value_points * self.redeemed_count

    @property
    def budget_points(self) -> int:
        """The most that it can ever give."""
        return self.value_points * self.total_limit

    @property
    def state(self) -> CampaignState:
        """As customers meet it now."""
        now = timezone.now()
        if now >= self.ends_at:
            return CampaignState.OVER
        if not self.left_count:
            return CampaignState.USED_UP
        if not self.is_active:
            return CampaignState.PAUSED
        return CampaignState.ACTIVE if now >= self.starts_at else CampaignState.WAITING


class Voucher(models.Model):
    """One code of a campaign. Append-only."""

    campaign = models.ForeignKey(
        VoucherCampaign, verbose_name=_("campaign"), on_delete=models.PROTECT, related_name="vouchers"
    )
    #: As ``normalise_voucher_code`` makes it. Marketing knows it, so it is no secret like a card's.
    code = models.CharField(_("code"), max_length=MADE_SYMBOLS, unique=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def shown_code(self) -> str:
        return shown_voucher_code(self.code)


class VoucherRedemption(models.Model):
    """A customer redeemed a voucher. Append-only, written with its transfer."""

    campaign = models.ForeignKey(
        VoucherCampaign, verbose_name=_("campaign"), on_delete=models.PROTECT, related_name="redemptions",
        db_index=False,
    )  # fmt: skip
    voucher = models.ForeignKey(
        Voucher, verbose_name=_("voucher"), on_delete=models.PROTECT, related_name="redemptions"
    )
    customer = person(_("customer"))
    transfer = models.OneToOneField(
        Transfer, verbose_name=_("transfer"), on_delete=models.PROTECT, related_name="voucher_redemption"
    )
    amount_points = models.BigIntegerField(_("amount"))
    expires_at = models.DateTimeField(_("expires"))
    is_single_use = models.BooleanField(_("single-use code"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("redemption of a voucher")
        verbose_name_plural = _("redemptions of vouchers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(is_single_use=True), name="points_voucher_redeemed_once"
            ),
        ]
        indexes = [models.Index(fields=["campaign", "customer"], name="points_voucher_of_customer")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class VoucherEvent(models.Model):
    """Who did what with a campaign, and when. Append-only."""

    campaign = models.ForeignKey(
        VoucherCampaign, verbose_name=_("campaign"), on_delete=models.PROTECT, related_name="events"
    )
    kind = models.CharField(_("what"), max_length=12, choices=VoucherEventKind)
    #: How many were made or downloaded.
    codes = models.PositiveIntegerField(_("codes"), default=0)
    actor = person(_("who"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("event of a campaign")
        verbose_name_plural = _("events of campaigns")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.kind}"
