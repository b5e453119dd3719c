"""What happened to an offer since the customer put it into the basket, told line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _, ngettext

from forked_apps.partner.offers import available_pieces, is_on_sale
from marketplace.formats import format_date

if TYPE_CHECKING:
    from forked_apps.basket.models import Line


class ChangeKind(StrEnum):
    PRICE_HIGHER = "price_higher"
    PRICE_LOWER = "price_lower"
    FEWER_PIECES = "fewer_pieces"
    SOLD_OUT = "sold_out"
    #: Kept for customers who are just checking out; some of it may be free again soon.
    HELD = "held"
    ON_HOLIDAY = "on_holiday"
    WITHDRAWN = "withdrawn"
    #: The order as a whole: a shipping charge or a discount is another than the one shown.
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class LineChange:
    """``old`` and ``new`` are points for a price or total, pieces for stock."""

    kind: ChangeKind
    line_id: int | None
    title: str
    old: int
    new: int
    #: The last day of the vendor's holiday, and what it says to customers about it.
    until: date | None = None
    note: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing of it can be bought now."""
        return self.kind in UNAVAILABLE

    @property
    def is_about_points(self) -> bool:
        return self.kind in {ChangeKind.PRICE_HIGHER, ChangeKind.PRICE_LOWER, ChangeKind.TOTAL}

    @property
    def message(self) -> str:
        facts = {"title": self.title, "old": f"{self.old:,}", "new": f"{self.new:,}"}
        match self.kind:
            case ChangeKind.PRICE_HIGHER:
                return _("The price of “%(title)s” rose from %(old)s to %(new)s points.") % facts
            case ChangeKind.PRICE_LOWER:
                return _("The price of “%(title)s” fell from %(old)s to %(new)s points.") % facts
            case ChangeKind.FEWER_PIECES:
                return (
                    ngettext(
                        "Only %(new)s piece of “%(title)s” is left; you wanted %(old)s.",
                        "Only %(new)s pieces of “%(title)s” are left; you wanted %(old)s.",
                        self.new,
                    )
                    % facts
                )
            case ChangeKind.SOLD_OUT:
                return _("“%(title)s” is sold out.") % facts
            case ChangeKind.HELD:
                return (
                    _("Others are just buying the last of “%(title)s”. It may be free again in some minutes.")
                    % facts
                )
            case ChangeKind.ON_HOLIDAY:
                until = format_date(self.until) if self.until else ""
                return _("The vendor of “%(title)s” is on holiday until %(until)s.") % {
                    **facts,
                    "until": until,
                }
            case ChangeKind.WITHDRAWN:
                return _("“%(title)s” is no longer offered by this vendor.") % facts
            case ChangeKind.TOTAL:
                return _("The total changed from %(old)s to %(new)s points.") % facts


UNAVAILABLE = frozenset({ChangeKind.SOLD_OUT, ChangeKind.HELD, ChangeKind.ON_HOLIDAY, ChangeKind.WITHDRAWN})


def change_of(line: Line) -> LineChange | None:
    """The most serious change of a line, or None; the line must know its offer and vendor."""
    offer, title = line.stockrecord, line.product.get_title()
    available = line.available_pieces
    if not is_on_sale(offer):
        return _off_sale(line, title)
    if available == 0:
        kind = ChangeKind.HELD if available_pieces(offer) else ChangeKind.SOLD_OUT
        return LineChange(kind, line.pk, title, line.quantity, 0)
    if available < line.quantity:
        return LineChange(ChangeKind.FEWER_PIECES, line.pk, title, line.quantity, available)
    seen, now = line.seen_price_points, offer.price_points
    if seen is None or seen == now:
        return None
    kind = ChangeKind.PRICE_HIGHER if now > seen else ChangeKind.PRICE_LOWER
    return LineChange(kind, line.pk, title, seen, now)


def _off_sale(line: Line, title: str) -> LineChange:
    vendor = line.stockrecord.partner
    if line.stockrecord.is_active and vendor.is_selling and vendor.is_on_holiday:
        return LineChange(
            ChangeKind.ON_HOLIDAY,
            line.pk,
            title,
            line.quantity,
            0,
            until=vendor.holiday_until,
            note=vendor.holiday_message,
        )
    return LineChange(ChangeKind.WITHDRAWN, line.pk, title, line.quantity, 0)
