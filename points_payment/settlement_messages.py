"""Facts of vendors' money for messages about it: ids in, plain values out, never a whole account number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from points_payment.kinds import StatementState
from points_payment.models import (
    Payout,
    PayoutDestination,
    SettlementStatement,
    StatementMessage,
    VendorDebtEvent,
    VendorPayment,
)


@dataclass(frozen=True, slots=True)
class PayoutFacts:
    vendor_id: int
    reference: str
    amount_points: int
    reason: str


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    vendor_id: int
    #: Its code: the name depends on who reads.
    method: str
    masked_number: str
    note: str


@dataclass(frozen=True, slots=True)
class DebtEventFacts:
    vendor_id: int
    level_before: str
    level: str
    owed_points: int


@dataclass(frozen=True, slots=True)
class StatementFacts:
    vendor_id: int
    month: date
    closing_points: int
    is_resolved: bool


def payout_facts(*, payout_id: int) -> PayoutFacts:
    payout = Payout.objects.get(pk=payout_id)
    return PayoutFacts(payout.vendor_id, payout.reference, payout.amount_points, payout.end_reason)


def destination_facts(*, destination_id: int) -> DestinationFacts:
    found = PayoutDestination.objects.get(pk=destination_id)
    return DestinationFacts(found.vendor_id, found.method, found.masked_number, found.decision_note)


def debt_event_facts(*, event_id: int) -> DebtEventFacts:
    event = VendorDebtEvent.objects.get(pk=event_id)
    return DebtEventFacts(event.vendor_id, event.level_before, event.level, event.owed_points)


def payment_facts(*, payment_id: int) -> tuple[int, int]:
    """Whose payment it is, and its points."""
    payment = VendorPayment.objects.get(pk=payment_id)
    return payment.vendor_id, payment.amount_points


def month_of_statement(*, statement_id: int) -> StatementFacts:
    return _facts(SettlementStatement.objects.select_related("period").get(pk=statement_id))


def month_of_message(*, message_id: int) -> StatementFacts:
    message = StatementMessage.objects.select_related("statement__period").get(pk=message_id)
    return _facts(message.statement)


def _facts(statement: SettlementStatement) -> StatementFacts:
    return StatementFacts(
        vendor_id=statement.vendor_id,
        month=statement.period.first_day,
        closing_points=statement.closing_points,
        is_resolved=statement.state == StatementState.RESOLVED,
    )
