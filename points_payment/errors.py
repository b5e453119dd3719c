"""What can go wrong with points. Each error has a stable ``code`` and carries its facts."""

from __future__ import annotations

from datetime import datetime


class PointsError(Exception):
    """Base of everything that ``points_payment`` refuses to do."""

    code = "points_error"


class InvalidAmount(PointsError):
    """An amount is not a whole number of points, or lies outside its limits."""

    code = "invalid_amount"


class InsufficientPoints(PointsError):
    """The wallet holds too little for this."""

    code = "insufficient_points"

    def __init__(self, *, needed_points: int, available_points: int) -> None:
        super().__init__(f"{needed_points} points are needed and {available_points} can be spent.")
        self.needed_points = needed_points
        self.available_points = available_points

    @property
    def short_by(self) -> int:
        return self.needed_points - self.available_points


class IdempotencyConflict(PointsError):
    """The key was used before, for another request."""

    code = "idempotency_conflict"

    def __init__(self, key: str) -> None:
        super().__init__("This key was used for another request.")
        self.key = key


class LedgerConflict(PointsError):
    """The books changed between reading and writing; nothing was written."""

    code = "ledger_conflict"


class UnknownAllocation(PointsError):
    """No allocation has this reference."""

    code = "unknown_allocation"

    def __init__(self, references: list[str]) -> None:
        super().__init__(", ".join(references))
        self.references = references


class NotRefundable(PointsError):
    """More was asked back than is left of an allocation."""

    code = "not_refundable"

    def __init__(self, *, reference: str, asked_points: int, left_points: int) -> None:
        super().__init__(f"{reference}: {asked_points} points asked back, {left_points} left.")
        self.reference = reference
        self.asked_points = asked_points
        self.left_points = left_points


class CardNotRedeemable(PointsError):
    """The one answer for a code that is unknown, used, inactive, frozen, void or expired."""

    code = "card_not_redeemable"


class WrongCheckDigit(PointsError):
    """The code was mistyped; it costs no attempt."""

    code = "wrong_check_digit"


class TooManyAttempts(PointsError):
    """Wait until ``retry_at``."""

    code = "too_many_attempts"

    def __init__(self, retry_at: datetime) -> None:
        super().__init__("Too many attempts.")
        self.retry_at = retry_at


class WrongBatchState(PointsError):
    """A batch of cards cannot go from where it is to where it was sent."""

    code = "wrong_batch_state"

    def __init__(self, *, state: str, wanted: str) -> None:
        super().__init__(f"The batch is {state} and cannot become {wanted}.")
        self.state = state
        self.wanted = wanted


class SamePerson(PointsError):
    """This step needs another person than the one who drafted the batch."""

    code = "same_person"


class OwnWallet(PointsError):
    """Nobody adds points to their own wallet."""

    code = "own_wallet"


class WrongRangeState(PointsError):
    """A consignment of cards cannot go from where it is to where it was sent."""

    code = "wrong_range_state"

    def __init__(self, *, state: str, wanted: str) -> None:
        super().__init__(f"The consignment is {state} and cannot become {wanted}.")
        self.state = state
        self.wanted = wanted


class RangeOutside(PointsError):
    """Numbers lie outside of the batch or the consignment, which has these, or there are none."""

    code = "range_outside"

    def __init__(self, *, first_number: int, last_number: int) -> None:
        super().__init__(f"The cards are those from {first_number} to {last_number}.")
        self.first_number = first_number
        self.last_number = last_number


class RangeOverlaps(PointsError):
    """Some of the cards were sent to somebody before."""

    code = "range_overlaps"

    def __init__(self, *, consignment_id: int) -> None:
        super().__init__(f"Consignment {consignment_id} has some of these cards.")
        self.consignment_id = consignment_id


class CardsNotStocked(PointsError):
    """So many cards of the range are or were active (or none can become active)."""

    code = "cards_not_stocked"

    def __init__(self, *, cards: int) -> None:
        super().__init__(f"{cards} cards are not in stock.")
        self.cards = cards


class HolderInactive(PointsError):
    """The distributor or shop gets no new cards."""

    code = "holder_inactive"


class PartsLeft(PointsError):
    """Shops still hold parts of the distributor's consignment."""

    code = "parts_left"


class Overpaid(PointsError):
    """A shop pays more than it owes."""

    code = "overpaid"

    def __init__(self, *, owed_points: int) -> None:
        super().__init__(f"The shop owes {owed_points} points.")
        self.owed_points = owed_points


class CardNotFreezable(PointsError):
    """Only an active card can be frozen, and only one that was frozen by itself can be let go."""

    code = "card_not_freezable"


class CardNotReplaceable(PointsError):
    """The card was redeemed, is void or expired, was never active, or is being replaced already."""

    code = "card_not_replaceable"


class WrongLastFour(PointsError):
    """The digits that were read from the damaged card are not those of this card's code."""

    code = "wrong_last_four"


class NotReversible(PointsError):
    """This transfer cannot be reversed, or was already."""

    code = "not_reversible"

    def __init__(self, transfer_id: int) -> None:
        super().__init__(f"Transfer {transfer_id} cannot be reversed.")
        self.transfer_id = transfer_id


class WrongAdjustmentState(PointsError):
    """The adjustment was decided or withdrawn before."""

    code = "wrong_adjustment_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"The adjustment is {state}.")
        self.state = state


class ReasonMissing(PointsError):
    """What is done here needs a reason, for who reads of it later."""

    code = "reason_missing"


class AlertClosed(PointsError):
    """Somebody resolved the alert before."""

    code = "alert_closed"

    def __init__(self, alert_id: int) -> None:
        super().__init__(f"Alert {alert_id} is resolved.")
        self.alert_id = alert_id


class BooksNotProved(PointsError):
    """No whole proof was clean since the last one that failed."""

    code = "books_not_proved"
