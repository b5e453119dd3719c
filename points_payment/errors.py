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
    """Nobody adds points to their own wallet, or corrects it."""

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


class VoucherNotRedeemable(PointsError):
    """The one answer for a voucher that is unknown, or whose reason is nobody's to know."""

    code = "voucher_not_redeemable"
    #: Whether the code exists for everybody to know, so that typing it was no guess.
    is_public = False


class VoucherNotBegun(VoucherNotRedeemable):
    """The campaign of this shared code begins later."""

    code = "voucher_not_begun"
    is_public = True

    def __init__(self, *, starts_at: datetime) -> None:
        super().__init__(f"The campaign begins {starts_at}.")
        self.starts_at = starts_at


class VoucherOver(VoucherNotRedeemable):
    """The campaign of this shared code has ended."""

    code = "voucher_over"
    is_public = True


class VoucherPaused(VoucherNotRedeemable):
    """The campaign of this shared code is paused."""

    code = "voucher_paused"
    is_public = True


class VoucherUsedUp(VoucherNotRedeemable):
    """Others have redeemed all that the campaign of this shared code gives."""

    code = "voucher_used_up"
    is_public = True


class VoucherUsed(VoucherNotRedeemable):
    """This customer redeemed the code, as often as one may."""

    code = "voucher_used"
    is_public = True


class WrongVoucherCode(PointsError):
    """A campaign cannot advertise this code: 4 to 11 Latin letters and digits, not digits alone."""

    code = "wrong_voucher_code"


class VoucherCodeTaken(PointsError):
    """Another campaign has this code."""

    code = "voucher_code_taken"


class SharedCode(PointsError):
    """The campaign has one code for everybody, and gets no others."""

    code = "shared_code"


class WrongCampaignState(PointsError):
    """The campaign is paused or resumed already."""

    code = "wrong_campaign_state"


# The top-up desk ----------------------------------------------------------------------------


class OverLimit(PointsError):
    """An operator's limit (a value of ``OperatorLimit``) leaves less than this."""

    code = "over_limit"

    def __init__(self, *, limit: str, limit_points: int, left_points: int) -> None:
        super().__init__(f"{limit}: {left_points} of {limit_points} points are left.")
        self.limit = limit
        self.limit_points = limit_points
        self.left_points = left_points


class CallerNotVerified(PointsError):
    """This operator has not verified this customer, or too long ago, or used it for another top-up."""

    code = "caller_not_verified"


class PhoneNotProven(PointsError):
    """The customer has no phone that was proven, so no code can be sent to it."""

    code = "phone_not_proven"


class WrongCallerCode(PointsError):
    """The code is not the one that was sent."""

    code = "wrong_caller_code"

    def __init__(self, *, tries_left: int) -> None:
        super().__init__(f"The code is wrong; {tries_left} tries are left.")
        self.tries_left = tries_left


class CallerCodeExpired(PointsError):
    """No code waits for an answer: none was sent, it is too old, or it was tried too often."""

    code = "caller_code_expired"


class WrongCallerAnswers(PointsError):
    """Too few of the answers are right; which ones, nobody is told."""

    code = "wrong_caller_answers"


class RequestOpen(PointsError):
    """The customer has a request that nobody decided yet."""

    code = "request_open"


class WrongRequestState(PointsError):
    """A request for points was decided, withdrawn or taken by somebody else."""

    code = "wrong_request_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"The request is {state}.")
        self.state = state


class WrongProposalState(PointsError):
    """What waited for a second person was decided or withdrawn before."""

    code = "wrong_proposal_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"It is {state}.")
        self.state = state


class MoreThanHeld(PointsError):
    """Somebody hands in more cash than they hold by the books."""

    code = "more_than_held"

    def __init__(self, *, held_points: int) -> None:
        super().__init__(f"{held_points} points are held.")
        self.held_points = held_points


class TooLateToReverse(PointsError):
    """The time in which this person may reverse the top-up is over."""

    code = "too_late_to_reverse"


class NothingLeftToReverse(PointsError):
    """The customer has spent all points of the top-up."""

    code = "nothing_left_to_reverse"


