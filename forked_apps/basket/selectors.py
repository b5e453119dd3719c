"""A basket as pages and the API show it: by vendor, with what changed, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Sum, prefetch_related_objects
from django.http import HttpRequest

from forked_apps.basket.changes import LineChange
from forked_apps.basket.discounts import LineDiscount, apply_offers
from forked_apps.basket.models import Basket, Line
from forked_apps.basket.other_offers import OtherOffer, other_offers
from forked_apps.catalogue.images import line_images
from forked_apps.partner.models import Partner
from forked_apps.partner.offers import is_on_sale
from forked_apps.shipping.weights import grams_of

if TYPE_CHECKING:
    from marketplace.users.models import User


@dataclass(frozen=True, slots=True)
class BasketRow:
    line: Line
    title: str
    unit_points: int
    #: Before a discount of the vendor's own, where it is higher than the price.
    list_price_points: int | None
    quantity: int
    #: Pieces that can be bought now; 0 where the offer is gone.
    available: int
    discount_points: int
    change: LineChange | None
    #: Addresses for one and for two dots a pixel; None where nobody looks.
    images: tuple[str, str] | None
    #: One piece, packed; 0 where nobody knows.
    unit_grams: int = 0
    #: Another vendor's, that the customer may rather want; None: there is none, or nobody looks.
    other_offer: OtherOffer | None = None
    #: Of the discount, what the platform adds to what the seller earns.
    discount_subsidy_points: int = 0

    @property
    def grams(self) -> int:
        return self.unit_grams * self.quantity if self.can_be_bought else 0

    @property
    def can_be_bought(self) -> bool:
        return self.available > 0

    @property
    def line_points(self) -> int:
        """What the line costs, after discounts; nothing where it cannot be bought."""
        return self.unit_points * self.quantity - self.discount_points if self.can_be_bought else 0

    @property
    def subsidy_points(self) -> int:
        """What the platform adds, since it bears a discount of the line."""
        return self.discount_subsidy_points if self.can_be_bought else 0


@dataclass(frozen=True, slots=True)
class BasketPart:
    """The rows of one vendor."""

    vendor: Partner
    rows: tuple[BasketRow, ...]

    @property
    def goods_points(self) -> int:
        return sum(row.line_points for row in self.rows)

    @property
    def value_points(self) -> int:
        """What the goods earn their seller: a discount that the platform bears takes nothing off it."""
        return sum(row.line_points + row.subsidy_points for row in self.rows)

    @property
    def grams(self) -> int:
        return sum(row.grams for row in self.rows)


@dataclass(frozen=True, slots=True)
class BasketSummary:
    basket: Basket
    parts: tuple[BasketPart, ...]

    @property
    def rows(self) -> list[BasketRow]:
        return [row for part in self.parts for row in part.rows]

    @property
    def is_empty(self) -> bool:
        return not self.parts

    @property
    def can_be_ordered(self) -> bool:
        """Whether anything of it can be bought, be it for nothing."""
        return any(row.can_be_bought for row in self.rows)

    @property
    def pieces(self) -> int:
        return sum(row.quantity for row in self.rows)

    @property
    def goods_points(self) -> int:
        return sum(part.goods_points for part in self.parts)

    @property
    def discount_points(self) -> int:
        return sum(row.discount_points for row in self.rows if row.can_be_bought)

    @property
    def changes(self) -> list[LineChange]:
        return [row.change for row in self.rows if row.change is not None]

    @property
    def changed_rows(self) -> list[BasketRow]:
        return [row for row in self.rows if row.change is not None]

    @property
    def beaten_rows(self) -> list[BasketRow]:
        """Unchanged, but to be had for less from another vendor."""
        return [row for row in self.rows if row.change is None and row.other_offer is not None]


def summarise(
    *,
    basket: Basket,
    user: User | None,
    with_images: bool = False,
    other_offers_in: str | None = None,
) -> BasketSummary:
    """The basket by vendor, as vendors came into it; two queries, one more for images.

    ``other_offers_in`` is a governorate: rows name the offer that the customer may rather want there, in two
    queries more.
    """
    discounts = apply_offers(basket=basket, user=user)
    none = LineDiscount(0, 0)
    vendors: dict[int, Partner] = {}
    rows: dict[int, list[BasketRow]] = {}
    lines = list(basket.all_lines())
    if with_images:
        prefetch_related_objects([line.product for line in lines], "images")
    others = (
        other_offers(lines=lines, customer_id=basket.owner_id, governorate=other_offers_in)
        if other_offers_in
        else {}
    )
    for line in lines:
        offer = line.stockrecord
        vendors.setdefault(offer.partner_id, offer.partner)
        rows.setdefault(offer.partner_id, []).append(
            BasketRow(
                line=line,
                title=line.product.get_title(),
                unit_points=offer.price_points,
                list_price_points=offer.list_price_points,
                quantity=line.quantity,
                available=line.available_pieces if is_on_sale(offer) else 0,
                discount_points=discounts.get(line.pk, none).points,
                discount_subsidy_points=discounts.get(line.pk, none).subsidy_points,
                change=line.change,
                images=line_images(line.product) if with_images else None,
                unit_grams=grams_of(offer, line.product),
                other_offer=others.get(line.pk),
            )
        )
    return BasketSummary(
        basket=basket, parts=tuple(BasketPart(vendor=vendors[pk], rows=tuple(rows[pk])) for pk in vendors)
    )


def pieces_in_basket(request: HttpRequest) -> int:
    """For the header: one query, none for a visitor who has put nothing into a basket."""
    baskets = Basket.open.all()
    if request.user.is_authenticated:
        baskets = baskets.filter(owner_id=request.user.pk)
    elif cookie := request.COOKIES.get(settings.OSCAR_BASKET_COOKIE_OPEN):
        try:
            baskets = baskets.filter(owner=None, pk=int(Signer().unsign(cookie)))
        except (BadSignature, ValueError):
            return 0
    else:
        return 0
    return baskets.aggregate(pieces=Sum("lines__quantity"))["pieces"] or 0
