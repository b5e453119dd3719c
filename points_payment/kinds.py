"""Kinds of accounts and transfers: the vocabulary of the ledger.

A positive balance is what the platform owes to the account's owner, a negative one what it is owed.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountKind(models.TextChoices):
    """Owner ids are plain numbers: of a customer, vendor, shop, batch, operator; 0 is the platform."""

    CUSTOMER_PAID = "customer_paid", _("Wallet, paid points")
    CUSTOMER_PROMOTIONAL = "customer_promotional", _("Wallet, promotional points")
    VENDOR_ESCROW = "vendor_escrow", _("Held for a vendor")
    VENDOR_PAYABLE = "vendor_payable", _("Payable to a vendor")
    VENDOR_RECEIVABLE = "vendor_receivable", _("Owed by a vendor")
    SHOP = "shop", _("Owed by a shop that sells cards")
    COLLECTIONS = "collections", _("Cash collected from shops")
    BATCH = "batch", _("Cards in circulation")
    OPERATOR = "operator", _("Cash taken by an operator")
    CASH = "cash", _("Cash of the platform")
    COMMISSION = "commission", _("Commission")
    PROMOTIONS = "promotions", _("Promotions")
    PAYOUTS = "payouts", _("Payouts")
    BREAKAGE = "breakage", _("Expired points and cards")
    ADJUSTMENTS = "adjustments", _("Adjustments")


#: Customers' accounts: their balances stand in ``Wallet``, their credits in lots.
WALLET_KINDS = (AccountKind.CUSTOMER_PAID, AccountKind.CUSTOMER_PROMOTIONAL)


#: What can be corrected by hand: paid points of a customer, and what a vendor can be paid.
ADJUSTABLE_KINDS = (AccountKind.CUSTOMER_PAID, AccountKind.VENDOR_PAYABLE)


class TransferKind(models.TextChoices):
    CARD_ACTIVATION = "card_activation", _("Cards activated")
    CARD_VOID = "card_void", _("Cards voided")
    CARD_RETURN = "card_return", _("Cards returned by a shop")
    CARD_REPLACEMENT = "card_replacement", _("Card replaced")
    SHOP_PAYMENT = "shop_payment", _("Payment of a shop")
    CARD_REDEMPTION = "card_redemption", _("Card redeemed")
    CARD_EXPIRY = "card_expiry", _("Cards expired")
    TOP_UP = "top_up", _("Top-up")
    TOP_UP_REVERSAL = "top_up_reversal", _("Top-up reversed")
    CASH_HANDED_IN = "cash_handed_in", _("Cash handed in")
    PURCHASE = "purchase", _("Purchase")
    RELEASE = "release", _("Released to the vendor")
    CANCELLATION = "cancellation", _("Cancellation")
    RETURN = "return", _("Return")
    VOUCHER = "voucher", _("Voucher")
    REFERRAL = "referral", _("Referral")
    GOODWILL = "goodwill", _("Goodwill")
    POINTS_EXPIRY = "points_expiry", _("Promotional points expired")
    PAYOUT = "payout", _("Payout")
    PAYOUT_RETURNED = "payout_returned", _("Payout returned")
    ADJUSTMENT = "adjustment", _("Adjustment")
    VENDOR_PAYMENT = "vendor_payment", _("Paid in by a vendor")


class CardState(models.TextChoices):
    """Of one card. It is redeemable only while card and batch are active."""

    STOCKED = "stocked", _("Not active yet")
    ACTIVE = "active", _("Active")
    REDEEMED = "redeemed", _("Redeemed")
    FROZEN = "frozen", _("Frozen")
    VOID = "void", _("Void")
    EXPIRED = "expired", _("Expired")


class BatchState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    #: The codes exist, in a file that waits for a second person.
    GENERATED = "generated", _("Codes made")
    EXPORTED = "exported", _("Codes downloaded")
    RECEIVED = "received", _("Received from the printer")
    STOCKED = "stocked", _("In stock")
    ACTIVE = "active", _("Active")
    FROZEN = "frozen", _("Frozen")
    VOID = "void", _("Void")
    EXPIRED = "expired", _("Expired")


class CodeAlphabet(models.TextChoices):
    """What the codes of a batch are made of."""

    DIGITS = "digits", _("Digits")
    #: Crockford's base 32: no I, L, O and U.
    CROCKFORD = "crockford", _("Letters and digits")


class ExportKind(models.TextChoices):
    """What the printer gets."""

    LIST = "list", _("List of codes (CSV)")
    SHEETS = "sheets", _("Sheets of cards to cut (PDF)")


class ProductionState(models.TextChoices):
    """Of the making of a batch's codes and of the file with them."""

    WAITING = "waiting", _("Waiting to begin")
    RUNNING = "running", _("Under way")
    READY = "ready", _("Waiting for release")
    RELEASED = "released", _("Released")
    FAILED = "failed", _("Failed")
    DISCARDED = "discarded", _("Discarded")


class EventScope(models.TextChoices):
    """What an event of a batch is about."""

    BATCH = "batch", _("The whole batch")
    RANGE = "range", _("A range of its cards")
    CARD = "card", _("One card")


