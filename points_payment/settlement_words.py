"""What people are told when something about a vendor's money is refused."""

from __future__ import annotations

from django.utils.translation import gettext as _

from marketplace.formats import format_datetime
from points_payment import errors
from points_payment.text import points_text


def explain_settlement(error: errors.PointsError) -> str:  # noqa: C901 - one answer for each refusal
    match error:
        case errors.InsufficientPoints():
            return _("Only %(points)s can be paid out now.") % {"points": points_text(error.available_points)}
        case errors.RequestWaiting():
            return _("You have asked for a payout that waits for an answer. Withdraw it first.")
        case errors.DestinationHeld():
            return _(
                "Nothing is paid there before somebody had a second look at it, and not before %(time)s."
            ) % {"time": format_datetime(error.usable_from)}
        case errors.WrongDestinationState():
            return _("This destination was decided about or taken away meanwhile.")
        case errors.DestinationExists():
            return _("You have this destination already.")
        case errors.TooManyDestinations():
            return _("You have as many destinations as one may have. Take one away first.")
        case errors.WrongPayoutState():
            return _("Somebody has decided about this payout meanwhile. Look at it again.")
        case errors.WrongStatementState():
            return _("This statement can no longer be questioned or answered.")
        case errors.WrongProposalState():
            return _("This was decided or withdrawn before.")
        case errors.SamePerson():
            return _("Somebody else has to do this: it takes two persons.")
        case errors.OwnVendor():
            return _("You work for this vendor, so someone else has to decide.")
        case errors.Overpaid():
            return _("The vendor owes %(points)s, less what waits to be counted.") % {
                "points": points_text(error.owed_points)
            }
        case errors.OwesNothing():
            return _("This vendor owes nothing.")
        case errors.IdempotencyConflict():
            return _("This page was used already. Start again.")
    return _("This is not possible.")


def explain_destination(error: errors.InvalidDestination) -> str:
    """Beside the field that is named."""
    if error.field == "provider":
        return _("Write which bank or operator it is.")
    if error.field == "number":
        return _("This number cannot be right. Look at it again.")
    return _("Write the name of the holder.")
