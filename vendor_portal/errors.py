"""What may not be done with vendors and their people; see also ``marketplace.roles.errors``."""

from __future__ import annotations

from django.utils.translation import gettext as _, ngettext

from marketplace.refusals import Refusal


class VendorError(Refusal, is_family=True):
    code = "vendor"


class IllegalDecision(VendorError):
    """The vendor is not in a state from which this decision leads anywhere; someone may have been faster."""

    code = "illegal_decision"

    def __init__(self, *, status: str) -> None:
        super().__init__(status)
        self.status = status

    @property
    def message(self) -> str:
        return _("This vendor's state has changed meanwhile. Look at it again.")


class OwnVendor(VendorError):
    """Nobody decides about a vendor for which they work."""

    code = "own_vendor"

    @property
    def message(self) -> str:
        return _("You work for this vendor, so someone else has to decide.")


class ReasonMissing(VendorError):
    code = "reason_missing"

    @property
    def message(self) -> str:
        return _("Write the reason: the vendor reads it.")


class ApplicationWaiting(VendorError):
    """One person has one application waiting at a time."""

    code = "application_waiting"

    @property
    def message(self) -> str:
        return _("Your application is waiting for approval already.")


class ShopNameTaken(VendorError):
    code = "shop_name_taken"

    @property
    def message(self) -> str:
        return _("Another shop has this name.")


class InvitationNotYours(VendorError):
    """The person has not proved that the invited phone or e-mail is theirs."""

    code = "invitation_not_yours"

    @property
    def message(self) -> str:
        return _("Sign in with the phone number or e-mail that was invited, and verify it.")


class InvitationOver(VendorError):
    """Expired, accepted, declined or withdrawn, or the inviter may not give that role any more."""

    code = "invitation_over"

    @property
    def message(self) -> str:
        return _("This invitation is no longer valid. Ask for a new one.")


class AlreadyMember(VendorError):
    code = "already_member"

    @property
    def message(self) -> str:
        return _("This person has that role here already.")


class StockBelowOrdered(VendorError):
    """Pieces that customers have ordered cannot be taken out of stock."""

    code = "stock_below_ordered"

    def __init__(self, *, ordered: int) -> None:
        super().__init__(ordered)
        self.ordered = ordered

    @property
    def message(self) -> str:
        return ngettext(
            "%(number)s piece is ordered and waits to be shipped: the stock cannot be less.",
            "%(number)s pieces are ordered and wait to be shipped: the stock cannot be less.",
            self.ordered,
        ) % {"number": self.ordered}


class StockChanged(VendorError):
    """Somebody else, or a shipment, changed the stock since the page was opened."""

    code = "stock_changed"

    def __init__(self, *, now: int) -> None:
        super().__init__(now)
        self.now = now

    @property
    def message(self) -> str:
        return _("The stock has changed to %(number)s since you opened this page. Look at it again.") % {
            "number": self.now
        }


class OfferExists(VendorError):
    code = "offer_exists"

    @property
    def message(self) -> str:
        return _("You offer this product already.")


class SkuTaken(VendorError):
    code = "sku_taken"

    @property
    def message(self) -> str:
        return _("Another of your offers has this SKU.")


class NotDelivered(VendorError):
    """The vendor has no rate for that governorate."""

    code = "not_delivered"

    @property
    def message(self) -> str:
        return _("You don't deliver to one of these governorates any more. Look at your rates again.")