class ConsignmentState(models.TextChoices):
    """Of a range of cards that was sent to a distributor or a shop."""

    SENT = "sent", _("On its way")
    ACTIVE = "active", _("Active")
    FROZEN = "frozen", _("Frozen")
    RETURNED = "returned", _("Returned")
    #: Parts of it went different ways; each part is a consignment of its own.
    SPLIT = "split", _("Split into parts")
    VOID = "void", _("Void")
    EXPIRED = "expired", _("Expired")


class ReplacementState(models.TextChoices):
    REQUESTED = "requested", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class AttemptOutcome(models.TextChoices):
    PENDING = "pending", _("Not finished")
    REDEEMED = "redeemed", _("Redeemed")
    REFUSED = "refused", _("Refused")


class CounterScope(models.TextChoices):
    """Whom a limit on wrong card codes counts; always locked in this order."""

    ACCOUNT = "account", _("Account")
    DEVICE = "device", _("Device")
    ADDRESS = "address", _("Network address")
    GLOBAL = "global", _("Everyone")


class AdjustmentState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    DONE = "done", _("Carried out")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class VoucherEventKind(models.TextChoices):
    CREATED = "created", _("Campaign made")
    CODES_MADE = "codes_made", _("Codes made")
    DOWNLOADED = "downloaded", _("Codes downloaded")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")


class CampaignState(models.TextChoices):
    """Of vouchers, as a customer meets it; computed, never stored."""

    WAITING = "waiting", _("Not begun yet")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    USED_UP = "used_up", _("Used up")
    OVER = "over", _("Ended")


# The top-up desk ----------------------------------------------------------------------------


class OperatorLimit(models.TextChoices):
    """What bounds an operator of the top-up desk; the values are fields of ``TopUpOperator``."""

    MOVEMENT = "movement_points", _("One top-up")
    DAY = "day_points", _("One day")
    CUSTOMER_DAY = "customer_day_points", _("One customer in a day")
    FLOAT = "float_points", _("Cash held at once")


class VerificationMethod(models.TextChoices):
    """How an operator knows that the caller is the customer."""

    CODE = "code", _("Code sent to the phone")
    ANSWERS = "answers", _("Answers to questions")


class PaymentMethod(models.TextChoices):
    """How a customer who asks for points will pay for them."""

    SHOP = "shop", _("Cash at a shop or an agent")
    COURIER = "courier", _("Cash to a courier")
    WALLET = "wallet", _("Mobile wallet")
    BANK = "bank", _("Bank transfer")
    OTHER = "other", _("Another way")


class RequestState(models.TextChoices):
    """Of a customer's wish for points."""

    WAITING = "waiting", _("Waiting for an operator")
    TAKEN = "taken", _("An operator looks after it")
    FULFILLED = "fulfilled", _("Points added")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ProposalState(models.TextChoices):
    """Of what one person asks for and another one decides."""

    WAITING = "waiting", _("Waiting for approval")
    DONE = "done", _("Carried out")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class CountKind(models.TextChoices):
    """When an operator counts their drawer."""

    OPENING = "opening", _("Start of the shift")
    CLOSING = "closing", _("End of the shift")


#: Accounts that show the cash which a person holds for the platform.
CASH_KINDS = (AccountKind.OPERATOR, AccountKind.COLLECTIONS)


class ProofScope(models.TextChoices):
    WHOLE = "whole", _("All books")
    SINCE = "since", _("Since the last checkpoint")


class ProofSource(models.TextChoices):
    """Who asked for a proof."""

    BEAT = "beat", _("The calendar")
    COMMAND = "command", _("A command")
    PAGE = "page", _("A person")


class ProofState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    CLEAN = "clean", _("Proved")
    FAILED = "failed", _("Not proved")


# Settlement with vendors --------------------------------------------------------------------


class DestinationState(models.TextChoices):
    """Of a place to which a vendor wants to be paid."""

    WAITING = "waiting", _("Waits for a second look")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    RETIRED = "retired", _("Not used any more")


#: Of destinations that a payout may name.
LIVE_DESTINATIONS = (DestinationState.WAITING, DestinationState.CONFIRMED)


class PayoutState(models.TextChoices):
    REQUESTED = "requested", _("Payout asked for")
    #: One person has said that it is to be paid; its points are kept for it.
    ORDERED = "ordered", _("On its way")
    PAID = "paid", _("Paid")
    REJECTED = "rejected", _("Not paid")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RETURNED = "returned", _("Came back")


class StatementState(models.TextChoices):
    """Of a vendor's statement of a closed month."""

    ISSUED = "issued", _("Waits for an answer")
    ACCEPTED = "accepted", _("Accepted")
    QUESTIONED = "questioned", _("Questioned")
    RESOLVED = "resolved", _("Resolved")


class StatementSide(models.TextChoices):
    """Who writes about a statement."""

    VENDOR = "vendor", _("Seller")
    MARKETPLACE = "marketplace", _("Marketplace")


class DebtLevel(models.TextChoices):
    """What follows from what a vendor owes after refunds; see ``services.debts``."""

    CLEAR = "clear", _("Owes nothing")
    OWES = "owes", _("Owes points")
    #: No payouts, and the longest reserve.
    HELD = "held", _("No payouts")
    #: Its offers are not sold either.
    STOPPED = "stopped", _("Sales stopped")
