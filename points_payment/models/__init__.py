"""The books. Everyone else reads and writes them through services and selectors."""

from points_payment.models.adjustments import Adjustment, ExpiryNotice
from points_payment.models.cards import AttemptCounter, Batch, BatchEvent, Card, RedemptionAttempt
from points_payment.models.escrow import Allocation, AllocationMove
from points_payment.models.ledger import Account, Entry, IdempotencyKey, Seal, Transfer
from points_payment.models.proofs import Checkpoint, LedgerAlert, ProofFinding, ProofRun
from points_payment.models.supply import CardReplacement, Consignment, ConsignmentEvent, Distributor, Shop
from points_payment.models.wallets import Lot, LotUse, TopUp, VendorBalance, Wallet

__all__ = [
    "Account",
    "Adjustment",
    "Allocation",
    "AllocationMove",
    "AttemptCounter",
    "Batch",
    "BatchEvent",
    "Card",
    "CardReplacement",
    "Checkpoint",
    "Consignment",
    "ConsignmentEvent",
    "Distributor",
    "Entry",
    "ExpiryNotice",
    "IdempotencyKey",
    "LedgerAlert",
    "Lot",
    "LotUse",
    "ProofFinding",
    "ProofRun",
    "RedemptionAttempt",
    "Seal",
    "Shop",
    "TopUp",
    "Transfer",
    "VendorBalance",
    "Wallet",
]
