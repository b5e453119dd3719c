"""Whether another vendor's offer would serve a line of a basket better: told, and never taken by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forked_apps.partner.models import StockRecord
from forked_apps.partner.offers import available_pieces, is_on_sale, ranked_rivals
from forked_apps.shipping.offer_charges import quote_goods
from forked_apps.shipping.weights import grams_of

if TYPE_CHECKING:
    from forked_apps.basket.models import Line
    from forked_apps.shipping.models import ShippingRate


@dataclass(frozen=True, slots=True)
class _Goods:
    """What one vendor would bring."""

    points: int = 0
    grams: int = 0

    def plus(self, points: int, grams: int) -> _Goods:
        return _Goods(self.points + points, self.grams + grams)


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
    goods: Mapping[int, _Goods],
    rates: Mapping[int, ShippingRate],
) -> OtherOffer | None:
    has_changed = line.change is not None
    for rival in ranked:
        if rival.pk == line.stockrecord_id:
            if not has_changed:
                # Those behind it are no better.
                return None
            continue
        if available_pieces(rival) < line.quantity or not _is_brought(line, rival, goods, rates):
            continue
        saving = _saving(line, rival, goods=goods, rates=rates)
        if has_changed or saving > 0:
            return OtherOffer(rival.pk, rival.partner.name, rival.price_points, saving)
    return None


def _is_brought(
    line: Line, rival: StockRecord, goods: Mapping[int, _Goods], rates: Mapping[int, ShippingRate]
) -> bool:
    """Whether the rival delivers there, with what the customer has from it already."""
    own = goods.get(rival.partner_id, _Goods()).plus(
        rival.price_points * line.quantity, rival.packed_grams * line.quantity
    )
    rate = rates.get(rival.partner_id)
    return quote_goods(rate, goods_points=own.points, grams=own.grams) is not None


def _saving(
    line: Line, rival: StockRecord, *, goods: Mapping[int, _Goods], rates: Mapping[int, ShippingRate]
) -> int:
    """What the basket costs now, less what it would cost with the rival's offer."""
    swapped = dict(goods)
    if _can_be_bought(line):
        mine = line.stockrecord.partner_id
        swapped[mine] = swapped[mine].plus(-line.line_points, -_grams_of(line))
    swapped[rival.partner_id] = swapped.get(rival.partner_id, _Goods()).plus(
        rival.price_points * line.quantity, rival.packed_grams * line.quantity
    )
    return _with_delivery(goods, rates) - _with_delivery(swapped, rates)


def _can_be_bought(line: Line) -> bool:
    return is_on_sale(line.stockrecord) and bool(line.available_pieces)


def _grams_of(line: Line) -> int:
    return grams_of(line.stockrecord, line.product) * line.quantity


def _goods_by_vendor(lines: Sequence[Line]) -> dict[int, _Goods]:
    """Of what can be bought."""
    goods: dict[int, _Goods] = {}
    for line in lines:
        vendor_id = line.stockrecord.partner_id
        own = goods.get(vendor_id, _Goods())
        goods[vendor_id] = own.plus(line.line_points, _grams_of(line)) if _can_be_bought(line) else own
    return goods


def _with_delivery(goods: Mapping[int, _Goods], rates: Mapping[int, ShippingRate]) -> int:
    return sum(
        one.points + _charge(rates.get(vendor_id), one) for vendor_id, one in goods.items() if one.points
    )


def _charge(rate: ShippingRate | None, goods: _Goods) -> int:
    quote = quote_goods(rate, goods_points=goods.points, grams=goods.grams)
    return quote.charge_points if quote is not None else 0
