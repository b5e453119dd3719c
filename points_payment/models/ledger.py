"""Accounts, transfers, entries: append-only, guarded by triggers (migration 0002)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from points_payment.kinds import AccountKind, TransferKind


class Account(models.Model):
    """Opened by the first transfer that names it, never changed."""

    kind = models.CharField(_("kind"), max_length=24, choices=AccountKind)
    owner_id = models.BigIntegerField(_("owner"), default=0)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [models.UniqueConstraint(fields=["kind", "owner_id"], name="points_account_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner_id}"


class Transfer(models.Model):
    """One movement of points, written together with its entries by one SQL statement."""

    kind = models.CharField(_("kind"), max_length=24, choices=TransferKind)
    idempotency_key = models.CharField(_("idempotency key"), max_length=128, unique=True)
    request_hash = models.CharField(_("hash of the request"), max_length=64)
    entries_count = models.PositiveSmallIntegerField(_("number of entries"))
    #: Unique: what can be reversed, can be reversed once.
    reverses = models.OneToOneField(
        "self",
        verbose_name=_("reverses"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reversed_by",
    )
    reference = models.CharField(_("reference"), max_length=64, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    #: SHA-256 over the transfer and its entries, made by the statement that writes them.
    digest = models.BinaryField(_("digest"), editable=False)

    entries: models.Manager[Entry]

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.CheckConstraint(condition=Q(entries_count__gte=2), name="points_transfer_two_entries"),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(kind="card_redemption"), name="points_card_redeemed_once"
            ),
        ]
        indexes = [
            models.Index(fields=["reference"], name="points_transfer_reference"),
            models.Index(fields=["created_at"], name="points_transfer_created"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Entry(models.Model):
    """One account's share of a transfer.

    The foreign keys are checked by the statement trigger, not by constraints: those would lock
    the rows of busy accounts (commission, a big vendor) at every order.
    """

    transfer = models.ForeignKey(
        Transfer,
        verbose_name=_("transfer"),
        on_delete=models.PROTECT,
        related_name="entries",
        db_constraint=False,
        db_index=False,
    )
    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        on_delete=models.PROTECT,
        related_name="entries",
        db_constraint=False,
        db_index=False,
    )
    amount_points = models.BigIntegerField(_("amount"))
    #: Of this account, after this entry; kept for guarded accounts only, whose entries have an order.
    balance_after_points = models.BigIntegerField(_("balance after"), null=True)
    #: Its transfer's, for guarded accounts only: a wallet's movements of one kind are one part of an index.
    #: A trigger copies it (migration 0012).
    transfer_kind = models.CharField(_("kind"), max_length=24, null=True, editable=False)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(fields=["transfer", "account"], name="points_entry_once"),
            models.CheckConstraint(condition=~Q(amount_points=0), name="points_entry_something"),
        ]
        indexes = [
            models.Index(fields=["account", "id"], name="points_entry_statement"),
            # The kind first: no other index begins so, and the planner has no other way to go.
            models.Index(
                fields=["transfer_kind", "account", "id"],
                name="points_entry_by_kind",
                condition=Q(transfer_kind__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_points:+d}"


class Seal(models.Model):
    """A transfer's place in the hash chain: SHA-256(digest of the seal before, digest of the transfer)."""

    position = models.BigIntegerField(_("position"), primary_key=True)
    transfer = models.OneToOneField(
        Transfer, verbose_name=_("transfer"), on_delete=models.PROTECT, related_name="seal"
    )
    digest = models.BinaryField(_("digest"), editable=False)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")

    def __str__(self) -> str:
        return f"#{self.position}"


class IdempotencyKey(models.Model):
    """A request that was carried out. Kept for ever."""

    scope = models.CharField(_("scope"), max_length=64)
    key = models.CharField(_("key"), max_length=128)
    request_hash = models.CharField(_("hash of the request"), max_length=64)
    #: What the first request led to, as its service wants to find it again.
    result = models.CharField(_("result"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="points_idempotency_once")]

    def __str__(self) -> str:
        return f"{self.scope}:{self.key}"
