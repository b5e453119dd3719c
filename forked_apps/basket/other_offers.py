"""Whether another vendor's offer would serve a line of a basket better: told, and never taken by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import available_pieces, is_on_sale, ranked_rivals
from forked_apps.shipping.offer_charges import charge_points

if TYPE_CHECKING:
    from forked_apps.basket.models import Line
    from forked_apps.shipping.models import ShippingRate


@dataclass(frozen=True, slots=True)
class OtherOffer:
    """The pieces of a line from another vendor."""

    offer_id: int
    vendor_name: str
    unit_points: int
    #: By how much the whole basket would be cheaper with it, delivery included; negative: dearer.
    saving_points: int

    @property
    def dearer_points(self) -> int:
        return max(0, -self.saving_points)


def other_offers(
    *, lines: Sequence[Line], customer_id: int | None, governorate: str
) -> dict[int, OtherOffer]:
    """The offer that each line's customer may rather want, by line, in two queries.

    Where a line can no longer be had as it was agreed to, that is the best other offer; where it can, one
    that wins the buy box over it and makes this basket cheaper, with what all vendors in it ask for delivery.
    """
    if not lines:
        return {}
    ranked, rates = ranked_rivals(
        (line.product_id for line in lines), governorate=governorate, customer_id=customer_id
    )
    goods = _goods_by_vendor(lines)
    found = {
        line.pk: _other_offer(line, ranked.get(line.product_id, []), goods=goods, rates=rates)
        for line in lines
    }
    return {line_id: other for line_id, other in found.items() if other is not None}


def _other_offer(
    line: Line,
    ranked: Sequence[StockRecord],
    *,
    goods: Mapping[int, int],
    rates: Mapping[int, ShippingRate],
) -> OtherOffer | None:
    has_changed = line.change is not None
    for rival in ranked:
        if rival.pk == line.stockrecord_id:
            if not has_changed:
                # Those behind it are no better.
                return None
            continue
        if rival.partner_id not in rates or available_pieces(rival) < line.quantity:
            continue
        saving = _saving(line, rival, goods=goods, rates=rates)
        if has_changed or saving > 0:
            return OtherOffer(rival.pk, rival.partner.name, rival.price_points, saving)
    return None


def _saving(
    line: Line, rival: StockRecord, *, goods: Mapping[int, int], rates: Mapping[int, ShippingRate]
) -> int:
    """What the basket costs now, less what it would cost with the rival's offer."""
    without = dict(goods)
    if is_on_sale(line.stockrecord) and line.available_pieces:
        without[line.stockrecord.partner_id] -= line.line_points
    swapped = dict(without)
    swapped[rival.partner_id] = swapped.get(rival.partner_id, 0) + rival.price_points * line.quantity
    return _with_delivery(goods, rates) - _with_delivery(swapped, rates)


def _goods_by_vendor(lines: Sequence[Line]) -> dict[int, int]:
    """In points, of what can be bought."""
    goods: dict[int, int] = {}
    for line in lines:
        vendor_id = line.stockrecord.partner_id
        can_be_bought = is_on_sale(line.stockrecord) and line.available_pieces
        goods[vendor_id] = goods.get(vendor_id, 0) + (line.line_points if can_be_bought else 0)
    return goods


def _with_delivery(goods: Mapping[int, int], rates: Mapping[int, ShippingRate]) -> int:
    return sum(
        points + (charge_points(rates[vendor_id], goods_points=points) if vendor_id in rates else 0)
        for vendor_id, points in goods.items()
        if points
    )
