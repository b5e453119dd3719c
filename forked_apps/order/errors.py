"""Why an order is not placed, shipped or cancelled; each carries facts and a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _, ngettext

from forked_apps.shipping.weights import weight_text
from marketplace.refusals import Refusal

if TYPE_CHECKING:
    from forked_apps.basket.changes import LineChange
    from forked_apps.order.models import VendorOrderStatus


class OrderError(Refusal, is_family=True):
    code = "order_error"


class EmptyBasket(OrderError):
    """There is nothing to order, or the basket is someone else's."""

    code = "empty_basket"

    @property
    def message(self) -> str:
        return _("Your basket is empty.")


class BasketChanged(OrderError):
    """Prices, stock or charges are not what the customer agreed to; nothing was placed."""

    code = "basket_changed"

    def __init__(self, changes: Sequence[LineChange]) -> None:
        super().__init__(changes)
        self.changes = tuple(changes)

    @property
    def message(self) -> str:
        return _("Something in your basket changed. Look at it again before you order.")


class NotDeliverable(OrderError):
    """Some vendors do not deliver to the address."""

    code = "not_deliverable"

    def __init__(self, *, vendor_names: Sequence[str], governorate: str) -> None:
        super().__init__(vendor_names, governorate)
        self.vendor_names, self.governorate = tuple(vendor_names), governorate

    @property
    def message(self) -> str:
        return ngettext(
            "This vendor does not deliver to %(governorate)s: %(vendors)s.",
            "These vendors do not deliver to %(governorate)s: %(vendors)s.",
            len(self.vendor_names),
        ) % {"governorate": self.governorate, "vendors": _(", ").join(self.vendor_names)}


class TooHeavyToDeliver(OrderError):
    """A vendor delivers to the address, but not so much weight at once."""

    code = "too_heavy"

    def __init__(self, *, vendor_name: str, grams: int, most_grams: int, governorate: str) -> None:
        super().__init__(vendor_name, grams, most_grams, governorate)
        self.vendor_name, self.governorate = vendor_name, governorate
        self.grams, self.most_grams = grams, most_grams

    @property
    def message(self) -> str:
        return _("%(vendor)s brings at most %(most)s to %(governorate)s; these goods weigh %(weight)s.") % {
            "vendor": self.vendor_name,
            "most": weight_text(self.most_grams),
            "weight": weight_text(self.grams),
            "governorate": self.governorate,
        }


class BadIdempotencyKey(OrderError):
    code = "bad_idempotency_key"

    @property
    def message(self) -> str:
        return _("The idempotency key must have 8 to 48 letters, digits, hyphens or underscores.")


class IllegalStep(OrderError):
    """A vendor order cannot go from its status to that one."""

    code = "illegal_step"

    def __init__(self, *, old: VendorOrderStatus, new: VendorOrderStatus) -> None:
        super().__init__(old, new)
        self.old, self.new = old, new

    @property
    def message(self) -> str:
        return _("An order that is “%(old)s” cannot become “%(new)s”.") % {
            "old": self.old.label,
            "new": self.new.label,
        }


class LinesNotShippable(OrderError):
    """A line is another vendor order's, shipped already, or fewer pieces are left to ship."""

    code = "lines_not_shippable"

    def __init__(self, *, line_ids: Sequence[int]) -> None:
        super().__init__(line_ids)
        self.line_ids = tuple(line_ids)

    @property
    def message(self) -> str:
        if not self.line_ids:
            return _("Choose at least one piece to ship.")
        return _("Some of these pieces are not in this order, or have been shipped already.")


class PiecesNotThere(OrderError):
    """A line is another vendor order's, or has fewer such pieces."""

    code = "pieces_not_there"

    def __init__(self, *, line_ids: Sequence[int]) -> None:
        super().__init__(line_ids)
        self.line_ids = tuple(line_ids)

    @property
    def message(self) -> str:
        if not self.line_ids:
            return _("Choose at least one piece.")
        return _("Some of these pieces are not there any more. Look at the order again.")


class NotInvoiceable(OrderError):
    """Some of the vendor order still waits to be sent, or nothing of it ever left."""

    code = "not_invoiceable"

    @property
    def message(self) -> str:
        return _("There is an invoice once everything has been sent.")


class ParcelArrived(OrderError):
    """The parcel is with the buyer already: nobody follows it any more."""

    code = "parcel_arrived"

    @property
    def message(self) -> str:
        return _("This parcel has arrived; its tracking code cannot be changed any more.")


class ParcelNotPrepared(OrderError):
    """There is no such parcel waiting for its courier: it was sent, or taken apart."""

    code = "parcel_not_prepared"

    @property
    def message(self) -> str:
        return _("This parcel was sent or unpacked meanwhile. Look at the order again.")


class WrongHandoverCode(OrderError):
    """The buyer's code is another one; so many tries are left."""

    code = "wrong_handover_code"

    def __init__(self, *, left: int) -> None:
        super().__init__(left)
        self.left = left

    @property
    def message(self) -> str:
        return ngettext(
            "This is not the buyer's code. %(number)s try is left.",
            "This is not the buyer's code. %(number)s tries are left.",
            self.left,
        ) % {"number": self.left}


class HandoverLocked(OrderError):
    """Too many wrong codes were typed for this order."""

    code = "handover_locked"

    @property
    def message(self) -> str:
        return _("Too many wrong codes. Mark the order as delivered without the code.")


class IllegalAllowance(OrderError):
    """The line cost less than that, was given back, or its order is not on its way yet."""

    code = "illegal_allowance"

    def __init__(self, *, left_points: int) -> None:
        super().__init__(left_points)
        self.left_points = left_points

    @property
    def message(self) -> str:
        return _("At most %(points)s points can be given back here.") % {"points": f"{self.left_points:,}"}


class ReturnOpen(OrderError):
    """The buyer wants to send some of it back, and that is not settled yet."""

    code = "return_open"

    @property
    def message(self) -> str:
        return _("A return of this order is not settled yet.")


class NotReturnable(OrderError):
    """These pieces are not with the buyer, or not any more, or too much time has passed."""

    code = "not_returnable"

    @property
    def message(self) -> str:
        return _("These pieces cannot be returned any more.")


class IllegalReturnStep(OrderError):
    """A return cannot go from its state to that one."""

    code = "illegal_return_step"

    def __init__(self, *, old: str, new: str) -> None:
        super().__init__(old, new)
        self.old, self.new = old, new

    @property
    def message(self) -> str:
        return _("The return has changed meanwhile; this is not possible any more.")


class DeductionTooHigh(OrderError):
    """More would be deducted than the accepted pieces cost."""

    code = "deduction_too_high"

    def __init__(self, *, most_points: int) -> None:
        super().__init__(most_points)
        self.most_points = most_points

    @property
    def message(self) -> str:
        return _("At most %(points)s points can be deducted.") % {"points": f"{self.most_points:,}"}
