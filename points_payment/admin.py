"""Django's admin may look at the books, and nothing else."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from points_payment import models


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class EntryInline(admin.TabularInline[models.Entry, models.Transfer]):
    model = models.Entry
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(models.Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "owner_id")
    list_filter = ("kind",)
    search_fields = ("=owner_id",)


@admin.register(models.Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "reference", "actor", "reason", "created_at")
    list_filter = ("kind",)
    list_select_related = ("actor",)
    search_fields = ("=reference", "=idempotency_key")
    ordering = ("-id",)
    inlines = (EntryInline,)


@admin.register(models.Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "transfer", "account", "amount_points", "balance_after_points")
    list_select_related = ("transfer", "account")
    search_fields = ("=transfer__id",)
    ordering = ("-id",)


@admin.register(models.Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ("user", "paid_points", "promotional_points")
    list_select_related = ("user",)
    search_fields = ("user__phone", "user__email")


@admin.register(models.Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "account_kind", "original_points", "remaining_points", "expires_at")
    list_select_related = ("customer",)
    list_filter = ("account_kind",)


@admin.register(models.Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = (
        "reference",
        "vendor_id",
        "gross_points",
        "refunded_points",
        "released_points",
        "commission_points",
    )
    search_fields = ("=reference", "=order_reference")


@admin.register(models.VendorBalance)
class VendorBalanceAdmin(ReadOnlyAdmin):
    list_display = ("vendor_id", "payable_points")


@admin.register(models.Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "face_value_points",
        "number_of_cards",
        "expires_on",
        "state",
        "drafted_by",
        "created_at",
    )
    list_select_related = ("drafted_by",)
    list_filter = ("state",)


@admin.register(models.BatchEvent)
class BatchEventAdmin(ReadOnlyAdmin):
    list_display = ("batch", "state", "actor", "reason", "created_at")
    list_select_related = ("batch", "actor")
    ordering = ("-id",)


@admin.register(models.Card)
class CardAdmin(ReadOnlyAdmin):
    list_display = ("serial", "batch", "last_four", "state", "redemption")
    list_select_related = ("batch", "redemption")
    list_filter = ("state",)
    search_fields = ("=number",)


@admin.register(models.TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    list_display = (
        "transfer_id",
        "operator",
        "customer",
        "amount_points",
        "reference",
        "reason",
        "created_at",
    )
    list_select_related = ("operator", "customer")


@admin.register(models.RedemptionAttempt)
class RedemptionAttemptAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "outcome", "created_at")
    list_select_related = ("customer",)
    list_filter = ("outcome",)
    ordering = ("-id",)


@admin.register(models.Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "account_kind", "owner_id", "amount_points", "state", "proposed_by", "decided_by")
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("state",)


@admin.register(models.ExpiryNotice)
class ExpiryNoticeAdmin(ReadOnlyAdmin):
    list_display = ("lot", "created_at")
    list_select_related = ("lot",)


@admin.register(models.Distributor)
class DistributorAdmin(ReadOnlyAdmin):
    list_display = ("name", "governorate", "phone", "is_active")


@admin.register(models.Shop)
class ShopAdmin(ReadOnlyAdmin):
    list_display = ("name", "governorate", "distributor", "phone", "is_active")
    list_select_related = ("distributor",)


@admin.register(models.Consignment)
class ConsignmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "batch", "distributor", "shop", "first_number", "last_number", "state")
    list_select_related = ("batch", "distributor", "shop")
    list_filter = ("state",)


@admin.register(models.ConsignmentEvent)
class ConsignmentEventAdmin(ReadOnlyAdmin):
    list_display = ("consignment", "state", "cards", "owed_points", "actor", "reason", "created_at")
    list_select_related = ("consignment", "actor")
    ordering = ("-id",)


@admin.register(models.CardReplacement)
class CardReplacementAdmin(ReadOnlyAdmin):
    list_display = ("id", "card", "state", "requested_by", "decided_by", "reason")
    list_select_related = ("card", "requested_by", "decided_by")
    list_filter = ("state",)


@admin.register(models.Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ("day", "position", "transfers_count", "entries_count", "created_at")


@admin.register(models.ProofRun)
class ProofRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "scope", "source", "state", "actor", "started_at", "finished_at", "findings_count")
    list_select_related = ("actor",)
    list_filter = ("state", "scope")


@admin.register(models.ProofFinding)
class ProofFindingAdmin(ReadOnlyAdmin):
    list_display = ("run", "check_slug", "culprit", "expected", "found")
    list_select_related = ("run",)
    list_filter = ("check_slug",)
    ordering = ("-id",)


@admin.register(models.LedgerAlert)
class LedgerAlertAdmin(ReadOnlyAdmin):
    list_display = ("id", "opened_at", "is_open", "acknowledged_by", "resolved_by", "reason")
    list_select_related = ("acknowledged_by", "resolved_by")
    list_filter = ("is_open",)
