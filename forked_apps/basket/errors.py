"""Why a basket refuses a change; each carries facts and a stable code."""

from __future__ import annotations

from django.utils.translation import gettext as _, ngettext

from marketplace.refusals import Refusal


class BasketError(Refusal, is_family=True):
    code = "basket_error"


class OfferNotAvailable(BasketError):
    """The offer is another product's, off sale, or its vendor does not sell now."""

    code = "offer_not_available"

    @property
    def message(self) -> str:
        return _("This offer is not available any more.")


class NotEnoughPieces(BasketError):
    code = "not_enough_pieces"

    def __init__(self, *, available: int, in_basket: int = 0, held: int = 0) -> None:
        super().__init__(available, in_basket, held)
        self.available, self.in_basket = available, in_basket
        #: Kept for others, who may let them go.
        self.held = held

    @property
    def message(self) -> str:
        if self.available <= 0 and self.held:
            return _("Others are just buying the last pieces. They may be free again in some minutes.")
        if self.available <= 0:
            return _("This offer is sold out.")
        if self.in_basket:
            return _("Only %(available)d can be bought, and your basket already holds %(in_basket)d.") % {
                "available": self.available,
                "in_basket": self.in_basket,
            }
        return ngettext(
            "Only %(available)d piece can be bought.",
            "Only %(available)d pieces can be bought.",
            self.available,
        ) % {"available": self.available}


class TooManyPieces(BasketError):
    """More pieces than one basket may hold in all."""

    code = "too_many_pieces"

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    @property
    def message(self) -> str:
        return ngettext(
            "A basket holds %(limit)d piece at most.", "A basket holds %(limit)d pieces at most.", self.limit
        ) % {"limit": self.limit}


class BadQuantity(BasketError):
    code = "bad_quantity"

    @property
    def message(self) -> str:
        return _("Enter a whole number of pieces, 1 or more.")


class BasketClosed(BasketError):
    """The basket was ordered meanwhile, in another tab perhaps."""

    code = "basket_closed"

    @property
    def message(self) -> str:
        return _("This basket was ordered already.")


class NoSuchLine(BasketError):
    code = "no_such_line"

    @property
    def message(self) -> str:
        return _("This product is not in your basket any more.")
