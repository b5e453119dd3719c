"""Why a step of a dispute is not taken; each with a stable code."""

from __future__ import annotations

from django.utils.translation import gettext as _

from forked_apps.order.errors import OrderError


class NotDisputable(OrderError):
    """Too early, too late, for another reason than this time allows, or the points are back already."""

    code = "not_disputable"

    @property
    def message(self) -> str:
        return _("A problem with these pieces cannot be reported now.")


class DisputeOpen(OrderError):
    """Something is wrong with some of it, and that is not settled yet."""

    code = "dispute_open"

    @property
    def message(self) -> str:
        return _("A problem with this order is not settled yet.")


class AlreadyDecided(OrderError):
    """The marketplace has decided about these goods before."""

    code = "already_decided"

    @property
    def message(self) -> str:
        return _("This was decided before, and that stands.")


class IllegalDisputeStep(OrderError):
    """A dispute cannot go from its state to that one."""

    code = "illegal_dispute_step"

    def __init__(self, *, old: str, new: str) -> None:
        super().__init__(old, new)
        self.old, self.new = old, new

    @property
    def message(self) -> str:
        return _("This has changed meanwhile; look at it again.")


class TooEarlyToEscalate(OrderError):
    """The vendor still has time to answer."""

    code = "too_early_to_escalate"

    @property
    def message(self) -> str:
        return _("The seller still has time to answer. After that you may ask us.")


class AppealTimeOver(OrderError):
    """The time for an appeal is over."""

    code = "appeal_time_over"

    @property
    def message(self) -> str:
        return _("The time for an appeal is over.")


class OfferChanged(OrderError):
    """The vendor made another offer meanwhile; nothing was accepted."""

    code = "offer_changed"

    @property
    def message(self) -> str:
        return _("The seller has changed the offer. Look at it again.")


class RemedyNotPossible(OrderError):
    """These goods cannot go back: they are not with the buyer."""

    code = "remedy_not_possible"

    @property
    def message(self) -> str:
        return _("The buyer does not have these goods, so they cannot go back.")


class IllegalRemedy(OrderError):
    """More points than are left of a line or of the way, of another line, or none at all."""

    code = "illegal_remedy"

    def __init__(self, *, most_points: int) -> None:
        super().__init__(most_points)
        self.most_points = most_points

    @property
    def message(self) -> str:
        if not self.most_points:
            return _("Write how many points are paid back.")
        return _("At most %(points)s points can be given back here.") % {"points": f"{self.most_points:,}"}


class SamePersonDecides(OrderError):
    """An appeal is decided by somebody else than the first decision."""

    code = "same_person"

    @property
    def message(self) -> str:
        return _("Somebody else has to decide: you decided before.")


class OwnDispute(OrderError):
    """Nobody decides about their own order or their own shop."""

    code = "own_dispute"

    @property
    def message(self) -> str:
        return _("You are part of this yourself, so somebody else decides.")
