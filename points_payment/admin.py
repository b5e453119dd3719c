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
        "subsidy_points",
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


@admin.register(models.Printer)
class PrinterAdmin(ReadOnlyAdmin):
    list_display = ("name", "fingerprint", "added_by", "confirmed_by", "retired_at")
    list_select_related = ("added_by", "confirmed_by")


@admin.register(models.CardProduction)
class CardProductionAdmin(ReadOnlyAdmin):
    list_display = ("batch", "kind", "printer", "state", "started_by", "released_by", "file_sha256")
    list_select_related = ("batch", "printer", "started_by", "released_by")
    list_filter = ("state",)


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


@admin.register(models.VoucherCampaign)
class VoucherCampaignAdmin(ReadOnlyAdmin):
    list_display = ("name", "is_single_use", "value_points", "total_limit", "redeemed_count", "is_active")
    list_filter = ("is_active",)


@admin.register(models.Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    # Codes that are still good are for who may hand them out.
    exclude = ("code",)
    list_display = ("id", "campaign", "created_at")
    list_select_related = ("campaign",)


@admin.register(models.VoucherRedemption)
class VoucherRedemptionAdmin(ReadOnlyAdmin):
    list_display = ("id", "campaign", "customer", "amount_points", "expires_at", "created_at")
    list_select_related = ("campaign", "customer")


@admin.register(models.VoucherEvent)
class VoucherEventAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "kind", "codes", "actor", "created_at")
    list_select_related = ("campaign", "actor")


# The top-up desk ----------------------------------------------------------------------------


@admin.register(models.TopUpOperator)
class TopUpOperatorAdmin(ReadOnlyAdmin):
    list_display = ("user", "movement_points", "day_points", "customer_day_points", "float_points")
    list_select_related = ("user",)


@admin.register(models.LimitChange)
class LimitChangeAdmin(ReadOnlyAdmin):
    list_display = ("operator", "limit", "old_points", "new_points", "changed_by", "reason", "created_at")
    list_select_related = ("operator", "changed_by")


@admin.register(models.CallerVerification)
class CallerVerificationAdmin(ReadOnlyAdmin):
    list_display = ("id", "operator", "customer", "method", "wrong_tries", "verified_at", "used_at")
    list_select_related = ("operator", "customer")
    list_filter = ("method",)
    exclude = ("code_hash",)


@admin.register(models.TopUpRequest)
class TopUpRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "customer", "amount_points", "method", "pay_on", "state", "operator")
    list_select_related = ("customer", "operator")
    list_filter = ("state", "method")


@admin.register(models.TopUpProposal)
class TopUpProposalAdmin(ReadOnlyAdmin):
    list_display = ("id", "proposed_by", "customer", "amount_points", "state", "decided_by", "created_at")
    list_select_related = ("proposed_by", "customer", "decided_by")
    list_filter = ("state",)


@admin.register(models.CashHandIn)
class CashHandInAdmin(ReadOnlyAdmin):
    list_display = ("id", "proposed_by", "account_kind", "amount_points", "state", "decided_by", "created_at")
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("state", "account_kind")


@admin.register(models.DrawerCount)
class DrawerCountAdmin(ReadOnlyAdmin):
    list_display = ("id", "operator", "kind", "held_points", "counted_points", "reason", "created_at")
    list_select_related = ("operator",)
    list_filter = ("kind",)


@admin.register(models.HolderChange)
class HolderChangeAdmin(ReadOnlyAdmin):
    list_display = ("id", "distributor", "shop", "values", "actor", "reason", "created_at")
    list_select_related = ("distributor", "shop", "actor")


@admin.register(models.GuessingAlert)
class GuessingAlertAdmin(ReadOnlyAdmin):
    list_display = ("id", "scope", "failures", "hour", "seen_by", "note")
    list_select_related = ("seen_by",)
    list_filter = ("scope",)


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


# Vendors' money -----------------------------------------------------------------------------


@admin.register(models.PayoutDestination)
class PayoutDestinationAdmin(ReadOnlyAdmin):
    list_display = ("id", "vendor_id", "method", "state", "created_by", "created_at")
    list_select_related = ("created_by",)
    list_filter = ("state", "method")


@admin.register(models.Payout)
class PayoutAdmin(ReadOnlyAdmin):
    list_display = ("reference", "vendor_id", "amount_points", "method", "state", "created_at")
    list_filter = ("state", "method")


@admin.register(models.VendorDebt)
class VendorDebtAdmin(ReadOnlyAdmin):
    list_display = ("vendor_id", "owed_points", "level", "since", "grace_until")
    list_filter = ("level",)


@admin.register(models.VendorDebtEvent)
class VendorDebtEventAdmin(ReadOnlyAdmin):
    list_display = ("vendor_id", "level_before", "level", "owed_points", "actor", "created_at")
    list_select_related = ("actor",)


@admin.register(models.VendorPayment)
class VendorPaymentAdmin(ReadOnlyAdmin):
    list_display = ("id", "vendor_id", "amount_points", "state", "proposed_by", "decided_by", "created_at")
    list_select_related = ("proposed_by", "decided_by")
    list_filter = ("state",)


@admin.register(models.SettlementPeriod)
class SettlementPeriodAdmin(ReadOnlyAdmin):
    list_display = ("first_day", "last_day", "last_entry_id", "closed_at")


@admin.register(models.SettlementStatement)
class SettlementStatementAdmin(ReadOnlyAdmin):
    list_display = ("vendor_id", "period", "opening_points", "closing_points", "in_transit_points", "state")
    list_select_related = ("period",)
    list_filter = ("state",)


@admin.register(models.StatementMessage)
class StatementMessageAdmin(ReadOnlyAdmin):
    list_display = ("statement", "side", "author", "created_at")
    list_select_related = ("statement__period", "author")
    list_filter = ("side",)