class WrongShift(PointsError):
    """A shift is opened while one is open, or closed while none is."""

    code = "wrong_shift"


class DifferenceUnexplained(PointsError):
    """The counted cash differs from the books, and no reason was given."""

    code = "difference_unexplained"

    def __init__(self, *, difference_points: int) -> None:
        super().__init__(f"{difference_points} points of difference.")
        self.difference_points = difference_points


class HolderExists(PointsError):
    """A distributor of this name, or a shop of this name at this address, exists already."""

    code = "holder_exists"


class AlertSeen(PointsError):
    """Someone has looked at this alert before."""

    code = "alert_seen"


# The making of cards ---------------------------------------------------------------------


class UnknownCodeFormat(PointsError):
    """Codes of such a length or alphabet are not made."""

    code = "unknown_code_format"


class NotAPublicKey(PointsError):
    """The text is no public key of age."""

    code = "not_a_public_key"


class PrinterNotUsable(PointsError):
    """The printer's key was not confirmed by a second person, or is retired."""

    code = "printer_not_usable"


class PrinterExists(PointsError):
    """A printer of this name or with this key is there already."""

    code = "printer_exists"


class PrinterNeeded(PointsError):
    """So large a batch, or any in this shop, is made for a printer's key alone."""

    code = "printer_needed"


class TooManyCards(PointsError):
    """Sheets are for small batches."""

    code = "too_many_cards"

    def __init__(self, *, most_cards: int) -> None:
        super().__init__(f"Up to {most_cards} cards.")
        self.most_cards = most_cards


class SiteAddressUnknown(PointsError):
    """Nobody said yet where this shop is; a QR on paper would lead elsewhere."""

    code = "site_address_unknown"


class InterruptedTooOften(PointsError):
    """Worker after worker was killed while it made a batch's codes."""

    code = "interrupted_too_often"


class ExportDamaged(PointsError):
    """The file with the codes is gone, or is not the one that was made."""

    code = "export_damaged"


class CardKeyMissing(PointsError):
    """Cards are stored under a key that this process does not have."""

    code = "card_key_missing"

    def __init__(self, versions: list[int]) -> None:
        super().__init__(f"CARD_KEYS lacks version {', '.join(map(str, versions))}.")
        self.versions = versions


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


# Settlement with vendors -----------------------------------------------------------------


class OwnVendor(PointsError):
    """Nobody decides about the money of a vendor for which they work."""

    code = "own_vendor"


class InvalidDestination(PointsError):
    """A place to be paid to is not written as its kind wants it; ``field`` says where."""

    code = "invalid_destination"

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class DestinationExists(PointsError):
    """The vendor has this destination already."""

    code = "destination_exists"


class TooManyDestinations(PointsError):
    """The vendor has as many destinations as one may have."""

    code = "too_many_destinations"


class WrongDestinationState(PointsError):
    """A destination was decided about, or is not used any more."""

    code = "wrong_destination_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"The destination is {state}.")
        self.state = state


class DestinationHeld(PointsError):
    """Nothing is paid to a destination before somebody had a second look, nor in its first day."""

    code = "destination_held"

    def __init__(self, *, usable_from: datetime) -> None:
        super().__init__(f"Not before a second look and {usable_from}.")
        self.usable_from = usable_from


class WrongPayoutState(PointsError):
    """A payout cannot go from where it is to where it was sent."""

    code = "wrong_payout_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"The payout is {state}.")
        self.state = state


class RequestWaiting(PointsError):
    """The vendor has asked for a payout that nobody has decided yet."""

    code = "request_waiting"


class WrongStatementState(PointsError):
    """A statement was accepted or resolved, or the time to question it is over."""

    code = "wrong_statement_state"

    def __init__(self, state: str) -> None:
        super().__init__(f"The statement is {state}.")
        self.state = state


class OwesNothing(PointsError):
    """There is no debt of this vendor to give time for."""

    code = "owes_nothing"


class TooLong(PointsError):
    """More days than may be given."""

    code = "too_long"
