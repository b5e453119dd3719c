"""What a page says about an offer's availability, and whether it can be bought."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _, ngettext
from oscar.apps.partner import availability

#: From this number of pieces down the page says how many are left.
FEW_PIECES = 5


class OfferWithdrawn(availability.Unavailable):
    """The vendor does not sell now, or has taken the offer off sale."""

    code = "withdrawn"
    message = _("No longer offered by this vendor")
    num_available = 0

    def is_purchase_permitted(self, quantity: int) -> tuple[bool, str]:
        return False, str(self.message)


class NotOffered(availability.Unavailable):
    """Nobody offers the product."""

    message = _("Not available at the moment")
    num_available = 0

    def is_purchase_permitted(self, quantity: int) -> tuple[bool, str]:
        return False, str(self.message)


class StockRequired(availability.StockRequired):
    """In stock by the piece, with the number left when it is small."""

    @property
    def message(self) -> str:  # type: ignore[override]
        if self.num_available <= 0:
            return str(_("Out of stock"))
        if self.num_available <= FEW_PIECES:
            return ngettext("Only %(number)d left", "Only %(number)d left", self.num_available) % {
                "number": self.num_available
            }
        return str(_("In stock"))

    @property
    def short_message(self) -> str:
        return self.message

    def is_purchase_permitted(self, quantity: int) -> tuple[bool, str]:
        if quantity < 1:
            return False, str(_("Choose at least one piece"))
        if self.num_available <= 0:
            return False, str(_("Out of stock"))
        if quantity > self.num_available:
            return False, ngettext(
                "Only %(number)d piece can be bought",
                "Only %(number)d pieces can be bought",
                self.num_available,
            ) % {"number": self.num_available}
        return True, ""
