"""What happened to an offer since the customer put it into the basket, told line by line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _, ngettext

from forked_apps.partner.offers import available_pieces, is_on_sale

if TYPE_CHECKING:
    from forked_apps.basket.models import Line


class ChangeKind(StrEnum):
    PRICE_HIGHER = "price_higher"
    PRICE_LOWER = "price_lower"
    FEWER_PIECES = "fewer_pieces"
    SOLD_OUT = "sold_out"
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
            case ChangeKind.WITHDRAWN:
                return _("“%(title)s” is no longer offered by this vendor.") % facts
            case ChangeKind.TOTAL:
                return _("The total changed from %(old)s to %(new)s points.") % facts


def change_of(line: Line) -> LineChange | None:
    """The most serious change of a line, or None; the line must know its offer and vendor."""
    offer, title = line.stockrecord, line.product.get_title()
    available = available_pieces(offer)
    if not is_on_sale(offer):
        return LineChange(ChangeKind.WITHDRAWN, line.pk, title, line.quantity, 0)
    if available == 0:
        return LineChange(ChangeKind.SOLD_OUT, line.pk, title, line.quantity, 0)
    if available < line.quantity:
        return LineChange(ChangeKind.FEWER_PIECES, line.pk, title, line.quantity, available)
    seen, now = line.seen_price_points, offer.price_points
    if seen is None or seen == now:
        return None
    kind = ChangeKind.PRICE_HIGHER if now > seen else ChangeKind.PRICE_LOWER
    return LineChange(kind, line.pk, title, seen, now)
