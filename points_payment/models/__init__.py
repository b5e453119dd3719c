"""The books. Everyone else reads and writes them through services and selectors."""

from points_payment.models.adjustments import Adjustment, ExpiryNotice
from points_payment.models.cards import AttemptCounter, Batch, BatchEvent, Card, RedemptionAttempt
from points_payment.models.desk import (
    CallerVerification,
    CashHandIn,
    DrawerCount,
    LimitChange,
    TopUpOperator,
    TopUpProposal,
    TopUpRequest,
)
from points_payment.models.escrow import Allocation, AllocationMove
from points_payment.models.holders import GuessingAlert, HolderChange
from points_payment.models.ledger import Account, Entry, IdempotencyKey, Seal, Transfer
from points_payment.models.production import CardProduction, Printer
from points_payment.models.proofs import Checkpoint, LedgerAlert, ProofFinding, ProofRun
from points_payment.models.settlement import (
    Payout,
    PayoutDestination,
    SettlementPeriod,
    SettlementStatement,
    StatementMessage,
    VendorDebt,
    VendorDebtEvent,
    VendorPayment,
)
from points_payment.models.supply import CardReplacement, Consignment, ConsignmentEvent, Distributor, Shop
from points_payment.models.vouchers import Voucher, VoucherCampaign, VoucherEvent, VoucherRedemption
from points_payment.models.wallets import Lot, LotUse, TopUp, VendorBalance, Wallet

__all__ = [
    "Account",
    "Adjustment",
    "Allocation",
    "AllocationMove",
    "AttemptCounter",
    "Batch",
    "BatchEvent",
    "CallerVerification",
    "Card",
    "CardProduction",
    "CardReplacement",
    "CashHandIn",
    "Checkpoint",
    "Consignment",
    "ConsignmentEvent",
    "Distributor",
    "DrawerCount",
    "Entry",
    "ExpiryNotice",
    "GuessingAlert",
    "HolderChange",
    "IdempotencyKey",
    "LedgerAlert",
    "LimitChange",
    "Lot",
    "LotUse",
    "Payout",
    "PayoutDestination",
    "Printer",
    "ProofFinding",
    "ProofRun",
    "RedemptionAttempt",
    "Seal",
    "SettlementPeriod",
    "SettlementStatement",
    "Shop",
    "StatementMessage",
    "TopUp",
    "TopUpOperator",
    "TopUpProposal",
    "TopUpRequest",
    "Transfer",
    "VendorBalance",
    "VendorDebt",
    "VendorDebtEvent",
    "VendorPayment",
    "Voucher",
    "VoucherCampaign",
    "VoucherEvent",
    "VoucherRedemption",
    "Wallet",
]
