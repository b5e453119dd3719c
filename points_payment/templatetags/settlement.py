"""Words and tones of payouts and statements: ``{% load settlement %}``."""

from __future__ import annotations

import datetime

from django import template

from marketplace.formats import format_month
from points_payment.kinds import DebtLevel, DestinationState, PayoutState, StatementState
from points_payment.payout_methods import method_label

register = template.Library()

_TONES: dict[str, set[str]] = {
    "warning": {PayoutState.REQUESTED, DestinationState.WAITING, StatementState.ISSUED, DebtLevel.OWES},
    "info": {PayoutState.ORDERED},
    "success": {
        PayoutState.PAID, DestinationState.CONFIRMED, StatementState.ACCEPTED, StatementState.RESOLVED,
        DebtLevel.CLEAR,
    },
    "danger": {
        PayoutState.REJECTED, PayoutState.RETURNED, DestinationState.REFUSED, StatementState.QUESTIONED,
        DebtLevel.HELD, DebtLevel.STOPPED,
    },
}  # fmt: skip
_TONE_OF = {str(state): tone for tone, states in _TONES.items() for state in states}


@register.filter
def settlement_tone(state: str) -> str:
    """Of a badge; the same word has another tone here than on an order."""
    return _TONE_OF.get(state, "neutral")


@register.filter
def payout_method(code: str) -> str:
    """The name of a way to pay."""
    return method_label(code)


@register.filter
def nuqta_month(day: datetime.date) -> str:
    """The month of a day, as it is named in Iraq."""
    return format_month(day)
